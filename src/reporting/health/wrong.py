"""How wrong were we: what was said against what then happened."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from models.folds import usable
from models.outcomes import Question
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.bars import bars
from reporting.figure import Caption
from reporting.health.parts import by, counted, money, owners, scored, source, stack, verb
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import as_of, shift

LISTED = 5
DRAWN = 6
SAME = 0.02  # of what was expected: closer than this is as expected
BANDS = {"at_risk": "At risk", "watch": "Watch", "healthy": "Healthy"}


def wrong(book: Book) -> Shown:
    """Expected and observed loss by month, churn by band, and the accounts nobody flagged."""
    if book.grades.empty:
        return absent(f"Grades of past scores. {_not_yet(book)}", "")
    return stack(_figure(book), _graded(book), _missed(book), _decide(book))


def _not_yet(book: Book) -> str:
    """Why nothing can be graded, and from which month on it can."""
    said = book.risk.loc[book.risk["expected_loss"].notna(), "month"]
    if not scored(book) and said.empty:
        return "Nothing has been scored, so there is nothing to hold against what happened."
    start = str(said.min()) if len(said) else book.month
    asked = Question("churn", book.about["lead"], book.about["horizon"])
    gap, zone = int(book.about["gap_days"]), str(book.about["timezone"])
    month = book.month
    while not usable([start], asked, as_of(month, zone), gap, zone):
        month = shift(month, 1)
    return (
        f"The first scores are those of {formats.month(start)}. Who left is certain once their "
        f"window has closed and {counted(gap, 'day')} have passed: the report of "
        f"{formats.month(month)} will grade them."
    )


def _figure(book: Book) -> Shown:
    rows = book.grades
    said, seen = int(rows["expected_arr"].sum()), int(rows["observed_arr"].sum())
    off = (seen - said) / said if said else 0.0
    verdict = "as the scores expected"
    if abs(off) >= SAME:
        more = "more" if off > 0 else "less"
        verdict = f"{formats.pct(abs(off), 0)} {more} than the scores expected"
    least, most = (formats.count(int(each)) for each in (rows["n"].min(), rows["n"].max()))
    caption = Caption(
        f"In an average window {money(book, round(seen / len(rows)))} of ARR left, {verdict}",
        "Tick: what the scores of that month expected. Windows overlap, so an account may count in "
        "several.",
        source(
            book, f"{least} to {most} accounts a month" if least != most else f"{most} accounts"
        ),
    )
    last = rows.tail(DRAWN)
    shown = last.assign(label=[formats.month(each) for each in last["month"]])
    return bars(
        shown,
        caption,
        "money",
        book.currency,
        value="observed_arr",
        previous="expected_arr",
        sort=False,
    )


def _graded(book: Book) -> Shown:
    columns = [
        Column("month", "Scores of", "month"),
        Column("n", "Accounts", "count"),
        Column("expected", "Expected to leave", "number", digits=0),
        Column("observed", "Left", "count"),
        Column("expected_arr", "Expected ARR", "money", book.currency),
        Column("observed_arr", "ARR that left", "money", book.currency),
        Column("auc", "AUC", "number", digits=2),
        *(Column(f"rate_{key}", f"{word}: left", "pct") for key, word in BANDS.items()),
    ]
    note = (
        "AUC: how often, of one account that left and one that stayed, the one that left had the "
        "higher risk; 0.5 is chance."
    )
    return table(book.grades, columns, "Every month whose answer is certain by now", note)


def _missed(book: Book) -> Shown:
    left, missed = book.left, surprises(book)
    if left.empty:
        return prose("No scored account has left in a window that can be graded.")
    seen = left[left["flagged"].astype(bool)]
    columns = [
        Column("name", "Account", "name"),
        *owners(book),
        Column("ended", "Left on", "date"),
        Column("arr", "ARR", "money", book.currency),
        Column("last_band", "Last band", "band"),
        Column("highest_p", "Highest risk said", "pct"),
        Column("months_scored", "Months scored", "count"),
    ]
    return table(
        missed,
        columns,
        f"{formats.count(len(missed))} of the {counted(len(left), 'account')} that left had not "
        "been at risk in time",
        f"The {formats.count(len(seen))} that had held {money(book, seen['arr'].sum())} of the "
        f"{money(book, left['arr'].sum())} that left.",
        limit=LISTED,
        empty="Every one of them had been.",
    )


def surprises(book: Book) -> pd.DataFrame:
    """The accounts that left and had not been at risk in time, the largest ARR first."""
    return book.left[~book.left["flagged"].astype(bool)].reset_index(drop=True)


def by_band(book: Book) -> dict[str, float]:
    """The share of each band's accounts that left over all graded months; NaN for an empty one."""
    found = {}
    for key in BANDS:
        n = book.grades[f"n_{key}"].astype("int64")
        hits = (book.grades[f"rate_{key}"].astype("float64").fillna(0.0) * n).sum()
        found[key] = float(hits / n.sum()) if n.sum() else float("nan")
    return found


def _decide(book: Book) -> Shown:
    rates = by_band(book)
    known = [rates[key] for key in BANDS if not pd.isna(rates[key])]
    holds = all(worse > better for worse, better in pairwise(known))
    lead = "Keep working by band" if holds else "Hold the bands back, for they are out of order"
    pattern = lead + ": {risky} of At risk left, {watch} of Watch, {healthy} of Healthy"
    blind = len(surprises(book))
    if blind:
        pattern += "; look through the {blind} " + verb(blind, "surprise", "surprises")
    return decision(
        pattern + ".",
        "Data science",
        by(book, 21),
        risky=formats.pct(rates["at_risk"]),
        watch=formats.pct(rates["watch"]),
        healthy=formats.pct(rates["healthy"]),
        blind=formats.count(blind),
    )
