from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from metrics.renewals import due, totals
from tests.metrics.ledgers import frame, ledgers, line, thorough

START, END = datetime(2024, 10, 1), datetime(2025, 1, 1)


def states(*rows: dict[str, Any], **rest: Any) -> dict[str, str]:
    table = due(frame(list(rows)), START, END, **rest)
    return dict(zip(table["line_id"], table["state"], strict=True))


def test_due_is_half_open_on_the_contracted_end() -> None:
    ends = ["2024-09-30", "2024-10-01", "2024-12-31T23:59:59", "2025-01-01", None]
    rows = [line("A", "2024-01-01", end, 100, product=str(i)) for i, end in enumerate(ends)]
    assert list(states(*rows)) == ["L001", "L002"]


def test_a_following_line_is_signed() -> None:
    old = line("A", "2023-12-01", "2024-12-01", 100)
    assert states(old, line("A", "2024-12-01", "2025-12-01", 90))["L000"] == "signed"
    assert states(old, line("A", "2024-12-31", None, 90))["L000"] == "signed"
    assert states(old, line("A", "2025-01-01", None, 90))["L000"] == "open"
    assert states(old, line("A", "2025-01-01", None, 90), gap_days=31)["L000"] == "signed"
    assert states(old, line("A", "2024-11-20", None, 90))["L000"] == "signed"


@pytest.mark.parametrize(
    "other",
    [
        line("B", "2024-12-01", "2025-12-01", 90),
        line("A", "2024-12-01", "2025-12-01", 90, product="more"),
        line("A", "2024-12-01", "2025-12-01", 0),
        line("A", "2024-11-15", "2024-12-01", 90),
        line("A", "2024-05-01", "2025-05-01", 90),
    ],
    ids=["another account", "another product", "free", "ends with it", "began long before"],
)
def test_what_does_not_carry_a_line_on(other: dict[str, Any]) -> None:
    assert states(line("A", "2023-12-01", "2024-12-01", 100), other)["L000"] == "open"


def test_notice_is_cancelled_unless_another_line_follows() -> None:
    told = pd.Timestamp("2024-09-01")
    old = line("A", "2023-12-01", "2024-12-01", 100, cancelled_at=told)
    assert states(old) == {"L000": "cancelled"}
    assert states(old, line("A", "2024-12-01", None, 200))["L000"] == "signed"


def test_a_line_stopped_before_the_period_is_not_due_in_it() -> None:
    early, late = pd.Timestamp("2024-09-30"), pd.Timestamp("2024-10-20")
    told = pd.Timestamp("2024-09-01")
    gone = line("A", "2023-12-01", "2024-12-01", 100, ended_on=early, cancelled_at=told)
    going = line("B", "2023-12-01", "2024-12-01", 100, ended_on=late, cancelled_at=told)
    assert states(gone, going) == {"L001": "cancelled"}


def test_an_upgrade_in_mid_term_carries_the_line_it_replaces_on() -> None:
    swap = pd.Timestamp("2024-10-20")
    old = line("A", "2023-12-01", "2024-12-01", 100, ended_on=swap, cancelled_at=swap)
    assert states(old, line("A", "2024-10-20", "2025-10-20", 150)) == {"L000": "signed"}


def test_the_columns_and_the_notice_date() -> None:
    table = due(
        frame(
            [
                line("B", "2023-12-01", "2024-12-01", 100, notice_days=None, auto_renew=None),
                line("A", "2023-12-01", "2024-12-01", 300, notice_days=60),
                line("C", "2023-12-01", "2024-11-01", 0),
                line("C", "2023-12-01", "2024-11-01", -50),
            ]
        ),
        START,
        END,
    )
    assert list(table.columns) == [
        "account_id",
        "line_id",
        "product",
        "ends_on",
        "notice_by",
        "arr",
        "auto_renew",
        "state",
    ]
    assert table["account_id"].tolist() == ["A", "B"]
    assert table["notice_by"].tolist() == [pd.Timestamp("2024-10-02"), pd.NaT]
    assert table["auto_renew"].isna().tolist() == [False, True]


def test_money_by_state_and_renewals_counted_by_end_of_term() -> None:
    told = pd.Timestamp("2024-09-01")
    rows = [
        line("A", "2023-12-01", "2024-12-01", 100),
        line("A", "2023-12-01", "2024-12-01", 20, product="more"),
        line("A", "2024-12-01", "2025-12-01", 90),
        line("B", "2023-11-01", "2024-11-01", 300, cancelled_at=told),
    ]
    found = totals(due(frame(rows), START, END))
    assert (found.arr, found.signed, found.cancelled, found.open) == (420, 100, 300, 20)
    assert (found.renewals, found.accounts) == (2, 2)
    assert found.rate == pytest.approx(100 / 420)


def test_nothing_due_has_no_rate() -> None:
    table = due(frame([]), START, END)
    full = due(frame([line("A", "2023-12-01", "2024-12-01", 1)]), START, END)
    assert dict(table.dtypes) == dict(full.dtypes)
    assert totals(table).rate is None


@thorough
@given(ledgers())
def test_each_end_is_due_in_exactly_one_period(lines: pd.DataFrame) -> None:
    middle = datetime(2024, 11, 15)
    whole, first, second = (
        due(lines, a, b) for a, b in ((START, END), (START, middle), (middle, END))
    )
    assert not set(first["line_id"]) & set(second["line_id"])
    assert set(first["line_id"]) <= set(whole["line_id"])
    assert whole["line_id"].is_unique
    assert totals(whole).arr == whole["arr"].sum()
