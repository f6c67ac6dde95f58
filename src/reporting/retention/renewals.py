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
    days,
    exactly,
    money,
    plural,
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
OPEN = Mark("open", "Open, or lapsed", "○", "unscored", "unscored-fill", "o")
STATES = (SIGNED, CANCELLED, OPEN)
SHOWN = 6


def renewals(book: Book) -> Shown:
    """Terms ending by quarter and state, the last four and the next, then the largest open."""
    told = book.renewals[book.renewals["seen"] == book.month].reset_index(drop=True)
    if not int(told["renewals"].sum()):
        return absent(
            "renewals by quarter.",
            "No contract line has a term that ended in the last year or ends in the next "
            "three months; open-ended lines have nothing to renew.",
        )
    told["label"] = [span(a, b) for a, b in zip(told["starts"], told["ends"], strict=True)]
    ahead = told[told["starts"] > book.month]
    told.loc[ahead.index, "label"] += ", to come"
    return section(_figure(book, told, ahead), _table(book, told), _open(book), _decision(book))


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
    parts = ["arr", "signed", "cancelled", "open"]
    counts = {"signed": "n_signed", "cancelled": "n_cancelled", "open": "n_open"}
    rates = told.assign(rate=told["signed"] / told["arr"].where(told["arr"] > 0))
    for state, name in counts.items():
        rates[f"{state}_n"] = [plural(int(n), "renewal") for n in rates[name]]
    rates["arr_n"] = [plural(int(n), "renewal") for n in rates["renewals"]]
    unit = book.currency
    labels = [f"Due, {unit}", "Signed", "Cancelled", "Open, or lapsed"]
    columns = [Column("label", "Term ends in")]
    columns += [
        amount(name, label, under=f"{name}_n") for name, label in zip(parts, labels, strict=True)
    ]
    columns.append(Column("rate", "Signed share", "pct"))
    return table(
        cents(rates, *parts),
        columns,
        "Due = signed + cancelled + open, to the cent",
        "A renewal counts once, by the state most of its money is in. Open after the end has "
        "lapsed: a late signature may still come. A move to another product shows as not signed.",
    )


def _open(book: Book) -> Shown:
    at = pd.Timestamp(book.about["as_of"])
    following = as_of(shift(book.month, 3), str(book.about["timezone"]))
    still = book.due[(book.due["state"] == "open") & (book.due["ends_on"] < following)]
    if still.empty:
        return section()
    by_account = still.groupby("account_id", sort=True).agg(
        name=("name", "first"),
        csm=("csm", "first"),
        ends_on=("ends_on", "min"),
        notice_by=("notice_by", "min"),
        arr=("arr", "sum"),
        p_churn=("p_churn", "first"),
        band=("band", "first"),
    )
    rows = by_account.reset_index().sort_values(["arr", "account_id"], ascending=[False, True])
    rows["name"] = rows["name"].fillna(rows["account_id"])
    rows = rows.assign(**{name: days(book, rows[name]) for name in ("ends_on", "notice_by")})
    shown = rows.head(SHOWN)
    columns = [
        Column("name", "Account", "name"),
        Column("csm", "CSM", "name"),
        Column("ends_on", "Term ends", "date"),
        Column("notice_by", "Notice by", "date"),
        Column("band", "Band", "band"),
        Column("p_churn", "Risk of churn", "pct"),
        amount("arr", f"ARR open, {book.currency}"),
    ]
    blank = {"csm": None, "ends_on": None, "notice_by": None, "band": None, "p_churn": None}
    return table(
        cents(shown, "arr"),
        columns,
        f"The {len(shown)} largest still open, of {len(rows)} accounts",
        f"A notice date before {formats.date(days(book, pd.Series([at])).iloc[0])} has passed.",
        total={"name": "These accounts", **blank, "arr": exactly(shown["arr"].sum())},
    )


def _decision(book: Book) -> Shown:
    still = book.figures["arr_due_open"]
    if not still.value:
        return decision("Nothing is open for next quarter.", CS, by(book, 14))
    cancelled = int(book.figures["arr_due_cancelled"].value or 0)
    text = "Give each open renewal an owner and a date, {open} in all"
    text += "; plan without the {cancelled} already cancelled." if cancelled else "."
    return decision(
        text, CS, by(book, 14), open=money(book, still.value), cancelled=money(book, cancelled)
    )
