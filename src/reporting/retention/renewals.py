"""Is next quarter's ARR signed, and what became of the terms that ended before it."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.figure import Caption
from reporting.notes import absent, decision
from reporting.retention.shares import shares
from reporting.retention.words import (
    CS,
    amount,
    by,
    cents,
    counted,
    money,
    section,
    source,
    span,
)
from reporting.shown import Shown
from reporting.tables import table
from reporting.theme import Mark
from warehouse.months import as_of, shift

SIGNED = Mark("signed", "Signed", "●", "healthy", "healthy-fill", "o")
CANCELLED = Mark("cancelled", "Cancelled", "◆", "risk", "risk-fill", "D")
OPEN = Mark("open", "Open or lapsed", "○", "unscored", "unscored-fill", "o")
STATES = (SIGNED, CANCELLED, OPEN)
NAMED = 3


def renewals(book: Book) -> Shown:
    """Terms ending by quarter and state, the last four and the next; who is open."""
    told = book.renewals[book.renewals["seen"] == book.month].reset_index(drop=True)
    if not int(told["renewals"].sum()):
        return absent(
            "renewals by quarter.",
            "No contract line has a term that ended in the last year or ends in the next "
            "three months; open-ended lines have nothing to renew.",
        )
    told["label"] = [span(a, b) for a, b in zip(told["starts"], told["ends"], strict=True)]
    ahead = told[told["starts"] > book.month]
    told.loc[ahead.index, "label"] += " (next)"
    return section(_figure(book, told, ahead), _table(book, told), _decision(book))


def _figure(book: Book, told: pd.DataFrame, ahead: pd.DataFrame) -> Shown:
    title = "ARR due, by what became of it"
    if len(ahead) and int(ahead["arr"].iloc[0]):
        now = ahead.iloc[0]
        title = (
            f"{formats.pct(now['signed'] / now['arr'], 0)} of next quarter's "
            f"{money(book, now['arr'])} is signed, {money(book, now['open'])} is open"
        )
    facts = (counted(int(told["renewals"].sum()), "renewals"), covers_due(book, told))
    caption = Caption(
        title,
        "Shares of the ARR whose contracted term ends in the quarter, as known at the close.",
        source(book, *facts),
    )
    return shares(told, STATES, caption, book.currency)


def covers_due(book: Book, told: pd.DataFrame) -> str:
    """``ARR due $58.3m``: what the terms of a table are worth together."""
    return f"ARR due {money(book, int(told['arr'].sum()))}"


def _table(book: Book, told: pd.DataFrame) -> Shown:
    parts = {"arr": f"Due, {book.currency}", **{mark.key: mark.word for mark in STATES}}
    rows = told.assign(
        rate=told["signed"] / told["arr"].where(told["arr"] > 0),
        counts=[
            f"{formats.count(row[0])} / {formats.count(row[1])} / {formats.count(row[2])}"
            for row in told[["n_signed", "n_cancelled", "n_open"]].itertuples(index=False)
        ],
    )
    columns = [Column("label", "Term ends in")]
    columns += [amount(name, label) for name, label in parts.items()]
    columns += [
        Column("rate", "Signed share", "pct"),
        Column("renewals", "Renewals", "count"),
        Column("counts", "Of these", align="end"),
    ]
    return table(
        cents(rows, *parts),
        columns,
        "Due = signed + cancelled + open, to the cent",
        "Of these: signed / cancelled / open, by where most of a renewal's money is. Open after "
        "the end has lapsed, or will be signed late. A move to another product is not signed.",
    )


def _largest_open(book: Book) -> str:
    """The accounts with the most ARR open for next quarter, by name."""
    following = as_of(shift(book.month, 3), str(book.about["timezone"]))
    still = book.due[(book.due["state"] == "open") & (book.due["ends_on"] < following)]
    money_open = still.groupby("account_id").agg(name=("name", "first"), arr=("arr", "sum"))
    top = money_open.sort_values(["arr", "name"], ascending=[False, True]).head(NAMED)
    return ", ".join(
        f"{name} ({money(book, arr)})"
        for name, arr in zip(top["name"].fillna("an account"), top["arr"], strict=True)
    )


def _decision(book: Book) -> Shown:
    still = book.figures["arr_due_open"]
    if not still.value:
        return decision("Nothing is open for next quarter.", CS, by(book, 14))
    return decision(
        "Give the {open} open an owner and a date, the largest first: {names}.",
        CS,
        by(book, 14),
        open=money(book, still.value),
        names=_largest_open(book),
    )
