"""Support: how much help an account asks for, and how well it gets it.

Reads ``tickets``, one row a ticket. A ticket is known when it is loaded; its
reply, resolution and rating only when they happen, so each is empty until then.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source

support = Domain("support", Source("tickets"), family="support load")


@support.trailing(28, 90, unit="tickets", empty=0, riskier=1)
def tickets_opened(t: Rows) -> Aggregate:
    """Tickets opened."""
    return t.count()


@support.trailing(90, unit="tickets", empty=0, riskier=1)
def urgent_tickets(t: Rows) -> Aggregate:
    """Urgent or high-priority tickets opened."""
    return t.count(where=t.priority.is_in(["urgent", "high"]))


@support.trailing(365, unit="tickets", empty=0, riskier=1)
def tickets_unresolved(t: Rows) -> Aggregate:
    """Tickets still open."""
    return t.count(where=t.resolved_at.is_null())


@support.trailing(90, unit="share", riskier=1)
def tickets_unanswered(t: Rows) -> Aggregate:
    """Share of tickets without a reply yet."""
    return t.share(t.replied_at.is_null())


@support.trailing(180, unit="points", riskier=-1)
def ticket_rating(t: Rows) -> Aggregate:
    """Mean rating of support, 1 to 5."""
    return t.mean(t.rating)


@support.state(unit="days")
def days_since_ticket(t: Rows) -> Aggregate:
    """Days since the last ticket."""
    return t.days_since(t.opened_at)


@support.derived(unit="times", riskier=1)
def ticket_surge(f: Finished) -> pd.Series[float]:
    """Tickets of the last 28 days against the 90-day pace."""
    return f.tickets_opened_28d / (f.tickets_opened_90d * 28 / 90)
