"""How wrong were we: what was said against what then happened."""

from __future__ import annotations

import pandas as pd

from metrics.policy import Policy
from models.folds import usable
from models.outcomes import Question
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.trend import Line, trend
from reporting.figure import Caption
from reporting.health.parts import by, counted, money, scored, source, stack, verb
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import as_of, shift

LISTED = 8
BANDS = {"at_risk": "At risk", "watch": "Watch", "healthy": "Healthy"}


def wrong(book: Book) -> Shown:
    """Expected and observed loss by month, churn by band, and the accounts nobody flagged."""
    if book.grades.empty:
        return absent(f"Grades of past scores. {_not_yet(book)}", "")
    return stack(_figure(book), _graded(book), _missed(book), _decide(book))


def _not_yet(book: Book) -> str:
    """Why nothing can be graded, and from which month on it can."""
    if not scored(book):
        return "Nothing has been scored, so there is nothing to hold against what happened."
    asked = Question("churn", book.about["lead"], book.about["horizon"])
    gap = int(book.about.get("gap_days", Policy().gap_days))
    zone = str(book.about["timezone"])
    silent = book.risk["expected_loss"].isna()
    start = book.risk.loc[~silent, "month"].min() if (~silent).any() else book.month
    month = book.month
    while not usable([str(start)], asked, as_of(month, zone), gap, zone):
        month = shift(month, 1)
    return (
        f"The first scores are those of {formats.month(start)}; who left is certain when their "
        f"window has closed and {gap} days have passed, so the report of {formats.month(month)} "
        "grades them."
    )


def _figure(book: Book) -> Shown:
    rows = book.grades
    said, seen = int(rows["expected_arr"].sum()), int(rows["observed_arr"].sum())
    off = (seen - said) / said if said else 0.0
    verdict = "as expected"
    if abs(off) >= 0.02:
        verdict = f"{formats.pct(abs(off), 0)} {'more' if off > 0 else 'less'} than said"
    n = len(rows)
    caption = Caption(
        f"Over {counted(n, 'graded month')} {money(book, round(seen / n))} left a window: {verdict}",
        "ARR lost in the window after each month: what was expected at its close, and what left. "
        "Windows overlap, so one account counts in up to "
        f"{book.about['horizon'] - book.about['lead']} of them.",
        source(book, int(rows["n"].max())),
    )
    shown = rows[["month", "expected_arr", "observed_arr"]].astype(
        {"expected_arr": "float64", "observed_arr": "float64"}
    )
    lines = [Line("observed_arr", "Left"), Line("expected_arr", "Expected", back=True)]
    return trend(shown, lines, caption, "money", book.currency)


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
    return table(
        book.grades, columns, "Every month whose answer is certain by now",
        "AUC: how often an account that left had the higher risk of two; 0.5 is chance.",
    )  # fmt: skip


def _missed(book: Book) -> Shown:
    left = book.left
    if left.empty:
        return prose("No scored account has left in a window that can be graded.")
    missed = left[~left["flagged"].astype(bool)]
    seen = left[left["flagged"].astype(bool)]
    said = prose(
        "Of **{n}** that left in these windows, {seen} had been at risk in time ({flagged} of "
        "{whole} ARR); **{missed}** had not.",
        n=counted(len(left), "account"),
        seen=formats.count(len(seen)),
        flagged=money(book, int(seen["arr"].sum())),
        whole=money(book, int(left["arr"].sum())),
        missed=formats.count(len(missed)),
    )
    columns = [
        Column("name", "Account", "name", under="csm"),
        Column("ended", "Left on", "date"),
        Column("arr", "ARR", "money", book.currency),
        Column("last_band", "Last band", "band"),
        Column("highest_p", "Highest risk said", "pct"),
        Column("months_scored", "Months scored", "count"),
    ]
    return stack(
        said,
        table(
            missed, columns, "Surprises: left without having been at risk in time", limit=LISTED,
            empty="Every account that left had been at risk in time.",
        ),
    )  # fmt: skip


def by_band(book: Book) -> dict[str, float]:
    """The share of each band's accounts that left, over all graded months; NaN for an empty band."""
    found = {}
    for key in BANDS:
        n = book.grades[f"n_{key}"].astype("int64")
        hits = (book.grades[f"rate_{key}"].astype("float64").fillna(0.0) * n).sum()
        found[key] = float(hits / n.sum()) if n.sum() else float("nan")
    return found


def _decide(book: Book) -> Shown:
    rates = by_band(book)
    ordered = [rates[key] for key in BANDS if not pd.isna(rates[key])]
    holds = all(a > b for a, b in zip(ordered, ordered[1:], strict=False))
    left = book.left
    blind = int((~left["flagged"].astype(bool)).sum()) if len(left) else 0
    pattern = (
        "Keep working by band: {risky} of At risk left, {watch} of Watch, {healthy} of Healthy"
        if holds
        else "Hold the bands back until they are in order: {risky} of At risk left, {watch} of "
        "Watch, {healthy} of Healthy"
    )
    if blind:
        pattern += "; review the {blind} " + verb(blind, "surprise", "surprises") + " for a signal"
    return decision(
        pattern + ".",
        "Data science",
        by(book, 21),
        risky=formats.pct(rates["at_risk"]),
        watch=formats.pct(rates["watch"]),
        healthy=formats.pct(rates["healthy"]),
        blind=formats.count(blind),
    )
