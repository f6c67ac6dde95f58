"""Months and their ``as_of``: the only clock of the system.

A month is text, ``2026-10``. Its ``as_of`` is the first instant of the next
month in the company's time zone, given as a naive datetime in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def check(month: str) -> str:
    """``month`` itself if it is written ``YYYY-MM``; ``ValueError`` otherwise."""
    if not MONTH.fullmatch(month):
        raise ValueError(f"{month!r} is not a month; write it as YYYY-MM, for example 2026-10")
    return month


def shift(month: str, by: int) -> str:
    """The month ``by`` months later (earlier if negative).

    >>> shift("2026-11", 3)
    '2027-02'
    """
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year:04d}-{number + 1:02d}"


def between(first: str, last: str) -> list[str]:
    """Every month from ``first`` to ``last``, both included; empty if ``last`` is earlier."""
    months, month = [], check(first)
    while month <= check(last):
        months.append(month)
        month = shift(month, 1)
    return months


def opens(month: str, timezone: str = "UTC") -> datetime:
    """The first instant of ``month`` in ``timezone``, as naive UTC."""
    year, number = int(check(month)[:4]), int(month[5:])
    local = datetime(year, number, 1, tzinfo=ZoneInfo(timezone))
    return local.astimezone(UTC).replace(tzinfo=None)


def as_of(month: str, timezone: str = "UTC") -> datetime:
    """The first instant after ``month``: what is known then closes the month.

    >>> as_of("2026-10")
    datetime.datetime(2026, 11, 1, 0, 0)
    """
    return opens(shift(check(month), 1), timezone)


def month_of(instant: datetime, timezone: str = "UTC") -> str:
    """The month a naive UTC ``instant`` falls in, in ``timezone``."""
    local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    return f"{local.year:04d}-{local.month:02d}"
