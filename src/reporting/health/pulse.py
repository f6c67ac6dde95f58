"""The pulse: use, support, voice and the rest, over the portfolio, month by month."""

from __future__ import annotations

import math

import pandas as pd

from features.catalogue import catalogue, said
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import LEADER, by, opening_day, stack
from reporting.notes import absent, decision
from reporting.shown import Shown
from reporting.tables import table

ENOUGH = 6  # months before; with fewer, highest and lowest say nothing
WORDS = {1: "highest of these months", -1: "lowest of these months", 0: "in its range"}


def pulse(book: Book) -> Shown:
    """Each measure's course, its value now, and whether that is outside the year's range."""
    rows = measured(book)
    if rows.empty:
        return absent(
            "Use, support and voice: the tables that tell of them are not there.",
            "Usage, tickets or surveys would add them.",
        )
    return stack(_table(book, rows), _decide(book, rows))


def measured(book: Book) -> pd.DataFrame:
    """A row a measure: label, course, then, now (words), stands, out, worse, n.

    ``stands`` compares this month with all months shown before it; ``out`` is whether it
    left their range, ``worse`` whether on the side the catalogue calls riskier.
    """
    listed, found = catalogue().by_name, []
    months = sorted(book.pulse["month"].unique())
    for name, rows in book.pulse.groupby("name", sort=False):
        known = rows.set_index("month")["value"].astype("float64")
        if book.month not in known.index:
            continue
        course = [float(known.get(month, math.nan)) for month in months]
        unit, side = str(rows["unit"].iloc[0]), _side(course)
        found.append(
            {
                "label": rows["label"].iloc[0],
                "course": [None if math.isnan(value) else value for value in course],
                "then": _words(unit, course[0]),
                "now": _words(unit, course[-1]),
                "stands": formats.MISSING if side is None else WORDS[side],
                "worse": bool(side and side == listed[str(name)].riskier),
                "out": bool(side),
                "n": int(rows.set_index("month")["n"][book.month]),
            }
        )
    return pd.DataFrame(found)


def _side(course: list[float]) -> int | None:
    """1 above all months before, -1 below them, 0 between; ``None`` with too few to say."""
    before = [value for value in course[:-1] if not math.isnan(value)]
    if len(before) < ENOUGH:
        return None
    return int(course[-1] > max(before)) - int(course[-1] < min(before))


def _words(unit: str, value: float) -> str:
    if math.isnan(value):
        return formats.MISSING
    if unit in ("share", "flag"):
        return formats.pct(value)
    if unit == "money":
        return said(unit, value, bare=True)
    return formats.number(value, 2 if abs(value) < 10 else 1)


def _finding(book: Book, rows: pd.DataFrame) -> str:
    out, months = int(rows["out"].sum()), len(book.pulse["month"].unique())
    if (rows["stands"] == formats.MISSING).all():
        return "Too few months yet to call a value high or low"
    if not out:
        return f"All {len(rows)} measures are in their range of the last {months} months"
    return f"{out} of {len(rows)} measures left the range of the last {months} months"


def _table(book: Book, rows: pd.DataFrame) -> Shown:
    months = sorted(book.pulse["month"].unique())
    columns = [
        Column("label", "Measure"),
        Column("course", f"{len(months)} months", "spark"),
        Column("then", formats.month(months[0], short=True), align="end"),
        Column("now", formats.month(book.month, short=True), align="end"),
        Column("stands", "Where it stands"),
        Column("n", "Accounts", "count"),
    ]
    shown = columns if len(months) > 2 else [c for c in columns if c.name != "then"]
    note = "Means over the portfolio, each account counting once."
    return table(rows, shown, _finding(book, rows), note)


def _decide(book: Book, rows: pd.DataFrame) -> Shown:
    worse = rows[rows["worse"]]
    if worse.empty:
        nothing = "Nothing here calls for a change; look again next month."
        next_month = pd.Timestamp(opening_day(book)) + pd.DateOffset(months=1)
        return decision(nothing, LEADER, formats.date(next_month))
    return decision(
        "Who looks into “{label}”: {stands}.",
        LEADER,
        by(book, 14),
        label=worse["label"].iloc[0],
        stands=worse["stands"].iloc[0],
    )
