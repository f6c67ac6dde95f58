from __future__ import annotations

from datetime import datetime
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.arr import balances, history
from metrics.cohorts import averages, early, elapsed, figures, lives, square, triangle
from metrics.definitions.lifetime import LIFETIME
from metrics.facts import Facts
from metrics.policy import Policy
from metrics.registry import REGISTRY
from tests.metrics.ledgers import MONTHS, ZONE, frame, held, ledgers, line, thorough
from warehouse.months import as_of, between, shift

LAST = MONTHS[-1]


def test_a_triangle_by_month() -> None:
    book = held({"A": [100, 120, 0, 90], "B": [50, 50, 50, 50], "C": [0, 200, 100, 0]})
    cells = triangle(book, "2024-04")
    assert cells["starts"].tolist() == ["2024-01"] * 4 + ["2024-02"] * 3
    assert cells["age"].tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert cells["kept"].tolist() == [2, 2, 1, 2, 1, 1, 0]
    assert cells["net"].tolist() == [150, 170, 50, 140, 200, 100, 0]
    assert cells["gross"].tolist() == [150, 150, 50, 140, 200, 100, 0]
    assert cells["net_share"].tolist() == pytest.approx([1, 170 / 150, 1 / 3, 14 / 15, 1, 0.5, 0])
    assert cells["complete"].all()


def test_strictly_an_account_that_is_back_stays_lost() -> None:
    book = held({"A": [100, 120, 0, 90], "B": [50, 50, 50, 50]})
    assert square(triangle(book, "2024-04")).loc["2024-01"].tolist() == [1, 1, 0.5, 1]
    strict = triangle(book, "2024-04", strict=True)
    assert square(strict).loc["2024-01"].tolist() == [1, 1, 0.5, 0.5]
    assert strict["net"].tolist() == [150, 170, 50, 50]


def test_a_cell_some_members_cannot_be_in_yet_has_no_share() -> None:
    book = held({"A": [100, 100, 100, 100], "B": [0, 0, 300, 0]})
    cells = triangle(book, "2024-04", by="quarter").set_index("age")
    assert cells["starts"].unique().tolist() == ["2024-01"]
    assert cells["reached"].tolist() == [2, 2, 1, 1]
    assert cells["opening"].tolist() == [400, 400, 100, 100]
    assert (cells["n"] == 2).all()
    assert (cells["initial"] == 400).all()
    assert cells.loc[1, ["logo", "gross_share", "net_share"]].tolist() == [0.5, 0.25, 0.25]
    # One of two has stayed, the other is too young: neither a half nor all.
    assert not cells.loc[2:, "complete"].any()
    assert cells.loc[2:, ["logo", "gross_share", "net_share"]].isna().all(axis=None)
    assert triangle(book, "2024-04", "quarter", ages=[1, 3, 9])["age"].tolist() == [1, 3]


def test_an_average_is_weighted_by_size_over_complete_cells() -> None:
    large = {"A": [1000, 0, 0], **{f"B{i}": [100, 100, 100] for i in range(9)}}
    small, young = {"C": [0, 500, 0]}, {"D": [0, 0, 30]}
    found = averages(triangle(held(large | small | young), "2024-03"))
    assert found["cohorts"].tolist() == [3, 2, 1]
    assert found["n"].tolist() == [12, 11, 10]
    assert found["logo"].tolist() == pytest.approx([1, 9 / 11, 9 / 10])
    assert found["net_share"].tolist() == pytest.approx([1, 900 / 2400, 900 / 1900])
    # One of the second quarter has stayed for two months and another is younger than that.
    quarters = {"E": [1] * 6, "F": [0, 0, 0, 1, 1, 1], "G": [0, 0, 0, 0, 0, 1]}
    found = averages(triangle(held(quarters), "2024-06", "quarter")).set_index("age")
    assert found["cohorts"].tolist() == [2, 1, 1, 1, 1, 1]
    assert found["n"].tolist() == [3, 1, 1, 1, 1, 1]


def test_what_comes_after_the_month_is_not_seen() -> None:
    book = held({"A": [100, 90, 80], "B": [0, 50, 50], "C": [0, 0, 70]})
    for by in ("month", "quarter"):
        early_ = book[book["month"] <= "2024-02"]
        expected = triangle(early_, "2024-02", by)  # type: ignore[arg-type]
        found = triangle(book, "2024-02", by)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(found, expected)


def test_an_average_rises_when_a_bad_cohort_drops_out_and_not_over_the_same_cohorts() -> None:
    old = {f"old{i}": [100] * 4 for i in range(4)}
    bad = {f"bad{i}": [0, 0, 100, 0] for i in range(4)}
    cells = triangle(held(old | bad), "2024-04")
    # Nobody ever came back, and yet the average of age 2 is above that of age 1.
    assert averages(cells)["logo"].tolist() == [1, 0.5, 1, 1]
    assert averages(cells, through=3)["logo"].tolist() == [1, 1, 1, 1]
    assert averages(cells, through=1)["logo"].tolist() == [1, 0.5]
    assert averages(cells, through=9).empty
    # And to count the young as lost, or as kept, would be to make a number up.
    assert averages(cells)["n"].tolist() == [8, 8, 4, 4]


@thorough
@given(ledgers(), st.sampled_from(["month", "quarter"]), st.booleans())
def test_what_holds_of_every_triangle(lines: pd.DataFrame, by: str, strict: bool) -> None:
    book = balances(lines, MONTHS, ZONE)
    cells = triangle(book, LAST, by, strict=strict)  # type: ignore[arg-type]
    first = cells[cells["age"] == 0]
    assert (first["kept"] == first["n"]).all()
    assert (first["gross"] == first["initial"]).all()
    assert (first["net"] == first["initial"]).all()
    assert (cells["gross"] <= cells[["net", "opening"]].min(axis=1)).all()
    assert (cells["kept"] <= cells["reached"]).all()
    assert cells["logo"].isna().eq(~cells["complete"]).all()
    assert first["n"].sum() == book["account_id"].nunique()
    if strict:
        full = cells[cells["complete"]]
        assert (full.groupby("starts")["kept"].diff().fillna(0) <= 0).all()
        line_ = averages(cells, through=3)
        assert (line_["logo"].diff().fillna(0) <= 0).all()


@thorough
@given(ledgers())
def test_the_diagonals_sum_to_the_months(lines: pd.DataFrame) -> None:
    book = balances(lines, MONTHS, ZONE)
    cells = triangle(book, LAST)
    cells["month"] = [shift(m, a) for m, a in zip(cells["starts"], cells["age"], strict=True)]
    sums = cells.groupby("month")[["kept", "net"]].sum()
    sums = sums[sums["kept"] > 0]
    assert sums["net"].to_dict() == book.groupby("month")["arr"].sum().to_dict()
    assert sums["kept"].to_dict() == book.groupby("month").size().to_dict()


@thorough
@given(ledgers(), st.booleans())
def test_each_cell_account_by_account(lines: pd.DataFrame, strict: bool) -> None:
    book = balances(lines, MONTHS, ZONE)
    arr = {(r.account_id, r.month): r.arr for r in book.itertuples()}
    first = book.groupby("account_id")["month"].min().to_dict()
    found = triangle(book, LAST, "quarter", strict=strict).set_index(["starts", "age"])
    quarters = {a: f"{m[:4]}-{(int(m[5:]) - 1) // 3 * 3 + 1:02d}" for a, m in first.items()}
    count = 0
    for quarter, age in product(sorted(set(quarters.values())), range(len(MONTHS))):
        old = [a for a, q in quarters.items() if q == quarter and shift(first[a], age) <= LAST]
        if not old:
            continue
        count += 1
        whole = {a: between(first[a], shift(first[a], age)) for a in old}
        there = [
            a for a in old if all((a, m) in arr for m in (whole[a] if strict else whole[a][-1:]))
        ]
        cell = found.loc[(quarter, age)]
        assert (cell["reached"], cell["kept"]) == (len(old), len(there))
        assert cell["opening"] == sum(arr[a, first[a]] for a in old)
        assert cell["net"] == sum(arr[a, whole[a][-1]] for a in there)
        assert cell["gross"] == sum(min(arr[a, whole[a][-1]], arr[a, first[a]]) for a in there)
    assert count == len(found)


def test_nobody_has_no_triangle() -> None:
    none = triangle(held({"A": [0]}), "2024-06")
    assert none.empty
    assert averages(none).empty
    assert square(none).empty
    assert triangle(held({"A": [0, 0, 5]}), "2024-02").empty
    assert history(frame([]), "2024-06").empty
    assert lives(frame([]), datetime(2024, 1, 1), 30).empty
    assert early(lives(frame([]), datetime(2024, 1, 1), 30)).empty


def test_history_goes_back_to_the_first_start() -> None:
    lines = frame([line("A", "2023-03-15", None, 100), line("B", "2030-01-01", None, 100)])
    assert history(lines, "2023-06")["month"].tolist() == between("2023-03", "2023-06")
    assert history(lines[1:], "2023-06").empty


def test_months_between_months() -> None:
    one, other = pd.Series(["2023-11", "2024-01"]), pd.Series(["2024-02", "2024-01"])
    assert elapsed(one, other).tolist() == [3, 0]


def test_a_life_is_followed_to_as_of_or_to_a_merger() -> None:
    rows = [
        line("back", "2023-01-01", "2023-07-01", 100),
        line("back", "2023-12-01", None, 100),
        line("ends at as_of", "2023-01-01", "2024-01-01", 100),
        line("later", "2024-01-01", None, 100),
        line("leap", "2020-02-15", "2021-02-15", 100),
        line("merged", "2023-01-01", "2023-04-01", 100, end_reason="merged"),
        line("stays", "2023-10-16", "2025-01-01", 100),
        line("within the gap", "2023-01-01", "2023-06-01", 100),
        line("within the gap", "2023-06-20", None, 100),
    ]
    lines = frame(rows).assign(end_reason=[row.get("end_reason") for row in rows])
    table = lives(lines, datetime(2024, 1, 1), 30).set_index("account_id")
    assert table.index.tolist() == [
        "back",
        "ends at as_of",
        "leap",
        "merged",
        "stays",
        "within the gap",
    ]
    assert table.index[table["lost"]].tolist() == ["back", "leap"]
    assert table.index[table["merged"]].tolist() == ["merged"]
    assert table.loc["leap", ["days", "months"]].tolist() == [366, 12]
    assert table.loc["ends at as_of", ["days", "months"]].tolist() == [365, 12]
    assert table.loc["merged", ["months", "seen"]].tolist() == [3, 3]
    assert table.loc["back", ["months", "seen"]].tolist() == [6, 12]
    assert table.loc["stays", "days"] == 77
    assert table.loc["stays", "months"] == pytest.approx(3 - 15 / 31)
    assert table.loc["within the gap", "months"] == 12


def test_months_are_of_the_companys_calendar() -> None:
    # Midnight of the first in Sydney, on either side of the change of the clocks.
    lines = frame([line("A", "2023-12-31 13:00", "2024-06-30 14:00", 100)])
    assert lives(lines, as_of("2025-01"), 30, ZONE)["months"].tolist() == [6]


def test_early_churn_leaves_the_youngest_cohort_open() -> None:
    lines = frame(
        [
            line("A", "2023-01-10", "2023-05-10", 100),
            line("B", "2023-02-10", None, 100),
            line("C", "2023-01-01", "2023-06-30", 100),  # exactly 180 days: lost by day 180
            line("D", "2023-01-01", "2023-07-01", 100),
            line("E", "2023-08-01", "2023-09-01", 100),
            line("F", "2023-07-01", None, 100),
            line("M", "2023-01-01", "2023-03-01", 100),
        ]
    ).assign(end_reason=[None] * 6 + ["merged"])
    table = early(lives(lines, datetime(2024, 1, 1), 30))
    assert table["starts"].tolist() == ["2023-01", "2023-07"]
    assert table["n"].tolist() == [5, 2]
    assert table["reached"].tolist() == [4, 1]
    assert table["lost"].tolist() == [2, 0]
    assert table["complete"].tolist() == [True, False]
    assert table.loc[0, "share"] == 0.5
    assert table.loc[0, "low"] < 0.5 < table.loc[0, "high"]
    assert table.loc[1, ["share", "low", "high"]].isna().all()
    assert early(lives(lines, datetime(2024, 1, 1), 30), "month")["starts"].tolist() == [
        "2023-01",
        "2023-02",
        "2023-07",
        "2023-08",
    ]


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**REGISTRY, **{each.name: each for each in LIFETIME}}
    monkeypatch.setattr("metrics.registry.REGISTRY", everything)


def _facts(lines: pd.DataFrame, month: str) -> Facts:
    return Facts(month, "UTC", Policy(), {"contract_lines": lines}, pd.DataFrame())


@pytest.mark.usefixtures("_registered")
def test_the_figure_is_of_those_whose_day_fell_in_the_year() -> None:
    starts = pd.date_range("2022-01-01", "2023-12-01", freq="MS")
    rows = [
        line(f"A{i:02d}", str(d), str(d + pd.DateOffset(months=2)), 1) for i, d in enumerate(starts)
    ]
    rows += [line(f"B{i:02d}", str(d), None, 1) for i, d in enumerate(starts)]
    found = figures(_facts(frame(rows), "2023-12"))["early_churn_share"]
    # Day 180 of a start in July is the 28th of December: July 2022 is out, July 2023 is in.
    assert (found.value, found.n) == (0.5, 24)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high
    assert "gaps up to 30 days" in found.policy
    none = figures(_facts(frame(rows), "2022-03"))["early_churn_share"]
    assert (none.value, none.n, none.low, none.high) == (None, 0, None, None)
    assert figures(_facts(frame([]), "2022-03"))["early_churn_share"].value is None
    assert figures(Facts("2022-03", "UTC", Policy(), {}, pd.DataFrame())) == {}


def test_the_shares_of_a_square_are_those_of_the_cells() -> None:
    cells = triangle(held({"A": [100, 150], "B": [0, 70]}), "2024-02")
    laid = square(cells, "net_share")
    assert laid.loc["2024-01"].tolist() == [1, 1.5]
    assert laid.loc["2024-02", 0] == 1
    assert np.isnan(laid.loc["2024-02", 1])
