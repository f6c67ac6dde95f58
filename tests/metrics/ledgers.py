"""Small ledgers to test on, and how hypothesis draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from hypothesis import Phase, settings
from hypothesis import strategies as st

from metrics.arr import close
from warehouse.months import between, opens

ZONE = "Australia/Sydney"
MONTHS = between("2024-01", "2025-02")
# Explaining a failure takes minutes on frames and says little; the shrunk example says it all.
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)
thorough = settings(max_examples=8, deadline=None, derandomize=True, phases=PHASES)

INSTANTS = ("starts_on", "ends_on", "cancelled_at", "ended_on")
BLANK: dict[str, Any] = {
    "product": "core",
    "ends_on": None,
    "auto_renew": True,
    "notice_days": 30,
    "cancelled_at": None,
    "ended_on": None,
}


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Contract lines from rows that name only what matters to the test."""
    columns = ["line_id", "account_id", "starts_on", "arr", *BLANK]
    filled = [{"line_id": f"L{i:03d}", **BLANK, **row} for i, row in enumerate(rows)]
    table = pd.DataFrame(filled, columns=columns)
    types = dict.fromkeys(INSTANTS, "datetime64[us]")
    return table.astype({**types, "arr": "int64", "line_id": "str", "account_id": "str"})


def line(account: str, start: str, end: str | None, arr: int, **rest: Any) -> dict[str, Any]:
    """One row for ``frame``; ``start`` and ``end`` as ISO text."""
    row: dict[str, Any] = {"account_id": account, "starts_on": pd.Timestamp(start), "arr": arr}
    return {**row, "ends_on": pd.Timestamp(end) if end else None, **rest}


def held(balances: Mapping[str, Sequence[int]], first: str = "2024-01") -> pd.DataFrame:
    """Balances from one list of amounts an account, month by month from ``first``."""
    longest = max(len(amounts) for amounts in balances.values())
    months = between(first, "2030-12")[:longest]
    rows = [
        (account, month, amount)
        for account, amounts in sorted(balances.items())
        for month, amount in zip(months, amounts, strict=True)
        if amount
    ]
    table = pd.DataFrame(rows, columns=["account_id", "month", "arr"])
    return table.astype({"account_id": "str", "month": "str", "arr": "int64"})


STEP = timedelta(microseconds=1)
# Instants at which an off-by-one would show: each month's first, and one to either side.
EDGES = [opens(m, ZONE) + by for m in MONTHS for by in (-STEP, timedelta(0), STEP)]
FIRST = datetime(2023, 11, 1)


def instants() -> st.SearchStrategy[datetime]:
    anywhere = st.integers(0, 16_000).map(lambda hours: FIRST + timedelta(hours=hours))
    return st.one_of(st.sampled_from(EDGES), anywhere)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """One contract line: open or closed, paid, free or credit, some stopped early or late.

    Some stop before they start, which admission refuses and no number may trip over.
    """
    start, one, other = draw(instants()), draw(instants()), draw(instants())
    closed, stopped = draw(st.booleans()), draw(st.integers(0, 2)) == 0
    ended = other if stopped else None
    return {
        "account_id": draw(st.sampled_from("ABCDEF")),
        "product": draw(st.sampled_from(["core", "more"])),
        "starts_on": start,
        "ends_on": max(start + STEP, one) if closed else None,
        "ended_on": ended,
        "cancelled_at": ended,
        "arr": draw(st.sampled_from([0, -20_000, 10_000, 10_000, 25_000, 120_001])),
    }


def ledgers(least: int = 0) -> st.SearchStrategy[pd.DataFrame]:
    return st.lists(rows(), min_size=least, max_size=30).map(frame)


def at_by_hand(lines: pd.DataFrame, instant: datetime) -> dict[str, int]:
    """ARR by the definition, one line after another."""
    total: dict[str, int] = {}
    for row in lines.to_dict("records"):
        stop = row["ends_on"] if pd.isna(row["ended_on"]) else row["ended_on"]
        if row["starts_on"] <= instant and (pd.isna(stop) or instant < stop):
            total[row["account_id"]] = total.get(row["account_id"], 0) + row["arr"]
    return {account: arr for account, arr in sorted(total.items()) if arr > 0}


def balances_by_hand(lines: pd.DataFrame) -> dict[tuple[str, str], int]:
    return {
        (account, month): arr
        for month in MONTHS
        for account, arr in at_by_hand(lines, close(month, ZONE)).items()
    }
