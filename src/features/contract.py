"""Contract: what was agreed, how it has changed, and when it is up for decision.

Reads ``contract_lines``. A line is known when it is recorded, so a renewal
signed early is seen early; a notice to stop is seen when it is given, not before.
"""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from features.declare import CONTEXT, Aggregate, Domain, Finished, Rows, Source

contract = Domain("contract", Source("contract_lines"), family="contract")
YEAR = 365
SOON = 90


def _days_to_deadline(t: Rows) -> nw.Expr:
    """Days until notice must be given; unknown of a line that has no end or needs none."""
    return t.days_between(t.cutoff, t.ends_on) - t.notice_days


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


@contract.state(unit="word", family=CONTEXT)
def main_product(t: Rows) -> Aggregate:
    """Product that most is paid for."""
    return t.latest(t.product, where=t.live, by=t.arr)


@contract.state(unit="word", family=CONTEXT)
def billing_rhythm(t: Rows) -> Aggregate:
    """How often the largest line is billed."""
    return t.latest(t.billing, where=t.live, by=t.arr)


@contract.state(unit="days", family=CONTEXT)
def tenure(t: Rows) -> Aggregate:
    """Days as a customer."""
    return t.days_since_first(t.starts_on)


@contract.state(unit="days", family=CONTEXT)
def term_length(t: Rows) -> Aggregate:
    """Days the running lines were agreed for, median."""
    return t.median(t.days_between(t.starts_on, t.ends_on), where=t.live)


@contract.state(unit="share", riskier=-1, family=CONTEXT)
def multi_year(t: Rows) -> Aggregate:
    """Share of running lines agreed for more than a year."""
    return t.share(t.days_between(t.starts_on, t.ends_on) > YEAR + 1, of=t.live)


@contract.state(unit="share", family=CONTEXT)
def open_ended(t: Rows) -> Aggregate:
    """Share of running lines without an agreed end."""
    return t.share(t.ends_on.is_null(), of=t.live)


@contract.state(unit="share", riskier=-1, family=CONTEXT)
def auto_renewing(t: Rows) -> Aggregate:
    """Share of running lines that renew by themselves."""
    return t.share(t.auto_renew, of=t.live & ~t.auto_renew.is_null())


@contract.state(unit="days", family=CONTEXT)
def notice_needed(t: Rows) -> Aggregate:
    """Days of notice a running line needs, longest."""
    return t.max(t.notice_days, where=t.live)


@contract.state(unit="days", family=CONTEXT)
def days_to_end(t: Rows) -> Aggregate:
    """Days until the next line ends."""
    return t.days_until(t.ends_on, where=t.live)


@contract.state(unit="days", family=CONTEXT)
def days_to_last_end(t: Rows) -> Aggregate:
    """Days until the last signed line ends."""
    return t.days_until_last(t.ends_on)


@contract.state(unit="days", family=CONTEXT)
def days_to_notice(t: Rows) -> Aggregate:
    """Days until the next deadline for notice."""
    left = _days_to_deadline(t)
    return t.min(left, where=t.live & (left >= 0))


@contract.state(unit="lines", empty=0, family=CONTEXT)
def lines_past_notice(t: Rows) -> Aggregate:
    """Running lines past their deadline for notice."""
    return t.count(where=t.live & (_days_to_deadline(t) < 0))


@contract.state(unit="money", empty=0, family=CONTEXT)
def arr_due(t: Rows) -> Aggregate:
    """ARR of running lines that end within 90 days."""
    return t.sum(t.arr, where=t.live & (t.days_between(t.cutoff, t.ends_on) < SOON))


@contract.state(unit="money", empty=0, riskier=-1)
def arr_ahead(t: Rows) -> Aggregate:
    """ARR signed that has not begun."""
    return t.sum(t.arr, where=t.starts_on >= t.cutoff)


@contract.state(unit="lines", empty=0, riskier=1)
def notices_given(t: Rows) -> Aggregate:
    """Running lines with notice to stop."""
    return t.count(where=t.live & ~t.cancelled_at.is_null())


@contract.state(unit="money", empty=0, riskier=1)
def arr_under_notice(t: Rows) -> Aggregate:
    """ARR of running lines with notice to stop."""
    return t.sum(t.arr, where=t.live & ~t.cancelled_at.is_null())


@contract.state(unit="lines", empty=0, riskier=1)
def lines_cancelled(t: Rows) -> Aggregate:
    """Lines ever given notice to stop."""
    return t.count(where=~t.cancelled_at.is_null())


@contract.state(unit="days", riskier=-1)
def days_since_notice(t: Rows) -> Aggregate:
    """Days since notice was last given on any line."""
    return t.days_since(t.cancelled_at)


@contract.state(unit="share", riskier=1)
def discount(t: Rows) -> Aggregate:
    """Largest discount on a running line."""
    return t.max(t.discount, where=t.live)


@contract.state(unit="share", riskier=1)
def discount_mean(t: Rows) -> Aggregate:
    """Discount on running lines, weighted by ARR."""
    return t.ratio(t.arr * t.discount, per=t.arr, where=t.live & ~t.discount.is_null())


@contract.state(unit="share", riskier=1)
def uplift_agreed(t: Rows) -> Aggregate:
    """Largest yearly rise agreed on a running line."""
    return t.max(t.uplift, where=t.live)


@contract.state(unit="money", family=CONTEXT)
def largest_line(t: Rows) -> Aggregate:
    """ARR of the largest running line."""
    return t.max(t.arr, where=t.live)


@contract.derived(unit="money", family=CONTEXT)
def arr_a_seat(f: Finished) -> pd.Series[float]:
    """ARR a seat."""
    return f.arr_now / f.seats_entitled


@contract.derived(unit="share", riskier=1)
def largest_share(f: Finished) -> pd.Series[float]:
    """Share of ARR in the largest line."""
    return f.largest_line / f.arr_now


@contract.derived(unit="share", family=CONTEXT)
def arr_due_share(f: Finished) -> pd.Series[float]:
    """Share of ARR in lines that end within 90 days."""
    return f.arr_due / f.arr_now


@contract.derived(unit="share", riskier=1)
def notice_share(f: Finished) -> pd.Series[float]:
    """Share of ARR with notice to stop."""
    return f.arr_under_notice / f.arr_now
