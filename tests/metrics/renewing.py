"""Ledgers in which terms end and are renewed, to test the renewals on."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from tests.metrics.ledgers import frame, line

START, END = datetime(2024, 7, 1), datetime(2024, 10, 1)
NOW = datetime(2025, 1, 1)
MORE = {
    "signed_at": "datetime64[us]",
    "seats": "float64",
    "discount": "float64",
    "uplift": "float64",
}


def book(*rows: dict[str, Any]) -> pd.DataFrame:
    """Contract lines with the columns of ``ledgers.frame`` and those of ``MORE``."""
    table = frame(rows)
    for name, kind in MORE.items():
        table[name] = pd.Series([row.get(name) for row in rows], dtype="object").astype(kind)
    return table


def term(account: str, start: str, end: str | None, arr: int, **rest: Any) -> dict[str, Any]:
    """One row for ``book``; any instant as ISO text; signed on its first day unless told."""
    instants = {
        name: pd.Timestamp(rest.pop(name))
        for name in ("signed_at", "cancelled_at", "ended_on")
        if rest.get(name)
    }
    return line(account, start, end, arr, **rest, **instants)


@st.composite
def _row(draw: st.DrawFn) -> dict[str, Any]:
    """A term of some months that starts near a month's first day, so that many follow another."""
    first = datetime(2024, draw(st.integers(1, 9)), 1)
    start = first + timedelta(days=draw(st.sampled_from([0, 0, 0, -12, 5, 16, 30])))
    months = draw(st.sampled_from([1, 2, 3, 6, 12, None]))
    end = None if months is None else first + timedelta(days=30 * months)
    stopped = end is not None and draw(st.integers(0, 4)) == 0
    told = draw(st.integers(0, 3)) == 0 or stopped
    early = end - timedelta(days=draw(st.sampled_from([7, 40]))) if end and stopped else None
    return {
        "account_id": draw(st.sampled_from("AB")),
        "product": draw(st.sampled_from(["core", "more"])),
        "starts_on": start,
        "ends_on": end if end is None else max(end, start + timedelta(days=1)),
        "cancelled_at": start if told else None,
        "ended_on": None if early is None else max(early, start),
        "signed_at": start + timedelta(days=draw(st.sampled_from([-90, -20, 0, 0, 10, 35, 70]))),
        "arr": draw(st.sampled_from([0, -20, 100, 100, 250, 333, 1])),
    }


def books() -> st.SearchStrategy[pd.DataFrame]:
    return st.lists(_row(), min_size=4, max_size=24).map(lambda rows: book(*rows))


def dealt_by_hand(
    lines: pd.DataFrame, gap: timedelta, product: bool = True
) -> dict[Any, dict[str, int]]:
    """What each ending keeps and gains, by the rule, one pair after another."""
    ends: dict[Any, int] = defaultdict(int)
    starts: dict[Any, int] = defaultdict(int)
    never = pd.Timestamp.max
    for row in lines[lines["arr"] > 0].to_dict("records"):
        who = (row["account_id"], row["product"] if product else "")
        stop = row["ends_on"] if pd.isna(row["ended_on"]) else row["ended_on"]
        if pd.notna(stop):
            ends[who, stop, row["ends_on"] if pd.notna(row["ends_on"]) else never] += row["arr"]
        if pd.isna(stop) or stop > row["starts_on"]:
            until = never if pd.isna(stop) else stop
            starts[who, row["starts_on"], row["signed_at"], until] += row["arr"]
    pairs = sorted(
        (abs(begin[1] - end[1]), end[1], end[2], begin[1], begin[2], begin[3], end, begin)
        for end in ends
        for begin in starts
        if end[0] == begin[0] and abs(begin[1] - end[1]) <= gap and begin[3] > end[1]
    )
    found = {end: {"kept": 0, "uplift": 0} for end in ends}
    lacks, left = dict(ends), dict(starts)
    for *_, end, begin in pairs:
        given = min(lacks[end], left[begin])
        lacks[end] -= given
        left[begin] -= given
        found[end]["kept"] += given
    for *_, end, begin in pairs:
        found[end]["uplift"] += left.pop(begin, 0)
    return found
