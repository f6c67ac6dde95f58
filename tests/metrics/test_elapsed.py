from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.elapsed import clock, local, rates, timed, times
from tests.metrics.ledgers import thorough

SYDNEY = "Australia/Sydney"


def days(*values: str | None) -> pd.Series[pd.Timestamp]:
    return pd.Series(pd.to_datetime(list(values)), dtype="datetime64[us]")


def table(began: list[str], reached: list[str | None], now: str = "2026-10-01") -> pd.DataFrame:
    end = pd.Timestamp(now)
    watched = pd.Series(end, index=range(len(began)), dtype="datetime64[us]")
    return timed(days(*began), days(*reached), watched, end)


def test_instants_go_to_the_wall_clock() -> None:
    # Sydney is ten hours ahead in July, eleven in January.
    found = local(days("2026-07-01T14:00", "2026-01-01T13:00", None), SYDNEY)
    assert found[:2].tolist() == [pd.Timestamp("2026-07-02"), pd.Timestamp("2026-01-02")]
    assert found.isna().tolist() == [False, False, True]
    assert clock(datetime(2026, 9, 30, 14), SYDNEY) == pd.Timestamp("2026-10-01")


def test_what_happened_counts_to_then_and_what_did_not_as_long_as_it_was_watched() -> None:
    found = timed(
        days("2026-06-30", "2026-07-01", "2026-07-01"),
        days("2026-07-10T12:00", None, None),
        days("2026-10-01", "2026-08-01", "2026-06-01"),
        pd.Timestamp("2026-10-01"),
    )
    assert found["days"].tolist() == [10.5, 31, 0]
    assert found["observed"].tolist() == [True, False, False]
    assert found["age"].tolist() == [93, 92, 92]
    assert found["cohort"].tolist() == ["2026-Q2", "2026-Q3", "2026-Q3"]
    assert found["cohort_age"].tolist() == [92, 0, 0]


def test_only_what_began_long_enough_ago_is_in_the_rate() -> None:
    # As of 1 October: 94, 94, 35, 30 and 29 days ago.
    began = ["2026-06-29", "2026-06-29", "2026-08-27", "2026-09-01", "2026-09-02"]
    reached = ["2026-07-29", "2026-07-30", None, "2026-09-05", "2026-09-03"]
    found = rates(table(began, reached))
    spring, summer = (found[found["cohort"] == c].set_index("days") for c in ("2026-Q2", "2026-Q3"))
    assert spring["hits"].tolist() == [1, 2, 2]
    assert spring["n"].tolist() == [2, 2, 2]
    assert summer["started"].tolist() == [3, 3, 3]
    assert summer["n"].tolist() == [2, 0, 0]
    assert summer["hits"].tolist() == [1, 0, 0]
    assert summer["share"].iloc[0] == 0.5
    assert np.isnan(summer["share"].iloc[1])
    # The quarter of June ended 92 days ago; that of September only now.
    assert spring["complete"].all()
    assert not summer["complete"].any()


def test_a_quarter_is_open_until_its_last_day_is_old_enough() -> None:
    # One account, of the quarter's first day: more may yet have begun, until its end.
    began, reached = ["2026-04-01"], ["2026-04-02"]
    for now, complete in (("2026-09-27", False), ("2026-09-28", False), ("2026-09-29", True)):
        found = rates(table(began, reached, now), within=(90,))
        assert found["n"].tolist() == [1]
        assert found["complete"].tolist() == [complete]


def test_ninety_days_are_ninety_across_a_change_of_clocks() -> None:
    # Sydney's clocks went back on 5 April 2026: 90 days there were an hour more than 90 x 24.
    ends = local(days("2026-02-28T13:00", "2026-05-29T14:00"), SYDNEY)
    assert ends.tolist() == [pd.Timestamp("2026-03-01"), pd.Timestamp("2026-05-30")]
    began = timed(ends[:1], ends[1:].reset_index(drop=True), ends[1:], pd.Timestamp("2026-08-01"))
    assert began["days"].tolist() == [90]
    assert rates(began, within=(90,))["hits"].tolist() == [1]


def test_times_count_those_still_waiting() -> None:
    found = times(
        table(
            ["2026-07-01"] * 4 + ["2026-01-01"],
            ["2026-07-11", "2026-07-21", None, None, "2026-01-31"],
        )
    ).set_index("cohort")
    assert found.index.tolist() == ["2026-Q1", "2026-Q3"]
    # Of those who got there the median is 15 days; half of all got there in 20.
    assert found.loc["2026-Q3", "median"] == 20
    assert np.isnan(found.loc["2026-Q3", "p75"])
    assert found.loc["2026-Q3", ["n", "hits"]].tolist() == [4, 2]
    assert found.loc["2026-Q1", ["median", "p75"]].tolist() == [30, 30]


def test_a_group_of_any_name_and_none() -> None:
    some = table(["2026-01-01"] * 3, ["2026-01-11"] * 3).assign(
        segment=pd.Series(["Large", None, "Large"], dtype="str")
    )
    assert rates(some, "segment", (30,))["segment"].tolist() == ["Large", "not known"]
    assert times(some, "segment")["n"].tolist() == [2, 1]


def test_nothing_begun_gives_the_same_columns() -> None:
    some, none = table(["2026-01-01"], ["2026-01-11"]), table([], [])
    for each in (rates, times):
        assert list(each(none).columns) == list(each(some).columns)
        assert len(each(none)) == 0


@thorough
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 400)), min_size=1, max_size=30))
def test_rates_by_hand(rows: list[tuple[int, int]]) -> None:
    now = pd.Timestamp("2026-10-01")
    began = pd.Series([now - pd.Timedelta(days=age) for age, _ in rows], dtype="datetime64[us]")
    took = pd.to_timedelta([took for _, took in rows], unit="D")
    reached = (began + took).where(began + took < now)
    watched = pd.Series(now, index=began.index, dtype="datetime64[us]")
    found = rates(timed(began, reached, watched, now).assign(every="all"), "every")
    for row in found.itertuples():
        old = [(age, took) for age, took in rows if age >= row.days]
        hits = sum(took <= row.days and took < age for age, took in old)
        assert (row.n, row.hits) == (len(old), hits)
        assert np.isnan(row.share) if not old else row.share == pytest.approx(hits / len(old))
