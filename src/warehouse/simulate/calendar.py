"""The simulated calendar: months as integers, days as people live them.

Month 0 is the first reported month; everything derives from its name, never from the
wall clock. The export is taken at the first instant after the last reported month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.months import shift
from warehouse.simulate.arrays import DAY, Floats, Instants, Ints

TAIL = 4
"""Months lived after the last reported one: what is signed before the export may start later."""

_WEEKDAY = np.array([1.0, 1.05, 1.06, 1.04, 0.92, 0.18, 0.14])
_HOLIDAYS = (
    ("01-01", "01-02", "05-27", "07-03", "07-04", "09-02", "11-28", "11-29"),
    ("01-01", "01-02", "05-01", "05-09", "08-15", "11-01"),
    ("01-01", "01-26", "05-01", "05-03", "08-15", "10-01", "10-02"),
)
_YEAR_END = ("12-24", "12-25", "12-26", "12-27", "12-28", "12-29", "12-30", "12-31")
_HOLIDAY = 0.22


@dataclass(frozen=True)
class Calendar:
    """The months a company lives: ``history`` before ``start``, then ``months``, then a tail."""

    start: str
    months: int
    history: int

    @property
    def lived(self) -> int:
        """How many months are simulated in all."""
        return self.history + self.months + TAIL

    @property
    def opens(self) -> Instants:
        """The first instant of each simulated month, and of the one after the last."""
        first = np.datetime64(shift(self.start, -self.history), "M")
        return (first + np.arange(self.lived + 1)).astype("datetime64[us]")

    @property
    def export(self) -> np.datetime64:
        """The instant the tables are exported: nothing recorded at or after it is in them."""
        last: np.datetime64 = np.datetime64(shift(self.start, self.months), "M").astype("M8[us]")
        return last

    def name(self, month: int) -> str:
        """The month's name, ``YYYY-MM``."""
        return shift(self.start, month)

    def on(self, month: Ints, day: Ints) -> Instants:
        """The midnight that begins day ``day`` (1 to 28) of each ``month``."""
        months = np.datetime64(self.start, "M") + month.astype("timedelta64[M]")
        first: Instants = np.asarray(months, dtype="datetime64[us]")
        return np.asarray(first + (day - 1) * DAY, dtype="datetime64[us]")

    def reported_days(self) -> Instants:
        """Midnight of each day of the reported months."""
        first = self.opens[self.history].astype("datetime64[D]")
        return np.arange(first, self.export.astype("datetime64[D]")).astype("datetime64[us]")

    def season(self, month: int) -> float:
        """How much busier than usual a month is, in log odds of being active."""
        number = int(self.name(month)[5:])
        return -0.10 * (number in (7, 8)) - 0.16 * (number == 12) + 0.05 * (number in (3, 10))


def activity(midnights: Instants) -> Floats:
    """How busy each day is in each region, as [region, day]; an ordinary Monday is 1."""
    weekday = (midnights.astype("datetime64[D]").astype(np.int64) + 3) % 7
    dates = np.datetime_as_string(midnights, unit="D")
    month_day = np.array([date[5:] for date in dates])
    busy = np.repeat(_WEEKDAY[weekday][None, :], len(_HOLIDAYS), axis=0)
    for region, holidays in enumerate(_HOLIDAYS):
        off = np.isin(month_day, holidays + _YEAR_END)
        busy[region] = np.where(off, np.minimum(busy[region], _HOLIDAY), busy[region])
    return busy
