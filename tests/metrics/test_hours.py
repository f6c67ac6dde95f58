from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from metrics.hours import Hours, worked
from tests.metrics.ledgers import thorough
from tests.metrics.test_oracles import oracle


def wait(start: str, end: str, hours: Hours | None = None, zone: str = "UTC") -> float:
    """Business hours between two instants written in the time of ``zone``."""
    ends = pd.DatetimeIndex([start, end]).tz_localize(zone).tz_convert("UTC").tz_localize(None)
    (found,) = worked(ends[:1], ends[1:], hours or Hours(), zone)
    return float(found)


def test_an_evening_ticket_answered_in_the_morning() -> None:
    clock, shift, off = (each["hours"] for each in oracle(19)["expected"])
    evening, morning = "2026-03-03 18:00", "2026-03-04 08:00"
    always = Hours(start="00:00", end="24:00", days=tuple(range(7)))
    early = Hours(start=oracle(19)["input"][1]["schedule_start"])
    assert (pd.Timestamp(morning) - pd.Timestamp(evening)) / pd.Timedelta(hours=1) == clock
    assert wait(evening, morning, always) == clock
    assert wait(evening, morning, early) == shift
    assert wait("2026-03-03 18:00", "2026-03-03 23:30") == off
    assert wait("2026-03-07 10:00", "2026-03-08 16:00") == off
    assert wait("2026-03-03 18:00", "2026-03-04 08:00") == off


def test_a_reply_within_the_shift() -> None:
    told = oracle(20)["expected"]["minutes"]
    assert wait("2026-03-02 10:00", "2026-03-02 11:30") * 60 == told


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-06 16:00", "2026-03-09 10:00", 2),  # over a weekend
        ("2026-03-02 00:00", "2026-03-09 00:00", 40),
        ("2026-03-02 09:00", "2026-03-02 17:00", 8),
        ("2026-03-02 17:00", "2026-03-03 09:00", 0),
        ("2026-03-02 11:00", "2026-03-02 10:00", -1),
        ("2026-03-02 16:59:59.999999", "2026-03-03 09:00", 1e-6 / 3600),
    ],
)
def test_hours_by_hand(start: str, end: str, hours: float) -> None:
    assert wait(start, end) == pytest.approx(hours, abs=1e-15)
    assert wait(start, end, zone="Australia/Sydney") == pytest.approx(hours, abs=1e-15)


def test_the_shift_is_that_of_the_companys_zone() -> None:
    # In Sydney it is Monday 23:00 to Tuesday 10:00; in UTC Monday 12:00 to 23:00.
    ends = [np.array([t], dtype="datetime64[us]") for t in ("2026-03-02T12", "2026-03-02T23")]
    assert worked(*ends, Hours(), "Australia/Sydney").tolist() == [1]
    assert worked(*ends, Hours(), "UTC").tolist() == [5]


def test_clocks_that_change_neither_move_nor_stretch_the_shift() -> None:
    # Clocks in New York go forward on 8 March 2026 and back on 1 November, both at 02:00.
    for friday, monday in (("2026-03-06", "2026-03-09"), ("2026-10-30", "2026-11-02")):
        assert wait(f"{friday} 16:00", f"{monday} 10:00", zone="America/New_York") == 2
    night = Hours(start="00:00", end="24:00", days=(6,))
    for day, hours in (("2026-03-08", 23), ("2026-03-15", 24), ("2026-11-01", 25)):
        after = str(pd.Timestamp(day) + pd.Timedelta(days=1))
        assert wait(day, after, night, zone="America/New_York") == hours


def test_a_midnight_that_comes_twice_is_counted_once() -> None:
    # In Havana 1 November 2026 begins, goes back an hour and begins again.
    always = Hours(start="00:00", end="24:00", days=tuple(range(7)))
    assert wait("2026-10-31", "2026-11-02", always, "America/Havana") == 49


def test_a_shift_that_ends_at_a_time_told_twice_ends_at_the_second() -> None:
    night = Hours(start="00:00", end="01:30", days=(6,))
    assert wait("2026-11-01 00:00", "2026-11-01 12:00", night, "America/New_York") == 2.5


def test_a_time_of_day_that_is_skipped_is_the_first_after_it() -> None:
    early = Hours(start="02:30", end="04:00", days=(6,))
    assert wait("2026-03-08 00:00", "2026-03-08 12:00", early, "America/New_York") == 1


def test_holidays_are_days_off() -> None:
    off = Hours(holidays=(date(2026, 12, 25), date(2026, 12, 28)))
    assert wait("2026-12-24 16:00", "2026-12-29 10:00", off) == 2
    assert wait("2026-12-24 16:00", "2026-12-29 10:00") == 18
    mondays = Hours(days=(0,), holidays=tuple(date(2026, 3, d) for d in (2, 9, 16)))
    assert wait("2026-03-02 00:00", "2026-03-24 00:00", mondays) == 8


def test_what_is_missing_has_no_hours_and_nobody_has_none() -> None:
    some = np.array(["2026-03-02T10", "NaT", "2026-03-02T10"], dtype="datetime64[us]")
    other = np.array(["2026-03-02T11", "2026-03-02T11", "NaT"], dtype="datetime64[us]")
    assert np.isnan(worked(some, other, Hours(), "UTC")).tolist() == [False, True, True]
    assert np.isnan(worked(other, np.full(3, np.datetime64("NaT")), Hours(), "UTC")).all()
    assert worked([], [], Hours(), "UTC").shape == (0,)


def test_series_are_taken_in_their_order_whatever_their_index() -> None:
    start = pd.Series(pd.to_datetime(["2026-03-02 10:00", "2026-03-03 10:00"]), index=[7, 3])
    end = pd.Series(pd.to_datetime(["2026-03-02 11:00", "2026-03-03 12:00"]), index=[3, 7])
    assert worked(start, end, Hours(), "UTC").tolist() == [1, 2]


@pytest.mark.parametrize(
    "settings",
    [
        {"start": "9:00"},
        {"start": "17:00", "end": "09:00"},
        {"end": "24:30"},
        {"days": ()},
        {"days": (7,)},
        {"shift": "late"},
    ],
)
def test_hours_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Hours(**settings)


def test_hours_have_a_name() -> None:
    some = Hours(start="07:00", days=(6, 0), holidays=(date(2026, 1, 1),))
    assert some.name == "07:00 to 17:00, Monday, Sunday, 1 holiday taken out"


@thorough
@given(st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 40_000)), max_size=20))
def test_minute_by_minute(pairs: list[tuple[int, int]]) -> None:
    zone, first = "America/New_York", pd.Timestamp("2026-02-27")
    minutes = pd.date_range(first, periods=40_000, freq="min", tz="UTC").tz_convert(zone)
    open_ = (minutes.day_of_week < 5) & (minutes.hour >= 9) & (minutes.hour < 17)
    passed = np.concatenate([[0], np.cumsum(open_)])
    start, end = (first + pd.to_timedelta([p[i] for p in pairs], unit="min") for i in (0, 1))
    by_hand = [(passed[b] - passed[a]) / 60 for a, b in pairs]
    assert worked(start, end, Hours(), zone).tolist() == pytest.approx(by_hand)
