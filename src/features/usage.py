"""Usage: how many people use what was sold, how often, how deeply, and at what price.

Reads ``usage``, one row an account, product and day. A day counts if anything was done on
it; a person who used two products on a day counts for two person-days.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Domain, Finished, Rows, Source

usage = Domain("usage", Source("usage"), family="adoption")


def daily(people: pd.Series[float], days: pd.Series[float]) -> pd.Series[float]:
    """Person-days for each day used; without any such day all of them, mostly none."""
    return people / days.clip(lower=1)


@usage.trailing(7, 28, 90, 365, unit="events", empty=0, riskier=-1)
def usage_events(t: Rows) -> Aggregate:
    """Things done in the product."""
    return t.sum(t.events)


@usage.trailing(7, 28, 90, 365, unit="days", empty=0, riskier=-1)
def person_days(t: Rows) -> Aggregate:
    """Person-days of use, all products together."""
    return t.sum(t.active_users)


@usage.trailing(28, 90, 365, unit="people", empty=0, riskier=-1)
def most_people(t: Rows) -> Aggregate:
    """Most people active in one product on one day."""
    return t.max(t.active_users)


@usage.trailing(7, 28, 90, 365, unit="days", empty=0, riskier=-1)
def days_used(t: Rows) -> Aggregate:
    """Days with any use."""
    return t.days(where=t.events > 0)


@usage.trailing(90, 365, unit="days", empty=0)
def weekend_days_used(t: Rows) -> Aggregate:
    """Saturdays and Sundays with any use."""
    return t.weekend_days(where=t.events > 0)


@usage.trailing(90, 365, unit="weeks", empty=0, riskier=-1)
def weeks_used(t: Rows) -> Aggregate:
    """Whole weeks with any use."""
    return t.weeks(where=t.events > 0)


@usage.trailing(90, 365, unit="days", riskier=1)
def longest_gap(t: Rows) -> Aggregate:
    """Longest run of days without use."""
    return t.longest_gap(where=t.events > 0)


@usage.trailing(90, unit="days", empty=90, riskier=1)
def days_since_use(t: Rows) -> Aggregate:
    """Days since the last use.

    90 where there was none in the window: the longest silence must not read as unknown.
    """
    return t.days_since_last(where=t.events > 0)


@usage.trailing(28, 90, 365, unit="products", empty=0, riskier=-1)
def products_used(t: Rows) -> Aggregate:
    """Products used."""
    return t.distinct(t.product, where=t.events > 0)


@usage.trailing(7, 28, 90, 365, unit="events", riskier=-1)
def events_a_person(t: Rows) -> Aggregate:
    """Things done by a person on a day with use, mean."""
    return t.ratio(t.events, per=t.active_users)


@usage.trailing(28, 90, 365, unit="minutes", riskier=-1)
def minutes_a_person(t: Rows) -> Aggregate:
    """Minutes of use by a person on a day with use, mean."""
    return t.ratio(t.minutes, per=t.active_users)


@usage.trailing(28, 90, 365, unit="errors", empty=0, riskier=1)
def errors_met(t: Rows) -> Aggregate:
    """Errors met."""
    return t.sum(t.errors)


@usage.derived(unit="people", riskier=-1)
def people_active(f: Finished) -> pd.Series[float]:
    """People active on a day with use, each product counted, mean of the last 28 days."""
    return daily(f.person_days_28d, f.days_used_28d)


@usage.derived(unit="share", riskier=-1)
def seats_used(f: Finished) -> pd.Series[float]:
    """Seats used, as a share of those paid for."""
    return f.most_people_28d / f.seats_entitled


@usage.derived(unit="share", riskier=-1)
def seats_used_daily(f: Finished) -> pd.Series[float]:
    """Seats used on a day with use, mean of the last 28 days, as a share of those paid for."""
    return f.people_active / f.seats_entitled


@usage.derived(unit="seats", riskier=1)
def seats_idle(f: Finished) -> pd.Series[float]:
    """Seats paid for beyond the people active on a day with use, mean of the last 90 days."""
    return (f.seats_entitled - daily(f.person_days_90d, f.days_used_90d)).clip(lower=0)


@usage.derived(unit="events", riskier=-1)
def events_a_seat(f: Finished) -> pd.Series[float]:
    """Things done in the last 28 days for each seat paid for."""
    return f.usage_events_28d / f.seats_entitled


@usage.derived(unit="money", riskier=1)
def arr_a_person(f: Finished) -> pd.Series[float]:
    """ARR for each person active on a day with use, mean of the last 28 days."""
    return f.arr_now / f.people_active


@usage.derived(unit="products", riskier=1)
def products_unused(f: Finished) -> pd.Series[float]:
    """Products paid for and not used in the last 28 days."""
    return (f.products_owned - f.products_used_28d).clip(lower=0)


@usage.derived(unit="products", riskier=1)
def products_dropped(f: Finished) -> pd.Series[float]:
    """Products used in the last 90 days and not in the last 28."""
    return f.products_used_90d - f.products_used_28d


@usage.derived(unit="share", riskier=-1)
def products_taken_up(f: Finished) -> pd.Series[float]:
    """Products used in the last 28 days, as a share of those paid for."""
    return f.products_used_28d / f.products_owned


@usage.derived(unit="share")
def weekend_share(f: Finished) -> pd.Series[float]:
    """Share of the days used in the last 90 that were at a weekend."""
    return f.weekend_days_used_90d / f.days_used_90d


@usage.derived(unit="errors", riskier=1)
def error_rate(f: Finished) -> pd.Series[float]:
    """Errors for a thousand things done in the last 28 days."""
    return f.errors_met_28d / f.usage_events_28d * 1000
