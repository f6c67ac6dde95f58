"""Contract: how it has changed against its own past, and what it costs beside its like.

What ran at an earlier time is told by the lines known now: a line recorded late counts for
the time it ran, not for when it was recorded.
"""

from __future__ import annotations

import pandas as pd

from features.contract import SOON, YEAR, contract
from features.declare import CONTEXT, Aggregate, Finished, Rows

__all__ = ["contract"]


@contract.state(unit="lines", empty=0, riskier=-1, family=CONTEXT)
def lines_before(t: Rows) -> Aggregate:
    """Lines ever signed."""
    return t.count()


@contract.trailing(90, 365, unit="lines", empty=0, family=CONTEXT)
def lines_signed(t: Rows) -> Aggregate:
    """Lines signed."""
    return t.count()


@contract.trailing(90, 365, unit="money", empty=0, family=CONTEXT)
def arr_signed(t: Rows) -> Aggregate:
    """ARR signed."""
    return t.sum(t.arr)


@contract.state(unit="days", family=CONTEXT)
def days_since_signing(t: Rows) -> Aggregate:
    """Days since the last signature."""
    return t.days_since(t.signed_at)


@contract.state(unit="money", family=CONTEXT)
def arr_year_ago(t: Rows) -> Aggregate:
    """ARR a year ago."""
    return t.sum(t.arr, where=t.ran(YEAR))


@contract.state(unit="seats", family=CONTEXT)
def seats_year_ago(t: Rows) -> Aggregate:
    """Seats paid for a year ago."""
    return t.sum(t.seats, where=t.ran(YEAR))


@contract.state(unit="money", family=CONTEXT)
def arr_quarter_ago(t: Rows) -> Aggregate:
    """ARR 90 days ago."""
    return t.sum(t.arr, where=t.ran(SOON))


@contract.state(unit="products", family=CONTEXT)
def products_ever(t: Rows) -> Aggregate:
    """Products ever paid for."""
    return t.distinct(t.product, where=t.starts_on < t.cutoff)


@contract.state(unit="share", family=CONTEXT)
def discount_year_ago(t: Rows) -> Aggregate:
    """Discount a year ago, weighted by ARR."""
    ran = t.ran(YEAR) & ~t.discount.is_null()
    return t.ratio(t.arr * t.discount, per=t.arr, where=ran)


@contract.derived(unit="times", riskier=1)
def price_change(f: Finished) -> pd.Series[float]:
    """ARR a seat against a year ago."""
    return f.arr_a_seat / (f.arr_year_ago / f.seats_year_ago.where(f.seats_year_ago > 0))


@contract.derived(unit="times", riskier=1)
def price_against_peers(f: Finished) -> pd.Series[float]:
    """ARR a seat beside accounts of similar ARR and age."""
    return f.arr_a_seat / f.typical.arr_a_seat


@contract.derived(unit="times", riskier=-1)
def arr_change(f: Finished) -> pd.Series[float]:
    """ARR against a year ago."""
    return f.arr_now / f.arr_year_ago


@contract.derived(unit="times", riskier=-1)
def arr_lately(f: Finished) -> pd.Series[float]:
    """ARR against 90 days ago."""
    return f.arr_now / f.arr_quarter_ago


@contract.derived(unit="times", riskier=-1)
def seats_change(f: Finished) -> pd.Series[float]:
    """Seats paid for against a year ago."""
    return f.seats_entitled / f.seats_year_ago


@contract.derived(unit="share", riskier=1)
def discount_change(f: Finished) -> pd.Series[float]:
    """Discount, weighted by ARR, less that of a year ago."""
    # The same discount weighed by other amounts differs in the last digits.
    return (f.discount_mean - f.discount_year_ago).round(9)


@contract.derived(unit="share", riskier=1)
def discount_against_peers(f: Finished) -> pd.Series[float]:
    """Discount, weighted by ARR, less that of accounts of similar ARR and age."""
    return f.discount_mean - f.typical.discount_mean


@contract.derived(unit="products", riskier=1)
def products_given_up(f: Finished) -> pd.Series[float]:
    """Products once paid for and no more."""
    return f.products_ever - f.products_owned
