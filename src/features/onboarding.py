"""Onboarding: whether the account has got to value, and how long it took or is taking.

Reads ``milestones``, one row a step. A step is empty until it is reached; the one
called ``first_value`` is the one that counts. Whoever has not come to it is told by how
long it has been waiting, not by a time to value.
"""

from __future__ import annotations

import pandas as pd

from features.declare import CONTEXT, Aggregate, Domain, Finished, Rows, Source

onboarding = Domain("onboarding", Source("milestones"), family="onboarding")


@onboarding.state(unit="milestones", empty=0, riskier=-1)
def milestones_reached(t: Rows) -> Aggregate:
    """Onboarding steps reached."""
    return t.count(where=~t.reached_at.is_null())


@onboarding.state(unit="share", riskier=-1)
def milestones_share(t: Rows) -> Aggregate:
    """Share of onboarding steps reached."""
    return t.share(~t.reached_at.is_null())


@onboarding.state(unit="milestones", empty=0, riskier=1)
def milestones_behind(t: Rows) -> Aggregate:
    """Onboarding steps past their planned date and not reached."""
    return t.count(where=t.reached_at.is_null() & (t.planned_on < t.cutoff))


@onboarding.state(unit="milestones", empty=0)
def milestones_due(t: Rows) -> Aggregate:
    """Onboarding steps planned by now."""
    return t.count(where=t.planned_on < t.cutoff)


@onboarding.state(unit="share", riskier=1)
def milestones_late(t: Rows) -> Aggregate:
    """Share of reached onboarding steps that came after their planned date."""
    reached = ~t.reached_at.is_null() & ~t.planned_on.is_null()
    return t.share(t.reached_at > t.planned_on, of=reached)


@onboarding.state(unit="days", riskier=1)
def days_behind(t: Rows) -> Aggregate:
    """Days the oldest onboarding step not reached is past its planned date."""
    late = t.reached_at.is_null() & (t.planned_on < t.cutoff)
    return t.days_since_first(t.planned_on, where=late)


@onboarding.state(unit="days", riskier=1)
def milestone_slip(t: Rows) -> Aggregate:
    """Median days an onboarding step came after its planned date."""
    return t.median(t.days_between(t.planned_on, t.reached_at))


@onboarding.state(unit="days", family=CONTEXT)
def days_since_value(t: Rows) -> Aggregate:
    """Days since first value."""
    return t.days_since_first(t.reached_at, where=t.milestone == "first_value")


@onboarding.state(unit="days", family=CONTEXT)
def days_since_start(t: Rows) -> Aggregate:
    """Days since onboarding began."""
    return t.days_since_first(t.started_at)


@onboarding.state(unit="days", family=CONTEXT)
def days_since_milestone(t: Rows) -> Aggregate:
    """Days since the last onboarding step reached."""
    return t.days_since(t.reached_at)


@onboarding.state(unit="days", riskier=1)
def time_to_value(t: Rows) -> Aggregate:
    """Days from the start of onboarding to first value."""
    return t.min(t.days_between(t.started_at, t.reached_at), where=t.milestone == "first_value")


@onboarding.state(unit="days", riskier=1)
def waiting_for_value(t: Rows) -> Aggregate:
    """Days since onboarding began without first value yet."""
    return t.days_since_first(
        t.started_at, where=(t.milestone == "first_value") & t.reached_at.is_null()
    )


@onboarding.derived(unit="flag", riskier=1)
def value_missing(f: Finished) -> pd.Series[float]:
    """First value not reached yet."""
    waiting = f.waiting_for_value.notna()
    return waiting.astype("float64").where(waiting | f.days_since_value.notna())


@onboarding.derived(unit="times", riskier=-1)
def stage_against_plan(f: Finished) -> pd.Series[float]:
    """Onboarding steps reached against those planned by now."""
    return f.milestones_reached / f.milestones_due


@onboarding.derived(unit="times", riskier=1)
def value_against_peers(f: Finished) -> pd.Series[float]:
    """Time to first value against accounts of similar ARR and age."""
    return f.time_to_value / f.typical.time_to_value


@onboarding.derived(unit="days", riskier=1)
def days_stalled(f: Finished) -> pd.Series[float]:
    """Days since the last onboarding step reached, where steps are left."""
    return f.days_since_milestone.where(f.milestones_share < 1)
