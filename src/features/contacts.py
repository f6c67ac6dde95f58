"""Contacts: whom the company knows at the account, and whether its friends are still there.

Reads ``contacts``, one row a person. That somebody has left is known when it is
recorded, often weeks after the fact.
"""

from __future__ import annotations

import pandas as pd

from features.declare import Aggregate, Finished, Rows, Source
from features.engagement import engagement

__all__ = ["engagement"]

contacts = engagement.reading(Source("contacts"))


@contacts.state(unit="people", empty=0, riskier=-1)
def people_known(t: Rows) -> Aggregate:
    """People known at the account."""
    return t.count(where=t.left_at.is_null())


@contacts.state(unit="people", empty=0, riskier=-1)
def champions_present(t: Rows) -> Aggregate:
    """Champions at the account."""
    return t.count(where=t.left_at.is_null() & (t.role == "champion"))


@contacts.state(unit="people", empty=0, riskier=-1)
def sponsors_present(t: Rows) -> Aggregate:
    """Executive sponsors at the account."""
    return t.count(where=t.left_at.is_null() & (t.role == "sponsor"))


@contacts.state(unit="people", empty=0, riskier=1)
def champions_gone_quarter(t: Rows) -> Aggregate:
    """Champions whose departure was noticed in the last 90 days."""
    gone = t.days_between(t.left_at, t.cutoff) <= 90
    return t.count(where=gone & (t.role == "champion"))


@contacts.state(unit="people", empty=0, riskier=1)
def champions_gone(t: Rows) -> Aggregate:
    """Champions whose departure was noticed in the last 180 days."""
    gone = t.days_between(t.left_at, t.cutoff) <= 180
    return t.count(where=gone & (t.role == "champion"))


@contacts.state(unit="people", empty=0, riskier=1)
def sponsors_gone(t: Rows) -> Aggregate:
    """Executive sponsors whose departure was noticed in the last 180 days."""
    gone = t.days_between(t.left_at, t.cutoff) <= 180
    return t.count(where=gone & (t.role == "sponsor"))


@contacts.state(unit="people", empty=0, riskier=1)
def people_gone(t: Rows) -> Aggregate:
    """People whose departure was noticed in the last 365 days."""
    return t.count(where=t.days_between(t.left_at, t.cutoff) <= 365)


@contacts.trailing(365, unit="people", empty=0)
def people_added(t: Rows) -> Aggregate:
    """People added."""
    return t.count()


@contacts.state(unit="days", riskier=-1)
def days_since_champion_gone(t: Rows) -> Aggregate:
    """Days since a champion's departure was noticed."""
    return t.days_since(t.left_at, where=t.role == "champion")


@contacts.derived(unit="flag", riskier=1)
def champion_missing(f: Finished) -> pd.Series[float]:
    """No champion at the account."""
    return (f.champions_present == 0).astype("float64")


@contacts.derived(unit="flag", riskier=1)
def sponsor_missing(f: Finished) -> pd.Series[float]:
    """No executive sponsor at the account."""
    return (f.sponsors_present == 0).astype("float64")


@contacts.derived(unit="flag", riskier=1)
def single_threaded(f: Finished) -> pd.Series[float]:
    """One person at most is known at the account."""
    return (f.people_known <= 1).astype("float64")


@contacts.derived(unit="share", riskier=1)
def people_lost(f: Finished) -> pd.Series[float]:
    """Share of the people known who left in the last 365 days."""
    return f.people_gone / (f.people_gone + f.people_known)


@contacts.derived(unit="people", riskier=-1)
def people_against_peers(f: Finished) -> pd.Series[float]:
    """People known at the account less those at accounts of similar ARR and age."""
    return f.people_known - f.typical.people_known
