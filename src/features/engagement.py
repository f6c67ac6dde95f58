"""Engagement: who speaks with the account, how often, and whether it answers.

Reads ``touches``, one row a touch. A reply is known when it comes. CSMs call the
accounts that look unwell, so many touches are no comfort by themselves; what the
account does of its own accord says more. The people themselves are in `contacts`.
"""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source
from features.pace import against_gap, against_year

engagement = Domain("engagement", Source("touches"), family="relationship")


def _together(t: Rows) -> nw.Expr:
    return t.kind.is_in(["call", "meeting", "review", "training"])


def _mailed(t: Rows) -> nw.Expr:
    """Whether it is a mail of ours, which the account may answer or not."""
    return (t.kind == "email") & (t.started_by == "vendor")


@engagement.trailing(28, 90, 365, unit="touches", empty=0)
def touches(t: Rows) -> Aggregate:
    """Touches with the account."""
    return t.count()


@engagement.trailing(90, 365, unit="touches", empty=0, riskier=-1)
def meetings(t: Rows) -> Aggregate:
    """Calls, meetings, reviews and trainings."""
    return t.count(where=_together(t))


@engagement.trailing(365, unit="touches", empty=0, riskier=-1)
def reviews(t: Rows) -> Aggregate:
    """Business reviews."""
    return t.count(where=t.kind == "review")


@engagement.trailing(365, unit="touches", empty=0, riskier=-1)
def trainings(t: Rows) -> Aggregate:
    """Trainings."""
    return t.count(where=t.kind == "training")


@engagement.trailing(365, unit="minutes", empty=0, riskier=-1)
def minutes_together(t: Rows) -> Aggregate:
    """Minutes spent together."""
    return t.sum(t.minutes)


@engagement.trailing(90, 365, unit="share", riskier=-1)
def touches_answered(t: Rows) -> Aggregate:
    """Share of touches the account answered."""
    return t.share(~t.replied_at.is_null())


@engagement.trailing(90, 365, unit="share", riskier=-1)
def mails_answered(t: Rows) -> Aggregate:
    """Share of our mails the account answered."""
    return t.share(~t.replied_at.is_null(), of=_mailed(t))


@engagement.trailing(90, 365, unit="hours", riskier=1)
def answer_hours(t: Rows) -> Aggregate:
    """Median time until the account answers a mail."""
    return t.median(t.days_between(t.touched_at, t.replied_at) * 24, where=_mailed(t))


@engagement.trailing(90, 365, unit="touches", empty=0)
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


@engagement.state(unit="days", riskier=1)
def days_since_meeting(t: Rows) -> Aggregate:
    """Days since the last call, meeting, review or training."""
    return t.days_since(t.touched_at, where=_together(t))


@engagement.state(unit="days", riskier=1)
def days_since_review(t: Rows) -> Aggregate:
    """Days since the last business review."""
    return t.days_since(t.touched_at, where=t.kind == "review")


@engagement.state(unit="days")
def days_since_customer_began(t: Rows) -> Aggregate:
    """Days since the account last began a touch."""
    return t.days_since(t.touched_at, where=t.started_by == "customer")


@engagement.derived(unit="times", riskier=-1)
def answer_trend(f: Finished) -> pd.Series[float]:
    """Answers of the last 90 days against the account's own year."""
    return f.touches_answered_90d / f.touches_answered_365d


@engagement.derived(unit="share", riskier=-1)
def mails_answered_change(f: Finished) -> pd.Series[float]:
    """Share of our mails answered, last 90 days less the account's own year."""
    return f.mails_answered_90d - f.mails_answered_365d


@engagement.derived(unit="times", riskier=1)
def answers_slower(f: Finished) -> pd.Series[float]:
    """Time until the account answers a mail, last 90 days against its own year."""
    return f.answer_hours_90d / f.answer_hours_365d


@engagement.derived(unit="times")
def touch_trend(f: Finished) -> pd.Series[float]:
    """Touches of the last 28 days against the 90-day pace."""
    return f.touches_28d / (f.touches_90d * 28 / 90)


@engagement.derived(unit="times")
def touches_against_year(f: Finished) -> pd.Series[float]:
    """Touches of the last 90 days against the account's own year."""
    return against_year(f.touches_90d, f.touches_365d, f.tenure)


@engagement.derived(unit="times", riskier=-1)
def meetings_against_year(f: Finished) -> pd.Series[float]:
    """Calls, meetings, reviews and trainings of the last 90 days against the account's own year."""
    return against_year(f.meetings_90d, f.meetings_365d, f.tenure)


@engagement.derived(unit="times", riskier=1)
def touch_silence(f: Finished) -> pd.Series[float]:
    """Days since the last touch against the account's usual gap between two."""
    return against_gap(f.days_since_touch, f.touches_365d, f.tenure)


@engagement.derived(unit="times", riskier=1)
def meeting_silence(f: Finished) -> pd.Series[float]:
    """Days since the last call or meeting against the account's usual gap between two."""
    return against_gap(f.days_since_meeting, f.meetings_365d, f.tenure)


@engagement.derived(unit="share")
def customer_begins(f: Finished) -> pd.Series[float]:
    """Share of the last 90 days' touches the account began."""
    return f.touches_from_customer_90d / f.touches_90d


@engagement.derived(unit="share")
def customer_begins_change(f: Finished) -> pd.Series[float]:
    """Share of touches the account began, last 90 days less its own year."""
    return f.customer_begins - f.touches_from_customer_365d / f.touches_365d


@engagement.derived(unit="times", riskier=-1)
def meetings_against_peers(f: Finished) -> pd.Series[float]:
    """Calls and meetings of the last 365 days against accounts of similar ARR and age."""
    return f.meetings_365d / f.typical.meetings_365d
