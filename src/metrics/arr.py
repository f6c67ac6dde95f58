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
import pandas as pd

from metrics import grid
from warehouse import months as calendar
from warehouse.errors import Usage

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


def balances(lines: pd.DataFrame, months: Sequence[str], timezone: str = "UTC") -> pd.DataFrame:
    """ARR at each month's close: account_id, month, arr (cents), only where above zero.

    The rows of a month equal ``at(lines, close(month, timezone))``. ``months``
    must rise but may have holes. Rows are ordered by account_id, then month.

    Each line adds its ARR at the first close at or after its start and takes it
    away at the first close at or after its stop; a running sum over a table of
    accounts by months does the rest, so the cost is one pass over the lines.
    """
    closes = _closes(months, timezone)
    accounts, lifted = _net_change(lines, closes)
    return grid.long(grid.Grid(accounts, list(months), np.cumsum(lifted, axis=1)))


def _closes(
    months: Sequence[str], timezone: str
) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    if list(months) != sorted(set(months)):
        raise Usage(f"months must rise without repeats; got {', '.join(months)}")
    return np.array([close(m, timezone) for m in months], dtype="datetime64[us]")


def _net_change(
    lines: pd.DataFrame, closes: np.ndarray[tuple[int], np.dtype[np.datetime64]]
) -> tuple[pd.Index[str], grid.Cents]:
    """Cents added and taken away between one close and the next, by account and close."""
    start = lines["starts_on"].to_numpy("datetime64[us]")
    stop = stops(lines).to_numpy("datetime64[us]")
    amount = lines["arr"].to_numpy(np.int64)
    row, accounts = pd.factorize(lines["account_id"].astype("str"), sort=True)
    width = len(closes)
    added = np.searchsorted(closes, start, side="left")
    taken = np.where(np.isnat(stop), width, np.searchsorted(closes, stop, side="left"))
    change = np.zeros((len(accounts), width + 1), dtype=np.int64)
    # A line between two closes, or stopped before its start, is live at none.
    served = taken > added
    np.add.at(change, (row[served], added[served]), amount[served])
    np.subtract.at(change, (row[served], taken[served]), amount[served])
    return pd.Index(accounts), change[:, :width]
