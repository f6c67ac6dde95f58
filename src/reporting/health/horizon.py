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
    covering,
    local_days,
    money,
    opening_day,
    owners,
    quarter,
    scored,
    source,
    stack,
)
from reporting.notes import decision, prose
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import between, shift

SOON = 90
LISTED = 6
UNTOUCHED = "renewal_untouched"
SHAKY = ("at risk", "watch")


def open_renewals(book: Book) -> pd.DataFrame:
    """Ends of term nobody has decided, a row an account and day: the largest ARR first.

    Columns: account_id, name, csm, band, p_churn, month, ends, notice (local days), arr
    (cents), stays (whether every line renews if nobody speaks).
    """
    lines = book.due[book.due["state"] == "open"]
    rows = lines.assign(
        ends=local_days(book, lines["ends_on"]),
        notice=local_days(book, lines["notice_by"]),
        stays=lines["auto_renew"].fillna(False).astype(bool),
    )
    found = rows.groupby(["account_id", "ends"], sort=True).agg(
        name=("name", "first"),
        csm=("csm", "first"),
        band=("band", "first"),
        p_churn=("p_churn", "first"),
        month=("month", "first"),
        notice=("notice", "min"),
        arr=("arr", "sum"),
        stays=("stays", "min"),
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
    lines = book.due[book.due["state"] == "open"]
    rows = open_renewals(book)[["month", "band", "arr"]]
    months = between(shift(book.month, 1), shift(book.month, 12))
    year, shaky = rows["arr"].sum(), rows.loc[rows["band"].isin(SHAKY), "arr"].sum()
    tail = f", {money(book, int(shaky))} of it at risk or on watch" if scored(book) else ""
    signed, cancelled = (book.figures[f"arr_due_{word}"].value for word in ("signed", "cancelled"))
    caption = Caption(
        f"{money(book, int(year))} comes up for decision within a year{tail}",
        f"Open ARR by the month its term ends. Not drawn, {quarter(book)}: "
        f"{money(book, signed)} signed, {money(book, cancelled)} cancelled.",
        source(book, covering(book, lines["account_id"].nunique(), lines["arr"].sum())),
    )
    calm = [month for month in months if month not in set(rows["month"])]
    band = rows["band"].iloc[0] if len(rows) else "not scored"
    blank = pd.DataFrame({"month": calm, "band": band, "arr": 0})
    both = pd.concat([rows, blank], ignore_index=True) if calm else rows
    return stacked(both.rename(columns={"arr": "amount"}), caption, book.currency)


def _listed(book: Book) -> Shown:
    soon = open_soon(book)
    told = book.signals[book.signals["signal"] == UNTOUCHED]
    silent = set(told["account_id"].dropna())
    today = pd.Timestamp(opening_day(book))
    shown = soon.assign(
        until=_until(soon["notice"], today),
        otherwise=["renews" if stays else "ends" for stays in soon["stays"]],
        spoken=["no" if account in silent else "yes" for account in soon["account_id"]],
    )
    columns = [
        Column("name", "Account", "name"),
        *owners(book),
        Column("band", "Band", "band"),
        Column("arr", "ARR due", "money", book.currency),
        Column("ends", "Term ends", "date"),
        Column("until", "Notice by"),
        Column("otherwise", "If nobody speaks"),
    ]
    if (shown["spoken"].head(LISTED) == "no").any():
        columns.append(Column("spoken", "Touch in 28 days"))
    return table(
        shown,
        columns,
        f"Largest open renewals of the next {SOON} days",
        limit=LISTED,
        empty=f"Nothing that ends in the next {SOON} days is open.",
    )


def _until(notice: pd.Series, today: pd.Timestamp) -> list[str]:
    dates, passed = [formats.date(day) for day in notice], (notice < today).tolist()
    return [f"passed, {day}" if gone else day for day, gone in zip(dates, passed, strict=True)]


def _decide(book: Book) -> Shown:
    soon = open_soon(book)
    ahead = soon[soon["notice"] >= pd.Timestamp(opening_day(book))]
    if ahead.empty:
        return decision(
            "Whether to plan with what is open past its notice date.", LEADER, by(book, 14)
        )
    shaky = ahead[ahead["band"].isin(SHAKY)]
    chosen = shaky if len(shaky) else ahead
    which = "at risk or on watch " if len(shaky) else ""
    return decision(
        "The offer for the **{n}** " + which + "whose notice date is still ahead ({arr}); the "
        "largest, {name}, before its own.",
        LEADER,
        formats.date(chosen["notice"].iloc[0]),
        n=counted(len(chosen), "renewal"),
        arr=money(book, int(chosen["arr"].sum())),
        name=chosen["name"].iloc[0],
    )
