from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
from hypothesis import given

from metrics.spells import spells
from tests.metrics.ledgers import at_by_hand, frame, instants, ledgers, line, thorough


def found(lines: pd.DataFrame, gap_days: int = 30) -> list[tuple[str, str, str]]:
    return [
        (row.account_id, str(row.started)[:10], str(row.ended)[:10])
        for row in spells(lines, gap_days).itertuples()
    ]


def test_a_renewal_and_a_second_product_are_one_spell() -> None:
    lines = frame(
        [
            line("A", "2024-01-01", "2025-01-01", 100),
            line("A", "2025-01-01", "2026-01-01", 100),
            line("A", "2024-06-01", "2024-09-01", 50, product="more"),
        ]
    )
    assert found(lines, gap_days=0) == [("A", "2024-01-01", "2026-01-01")]


def test_a_gap_as_long_as_allowed_continues_and_a_longer_one_ends() -> None:
    lines = frame([line("A", "2024-01-01", "2024-03-01", 1), line("A", "2024-03-31", None, 1)])
    assert found(lines, 30) == [("A", "2024-01-01", "NaT")]
    assert found(lines, 29) == [("A", "2024-01-01", "2024-03-01"), ("A", "2024-03-31", "NaT")]


def test_an_open_spell_after_a_gap_is_open() -> None:
    lines = frame(
        [
            line("A", "2024-01-01", "2024-02-01", 1),
            line("A", "2024-02-10", None, 1),
            line("B", "2024-01-01", "2024-02-01", 1),
        ]
    )
    assert found(lines) == [("A", "2024-01-01", "NaT"), ("B", "2024-01-01", "2024-02-01")]


def test_a_free_year_ends_a_spell_and_a_credit_can() -> None:
    lines = frame(
        [
            line("A", "2024-01-01", "2024-06-01", 100),
            line("A", "2024-06-01", None, 0),
            line("B", "2024-01-01", "2025-01-01", 100),
            line("B", "2024-03-01", "2024-09-01", -100),
        ]
    )
    assert found(lines) == [
        ("A", "2024-01-01", "2024-06-01"),
        ("B", "2024-01-01", "2024-03-01"),
        ("B", "2024-09-01", "2025-01-01"),
    ]


def test_no_lines_have_no_spells() -> None:
    empty = spells(frame([]), 30)
    assert empty.empty
    full = spells(frame([line("A", "2024-01-01", None, 1)]), 30)
    assert dict(empty.dtypes) == dict(full.dtypes)


@thorough
@given(ledgers(), instants())
def test_without_gaps_a_spell_is_when_arr_is_above_zero(
    lines: pd.DataFrame, instant: datetime
) -> None:
    table = spells(lines, 0)
    inside = (table["started"] <= instant) & (table["ended"].isna() | (instant < table["ended"]))
    assert table.loc[inside, "account_id"].tolist() == list(at_by_hand(lines, instant))


@thorough
@given(ledgers())
def test_spells_are_apart_by_more_than_the_gap(lines: pd.DataFrame) -> None:
    table = spells(lines, 30)
    assert (table["ended"].isna() | (table["ended"] > table["started"])).all()
    last = table.groupby("account_id")["ended"].shift(1)
    later = table.groupby("account_id").cumcount() > 0
    assert (table["started"] - last)[later].gt(timedelta(days=30)).all()
    exact = spells(lines, 0)
    assert set(table["started"]) <= set(exact["started"])
    assert set(table["account_id"]) == set(exact["account_id"])
