"""Engagement: who speaks with the account, how often, and whether it answers.

Reads ``touches``. A reply is known when it comes.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source

engagement = Domain("engagement", Source("touches"), family="relationship")


@engagement.trailing(28, 90, unit="touches", empty=0)
def touches(t: Rows) -> Aggregate:
    """Touches with the account."""
    return t.count()


@engagement.trailing(90, 365, unit="touches", empty=0, riskier=-1)
def meetings(t: Rows) -> Aggregate:
    """Calls, meetings, reviews and trainings."""
    return t.count(where=t.kind.is_in(["call", "meeting", "review", "training"]))


@engagement.trailing(90, 365, unit="share", riskier=-1)
def touches_answered(t: Rows) -> Aggregate:
    """Share of touches the account answered."""
    return t.share(~t.replied_at.is_null())


@engagement.trailing(90, unit="touches", empty=0)
def touches_from_customer(t: Rows) -> Aggregate:
    """Touches the account began."""
    return t.count(where=t.started_by == "customer")


@engagement.state(unit="days", riskier=1)
def days_since_touch(t: Rows) -> Aggregate:
    """Days since the last touch."""
    return t.days_since(t.touched_at)


@engagement.state(unit="days", riskier=1)
def days_since_reply(t: Rows) -> Aggregate:
    """Days since the account last answered."""
    return t.days_since(t.replied_at)


@engagement.derived(unit="times", riskier=-1)
def answer_trend(f: Finished) -> pd.Series[float]:
    """Answers of the last 90 days against the account's own year."""
    return f.touches_answered_90d / f.touches_answered_365d
