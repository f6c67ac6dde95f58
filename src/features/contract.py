"""Contract: what was agreed, how it has changed, and when it is up for decision.

Reads ``contract_lines``. A line is known when it is recorded, so a renewal
signed early is seen early; a notice to stop is seen when it is given, not before.
"""

from __future__ import annotations

import pandas as pd

from features.declare import CONTEXT, Aggregate, Domain, Finished, Rows, Source

contract = Domain("contract", Source("contract_lines"), family="contract")


@contract.state(unit="money", family=CONTEXT)
def arr_now(t: Rows) -> Aggregate:
    """ARR."""
    return t.sum(t.arr, where=t.live)


@contract.state(unit="seats", family=CONTEXT)
def seats_entitled(t: Rows) -> Aggregate:
    """Seats paid for."""
    return t.sum(t.seats, where=t.live)


@contract.state(unit="products", family=CONTEXT)
def products_owned(t: Rows) -> Aggregate:
    """Products paid for."""
    return t.distinct(t.product, where=t.live)


@contract.state(unit="lines", family=CONTEXT)
def lines_live(t: Rows) -> Aggregate:
    """Contract lines running."""
    return t.count(where=t.live)


@contract.state(unit="days", family=CONTEXT)
def tenure(t: Rows) -> Aggregate:
    """Days as a customer."""
    return t.days_since_first(t.starts_on)


@contract.state(unit="days", family=CONTEXT)
def days_to_end(t: Rows) -> Aggregate:
    """Days until the next line ends."""
    return t.days_until(t.ends_on, where=t.live)


@contract.state(unit="days", family=CONTEXT)
def days_to_last_end(t: Rows) -> Aggregate:
    """Days until the last signed line ends."""
    return Aggregate("max", t.ends_on, None, since=-1)


@contract.state(unit="days", family=CONTEXT)
def days_since_signing(t: Rows) -> Aggregate:
    """Days since the last signature."""
    return t.days_since(t.signed_at)


@contract.state(unit="lines", empty=0, riskier=1)
def notices_given(t: Rows) -> Aggregate:
    """Running lines with notice to stop."""
    return t.count(where=t.live & ~t.cancelled_at.is_null())


@contract.state(unit="share", riskier=-1, family=CONTEXT)
def auto_renewing(t: Rows) -> Aggregate:
    """Share of running lines that renew by themselves."""
    return t.share(t.auto_renew, of=t.live & ~t.auto_renew.is_null())


@contract.state(unit="share", riskier=1)
def discount(t: Rows) -> Aggregate:
    """Largest discount on a running line."""
    return t.max(t.discount, where=t.live)


@contract.state(unit="lines", empty=0, riskier=-1, family=CONTEXT)
def lines_before(t: Rows) -> Aggregate:
    """Lines ever signed."""
    return t.count()


@contract.trailing(365, unit="lines", empty=0, family=CONTEXT)
def lines_signed(t: Rows) -> Aggregate:
    """Lines signed."""
    return t.count()


@contract.trailing(365, unit="money", empty=0, family=CONTEXT)
def arr_signed(t: Rows) -> Aggregate:
    """ARR signed."""
    return t.sum(t.arr)


@contract.derived(unit="money", family=CONTEXT)
def arr_a_seat(f: Finished) -> pd.Series[float]:
    """ARR a seat."""
    return f.arr_now / f.seats_entitled
