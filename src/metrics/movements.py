"""The ledger of ARR movements: from each month's close to the next, or as they happened.

Movements are net monthly, at most one an account and month, and one more where rates alone
moved it (see `metrics.classify` for what each kind is, and what it is made of). The log
has every change when it happened: what two changes of one month did to each other is only
there. All history is one pass in DuckDB.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pandas as pd

from metrics import identities, steps
from metrics.classify import KINDS, PARTS, classify
from metrics.rates import Rates
from warehouse import months as calendar
from warehouse.errors import Usage

COLUMNS = ["opening", "new", "expansion", "reactivation", "contraction", "churn", "fx", "closing"]
DAY = 86_400 * 10**6
"""A day of 24 hours, in microseconds."""


def movements(balances: pd.DataFrame, months: Sequence[str]) -> pd.DataFrame:
    """Each account's movement in each of ``months``: account_id, month, kind, amount.

    ``amount`` is the signed change in cents: contraction and churn are negative.
    Accounts that did not move have no row; rows are ordered by account_id, month.
    ``balances`` (see `arr.balances`) must hold every month from the company's first to the
    last of ``months``: what is there in its first month counts as new, and an account
    seen before ``months[0]`` can only come back, not be new.
    """
    with steps.connection() as con:
        steps.of_balances(con, balances)
        return _told(con, months)[["account_id", "month", "kind", "amount"]]


def parted(
    lines: pd.DataFrame | duckdb.DuckDBPyRelation,
    months: Sequence[str],
    timezone: str = "UTC",
    rates: Rates | None = None,
) -> pd.DataFrame:
    """The movements of ``months`` read from contract lines, and what each is made of.

    Columns: account_id, month, kind, amount (signed cents) and one for each of `PARTS`, which
    add up to the amount of an expansion or a contraction and are zero for the other kinds. A
    row of kind ``fx`` is what ``rates`` alone did to an account that is there at both closes.
    Lines that start after the last of ``months`` are not seen.
    """
    with steps.connection() as con:
        steps.of_lines(con, lines, timezone=timezone, rates=rates)
        return _told(con, months)


def _told(con: duckdb.DuckDBPyConnection, months: Sequence[str]) -> pd.DataFrame:
    """The movements of the steps in ``con``, in ``months``."""
    steps.labelled(con, consecutive(months))
    classify(con)
    parts = ", ".join(PARTS)
    none = ", ".join(f"0 AS {part}" for part in PARTS)
    types = {"account_id": "str", "month": "str", "kind": "str"}
    return steps.frame(
        con,
        f"""SELECT account_id, month, kind, amount, {parts} FROM (
            SELECT k, place, kind, after - before - fx AS amount, {parts}
            FROM moved WHERE kind IS NOT NULL
            UNION ALL
            SELECT k, place, 'fx', fx, {none} FROM moved WHERE fx <> 0
        ) JOIN named USING (place) JOIN who USING (k) ORDER BY k, place, kind""",
        {**types, **dict.fromkeys(["amount", *PARTS], "int64")},
    )


def log(lines: pd.DataFrame, gap_days: int) -> pd.DataFrame:
    """Every change of an account's ARR when it happened: account_id, at, kind, amount.

    Changes of one instant are one. An account that is back within ``gap_days`` days of 24
    hours had paused: its ``pause`` and ``resume`` are no churn and no reactivation, and cancel
    out but for what it came back with. Ordered by account_id, at; instants are naive UTC.
    """
    with steps.connection() as con:
        steps.of_lines(con, lines, "instant")
        classify(con)
        return steps.frame(
            con,
            f"""SELECT account_id, make_timestamp(place) AS at, CASE
                WHEN kind = 'reactivation' AND place - back <= {gap_days * DAY} THEN 'resume'
                WHEN kind = 'churn' AND next - place <= {gap_days * DAY} THEN 'pause'
                ELSE kind END AS kind, after - before AS amount
            FROM (SELECT *, lead(place) OVER (PARTITION BY k ORDER BY place) AS next FROM moved)
            JOIN who USING (k) ORDER BY k, place""",
            {"account_id": "str", "at": "datetime64[us]", "kind": "str", "amount": "int64"},
        )


def ledger(
    balances: pd.DataFrame, months: Sequence[str], moves: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The ARR walk of each of ``months``, in cents, one row a month in order.

    Columns: month, opening, new, expansion, reactivation, contraction, churn, fx, closing;
    every term but fx is zero or more, the two losses being amounts lost:

        closing = opening + new + expansion + reactivation - contraction - churn + fx

    ``balances`` as for ``movements``; ``moves`` are the movements of ``parted`` where rates
    move (without them they are read from the balances). Raises ``MetricIdentityError`` if
    any identity of the ledger fails, which only a fault in this program can cause.
    """
    told = movements(balances, months) if moves is None else moves
    held = balances.groupby("month")["arr"].sum()
    closes = held.reindex([calendar.shift(months[0], -1), *months], fill_value=0)
    amount = told["amount"].where(told["kind"] == "fx", told["amount"].abs())
    terms = (
        told.assign(amount=amount)
        .groupby(["month", "kind"])["amount"]
        .sum()
        .unstack(fill_value=0)
        .reindex(index=pd.Index(months, name="month"), columns=KINDS, fill_value=0)
    )
    worth = closes.to_numpy("int64")
    table = terms.assign(opening=worth[:-1], closing=worth[1:])[COLUMNS]
    walk = table.astype("int64").rename_axis(columns=None).reset_index()
    identities.check(walk, told, balances)
    return walk.astype({"month": "str"})


def consecutive(months: Sequence[str]) -> list[str]:
    """``months`` as a list; ``Usage`` unless they are at least one, rising, without a hole."""
    listed = list(months)
    if not listed or listed != calendar.between(listed[0], listed[-1]):
        raise Usage(
            f"these are not consecutive months: {', '.join(listed) or 'none given'}; "
            "movements compare each month with the one before, so give every month "
            "from the first to the last, in order"
        )
    return listed
