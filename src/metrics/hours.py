"""Business hours: how long a customer waited while somebody was there to answer.

A ticket of Friday evening answered on Monday morning waited three days by the clock and
an hour or two by the shift. Both are true, and both are printed.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MINUTE = np.timedelta64(1, "m")
_HOUR = np.timedelta64(1, "h")


def _time(text: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", text):
        raise ValueError(f"{text!r} is not a time of day; write it as HH:MM, for example 09:00")
    return text


def _weekdays(days: tuple[int, ...]) -> tuple[int, ...]:
    if not days or not set(days) <= set(range(7)):
        raise ValueError(f"{days} are not days of the week; Monday is 0 and Sunday 6")
    return tuple(sorted(set(days)))


class Hours(BaseModel):
    """When somebody is there: from ``start`` up to ``end`` on ``days``, save ``holidays``.

    Times are ``HH:MM`` on the company's wall clock, ``end`` after ``start`` and ``24:00`` at
    the latest; ``days`` are numbered from Monday, 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Annotated[str, AfterValidator(_time)] = "09:00"
    end: Annotated[str, AfterValidator(_time)] = "17:00"
    days: Annotated[tuple[int, ...], AfterValidator(_weekdays)] = (0, 1, 2, 3, 4)
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _forward(self) -> Hours:
        if self.start >= self.end:
            raise ValueError(f"the shift ends at {self.end}, before its start at {self.start}")
        return self

    @property
    def name(self) -> str:
        """The hours in words, as printed beside a number.

        >>> Hours().name
        '09:00 to 17:00, Monday to Friday, no holidays taken out'
        """
        first, last = self.days[0], self.days[-1]
        run = len(self.days) > 2 and self.days == tuple(range(first, last + 1))
        named = [_DAYS[day] for day in self.days]
        days = f"{named[0]} to {named[-1]}" if run else ", ".join(named)
        count = len(self.holidays)
        off = f"{count or 'no'} holiday{'' if count == 1 else 's'} taken out"
        return f"{self.start} to {self.end}, {days}, {off}"


def worked(
    start: npt.ArrayLike, end: npt.ArrayLike, hours: Hours, zone: str
) -> npt.NDArray[np.float64]:
    """Business hours from each ``start`` up to its ``end``, one number a pair.

    Both are arrays of naive UTC instants; ``hours`` are on the wall clock of ``zone``. NaN
    where either is missing, negative where the end comes first. Hours are hours that
    passed: a shift in which the clocks go forward is an hour shorter.

    Each shift between the first and the last instant is laid out once, in UTC. What was
    worked before an instant is then the sum of the shifts before its own and the part of
    its own that has passed; the answer is the difference of two such sums.
    """
    first, last = (np.asarray(each, dtype="datetime64[us]") for each in (start, end))
    seen = ~(np.isnat(first) | np.isnat(last))
    answer = np.full(first.shape, np.nan)
    if seen.any():
        both = np.concatenate([first[seen], last[seen]])
        opens, closes = _shifts(both.min(), both.max(), hours, zone)
        length = closes - opens
        before = np.cumsum(length) - length
        shift = np.searchsorted(opens, both, side="right") - 1
        passed = before[shift] + np.minimum(both - opens[shift], length[shift])
        began, ended = np.split(passed, 2)
        answer[seen] = (ended - began) / _HOUR
    return answer


def _shifts(
    first: np.datetime64, last: np.datetime64, hours: Hours, zone: str
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """The first instant of each shift and the first after it, as naive UTC.

    At least one begins before ``first``: each holiday can take away one week's only shift.
    """
    spare = np.timedelta64(7 * (1 + len(hours.holidays)) + 2, "D")
    days = np.arange(first.astype("datetime64[D]") - spare, last.astype("datetime64[D]") + 2)
    # Day 0 of numpy, 1 January 1970, was a Thursday.
    weekday = (days.astype(np.int64) + 3) % 7
    off = np.array(hours.holidays, dtype="datetime64[D]")
    days = days[np.isin(weekday, hours.days) & ~np.isin(days, off)]
    opens, closes = _utc(days, hours.start, zone, True), _utc(days, hours.end, zone, False)
    # Where clocks go back over midnight, two shifts of a whole day would share an hour.
    return opens, np.minimum(closes, np.append(opens[1:], closes[-1:]))


def _utc(
    days: npt.NDArray[np.datetime64], time: str, zone: str, earlier: bool
) -> npt.NDArray[np.datetime64]:
    """The instant of ``time`` on each of ``days`` in ``zone``: of two, the earlier or the later;
    where clocks skip it, the first that follows."""
    minutes = int(time[:2]) * 60 + int(time[3:])
    local = pd.DatetimeIndex((days + minutes * _MINUTE).astype("datetime64[us]"))
    known = local.tz_localize(
        zone, ambiguous=np.full(len(local), earlier), nonexistent="shift_forward"
    )
    return known.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[us]")
