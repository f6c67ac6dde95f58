"""The pulse: adoption, support, voice and the rest, over the portfolio, month by month."""

from __future__ import annotations

import math

import pandas as pd

from features.catalogue import catalogue, said
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import LEADER, by, opening_day, spoken, stack
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

ENOUGH = 6  # months before; with fewer, highest and lowest say nothing
HIGH, LOW, USUAL = "highest", "lowest", "in its usual range"


def pulse(book: Book) -> Shown:
    """Each measure's course, its value now, and whether that is outside the year's range."""
    if book.pulse.empty:
        return absent(
            "Adoption, support and voice: the tables that tell of them are not there.",
            "Usage, tickets or surveys would add them.",
        )
    rows = measured(book)
    return stack(_sum(book, rows), _table(book, rows), _decide(book, rows))


def measured(book: Book) -> pd.DataFrame:
    """A row a measure: label, family, course, then, before, now (words), stands, worse, n.

    ``stands`` compares this month with all months shown before it. ``worse`` is whether
    it left the range on the side the catalogue calls riskier.
    """
    listed, found = catalogue().by_name, []
    months = sorted(book.pulse["month"].unique())
    for name, rows in book.pulse.groupby("name", sort=False):
        known = rows.set_index("month")["value"].astype("float64")
        course = [float(known.get(month, math.nan)) for month in months]
        if book.month not in known.index:
            continue
        feature, unit = listed[str(name)], str(rows["unit"].iloc[0])
        stands = _stands(course)
        side = {HIGH: 1, LOW: -1}.get(stands, 0)
        found.append(
            {
                "label": rows["label"].iloc[0],
                "family": feature.family,
                "course": [None if math.isnan(value) else value for value in course],
                "then": _words(unit, course[0]),
                "before": _words(unit, course[-2]) if len(course) > 1 else formats.MISSING,
                "now": _words(unit, course[-1]),
                "stands": stands,
                "worse": bool(side and side == feature.riskier),
                "n": int(rows.set_index("month")["n"][book.month]),
            }
        )
    return pd.DataFrame(found)


def _stands(course: list[float]) -> str:
    before = [value for value in course[:-1] if not math.isnan(value)]
    if len(before) < ENOUGH:
        return formats.MISSING
    return HIGH if course[-1] > max(before) else LOW if course[-1] < min(before) else USUAL


def _words(unit: str, value: float) -> str:
    if math.isnan(value):
        return formats.MISSING
    if unit in ("share", "money", "flag"):
        return formats.pct(value) if unit != "money" else said(unit, value, bare=True)
    return formats.number(value, 2 if abs(value) < 10 else 1)


def _sum(book: Book, rows: pd.DataFrame) -> Shown:
    out = rows[rows["stands"].isin([HIGH, LOW])]
    over = len(book.pulse["month"].unique())
    if out.empty:
        return prose(
            "None of {n} measures left its range of the last {months} months.",
            n=len(rows),
            months=over,
        )
    each = [
        f"{label} ({stands})" for label, stands in zip(out["label"], out["stands"], strict=True)
    ]
    return prose(
        "**{k} of {n}** measures stand outside their range of the last {months} months: {which}.",
        k=len(out),
        n=len(rows),
        months=over,
        which=spoken([one[:1].lower() + one[1:] for one in each]),
    )


def _table(book: Book, rows: pd.DataFrame) -> Shown:
    months = sorted(book.pulse["month"].unique())
    columns = [
        Column("label", "Measure", under="family"),
        Column("course", f"{len(months)} months", "spark"),
        Column("then", formats.month(months[0], short=True), align="end"),
        Column("before", "Month before", align="end"),
        Column("now", formats.month(book.month, short=True), align="end"),
        Column("stands", "Against the year"),
        Column("n", "Accounts", "count"),
    ]
    return table(rows, columns, "Means over the portfolio, each account counting once")


def _decide(book: Book, rows: pd.DataFrame) -> Shown:
    worse = rows[rows["worse"]]
    if worse.empty:
        return decision(
            "Nothing here calls for a change; look again when a measure leaves its range.",
            LEADER,
            formats.date(pd.Timestamp(opening_day(book)) + pd.DateOffset(months=1)),
        )
    return decision(
        "Who finds out by account what stands behind “{label}”, {stands} in a year.",
        LEADER,
        by(book, 14),
        label=worse["label"].iloc[0],
        stands=worse["stands"].iloc[0],
    )
