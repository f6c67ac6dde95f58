from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given

from metrics.arr import at, balances, close, stops
from tests.metrics.ledgers import (
    MONTHS,
    STEP,
    ZONE,
    at_by_hand,
    balances_by_hand,
    frame,
    instants,
    ledgers,
    line,
    thorough,
)
from warehouse.errors import Usage
from warehouse.months import as_of


def test_a_known_stop_overrides_the_contracted_end_either_way() -> None:
    lines = frame(
        [
            line("A", "2024-01-01", "2025-01-01", 1),
            line("A", "2024-01-01", "2025-01-01", 1, ended_on=pd.Timestamp("2024-06-08")),
            line("A", "2024-01-01", "2025-01-01", 1, ended_on=pd.Timestamp("2025-03-01")),
            line("A", "2024-01-01", None, 1),
        ]
    )
    assert [str(stop)[:10] for stop in stops(lines)] == [
        "2025-01-01",
        "2024-06-08",
        "2025-03-01",
        "NaT",
    ]


def test_a_line_is_live_from_its_start_up_to_its_stop() -> None:
    lines = frame([line("A", "2024-03-10", "2024-03-20", 500)])
    start, stop = datetime(2024, 3, 10), datetime(2024, 3, 20)
    assert [len(at(lines, t)) for t in (start - STEP, start, stop - STEP, stop)] == [0, 1, 1, 0]


def test_a_line_that_stops_as_it_starts_was_never_live() -> None:
    start = pd.Timestamp("2024-03-10")
    lines = frame([line("A", "2024-03-10", "2025-03-10", 500, ended_on=start)])
    assert at(lines, datetime(2024, 3, 10)).empty
    assert balances(lines, MONTHS).empty


def test_free_lines_make_no_customer_and_credits_stop_at_nothing() -> None:
    lines = frame(
        [
            line("credit", "2024-01-01", None, 100),
            line("credit", "2024-01-01", None, -300),
            line("free", "2024-01-01", None, 0),
            line("paid", "2024-01-01", None, 800),
            line("paid", "2024-01-01", None, -300),
        ]
    )
    assert at(lines, datetime(2024, 2, 1)).to_dict() == {"paid": 500}
    assert balances(lines, ["2024-02"])["arr"].tolist() == [500]


def test_renewing_on_the_first_of_a_month_is_not_leaving() -> None:
    edge = as_of("2024-06", ZONE)
    old = line("A", "2023-07-01", None, 500) | {"ends_on": edge}
    new = line("A", "2024-07-01", None, 700) | {"starts_on": edge}
    found = balances(frame([old, new]), ["2024-05", "2024-06", "2024-07"], ZONE)
    assert found["arr"].tolist() == [500, 500, 700]
    known_then = balances(frame([old]), ["2024-06", "2024-07"], ZONE)
    assert known_then["month"].tolist() == ["2024-06"]


@thorough
@given(ledgers(), instants())
def test_at_follows_the_definition(lines: pd.DataFrame, instant: datetime) -> None:
    assert at(lines, instant).to_dict() == at_by_hand(lines, instant)


@thorough
@given(ledgers())
def test_balances_follow_the_definition(lines: pd.DataFrame) -> None:
    found = balances(lines, MONTHS, ZONE)
    keys = list(zip(found["account_id"], found["month"], strict=True))
    assert keys == sorted(keys)
    assert dict(zip(keys, found["arr"], strict=True)) == balances_by_hand(lines)


@thorough
@given(ledgers(1))
def test_a_month_of_balances_is_arr_at_its_close(lines: pd.DataFrame) -> None:
    month = MONTHS[7]
    chosen = balances(lines, [MONTHS[2], month], ZONE)
    found = chosen[chosen["month"] == month].set_index("account_id")["arr"]
    pd.testing.assert_series_equal(found, at(lines, close(month, ZONE)))


def test_the_zone_decides_which_month_a_start_falls_in() -> None:
    lines = frame([line("A", "2024-01-31T20:00", None, 500)])
    assert balances(lines, ["2024-01", "2024-02"], "UTC")["month"].tolist()[0] == "2024-01"
    assert balances(lines, ["2024-01", "2024-02"], ZONE)["month"].tolist() == ["2024-02"]


def test_cents_stay_whole_beyond_what_a_float_can_hold() -> None:
    lines = frame([line("A", "2024-01-01", None, 2**53), line("A", "2024-01-01", None, 1)])
    assert balances(lines, ["2024-01"])["arr"].tolist() == [2**53 + 1]
    assert at(lines, datetime(2024, 2, 1)).tolist() == [2**53 + 1]


def test_no_lines_give_empty_tables_of_the_same_types() -> None:
    empty, full = frame([]), frame([line("A", "2024-01-01", None, 1)])
    assert dict(balances(empty, MONTHS).dtypes) == dict(balances(full, MONTHS).dtypes)
    assert at(empty, datetime(2024, 1, 1)).to_dict() == {}


@pytest.mark.parametrize("months", [["2024-02", "2024-01"], ["2024-01", "2024-01"]])
def test_months_out_of_order_are_refused(months: list[str]) -> None:
    with pytest.raises(Usage, match="must rise without repeats; got 2024-0"):
        balances(frame([]), months)
