"""Usage: which way it is going, against the account's own past and against its like.

Levels differ between accounts for a hundred reasons; change against the account's own
past says more. Things done are people times days times things done by a person, so
each of the four is followed: over a week, a month and a quarter.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Finished
from features.pace import against_year
from features.usage import daily, usage

__all__ = ["usage"]

YEAR = 365


def _against_quarter(
    month: pd.Series[float], quarter: pd.Series[float], tenure: pd.Series[float]
) -> pd.Series[float]:
    """A total of 28 days against the pace of the last 90, or of as many as it is a customer."""
    return month / (quarter * 28 / tenure.clip(28, 90))


@usage.derived(unit="times", riskier=-1)
def usage_trend(f: Finished) -> pd.Series[float]:
    """Use in the last 28 days against the account's own 90-day pace."""
    return _against_quarter(f.usage_events_28d, f.usage_events_90d, f.tenure)


@usage.derived(unit="times", riskier=-1)
def usage_lately(f: Finished) -> pd.Series[float]:
    """Use in the last 7 days against the account's own 28-day pace."""
    return f.usage_events_7d / (f.usage_events_28d * 7 / 28)


@usage.derived(unit="times", riskier=-1)
def usage_against_year(f: Finished) -> pd.Series[float]:
    """Use in the last 90 days against the account's own year."""
    return against_year(f.usage_events_90d, f.usage_events_365d, f.tenure)


@usage.derived(unit="times", riskier=-1)
def people_lately(f: Finished) -> pd.Series[float]:
    """People active on a day with use, the last 7 days against the last 28."""
    return daily(f.person_days_7d, f.days_used_7d) / f.people_active


@usage.derived(unit="times", riskier=-1)
def people_trend(f: Finished) -> pd.Series[float]:
    """People active on a day with use, the last 28 days against the last 90."""
    return f.people_active / daily(f.person_days_90d, f.days_used_90d)


@usage.derived(unit="times", riskier=-1)
def people_against_year(f: Finished) -> pd.Series[float]:
    """People active on a day with use, the last 90 days against the account's own year."""
    quarter = daily(f.person_days_90d, f.days_used_90d)
    return quarter / daily(f.person_days_365d, f.days_used_365d)


@usage.derived(unit="times", riskier=-1)
def days_lately(f: Finished) -> pd.Series[float]:
    """Days with use in the last 7 against the account's own 28-day pace."""
    return f.days_used_7d / (f.days_used_28d * 7 / 28)


@usage.derived(unit="times", riskier=-1)
def days_trend(f: Finished) -> pd.Series[float]:
    """Days with use in the last 28 against the account's own 90-day pace."""
    return _against_quarter(f.days_used_28d, f.days_used_90d, f.tenure)


@usage.derived(unit="times", riskier=-1)
def days_against_year(f: Finished) -> pd.Series[float]:
    """Days with use in the last 90 against the account's own year."""
    return against_year(f.days_used_90d, f.days_used_365d, f.tenure)


@usage.derived(unit="times", riskier=-1)
def depth_lately(f: Finished) -> pd.Series[float]:
    """Things done by a person on a day, the last 7 days against the last 28."""
    return f.events_a_person_7d / f.events_a_person_28d


@usage.derived(unit="times", riskier=-1)
def depth_trend(f: Finished) -> pd.Series[float]:
    """Things done by a person on a day, the last 28 days against the last 90."""
    return f.events_a_person_28d / f.events_a_person_90d


@usage.derived(unit="times", riskier=-1)
def depth_against_year(f: Finished) -> pd.Series[float]:
    """Things done by a person on a day, the last 90 days against the account's own year."""
    return f.events_a_person_90d / f.events_a_person_365d


@usage.derived(unit="times", riskier=-1)
def minutes_trend(f: Finished) -> pd.Series[float]:
    """Minutes of use by a person on a day, the last 28 days against the last 90."""
    return f.minutes_a_person_28d / f.minutes_a_person_90d


@usage.derived(unit="times", riskier=-1)
def minutes_against_year(f: Finished) -> pd.Series[float]:
    """Minutes of use by a person on a day, the last 90 days against the account's own year."""
    return f.minutes_a_person_90d / f.minutes_a_person_365d


@usage.derived(unit="share", riskier=-1)
def people_of_peak(f: Finished) -> pd.Series[float]:
    """People on the busiest of the last 28 days, as a share of those on the year's busiest."""
    return f.most_people_28d / f.most_people_365d


@usage.derived(unit="share", riskier=-1)
def seats_used_change(f: Finished) -> pd.Series[float]:
    """Seats used on a day with use, the last 28 days less the last 90, as a share of all."""
    return (f.people_active - daily(f.person_days_90d, f.days_used_90d)) / f.seats_entitled


@usage.derived(unit="share", riskier=1)
def weekend_change(f: Finished) -> pd.Series[float]:
    """Share of days used that were at a weekend, the last 90 days less the account's own year."""
    return f.weekend_share - f.weekend_days_used_365d / f.days_used_365d


@usage.derived(unit="share", riskier=1)
def gap_against_year(f: Finished) -> pd.Series[float]:
    """Longest time between two uses in the last 90 days, as a share of the year's longest.

    Unknown in the first year: before an account was one, it had nothing to use.
    """
    return ((f.longest_gap_90d + 1) / (f.longest_gap_365d + 1)).where(f.tenure >= YEAR)


@usage.derived(unit="share", riskier=1)
def silence_against_year(f: Finished) -> pd.Series[float]:
    """Days since the last use, as a share of the year's longest time between two.

    Unknown in the first year, as above.
    """
    return (f.days_since_use_90d / (f.longest_gap_365d + 1)).where(f.tenure >= YEAR)


@usage.derived(unit="times", riskier=1)
def error_trend(f: Finished) -> pd.Series[float]:
    """Errors for a thousand things done, the last 28 days against the last 90."""
    return f.error_rate / (f.errors_met_90d / f.usage_events_90d * 1000)


@usage.derived(unit="times", riskier=1)
def errors_against_year(f: Finished) -> pd.Series[float]:
    """Errors for a thousand things done, the last 90 days against the account's own year."""
    return (f.errors_met_90d / f.usage_events_90d) / (f.errors_met_365d / f.usage_events_365d)


@usage.derived(unit="times", riskier=-1)
def trend_against_peers(f: Finished) -> pd.Series[float]:
    """Use in the last 28 days against the 90-day pace, beside accounts of similar ARR and age.

    What the season does to everybody falls out.
    """
    return f.usage_trend / f.typical.usage_trend


@usage.derived(unit="times", riskier=-1)
def usage_against_peers(f: Finished) -> pd.Series[float]:
    """Things done for each seat in the last 28 days, beside accounts of similar ARR and age."""
    return f.events_a_seat / f.typical.events_a_seat


@usage.derived(unit="times", riskier=-1)
def seats_used_against_peers(f: Finished) -> pd.Series[float]:
    """Seats used, as a share of those paid for, beside accounts of similar ARR and age."""
    return f.seats_used / f.typical.seats_used


@usage.derived(unit="times", riskier=-1)
def days_against_peers(f: Finished) -> pd.Series[float]:
    """Days with use in the last 28, beside accounts of similar ARR and age."""
    return f.days_used_28d / f.typical.days_used_28d


@usage.derived(unit="times", riskier=-1)
def depth_against_peers(f: Finished) -> pd.Series[float]:
    """Things done by a person on a day in the last 28, beside accounts of similar ARR and age."""
    return f.events_a_person_28d / f.typical.events_a_person_28d


@usage.derived(unit="times", riskier=-1)
def products_against_peers(f: Finished) -> pd.Series[float]:
    """Products used in the last 28 days, beside accounts of similar ARR and age."""
    return f.products_used_28d / f.typical.products_used_28d


@usage.derived(unit="times", riskier=1)
def errors_against_peers(f: Finished) -> pd.Series[float]:
    """Errors for a thousand things done in the last 28 days, beside similar accounts."""
    return f.error_rate / f.typical.error_rate
