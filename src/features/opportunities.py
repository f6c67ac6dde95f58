"""Opportunities: chances to sell the account more, and what became of them.

Reads ``opportunities``. One is known when it is found; whether it was handed over,
accepted and won only when that happens.
"""

from __future__ import annotations

import pandas as pd

from features.contract_change import contract
from features.declare import Aggregate, Finished, Rows, Source
from features.pace import against_year

__all__ = ["contract"]

opportunities = contract.reading(Source("opportunities"))
PATIENCE = 60  # days within which sales should say yes or no


@opportunities.trailing(90, 365, unit="opportunities", empty=0, riskier=-1)
def opportunities_found(t: Rows) -> Aggregate:
    """Opportunities found."""
    return t.count()


@opportunities.trailing(365, unit="opportunities", empty=0, riskier=-1)
def opportunities_won(t: Rows) -> Aggregate:
    """Opportunities found and won."""
    return t.count(where=t.won)


@opportunities.trailing(365, unit="opportunities", empty=0, riskier=1)
def opportunities_lost(t: Rows) -> Aggregate:
    """Opportunities found and lost."""
    return t.count(where=~t.won)


@opportunities.trailing(365, unit="opportunities", empty=0, riskier=1)
def opportunities_declined(t: Rows) -> Aggregate:
    """Opportunities handed over and closed, or left for 60 days, without being accepted."""
    left = ~t.closed_at.is_null() | (t.days_between(t.handed_at, t.cutoff) > PATIENCE)
    return t.count(where=~t.handed_at.is_null() & t.accepted_at.is_null() & left)


@opportunities.trailing(365, unit="share", riskier=-1)
def win_rate(t: Rows) -> Aggregate:
    """Share of closed opportunities that were won."""
    return t.share(t.won, of=~t.won.is_null())


@opportunities.trailing(365, unit="money", empty=0, riskier=-1)
def arr_won(t: Rows) -> Aggregate:
    """ARR won by opportunities."""
    return t.sum(t.amount, where=t.won)


@opportunities.state(unit="opportunities", empty=0, riskier=-1)
def opportunities_open(t: Rows) -> Aggregate:
    """Opportunities open."""
    return t.count(where=t.closed_at.is_null())


@opportunities.state(unit="days", riskier=1)
def oldest_opportunity(t: Rows) -> Aggregate:
    """Days the oldest open opportunity has waited."""
    return t.days_since_first(t.identified_at, where=t.closed_at.is_null())


@opportunities.state(unit="days", riskier=1)
def days_since_won(t: Rows) -> Aggregate:
    """Days since an opportunity was last won."""
    return t.days_since(t.closed_at, where=t.won)


@opportunities.state(unit="days")
def days_since_lost(t: Rows) -> Aggregate:
    """Days since an opportunity was last lost."""
    return t.days_since(t.closed_at, where=~t.won)


@opportunities.derived(unit="times", riskier=-1)
def opportunities_against_year(f: Finished) -> pd.Series[float]:
    """Opportunities found in the last 90 days against the account's own year."""
    return against_year(f.opportunities_found_90d, f.opportunities_found_365d, f.tenure)
