"""What must hold whatever the data are: if it does not, the program is wrong.

The famous sum alone is a weak test; together with the chain from month to month,
the count of customers and the sign of each term it catches what it lets through.
"""

from __future__ import annotations

import pandas as pd

from warehouse import months as calendar
from warehouse.errors import Refusal

GAINS = ["new", "expansion", "reactivation"]
LOSSES = ["contraction", "churn"]


class MetricIdentityError(Refusal):
    """Two ways to the same number disagree: a fault of the program, never of the data."""

    code = 70


def fault(says: str) -> MetricIdentityError:
    """The error to raise when ``says`` is what was found."""
    return MetricIdentityError(
        f"{says}. This is a fault in Perennial, not in your data: "
        "nothing was published; please report it with this message"
    )


def check(ledger: pd.DataFrame, moves: pd.DataFrame, balances: pd.DataFrame) -> None:
    """Assert that ``ledger`` and the ``moves`` it sums agree with ``balances``.

    For each month of the ledger: opening plus movements (and what rates did) is closing; opening is
    the closing before; opening and closing are the sums of the balances; no
    term is negative; no loss exceeds the opening; and the customers at the close
    are those before, plus new and returned, less lost, each account at most one
    of the three. Money is exact: there is no tolerance.
    """
    by_month = ledger.set_index("month")
    moved = by_month[GAINS].sum(axis=1) - by_month[LOSSES].sum(axis=1) + by_month["fx"]
    _same(by_month["opening"] + moved, by_month["closing"], "opening plus movements", "closing")
    _same(
        by_month["opening"].iloc[1:],
        by_month["closing"].shift(1).iloc[1:].astype("int64"),
        "opening ARR",
        "the closing ARR of the month before",
    )
    held = balances.groupby("month")["arr"].sum().reindex(by_month.index, fill_value=0)
    _same(by_month["closing"], held, "closing ARR", "the sum of the balances")
    negative = by_month[by_month.drop(columns="fx").lt(0).any(axis=1)]
    if len(negative):
        raise fault(f"a term of the ledger is negative: {_first(negative)}")
    lost = by_month[LOSSES].sum(axis=1)
    risen = moves[(moves["kind"] == "fx") & (moves["amount"] > 0)].groupby("month")["amount"].sum()
    over = by_month[lost > by_month["opening"] + risen.reindex(by_month.index, fill_value=0)]
    if len(over):
        raise fault(f"more ARR was lost than there was to lose: {_first(over)}")
    _customers(by_month.index, moves, balances)


def _customers(months: pd.Index[str], moves: pd.DataFrame, balances: pd.DataFrame) -> None:
    gate = moves[moves["kind"].isin(["new", "reactivation", "churn"])]
    twice = gate[gate.duplicated(["account_id", "month"])]
    if len(twice):
        raise fault(f"an account came and went in one net month: {_first(twice)}")
    signs = gate["kind"].ne("churn").map({True: 1, False: -1}).astype("int64")
    change = signs.groupby(gate["month"]).sum().reindex(months, fill_value=0)
    span = pd.Index([calendar.shift(months[0], -1), *months], name="month")
    count = balances.groupby("month").size().reindex(span, fill_value=0)
    _same(
        count.shift(1).iloc[1:].astype("int64") + change,
        count.iloc[1:],
        "customers before, plus new and returned, less lost",
        "customers at the close",
    )


def _same(left: pd.Series[int], right: pd.Series[int], one: str, other: str) -> None:
    wrong = left.index[left.to_numpy() != right.to_numpy()]
    if len(wrong):
        month = wrong[0]
        raise fault(f"in {month} {one} is {left[month]} and {other} is {right[month]}")


def _first(rows: pd.DataFrame) -> str:
    return str(rows.reset_index().iloc[0].to_dict())
