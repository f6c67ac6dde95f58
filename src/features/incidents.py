"""Incidents: how often the product failed the account, how badly and for how long.

Reads ``incidents``, one row a failure that struck the account. How long it lasted is
known when it is over.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Finished, Rows, Source
from features.pace import against_year
from features.support import support

__all__ = ["support"]

incidents = support.reading(Source("incidents"))


@incidents.trailing(90, 365, unit="incidents", empty=0, riskier=1)
def incidents_suffered(t: Rows) -> Aggregate:
    """Incidents suffered."""
    return t.count()


@incidents.trailing(365, unit="incidents", empty=0, riskier=1)
def grave_incidents(t: Rows) -> Aggregate:
    """Major or critical incidents suffered."""
    return t.count(where=t.severity.is_in(["major", "critical"]))


@incidents.trailing(365, unit="incidents", empty=0, riskier=1)
def critical_incidents(t: Rows) -> Aggregate:
    """Critical incidents suffered."""
    return t.count(where=t.severity == "critical")


@incidents.trailing(365, unit="minutes", empty=0, riskier=1)
def outage_minutes(t: Rows) -> Aggregate:
    """Minutes of outage."""
    return t.sum(t.minutes_between(t.started_at, t.resolved_at))


@incidents.trailing(365, unit="hours", riskier=1)
def longest_outage(t: Rows) -> Aggregate:
    """Longest outage."""
    return t.max(t.days_between(t.started_at, t.resolved_at) * 24)


@incidents.state(unit="days", riskier=-1)
def days_since_incident(t: Rows) -> Aggregate:
    """Days since the last incident."""
    return t.days_since(t.started_at)


@incidents.derived(unit="times", riskier=1)
def incidents_against_year(f: Finished) -> pd.Series[float]:
    """Incidents of the last 90 days against the account's own year."""
    return against_year(f.incidents_suffered_90d, f.incidents_suffered_365d, f.tenure)
