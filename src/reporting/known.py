"""What was known: an account's features month by month, the two clocks, and leaks refused.

Each function answers one question with a paragraph or a table. What was known at a close is
asked of `features` and `warehouse.asof` alone, as the models ask it.
"""

from __future__ import annotations

from datetime import datetime
from math import isnan
from pathlib import Path

import narwhals as nw
import pandas as pd

from features.catalogue import catalogue, said
from features.engine import matrices
from features.instants import microseconds
from reporting import formats
from reporting.attempts import ATTEMPTS, refusal
from reporting.cells import Column
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.engines import collect
from warehouse.months import as_of, between, shift
from warehouse.snapshot import Snapshot

MONTHS = 12
COLUMNS = 6
FEW = 14
DAY = 86_400_000_000  # microseconds
TELLING = (
    "usage_events_28d",
    "usage_trend",
    "usage_against_year",
    "seats_used",
    "days_since_use_90d",
    "products_used_28d",
    "tickets_opened_90d",
    "tickets_against_year",
    "touches_90d",
    "touches_against_year",
    "nps_last",
    "invoices_overdue",
    "champions_present",
    "arr_now",
    "arr_change",
    "days_to_end",
    "days_to_notice",
    "notices_given",
)
Lived = dict[str, pd.DataFrame]


def lived(snapshot: Snapshot, month: str, store: Path | None) -> Lived:
    """The matrix at each of the last closes up to ``month`` that anybody had ARR at, by month."""
    zone = snapshot.company.timezone
    months = between(shift(month, 1 - MONTHS), month)
    closes = {as_of(each, zone): each for each in months}
    found = {closes[cutoff]: matrix for cutoff, matrix in matrices(snapshot, closes, store)}
    return {each: found[each] for each in months if len(found[each])}


def chosen(past: Lived, account: str = "") -> str:
    """``account``, or else the one whose ARR, and then use, fell most; the first of equals."""
    if account:
        return account
    last = list(past.values())[-1]
    first = next(iter(past.values())).reindex(last.index)
    fall = pd.DataFrame(index=last.index)
    fall["arr"] = (last["arr_now"] / first["arr_now"]).fillna(1.0)
    fall["use"] = last["usage_against_year"].fillna(1.0) if "usage_against_year" in last else 1.0
    return str(fall.sort_values(["arr", "use"], kind="stable").index[0])


def opening(snapshot: Snapshot, past: Lived, account: str) -> Shown:
    """What the notebook finds, in short."""
    late = _clocks(snapshot)
    worst = late.sort_values("unseen", ascending=False).iloc[0]
    return prose(
        "At each of {months} closes every account was described by {features} features, each from "
        "what was known before that close. **{account}** is followed below. What happens in a "
        "month is not all known at its close: of {table}, {unseen} came later. Of {tried} "
        "attempts to use what could not be known, {refused} were refused.",
        months=formats.count(len(past)),
        features=formats.count(list(past.values())[-1].shape[1]),
        account=account,
        table=str(worst["table"]),
        unseen=formats.pct(worst["unseen"]),
        tried=formats.count(len(ATTEMPTS)),
        refused=formats.count(sum(bool(refusal(a)) for a in ATTEMPTS)),
    )


def history(past: Lived, account: str) -> Shown:
    """The account as its features saw it, at a few closes: levels, and changes of its own."""
    months = list(past)
    shown = [
        months[i]
        for i in sorted({round(i * (len(months) - 1) / (COLUMNS - 1)) for i in range(COLUMNS)})
    ]
    rows = []
    for name in TELLING:
        feature = catalogue().by_name[name]
        told = [_value(past[each], account, name) for each in shown]
        if not all(isnan(value) for value in told):
            words = [
                said(feature.unit, v) if account in past[m].index else ""
                for v, m in zip(told, shown, strict=True)
            ]
            rows.append([feature.label, *words])
    frame = pd.DataFrame(rows[:FEW], columns=["label", *shown])
    columns = [Column("label", "What was known")]
    columns += [Column(month, formats.month(month)) for month in shown]
    return table(
        frame,
        columns,
        f"{account}, as its features saw it",
        "Each column was made from what was known at that month's close, and would be made alike "
        "today. Empty: no customer then, or nothing recorded.",
    )


def _value(matrix: pd.DataFrame, account: str, name: str) -> float:
    if name not in matrix:
        return float("nan")
    return float(matrix[name].reindex([account]).to_numpy()[0])


def _clocks(snapshot: Snapshot) -> pd.DataFrame:
    """table, rows, median and late (days from happening to being known), unseen (share)."""
    rows = []
    for name in sorted(snapshot.tables - {"accounts"}):
        declared = TABLES[name]
        happened, seen = nw.col(declared.happened), nw.col(declared.known)
        days = (microseconds(seen) - microseconds(happened)).alias("gap")
        dated = snapshot.scan(name).filter(~happened.is_null()).with_columns(days)
        told = collect(
            dated.select(
                nw.len().alias("rows"),
                nw.col("gap").median().alias("median"),
                nw.col("gap").quantile(0.95, interpolation="linear").alias("late"),
                (
                    happened.dt.year() * 12 + happened.dt.month()
                    != seen.dt.year() * 12 + seen.dt.month()
                )
                .cast(nw.Int64)
                .mean()
                .alias("unseen"),
            )
        ).to_pylist()[0]
        if told["rows"]:
            own = declared.known in snapshot.recorded(name)
            rows.append({"table": name, **told, "own": "recorded" if own else "assumed"})
    frame = pd.DataFrame(rows).astype({"median": "float64", "late": "float64"})
    return frame.assign(median=frame["median"] / DAY, late=frame["late"] / DAY)


def clocks(snapshot: Snapshot) -> Shown:
    """How long it takes until what happened is known, table by table."""
    columns = [
        Column("table", "Table"),
        Column("rows", "Rows", "count"),
        Column("median", "Days until known, median", "number", digits=1),
        Column("late", "95 of 100 within", "number", digits=1, unit="days"),
        Column("unseen", "Known in a later month", "pct"),
        Column("own", "When it was known"),
    ]
    return table(_clocks(snapshot), columns, "The second clock")


def hindsight(snapshot: Snapshot, month: str) -> Shown:
    """What today's tables say of the time before a past close that was not known at it."""
    cutoff = as_of(month, snapshot.company.timezone)
    rows = []
    for name in sorted(snapshot.tables - {"accounts"}):
        before, late_rows, cells = _later(snapshot, name, cutoff)
        if before:
            rows.append((name, before, late_rows, cells, (late_rows + cells) / before))
    frame = pd.DataFrame(rows, columns=["table", "known", "rows", "cells", "share"])
    frame = frame.sort_values(["share", "table"], ascending=[False, True], ignore_index=True)
    columns = [
        Column("table", "Table"),
        Column("known", "Rows known then", "count"),
        Column("rows", "Rows of that time that came later", "count"),
        Column("cells", "Rows filled in later", "count"),
        Column("share", "Both, of those known", "pct", bar=True),
    ]
    return table(
        frame,
        columns,
        f"What hindsight would add to {formats.month(month)}",
        "A model taught with these knows how stories end before they do. A row is filled in later "
        "when a clock of its own passes after the close: a reply, a payment, a notice to stop.",
    )


def _later(snapshot: Snapshot, name: str, cutoff: datetime) -> tuple[int, int, int]:
    """Rows known before ``cutoff``; those of before it known later; those filled in later."""
    declared = TABLES[name]
    edge = nw.lit(cutoff)
    happened, seen = nw.col(declared.happened) < edge, nw.col(declared.known) < edge
    clocks = sorted({c.late for c in declared.columns if c.late})
    filled = nw.lit(False)
    for clock in clocks:
        filled = filled | (~nw.col(clock).is_null() & (nw.col(clock) >= edge))
    every = snapshot.scan(name).filter(happened)
    counts = [
        known(snapshot, name, cutoff).select(nw.len().alias("n")),
        every.filter(~seen).select(nw.len().alias("n")),
        every.filter(seen, filled).select(nw.len().alias("n")),
    ]
    before, late, cells = (int(collect(each)["n"][0].as_py()) for each in counts)
    return before, late, cells


def attempts() -> Shown:
    """Leaks attempted, and what each was told."""
    rows = [(attempt.tried, refusal(attempt)) for attempt in ATTEMPTS]
    frame = pd.DataFrame(rows, columns=["tried", "told"])
    columns = [Column("tried", "What was tried"), Column("told", "What it was told")]
    return table(frame, columns, "Attempts to know too much", "Each was really declared.")
