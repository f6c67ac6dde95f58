"""What falls due, in what state, and until when something can be done about it."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.stacked import stacked
from reporting.figure import Caption
from reporting.health.parts import (
    LEADER,
    by,
    counted,
    local_days,
    money,
    opening_day,
    source,
    span,
    stack,
    verb,
)
from reporting.notes import decision, prose
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import between, shift

SOON = 90
LISTED = 12
UNTOUCHED = "renewal_untouched"


def open_renewals(book: Book) -> pd.DataFrame:
    """Ends of term nobody has decided, a row an account and day: the largest ARR first.

    Columns: account_id, name, csm, band, p_churn, month, ends, notice (local days), arr
    (cents), stays (whether every line renews if nobody speaks).
    """
    lines = book.due[book.due["state"] == "open"]
    rows = lines.assign(
        ends=local_days(book, lines["ends_on"]), notice=local_days(book, lines["notice_by"])
    )
    found = rows.groupby(["account_id", "ends"], sort=True).agg(
        name=("name", "first"),
        csm=("csm", "first"),
        band=("band", "first"),
        p_churn=("p_churn", "first"),
        month=("month", "first"),
        notice=("notice", "min"),
        arr=("arr", "sum"),
        stays=("auto_renew", "min"),
    )
    return found.reset_index().sort_values(
        ["arr", "ends", "account_id"], ascending=[False, True, True], ignore_index=True
    )


def open_soon(book: Book) -> pd.DataFrame:
    """Those of `open_renewals` that end within ``SOON`` days of the close."""
    rows = open_renewals(book)
    limit = pd.Timestamp(opening_day(book)) + timedelta(days=SOON)
    return rows[rows["ends"] < limit].reset_index(drop=True)


def horizon(book: Book) -> Shown:
    """Open ARR by month and band for a year, and the largest of the next 90 days."""
    if book.due.empty:
        return prose("No contracted term ends in the next 12 months.")
    return stack(_figure(book), _listed(book), _decide(book))


def _figure(book: Book) -> Shown:
    rows = open_renewals(book)[["month", "band", "arr"]]
    months = between(shift(book.month, 1), shift(book.month, 12))
    empty = [month for month in months if month not in set(rows["month"])]
    blank = pd.DataFrame({"month": empty, "band": "healthy", "arr": 0})
    year, later = rows["arr"].sum(), rows[rows["band"].isin(["at risk", "watch"])]["arr"].sum()
    quarter = book.figures
    caption = Caption(
        f"{money(book, int(year))} comes up for decision within a year, "
        f"{money(book, int(later))} of it at risk or on watch",
        f"ARR by the month its term ends, neither signed nor cancelled. Left out of "
        f"{span(months[0], months[2])}: {money(book, quarter['arr_due_signed'].value)} signed, "
        f"{money(book, quarter['arr_due_cancelled'].value)} cancelled.",
        source(book, int(book.due["account_id"].nunique()), int(book.due["arr"].sum())),
    )
    both = pd.concat([rows, blank], ignore_index=True) if empty else rows
    return stacked(both.rename(columns={"arr": "amount"}), caption, book.currency)


def _listed(book: Book) -> Shown:
    soon = open_soon(book)
    told = book.signals[book.signals["signal"] == UNTOUCHED]
    heard = bool(len(told)) and not (told["status"] == "not available").any()
    silent = set(told["account_id"].dropna())
    today = pd.Timestamp(opening_day(book))
    shown = soon.assign(
        passed=["notice date passed" if each < today else "" for each in soon["notice"]],
        otherwise=["renews" if stays is True or stays == 1 else "ends" for stays in soon["stays"]],
        spoken=["no" if account in silent else "yes" for account in soon["account_id"]],
    ).replace({"passed": {"": None}})
    columns = [
        Column("name", "Account", "name", under="csm"),
        Column("band", "Band", "band"),
        Column("arr", "ARR due", "money", book.currency),
        Column("ends", "Term ends", "date"),
        Column("notice", "Notice by", "date", under="passed"),
        Column("otherwise", "If nobody speaks"),
        Column("spoken", "Touch in 28 days"),
    ]
    return table(
        shown, columns if heard else columns[:-1], f"Largest open renewals of the next {SOON} days",
        limit=LISTED, empty=f"Nothing that ends in the next {SOON} days is open.",
    )  # fmt: skip


def _decide(book: Book) -> Shown:
    soon = open_soon(book)
    today = pd.Timestamp(opening_day(book))
    ahead = soon[soon["notice"] >= today].sort_values(["notice", "account_id"], kind="stable")
    if ahead.empty:
        return decision(
            "Whether to plan without what is open past its notice date.", LEADER, by(book, 14)
        )
    shaky = ahead[ahead["band"].isin(["at risk", "watch"])]
    chosen = shaky if len(shaky) else ahead
    which = "at risk or on watch " if len(shaky) else ""
    return decision(
        "The opening offer for the **{n}** " + which + "whose notice date is still ahead ({arr}); "
        "the first falls on {day}: {name}.",
        LEADER,
        min(by(book, 14), by(book, 14)),
        n=counted(len(chosen), "renewal"),
        arr=money(book, int(chosen["arr"].sum())),
        day=formats.date(chosen["notice"].iloc[0]),
        name=chosen["name"].iloc[0],
        stays=verb(len(chosen), "is", "are"),
    )
