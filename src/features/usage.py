"""Usage: how many people use what was sold, how often, and which way it is going.

Reads ``usage``, one row an account, product and day. Levels differ between
accounts for a hundred reasons; change against the account's own past says more.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source

usage = Domain("usage", Source("usage"), family="adoption")


@usage.trailing(28, 90, 365, unit="events", empty=0, riskier=-1)
def usage_events(t: Rows) -> Aggregate:
    """Things done in the product."""
    return t.sum(t.events)


@usage.trailing(28, 90, unit="days", empty=0, riskier=-1)
def days_used(t: Rows) -> Aggregate:
    """Days with any use."""
    return t.distinct(t.day, where=t.events > 0)


@usage.trailing(28, 90, unit="people", empty=0, riskier=-1)
def most_people(t: Rows) -> Aggregate:
    """Most people active on one day."""
    return t.max(t.active_users)


@usage.trailing(28, 90, 365, unit="people", riskier=-1)
def people_active(t: Rows) -> Aggregate:
    """People active on a day with use, mean."""
    return t.mean(t.active_users)


@usage.trailing(28, 90, unit="products", empty=0, riskier=-1)
def products_used(t: Rows) -> Aggregate:
    """Products used."""
    return t.distinct(t.product, where=t.events > 0)


@usage.trailing(90, unit="minutes", riskier=-1)
def minutes_a_day(t: Rows) -> Aggregate:
    """Minutes of use on a day with use, mean."""
    return t.mean(t.minutes)


@usage.state(unit="days", riskier=1)
def days_since_use(t: Rows) -> Aggregate:
    """Days since the last use."""
    return t.days_since(t.day, where=t.events > 0)


@usage.derived(unit="times", riskier=-1)
def usage_trend(f: Finished) -> pd.Series[float]:
    """Use in the last 28 days against the account's own 90-day pace."""
    return f.usage_events_28d / (f.usage_events_90d * 28 / 90)


@usage.derived(unit="times", riskier=-1)
def usage_against_year(f: Finished) -> pd.Series[float]:
    """Use in the last 90 days against the account's own year."""
    return f.usage_events_90d / (f.usage_events_365d * 90 / 365)


@usage.derived(unit="times", riskier=-1)
def people_trend(f: Finished) -> pd.Series[float]:
    """People active in the last 28 days against the account's own year."""
    return f.people_active_28d / f.people_active_365d


@usage.derived(unit="share", riskier=-1)
def seats_used(f: Finished) -> pd.Series[float]:
    """Seats used, as a share of those paid for."""
    return f.most_people_28d / f.seats_entitled


@usage.derived(unit="products", riskier=-1)
def products_unused(f: Finished) -> pd.Series[float]:
    """Products paid for and not used in the last 28 days."""
    return (f.products_owned - f.products_used_28d).clip(lower=0)
