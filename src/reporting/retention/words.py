"""What every section of the retention report says in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.formats import missing
from reporting.shown import Shown
from warehouse.months import shift

FINANCE = "finance"
CS = "CS leader"
SCIENCE = "data science"


def section(*pieces: Shown) -> Shown:
    """``pieces`` one after another as one; a sheet of paper may end between two of them.

    In a live notebook the first of them that has a picture is shown as that picture.
    """
    drawn = next((one for one in pieces if one.picture is not None), None)
    return Shown(
        html="".join(one.html for one in pieces),
        text="\n\n".join(one.text for one in pieces),
        picture=drawn.picture if drawn else None,
        live="".join((one.live or one.html) if one is drawn else one.html for one in pieces),
    )


def cents(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """``frame`` with ``columns`` of cents as exact amounts of the currency's main unit."""
    exact = {
        name: pd.Series(
            [None if missing(amount) else exactly(amount) for amount in frame[name]],
            index=frame.index,
            dtype="object",
        )
        for name in columns
    }
    return frame.assign(**exact)


def exactly(amount: object) -> Decimal:
    """An amount in cents as an exact amount of the currency's main unit."""
    return Decimal(int(str(amount))).scaleb(-2)


def amount(name: str, label: str, *, signed: bool = False) -> Column:
    """A column made by `cents`, written to the cent and set to the right."""
    return Column(name, label, "number", digits=2, signed=signed)


def money(book: Book, value: object, *, signed: bool = False) -> str:
    """Cents as the text of the report says them: ``$1.7m``."""
    return formats.money(value, book.currency, signed=signed)


def full(book: Book, value: object) -> str:
    """Cents to the cent, with the currency: ``USD 1,712,300.05``."""
    return f"{book.currency}{formats.NBSP}{formats.number(exactly(value), 2)}"


def month(book: Book, back: int = 0, *, short: bool = False) -> str:
    """The month ``back`` months before the book's, in words."""
    return formats.month(shift(book.month, -back), short=short)


def span(first: str, last: str) -> str:
    """Months from ``first`` to ``last`` in words: ``Jul to Sep 2025``."""
    if first == last:
        return formats.month(first)
    begins = formats.month(first)
    opening = begins.split(formats.NBSP)[0] if first[:4] == last[:4] else begins
    return f"{opening} to {formats.month(last)}"


def days(book: Book, instants: pd.Series) -> pd.Series:
    """Instants (naive UTC) as days of the company's own time zone; NaT stays."""
    there = pd.to_datetime(instants).dt.tz_localize("UTC").dt.tz_convert(book.about["timezone"])
    return there.dt.tz_localize(None).dt.normalize()


def by(book: Book, days: int) -> str:
    """The day ``days`` days after the month's last, as a date in words."""
    following = shift(book.month, 1)
    first = date(int(following[:4]), int(following[5:]), 1)
    return formats.date(first + timedelta(days=days - 1))


def source(book: Book, *facts: str, policy: bool = False) -> str:
    """The line under a figure: as of when, ``facts``, by which rule, from which snapshot."""
    as_of = formats.instant(pd.Timestamp(book.about["as_of"]).to_pydatetime())
    rule = [str(book.about["policy"]).split(";")[0]] if policy else []
    return " · ".join([f"As of {as_of}", *facts, *rule, f"snapshot {book.about['snapshot']}"])


def counted(n: object, what: str = "accounts") -> str:
    """``n = 802 accounts``."""
    return f"n{formats.NBSP}={formats.NBSP}{formats.count(n)} {what}"


def covers(book: Book, arr: object) -> str:
    """``ARR $73.7m``: what the accounts of a figure are worth."""
    return f"ARR {money(book, arr)}"


def plural(n: int, one: str, many: str = "") -> str:
    """``1 account``, ``3 accounts``; ``many`` where an s will not do."""
    return f"{formats.count(n)} {one if n == 1 else many or one + 's'}"


def moved(now: float, before: float, digits: int = 3) -> str:
    """``rose``, ``fell`` or ``held``, as a reader of rounded numbers would see it."""
    change = round(now, digits) - round(before, digits)
    return "held" if abs(change) < 10**-9 else ("rose" if change > 0 else "fell")


def known(values: Sequence[float]) -> list[float | None]:
    """``values`` with None where nobody knows."""
    return [None if missing(value) else float(value) for value in values]


def last(frame: pd.DataFrame, name: str, back: int = 0) -> float | None:
    """The value of ``name`` ``back`` rows before the last; None if there is none."""
    if len(frame) <= back:
        return None
    value = frame[name].iloc[-1 - back]
    return None if missing(value) else float(value)
