"""Onboarding: whether the account has got to value, and how long it took or is taking.

Reads ``milestones``. A milestone is empty until it is reached.
"""

from __future__ import annotations

from features.declare import CONTEXT, Aggregate, Domain, Rows, Source

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


@onboarding.state(unit="days", family=CONTEXT)
def days_since_value(t: Rows) -> Aggregate:
    """Days since first value."""
    return t.days_since_first(t.reached_at, where=t.milestone == "first_value")


@onboarding.state(unit="days", family=CONTEXT)
def days_since_start(t: Rows) -> Aggregate:
    """Days since onboarding began."""
    return t.days_since_first(t.started_at)
