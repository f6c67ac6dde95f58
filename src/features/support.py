"""Support: how much help an account asks for, and how well it gets it.

Reads ``tickets``, one row a ticket. A ticket is known when it is loaded; its
reply, resolution and rating only when they happen, so each is empty until then.
Waits are by the clock, as the customer lives them; who still waits is not in them,
and is told by the promises broken and by what is still open. The failures of the
product itself are in `incidents`.
"""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source
from features.pace import against_gap, against_year

support = Domain("support", Source("tickets"), family="support load")


def _grave(t: Rows) -> nw.Expr:
    return t.priority.is_in(["urgent", "high"])


def _ignored(t: Rows) -> nw.Expr:
    """Whether the promise has passed with neither a reply nor, until then, a resolution."""
    waits = t.resolved_at.is_null() | (t.resolved_at > t.reply_due_at)
    return t.replied_at.is_null() & (t.reply_due_at < t.cutoff) & waits


@support.trailing(28, 90, 365, unit="tickets", empty=0, riskier=1)
def tickets_opened(t: Rows) -> Aggregate:
    """Tickets opened."""
    return t.count()


@support.trailing(90, 365, unit="tickets", empty=0, riskier=1)
def urgent_tickets(t: Rows) -> Aggregate:
    """Urgent or high-priority tickets opened."""
    return t.count(where=_grave(t))


@support.trailing(365, unit="tickets", empty=0, riskier=1)
def tickets_unresolved(t: Rows) -> Aggregate:
    """Tickets still open."""
    return t.count(where=t.resolved_at.is_null())


@support.trailing(365, unit="tickets", empty=0, riskier=1)
def urgent_unresolved(t: Rows) -> Aggregate:
    """Urgent or high-priority tickets still open."""
    return t.count(where=t.resolved_at.is_null() & _grave(t))


@support.trailing(365, unit="days", riskier=1)
def oldest_open_ticket(t: Rows) -> Aggregate:
    """Age of the oldest open ticket."""
    return t.days_since_first(t.opened_at, where=t.resolved_at.is_null())


@support.state(unit="tickets", empty=0)
def tickets_closed(t: Rows) -> Aggregate:
    """Tickets resolved in the last 28 days."""
    return t.count(where=t.days_between(t.resolved_at, t.cutoff) <= 28)


@support.trailing(90, unit="share", riskier=1)
def tickets_unanswered(t: Rows) -> Aggregate:
    """Share of tickets without a reply yet."""
    return t.share(t.replied_at.is_null())


@support.trailing(90, 365, unit="hours", riskier=1)
def reply_hours(t: Rows) -> Aggregate:
    """Median wait for a first reply."""
    return t.median(t.days_between(t.opened_at, t.replied_at) * 24)


@support.trailing(90, 365, unit="hours", riskier=1)
def resolution_hours(t: Rows) -> Aggregate:
    """Median time to resolve a ticket."""
    return t.median(t.days_between(t.opened_at, t.resolved_at) * 24)


@support.trailing(90, 365, unit="share", riskier=1)
def promises_broken(t: Rows) -> Aggregate:
    """Share of first replies later than promised.

    A ticket counts once it has its reply, or its time has passed without one.
    """
    given = ~t.replied_at.is_null() & ~t.reply_due_at.is_null()
    return t.share((t.replied_at > t.reply_due_at) | _ignored(t), of=given | _ignored(t))


@support.trailing(365, unit="share", riskier=1)
def tickets_reopened(t: Rows) -> Aggregate:
    """Share of resolved tickets opened again."""
    return t.share(~t.reopened_at.is_null(), of=~t.resolved_at.is_null())


@support.trailing(180, 365, unit="points", riskier=-1)
def ticket_rating(t: Rows) -> Aggregate:
    """Mean rating of support, 1 to 5."""
    return t.mean(t.rating)


@support.state(unit="points", riskier=-1)
def rating_last(t: Rows) -> Aggregate:
    """Last rating of support, 1 to 5."""
    return t.latest(t.rating, where=~t.rating.is_null(), by=t.rated_at)


@support.trailing(365, unit="tickets", empty=0, riskier=1)
def tickets_rated_bad(t: Rows) -> Aggregate:
    """Tickets rated 1 or 2 of 5."""
    return t.count(where=t.rating <= 2)


@support.trailing(90, unit="products", empty=0, riskier=1)
def products_asked_about(t: Rows) -> Aggregate:
    """Products with a ticket."""
    return t.distinct(t.product)


@support.state(unit="days")
def days_since_ticket(t: Rows) -> Aggregate:
    """Days since the last ticket."""
    return t.days_since(t.opened_at)


@support.derived(unit="times", riskier=1)
def ticket_surge(f: Finished) -> pd.Series[float]:
    """Tickets of the last 28 days against the 90-day pace."""
    return f.tickets_opened_28d / (f.tickets_opened_90d * 28 / 90)


@support.derived(unit="times", riskier=1)
def tickets_against_year(f: Finished) -> pd.Series[float]:
    """Tickets of the last 90 days against the account's own year."""
    return against_year(f.tickets_opened_90d, f.tickets_opened_365d, f.tenure)


@support.derived(unit="times")
def ticket_silence(f: Finished) -> pd.Series[float]:
    """Days since the last ticket against the account's usual gap between two."""
    return against_gap(f.days_since_ticket, f.tickets_opened_365d, f.tenure)


@support.derived(unit="share", riskier=1)
def urgent_share(f: Finished) -> pd.Series[float]:
    """Share of the last 90 days' tickets that are urgent or high-priority."""
    return f.urgent_tickets_90d / f.tickets_opened_90d


@support.derived(unit="share", riskier=1)
def urgent_share_change(f: Finished) -> pd.Series[float]:
    """Share of urgent or high-priority tickets, last 90 days less the account's own year."""
    return f.urgent_share - f.urgent_tickets_365d / f.tickets_opened_365d


@support.derived(unit="tickets", riskier=1)
def backlog_growth(f: Finished) -> pd.Series[float]:
    """Tickets opened less tickets resolved, last 28 days."""
    return f.tickets_opened_28d - f.tickets_closed


@support.derived(unit="times", riskier=1)
def reply_slower(f: Finished) -> pd.Series[float]:
    """Wait for a first reply, last 90 days against the account's own year."""
    return f.reply_hours_90d / f.reply_hours_365d


@support.derived(unit="times", riskier=1)
def resolution_slower(f: Finished) -> pd.Series[float]:
    """Time to resolve a ticket, last 90 days against the account's own year."""
    return f.resolution_hours_90d / f.resolution_hours_365d


@support.derived(unit="share", riskier=1)
def promises_broken_change(f: Finished) -> pd.Series[float]:
    """Share of first replies later than promised, last 90 days less the account's own year."""
    return f.promises_broken_90d - f.promises_broken_365d


@support.derived(unit="points", riskier=-1)
def rating_change(f: Finished) -> pd.Series[float]:
    """Last rating of support less the mean of the account's own year."""
    return f.rating_last - f.ticket_rating_365d


@support.derived(unit="tickets", riskier=1)
def tickets_a_seat(f: Finished) -> pd.Series[float]:
    """Tickets for a hundred seats, last 90 days."""
    return 100 * f.tickets_opened_90d / f.seats_entitled


@support.derived(unit="times", riskier=1)
def tickets_against_peers(f: Finished) -> pd.Series[float]:
    """Tickets a seat, last 90 days, against accounts of similar ARR and age."""
    return f.tickets_a_seat / f.typical.tickets_a_seat


@support.derived(unit="share", riskier=1)
def products_troubled(f: Finished) -> pd.Series[float]:
    """Products with a ticket in the last 90 days, against those paid for."""
    return f.products_asked_about_90d / f.products_owned
