from __future__ import annotations

import ast
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from metrics.arr import balances
from metrics.definitions.lifetime import LIFETIME
from metrics.departures import churn_by, departures, win_backs, win_backs_by_age
from metrics.facts import Facts
from metrics.movements import ledger, movements
from metrics.policy import Policy
from metrics.ratios import (
    MONTH,
    NO_LOSSES,
    annual,
    daily_net_churn,
    figures,
    monthly,
    mrr,
    quick,
    quick_of,
    scaled,
)
from metrics.registry import REGISTRY
from metrics.retention import annual as the_one
from tests.metrics.ledgers import MONTHS, ZONE, frame, held, ledgers, line, thorough
from warehouse.errors import Usage
from warehouse.months import between

TOLD = json.loads((Path(__file__).parent / "oracles.json").read_text("utf-8"))


def oracle(number: int) -> dict[str, Any]:
    (found,) = [each for each in TOLD if each["id"].startswith(f"ORA-{number:02d} ")]
    return found


@pytest.mark.parametrize("number", [12, 13, 14])
def test_published_quick_ratios(number: int) -> None:
    expected = oracle(number)["expected"]
    found = quick(**oracle(number)["input"])
    assert found.ratio is not None
    assert round(found.ratio, 2) == expected["quick_ratio"]
    assert found.net == expected.get("net_new", 20)
    assert found.words == f"{expected['quick_ratio']:.2f}"


def test_without_losses_there_is_no_ratio_and_not_a_bad_one() -> None:
    found = quick(new=20, expansion=8, churn=0, contraction=0)
    assert (found.ratio, found.words, found.net) == (None, NO_LOSSES, 28)
    assert quick(0, 0, 5, 0).ratio == 0


def test_reactivation_is_in_only_where_given() -> None:
    moves = movements(held({"A": [100, 0, 60], "B": [0, 40, 20]}), between("2024-01", "2024-03"))
    assert quick_of(moves).ratio == (100 + 40 + 60) / (100 + 20)
    assert quick_of(moves, reactivation=False).ratio == (100 + 40) / (100 + 20)
    assert quick(1, 1, 1, 1, reactivation=2).ratio == 2
    assert quick_of(moves[:0]).words == NO_LOSSES
    with pytest.raises(Usage, match="none below zero"):
        quick(1, 1, -1, 1)


def test_churn_of_a_month_of_days() -> None:
    given_, expected = oracle(16)["input"], oracle(16)["expected"]
    year = scaled(given_["measured"], given_["period_days"])
    month = scaled(given_["measured"], given_["period_days"], MONTH)
    assert round(year, 6) == expected["annual"]
    assert round(month, 6) == expected["monthly"]


def test_a_year_of_months_and_back() -> None:
    assert annual is the_one
    for rate in (0.0, 0.01, 0.3, 1.0):
        assert annual(monthly(rate)) == pytest.approx(rate)
        assert scaled(rate, 365) == pytest.approx(rate)
        assert scaled(scaled(rate, 31, 90), 90, 31) == pytest.approx(rate)
    assert scaled(0.05, MONTH) == pytest.approx(annual(0.05))
    for share, days in ((1.01, 30), (-0.01, 30), (0.5, 0), (0.5, -3)):
        with pytest.raises(Usage, match="cannot be told"):
            scaled(share, days)


def test_net_churn_day_by_day() -> None:
    told = oracle(2)["input"]
    found = daily_net_churn([told["start_of_day"]], [told["end_of_day"]], [told["new_business"]])
    assert found == pytest.approx(oracle(2)["expected"]["net_mrr_churn"])
    # The sum over days, not of the month from end to end; a day from nothing adds nothing.
    assert daily_net_churn([0, 100, 50], [100, 50, 40], [100, 0, 0]) == pytest.approx(0.5 + 0.2)
    assert daily_net_churn([0], [5], [5]) is None
    assert daily_net_churn([], [], []) is None


def test_mixed_billing_as_a_month() -> None:
    told = oracle(7)["input"]
    a, b = told["plan_a"], told["plan_b"]
    amounts = pd.Series([a["monthly"] * 100] * a["n"] + [b["annual"] * 100] * b["n"])
    months = pd.Series([1] * a["n"] + [12] * b["n"])
    assert mrr(amounts, months) == oracle(7)["expected"]["mrr"] * 100
    # Only the total is rounded.
    assert mrr(pd.Series([5, 1]), pd.Series([12, 3])) == 1
    assert mrr(pd.Series([7] * 12), pd.Series([12] * 12)) == 7
    assert mrr(pd.Series([100, 100, 100]), pd.Series([3, 3, 3])) == 100
    assert mrr(pd.Series([], dtype="int64"), pd.Series([], dtype="int64")) == 0
    with pytest.raises(Usage, match="one month or more"):
        mrr(pd.Series([100]), pd.Series([0]))


def left() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines, and the movements of all their months to 2024-12."""
    rows = [
        line("old", "2020-01-01", "2024-03-01", 900, end_reason="voluntary", exit_reason="price"),
        line(
            "old", "2020-01-01", "2024-02-10", 5000, end_reason="voluntary", exit_reason="sponsor"
        ),
        line("two", "2023-06-01", "2024-06-16", 700, end_reason="voluntary", exit_reason=None),
        line("two", "2023-06-01", "2024-06-20", 300, end_reason="voluntary", exit_reason="price"),
        line("two", "2023-06-01", "2024-06-20", 100, end_reason="merged", exit_reason="budget"),
        line("card", "2024-01-01", "2024-05-01", 200, end_reason="payment_failure"),
        line("silent", "2024-01-01", "2024-05-01", 40),
        line("before", "2022-01-01", "2023-06-01", 60, end_reason="voluntary", exit_reason="price"),
        line("stays", "2020-01-01", None, 10_000),
    ]
    said = {name: [row.get(name) for row in rows] for name in ("end_reason", "exit_reason")}
    lines = frame(rows).assign(**said)
    months = between("2019-12", "2024-12")
    return lines, movements(balances(lines, months), months)


def test_a_departure_says_what_its_largest_line_of_the_month_says() -> None:
    lines, moves = left()
    found = departures(moves, lines).set_index("account_id")
    assert found["month"].to_dict() == {
        "before": "2023-06",
        "card": "2024-05",
        "old": "2024-03",
        "silent": "2024-05",
        "two": "2024-06",
    }
    assert found["arr"].to_dict() == {
        "before": 60,
        "card": 200,
        "old": 900,
        "silent": 40,
        "two": 1100,
    }
    # The line of 5000 stopped a month before; that of 700 gives a cause and no reason.
    assert found["reason"].to_dict() == {
        "before": "price",
        "card": "not recorded",
        "old": "price",
        "silent": "not recorded",
        "two": "price",
    }
    assert found.loc[["card", "two", "silent"], "ended"].tolist() == [
        "payment_failure",
        "voluntary",
        "not recorded",
    ]
    assert found.loc[["card", "two", "before", "old"], "age"].tolist() == [4, 12, 17, 50]
    assert found.loc[["card", "two", "old"], "tenure"].tolist() == [
        "0 to 5 months",
        "12 to 23 months",
        "36 months or more",
    ]
    bare = lines.drop(columns=["end_reason", "exit_reason"])
    assert set(departures(moves, bare)["reason"]) == {"not recorded"}


def test_the_month_of_a_departure_is_the_companys() -> None:
    # The first instant of March in Sydney.
    lines = frame([line("A", "2024-01-10", "2024-02-29 13:00", 100)])
    moves = movements(balances(lines, MONTHS, ZONE), MONTHS)
    found = departures(moves, lines.assign(exit_reason="price"), ZONE)
    assert found[["month", "reason"]].to_numpy().tolist() == [["2024-03", "price"]]


def test_churn_by_reason_segment_and_tenure() -> None:
    lines, moves = left()
    labels = pd.DataFrame(
        {
            "account_id": ["old", "two", "card", "before"],
            "segment": ["large", "small", "small", "large"],
        }
    )
    found = churn_by(moves, lines, labels, "2024-12")
    assert found[["reason", "segment", "tenure"]].to_numpy().tolist() == [
        ["price", "small", "12 to 23 months"],
        ["price", "large", "36 months or more"],
        ["not recorded", "small", "0 to 5 months"],
        ["not recorded", "", "0 to 5 months"],
        ["price", "large", "12 to 23 months"],
    ]
    assert found["arr"].tolist() == [1100, 900, 200, 40, 0]
    assert found["logos_before"].tolist() == [0, 0, 0, 0, 1]
    assert found["arr_change"].tolist() == [1100, 900, 200, 40, -60]
    assert found["logos_change"].tolist() == [1, 1, 1, 1, -1]
    assert found["running"].tolist() == pytest.approx(
        [x / 2240 for x in (1100, 2000, 2200, 2240, 2240)]
    )
    causes = churn_by(moves, lines, labels, "2024-12", by=["ended"]).set_index("ended")
    assert causes["arr"].to_dict() == {
        "voluntary": 2000,
        "payment_failure": 200,
        "not recorded": 40,
    }
    assert churn_by(moves[:0], lines, labels, "2024-12").empty


def test_a_change_needs_twenty_four_months() -> None:
    book = held({"A": [100, 0, 0] + [0] * 20, "B": [50] * 22 + [0]}, "2023-01")
    months = between("2023-01", "2024-11")
    labels = pd.DataFrame({"account_id": ["A", "B"], "segment": ["one", "one"]})
    moves = movements(book, months)
    found = churn_by(moves, frame([]), labels, "2024-11")
    assert found["arr"].tolist() == [50, 0]
    assert found[["logos_before", "arr_before", "logos_change", "arr_change"]].isna().all(axis=None)
    longer = movements(held({"A": [100] * 24 + [0]}, "2022-12"), between("2022-12", "2024-12"))
    assert churn_by(longer, frame([]), labels, "2024-12")["arr_change"].tolist() == [100]


@thorough
@given(ledgers())
def test_the_table_sums_to_the_churn_of_the_ledger(lines: pd.DataFrame) -> None:
    book = balances(lines, MONTHS, ZONE)
    moves = movements(book, MONTHS)
    told = lines.assign(exit_reason=lines["product"], end_reason=None)
    labels = pd.DataFrame({"account_id": list("ABC"), "segment": list("xyx")})
    for by in (["reason", "segment", "tenure"], ["segment"], ["ended"]):
        found = churn_by(moves, told, labels, MONTHS[-1], ZONE, by)
        assert found["arr"].sum() == ledger(book, MONTHS[-12:])["churn"].sum()
        recent = moves[moves["month"].isin(MONTHS[-12:])]
        assert found["logos"].sum() == (recent["kind"] == "churn").sum()


def test_who_came_back_and_after_how_long() -> None:
    book = held(
        {
            "A": [100, 0, 0, 0, 0, 60, 0, 80],
            "B": [50, 50, 0, 0, 0, 0, 0, 0],
            "C": [10, 20, 30, 0, 0, 0, 0, 40],
            "D": [0, 70, 0, 70, 70, 70, 70, 70],
        }
    )
    moves = movements(book, between("2024-01", "2024-08"))
    found = win_backs(moves)
    assert found.to_dict("list") == {
        "account_id": ["A", "A", "C", "D"],
        "month": ["2024-06", "2024-08", "2024-08", "2024-04"],
        "away": [4, 1, 4, 1],
        "lost": [100, 60, 30, 70],
        "arr": [60, 80, 40, 70],
    }
    table = win_backs_by_age(moves, "2024-08", months=3).set_index("away")
    assert table.index.tolist()[:2] == ["0 to 3 months", "4 to 6 months"]
    assert table["logos"].tolist() == [1, 2, 0, 0, 0]
    assert table["arr"].tolist() == [80, 100, 0, 0, 0]
    assert table["lost"].tolist() == [60, 130, 0, 0, 0]
    assert table["gone"].tolist() == [0, 1, 0, 0, 0]
    assert table["arr_gone"].tolist() == [0, 50, 0, 0, 0]
    # At the close of July, C has been away for three months, and A for none.
    july = win_backs_by_age(moves, "2024-07", months=3).set_index("away")
    assert july["gone"].tolist() == [2, 1, 0, 0, 0]
    assert win_backs(moves[:0]).empty
    assert win_backs_by_age(moves[:0], "2024-07")["gone"].tolist() == [0] * 5


@thorough
@given(ledgers())
def test_each_reactivation_is_a_win_back_and_ties_to_the_ledger(lines: pd.DataFrame) -> None:
    book = balances(lines, MONTHS, ZONE)
    moves = movements(book, MONTHS)
    table = win_backs_by_age(moves, MONTHS[-1])
    assert table["arr"].sum() == ledger(book, MONTHS[-12:])["reactivation"].sum()
    assert (win_backs(moves)["away"] >= 1).all()
    assert (win_backs(moves)["lost"] > 0).all()
    now = book[book["month"] == MONTHS[-1]]
    assert table["gone"].sum() == book["account_id"].nunique() - len(now)


def _facts(lines: pd.DataFrame, month: str) -> Facts:
    return Facts(month, "UTC", Policy(), {"contract_lines": lines}, pd.DataFrame())


def test_the_figures_of_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**REGISTRY, **{each.name: each for each in LIFETIME}}
    monkeypatch.setattr("metrics.registry.REGISTRY", everything)
    lines = frame(
        [
            line("long ago", "2020-01-01", "2022-06-01", 1000),
            line("long ago", "2024-02-01", None, 400),
            line("new", "2024-05-01", None, 300),
            line("lost", "2021-01-01", "2024-04-15", 200),
            line("before", "2021-01-01", "2023-06-15", 5000),
        ]
    )
    found = figures(_facts(lines, "2024-06"))
    assert (found["quick_ratio"].value, found["quick_ratio"].n) == (3.5, 3)
    assert (found["won_back_arr"].value, found["won_back_arr"].n) == (400, 1)
    assert "reactivation is counted" in found["quick_ratio"].policy
    # A year later nothing has been lost in twelve months.
    later = figures(_facts(lines, "2025-12"))
    assert (later["quick_ratio"].value, later["won_back_arr"].value) == (None, 0)
    assert NO_LOSSES in later["quick_ratio"].policy
    assert figures(_facts(frame([]), "2024-06"))["quick_ratio"].value is None


@pytest.mark.parametrize("each", LIFETIME, ids=lambda each: each.name)
def test_an_entry_says_everything_and_its_example_adds_up(each: Any) -> None:
    said = {k: v for k, v in asdict(each).items() if k != "target"}
    assert all(isinstance(v, str) and v.strip() for v in said.values())
    assert re.fullmatch(r"[a-z_]+", each.name)
    assert each.policy.format(**Policy().model_dump())
    sum_, result = each.example.split(" = ")
    places = len(result.partition(".")[2])
    names = {node.id for node in ast.walk(ast.parse(sum_)) if isinstance(node, ast.Name)}
    assert names <= {"max", "min"}
    assert round(eval(sum_, {"max": max, "min": min}), places) == float(result)


def test_the_names_are_those_asked_for_and_new() -> None:
    assert {each.name for each in LIFETIME} == {
        "quick_ratio",
        "won_back_arr",
        "customer_lifetime_value",
        "customer_lifetime_value_naive",
        "customer_half_life",
        "early_churn_share",
        "top_ten_share",
        "effective_customers",
    }
