"""Annual recurring revenue: what an account is worth a year, at an instant.

A line is live from the first instant of its term up to, and not including, the
instant it stops. An account's ARR is the sum of its live lines, and never below
zero: a credit larger than what it credits is worth nothing, not less. An account
is a customer while its ARR is above zero, so a free line makes no customer.

``lines`` is everywhere the contract lines as known at some ``as_of``: line_id,
account_id, starts_on, ends_on, ended_on (naive UTC instants), arr (cents).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics import steps
from metrics.rates import Rates
from warehouse import months as calendar
from warehouse.errors import Usage

Cents = npt.NDArray[np.int64]

INSTANT = timedelta(microseconds=1)
"""The resolution of every instant of the contract: nothing lies between two of them."""


def stops(lines: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """The first instant each line is no longer served; NaT while it is open-ended.

    It is ``ended_on`` where that is known, otherwise the contracted end: an early
    stop and an extension both count from the day they are known, not before.
    The index is that of ``lines``.
    """
    ended = lines["ended_on"].astype("datetime64[us]")
    return ended.where(ended.notna(), lines["ends_on"].astype("datetime64[us]")).rename("stops_on")


def at(lines: pd.DataFrame, instant: datetime) -> pd.Series[int]:
    """ARR at ``instant`` of each account that has any, in cents, ordered by account_id.

    A line counts when ``starts_on <= instant < stop``. The index is account_id,
    the name ``arr``, the type int64.
    """
    stop = stops(lines)
    live = (lines["starts_on"] <= instant) & (stop.isna() | (stop > instant))
    held = lines.loc[live, ["account_id", "arr"]].astype({"account_id": "str", "arr": "int64"})
    total = held.groupby("account_id", sort=True)["arr"].sum()
    return total[total > 0]


def close(month: str, timezone: str = "UTC") -> datetime:
    """The last instant of ``month`` in ``timezone``, just before its ``as_of``, as naive UTC.

    A term that ends on the first of the next month is still live at the close,
    and its renewal from that day is not: what is known before ``as_of`` is held
    against what is live before ``as_of``. At ``as_of`` itself a customer whose
    renewal is recorded on its first day would look lost.

    >>> close("2026-10")
    datetime.datetime(2026, 10, 31, 23, 59, 59, 999999)
    """
    return calendar.as_of(month, timezone) - INSTANT


def balances(
    lines: pd.DataFrame,
    months: Sequence[str],
    timezone: str = "UTC",
    rates: Rates | None = None,
) -> pd.DataFrame:
    """ARR at each month's close: account_id, month, arr (cents), only where above zero.

    Without ``rates`` the rows of a month equal ``at(lines, close(month, timezone))``; with
    them each line is worth what the rates say (see `metrics.rates`). ``months`` must rise
    but may have holes. Rows are ordered by account_id, then month.
    """
    if list(months) != sorted(set(months)):
        raise Usage(f"months must rise without repeats; got {', '.join(months)}")
    with steps.connection() as con:
        steps.of_lines(con, lines, timezone=timezone, rates=rates)
        steps.labelled(con, months)
        return steps.frame(con, _HELD, {"account_id": "str", "month": "str", "arr": "int64"})


def span(lines: pd.DataFrame, month: str, timezone: str = "UTC") -> list[str]:
    """Every month from that of the first start of ``lines`` to ``month``, at least that one."""
    first = lines["starts_on"].min()
    if pd.isna(first):
        return [month]
    return calendar.between(min(calendar.month_of(first.to_pydatetime(), timezone), month), month)


def history(
    lines: pd.DataFrame, month: str, timezone: str = "UTC", rates: Rates | None = None
) -> pd.DataFrame:
    """``balances`` of every month from the first start of ``lines`` to ``month``."""
    return balances(lines, span(lines, month, timezone), timezone, rates)


_HELD = """
    SELECT account_id, month, arr FROM (
        SELECT k, place, (sum(d) OVER so_far)::BIGINT AS arr, lead(place) OVER so_far AS until
        FROM (SELECT k, place, sum(d)::BIGINT AS d FROM step GROUP BY ALL)
        WINDOW so_far AS (PARTITION BY k ORDER BY place)
    ) AS level
    JOIN who USING (k)
    JOIN named ON named.place >= level.place AND (until IS NULL OR named.place < until)
    WHERE arr > 0 ORDER BY k, named.place
"""
