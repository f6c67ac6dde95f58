"""Which accounts first: risk against value, and the list to go through."""

from __future__ import annotations

import pandas as pd

from models.health import edges
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.scatter import scatter
from reporting.figure import Caption
from reporting.health.parts import (
    LEADER,
    NOBODY,
    UNSCORED,
    by,
    counted,
    covering,
    lists,
    owners,
    scored,
    source,
    stack,
    window,
)
from reporting.health.why import reasons
from reporting.notes import absent, decision
from reporting.shown import Shown
from reporting.tables import table

LISTED = 20
DETAILED = 5  # with three reasons, the others with one

MARKS = 250  # more would be ink, and weight, without anything to read


def first(book: Book) -> Shown:
    """Accounts by probability of leaving and ARR, and the ones with most to lose."""
    if not scored(book):
        return absent(f"Risk by account. {UNSCORED}", "The signals below need no model.")
    rows = book.scores[book.scores["p_churn"].notna()]
    return stack(_figure(book, rows), _listed(book, rows), _decide(book, rows))


def _figure(book: Book, rows: pd.DataFrame) -> Shown:
    half = holding(rows, 0.5)
    watch, risky = edges(float(book.about["models"]["churn"]["base_rate"]))
    caption = Caption(
        f"{counted(half, 'account')} of {formats.count(len(rows))} hold half of the expected loss",
        f"Risk: probability of leaving from {window(book)}. At risk from {formats.pct(risky)}, "
        f"Watch from {formats.pct(watch)}.{_drawn(rows)}",
        source(book, covering(book, len(rows), rows["arr"].sum())),
    )
    return scatter(rows.head(MARKS), caption, book.currency, risk="p_churn")


def _drawn(rows: pd.DataFrame) -> str:
    if len(rows) <= MARKS:
        return ""
    part = int(rows["expected_loss"].head(MARKS).sum()) / max(1, int(rows["expected_loss"].sum()))
    return f" Drawn: the {MARKS} with most to lose, {formats.pct(part, 0)} of the expected loss."


def holding(rows: pd.DataFrame, share: float) -> int:
    """How many accounts, those with most to lose first, hold ``share`` of the expected loss."""
    loss = rows["expected_loss"].astype("int64").sort_values(ascending=False).cumsum()
    return int((loss < share * int(rows["expected_loss"].sum())).sum()) + 1


def _listed(book: Book, rows: pd.DataFrame) -> Shown:
    shown = rows.head(LISTED)
    whole = [reasons(told) for told in shown["reasons"]]
    why = [said if place < DETAILED else said[:1] for place, said in enumerate(whole)]
    shown = shown.assign(why=lists(why, shown), ends=_ends(shown["days_to_end"]))
    columns = [
        Column("name", "Account", "name", under="csm" if owners(book) else ""),
        Column("band", "Band", "band"),
        Column("arr", "ARR", "money", book.currency, under="ends"),
        Column("p_churn", "Risk", "pct"),
        Column("expected_loss", "Expected loss", "money", book.currency),
        Column("why", "Associated with higher risk", "list"),
    ]
    part = int(shown["expected_loss"].sum()) / max(1, int(rows["expected_loss"].sum()))
    return table(
        shown,
        columns,
        f"The {counted(len(shown), 'account')} with most to lose",
        f"Together {formats.pct(part, 0)} of the expected loss. In brackets: three months ago, and "
        "the median of accounts of similar ARR. All accounts and reasons are in worklist.xlsx.",
    )


def _ends(days: pd.Series) -> pd.Series:
    """When the next term ends, in words; missing where none is agreed."""
    told = days.dropna().round().astype(int)
    words = told.map(
        lambda each: f"ends in {counted(each, 'day')}" if each else "ends at the close"
    )
    return words.reindex(days.index)


def _decide(book: Book, rows: pd.DataFrame) -> Shown:
    half = holding(rows, 0.5)
    chosen = rows.head(half)
    nobody = int((chosen["csm"] == NOBODY).sum())
    tail = ", an owner for the {nobody} without one" if nobody else ""
    return decision(
        "A person and a date for each of the first **{half}**" + tail + "; a sponsor for {name}.",
        LEADER,
        by(book, 5),
        half=formats.count(half),
        name=chosen["name"].iloc[0],
        nobody=formats.count(nobody),
    )
