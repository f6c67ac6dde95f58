from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from metrics.renewal_following import ACCOUNT, following
from metrics.renewal_outcomes import MONEY, PARTS, outcomes, restated
from metrics.renewed import renewals
from tests.metrics.ledgers import thorough
from tests.metrics.renewing import END, NOW, START, book, books, dealt_by_hand, term

OLD = term("A", "2023-08-01", "2024-08-01", 100)


def parts(*rows: dict[str, Any], as_of: datetime = NOW, **rest: Any) -> dict[str, int]:
    """The parts of the ARR due that are not zero, and the uplift, of the lines in ``rows``."""
    sums = outcomes(book(*rows), START, END, as_of, **rest)[[*PARTS, "uplift"]].sum()
    return {str(name): int(value) for name, value in sums.items() if value}


def after(arr: int, **rest: Any) -> dict[str, Any]:
    return term("A", "2024-08-01", "2025-08-01", arr, **rest)


@pytest.mark.parametrize(
    ("signed", "part"),
    [
        ("2024-06-30T23:59", "early"),
        ("2024-07-01", "on_time"),
        ("2024-08-01", "on_time"),
        ("2024-08-01T00:01", "late"),
        ("2024-08-31", "late"),
        ("2024-08-31T00:01", "reversed"),
    ],
)
def test_a_renewal_is_early_on_time_late_or_later_still(signed: str, part: str) -> None:
    assert parts(OLD, after(100, signed_at=signed)) == {part: 100}


def test_what_is_not_carried_on_is_open_until_notice_or_the_end_of_the_grace() -> None:
    last = datetime(2024, 8, 31)
    assert parts(OLD, as_of=datetime(2024, 7, 15)) == {"open": 100}
    assert parts(OLD, as_of=last) == {"open": 100}
    assert parts(OLD, as_of=last + timedelta(microseconds=1)) == {"lost": 100}
    assert parts(OLD, as_of=last, grace_days=10) == {"lost": 100}
    assert parts(OLD | {"cancelled_at": pd.Timestamp("2024-05-01")}, as_of=last) == {"lost": 100}


def test_a_renewal_for_less_is_contracted_and_for_more_brings_uplift() -> None:
    assert parts(OLD, after(70)) == {"on_time": 70, "contracted": 30}
    assert parts(OLD, after(130)) == {"on_time": 100, "uplift": 30}


def test_the_renewal_fills_what_was_due_before_what_was_bought_with_it() -> None:
    bought = term("A", "2024-08-21", "2025-08-01", 40)
    assert parts(OLD, after(100), bought) == {"on_time": 100, "uplift": 40}
    assert parts(OLD, after(90), bought) == {"on_time": 90, "late": 10, "uplift": 30}
    later = term("A", "2024-09-01", "2025-08-01", 40)
    assert parts(OLD, after(90), later) == {"on_time": 90, "contracted": 10}


def test_terms_brought_to_one_end_share_the_line_that_follows_them() -> None:
    other = term("A", "2023-08-20", "2024-08-20", 50)
    assert parts(OLD, other, after(140, signed_at="2024-07-20")) == {
        "on_time": 140,
        "contracted": 10,
    }
    assert parts(OLD, other, after(170)) == {"on_time": 150, "uplift": 20}


def test_each_following_line_is_counted_once_whatever_the_period() -> None:
    months = [f"2024-{m:02d}-01" for m in range(1, 13)]
    chain = [term("A", a, b, 100) for a, b in pairwise(months)]
    assert parts(*chain) == {"on_time": 300}
    assert parts(*chain, gap_days=31) == {"on_time": 300}


def test_lines_that_end_together_share_in_proportion() -> None:
    table = outcomes(
        book(OLD, term("A", "2024-02-01", "2024-08-01", 50), after(90)), START, END, NOW
    )
    assert table["kept"].tolist() == [60, 30]
    assert table["contracted"].tolist() == [40, 20]
    assert table["outcome"].tolist() == ["on_time", "on_time"]


def test_a_move_to_another_product_is_lost_on_the_line_and_kept_by_the_account() -> None:
    moved = after(80, product="more")
    assert parts(OLD, moved) == {"lost": 100}
    assert parts(OLD, moved, keys=ACCOUNT) == {"on_time": 80, "contracted": 20}


def test_a_late_renewal_of_what_was_given_up_is_restated() -> None:
    late = after(90, signed_at="2024-10-20")
    then, now = book(OLD), book(OLD, late)
    first, second = datetime(2024, 10, 1), datetime(2024, 11, 1)
    found = restated(now, then, START, END, second, first)
    assert found[["line_id", "was", "now"]].to_numpy().tolist() == [["L000", "lost", "reversed"]]
    assert found[["due_change", "kept_change", "uplift_change"]].to_numpy().tolist() == [[0, 90, 0]]
    assert restated(now, now, START, END, second, second).empty


def test_a_corrected_amount_is_restated_though_the_outcome_stands() -> None:
    then, now = book(OLD, after(90)), book(OLD, after(130))
    found = restated(now, then, START, END, NOW, NOW)
    assert found[["was", "now"]].to_numpy().tolist() == [["on_time", "on_time"]]
    assert found[["kept_change", "uplift_change"]].to_numpy().tolist() == [[10, 30]]


def test_a_line_recorded_after_the_fact_is_restated_too() -> None:
    found = restated(book(OLD, after(100)), book(), START, END, NOW, NOW)
    assert found[["was", "now", "due_change", "kept_change"]].to_numpy().tolist() == [
        ["not due", "on_time", 100, 100]
    ]
    assert found["account_id"].tolist() == ["A"]
    assert found["ends_on"].tolist() == [pd.Timestamp("2024-08-01")]


def summed(lines: pd.DataFrame) -> dict[str, int]:
    return {
        str(name): int(value)
        for name, value in outcomes(lines, START, END, NOW)[MONEY].sum().items()
    }


@thorough
@given(books())
def test_money_is_dealt_out_as_by_hand(lines: pd.DataFrame) -> None:
    for keys in (("account_id", "product"), ACCOUNT):
        flow = following(lines, lines["line_id"], 30, keys)
        sums = flow.pairs.groupby("ending")[["kept", "uplift"]].sum()
        found = flow.endings.join(sums, on="ending").fillna({"kept": 0, "uplift": 0})
        hand = dealt_by_hand(lines, timedelta(days=30), "product" in keys)
        never = pd.Timestamp.max
        ours = {
            (
                (row["account_id"], row.get("product", "")),
                row["stops_on"],
                never if pd.isna(row["ends_on"]) else row["ends_on"],
            ): {"kept": row["kept"], "uplift": row["uplift"]}
            for row in found.to_dict("records")
        }
        assert ours == hand


@thorough
@given(books())
def test_splitting_a_line_in_two_changes_nothing(lines: pd.DataFrame) -> None:
    halves = [
        lines.assign(arr=lines["arr"] // 2, line_id=lines["line_id"] + "a"),
        lines.assign(arr=lines["arr"] - lines["arr"] // 2, line_id=lines["line_id"] + "b"),
    ]
    split = pd.concat(halves, ignore_index=True)
    assert summed(split) == summed(lines)
    one, two = (renewals(outcomes(each, START, END, NOW)) for each in (lines, split))
    columns = ["account_id", "ends_on", "arr", "kept", "uplift", "outcome"]
    pd.testing.assert_frame_equal(one[columns], two[columns])


@thorough
@given(books())
def test_what_is_kept_does_not_depend_on_the_period_asked_for(lines: pd.DataFrame) -> None:
    middle = datetime(2024, 8, 15)
    whole = outcomes(lines, START, END, NOW).set_index("line_id")
    for start, end in ((START, middle), (middle, END)):
        part = outcomes(lines, start, end, NOW).set_index("line_id")
        same = whole.loc[part.index, ["arr", "kept", "contracted", "uplift"]]
        pd.testing.assert_frame_equal(part[same.columns], same)
