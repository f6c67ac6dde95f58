"""Months: text, shifted and compared as such, with edges in the company's own zone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.months import as_of, between, check, month_of, opens, shift

ZONES = (
    "UTC",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Asuncion",
    "Australia/Lord_Howe",
)
MOMENT = timedelta(microseconds=1)
months = st.builds(lambda y, m: f"{y:04d}-{m:02d}", st.integers(1970, 2099), st.integers(1, 12))
quick = settings(max_examples=60, deadline=None, derandomize=True)


@quick
@given(months, st.integers(-400, 400))
def test_a_shift_is_undone_by_its_opposite(month: str, by: int) -> None:
    moved = shift(month, by)
    assert shift(moved, -by) == month
    assert (moved > month) == (by > 0)


@quick
@given(months, st.integers(0, 40))
def test_between_counts_every_month_once(first: str, n: int) -> None:
    found = between(first, shift(first, n))
    assert found == [shift(first, i) for i in range(n + 1)]
    assert between(shift(first, 1), first) == []


@quick
@given(months, st.sampled_from(ZONES))
def test_a_month_ends_where_the_next_begins(month: str, zone: str) -> None:
    edge = as_of(month, zone)
    assert edge == opens(shift(month, 1), zone)
    assert month_of(edge - MOMENT, zone) == month
    assert month_of(edge, zone) == shift(month, 1)


@pytest.mark.parametrize(
    ("month", "zone", "edge"),
    [
        ("2026-10", "UTC", datetime(2026, 11, 1)),
        ("2026-10", "Europe/Oslo", datetime(2026, 10, 31, 23)),
        ("2026-02", "America/New_York", datetime(2026, 3, 1, 5)),
        ("2024-02", "Asia/Kolkata", datetime(2024, 2, 29, 18, 30)),
        # Clocks went forward at midnight: the first instant of that month read 01:00.
        ("2023-09", "America/Asuncion", datetime(2023, 10, 1, 4)),
        # Midnight came twice on the first of November 2026: the month begins with the first.
        ("2026-10", "America/Havana", datetime(2026, 11, 1, 4)),
    ],
)
def test_the_edges_of_months(month: str, zone: str, edge: datetime) -> None:
    assert as_of(month, zone) == edge


@pytest.mark.parametrize(
    "wrong",
    ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-01", " 2026-01", "2026-01\n", "٢-01"],
)
def test_what_is_no_month_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="write it as YYYY-MM"):
        check(wrong)


@pytest.mark.parametrize("wrong", ["٢٠٢٦-٠١", "２０２６-01"])
def test_digits_of_other_scripts_are_no_month(wrong: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        as_of(wrong)
