"""Answers that others have published, or that can be redone by hand, reached through this floor.

``oracles.json`` holds each example with its source. Where a page gives only
totals, accounts with those totals stand in for its customers.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metrics.arr import balances, stops
from metrics.movements import ledger, movements
from metrics.renewals import due, totals
from metrics.retention import annual, trailing
from tests.metrics.ledgers import frame, held, line
from warehouse.months import between

TOLD = json.loads((Path(__file__).parent / "oracles.json").read_text("utf-8"))


def oracle(number: int) -> dict[str, Any]:
    (found,) = [each for each in TOLD if each["id"].startswith(f"ORA-{number:02d} ")]
    return found


def test_gross_and_net_churn() -> None:
    given, expected = oracle(1)["input"], oracle(1)["expected"]
    found = trailing(
        held({"gone": [given["churn"], 0], "less": [20, 10], "more": [70, 80]}), "2024-02", 1
    )
    assert (found.opening, found.churn) == (given["start_mrr"], given["churn"])
    assert (found.contraction, found.expansion) == (given["contraction"], given["expansion"])
    assert found.grr == pytest.approx(1 - expected["gross_mrr_churn"])
    assert found.nrr == pytest.approx(1 - expected["net_mrr_churn"])


def test_a_closed_cohort_of_a_hundred() -> None:
    given, expected = oracle(3)["input"], oracle(3)["expected"]
    gone, grown, cut = (given[k] for k in ("churned_logos", "expanded_logos", "contracted_logos"))
    flat = given["customers"] - gone - grown - cut
    each = (given["start_arr"] - given["churn"]) // (grown + cut + flat)
    rest = given["start_arr"] - given["churn"] - each * (grown + cut + flat)
    book = {f"gone{i}": [given["churn"] // gone, 0] for i in range(gone)}
    book |= {f"up{i}": [each, each + given["expansion"] // grown] for i in range(grown)}
    book |= {f"cut{i}": [each, each - given["contraction"] // cut] for i in range(cut)}
    book |= {f"flat{i}": [each + rest * (i == 0)] * 2 for i in range(flat)}
    found = trailing(held(book), "2024-02", 1)
    assert (found.n, found.opening) == (given["customers"], given["start_arr"])
    assert found.closing == expected["end_arr"]
    assert found.nrr == pytest.approx(expected["nrr"])
    assert (found.grr, found.logo) == (pytest.approx(0.95), pytest.approx(0.90))


def test_gross_beside_net() -> None:
    given = {k: round(v * 1000) for k, v in oracle(4)["input"].items()}
    less, lost, more = given["contraction"], given["churn"], given["expansion"]
    book = {"gone": [lost, 0], "cut": [2 * less, less]}
    flat = given["start"] - lost - 2 * less
    found = trailing(held(book | {"up": [flat, flat + more]}), "2024-02", 1)
    assert found.grr == pytest.approx(oracle(4)["expected"]["grr"])
    assert found.nrr == pytest.approx(oracle(4)["expected"]["nrr"])


def test_a_renewal_rate_is_not_a_retention_rate() -> None:
    given, expected = oracle(5)["input"], oracle(5)["expected"]
    exposed, renewed = given["exposed_arr"], given["renewed_arr"]
    lines = frame(
        [
            line("later", "2023-07-01", "2026-07-01", given["base_arr"] - exposed),
            line("stays", "2023-03-15", "2024-03-15", renewed),
            line("stays", "2024-03-15", "2025-03-15", renewed),
            line("leaves", "2023-03-15", "2024-03-15", exposed - renewed),
        ]
    )
    found = totals(due(lines, datetime(2024, 1, 1), datetime(2024, 4, 1)))
    assert (found.arr, found.rate) == (exposed, pytest.approx(expected["renewal_rate"]))
    kept = trailing(balances(lines, between("2023-12", "2024-03")), "2024-03", 3)
    assert kept.grr == pytest.approx(expected["retention_rate"])


def test_the_movements_of_a_plan_bought_added_to_dropped_ended_and_taken_up_again() -> None:
    told = oracle(8)["expected"]
    lines = frame(
        [
            line("A", "2023-01-10", "2024-01-10", 2000_00, product="gold"),
            line("A", "2023-03-10", None, 60_00 * 12, product="silver")
            | {"ended_on": pd.Timestamp("2023-06-20"), "cancelled_at": pd.Timestamp("2023-06-20")},
            line("A", "2024-04-10", None, 150_00 * 12, product="gold"),
        ]
    )
    months = between("2022-12", "2024-06")
    moves = movements(balances(lines, months), months)
    assert moves["kind"].tolist() == [each["type"] for each in told]
    monthly = (moves["amount"] / 12 / 100).round(2)
    assert monthly.tolist() == [each["mrr"] for each in told]
    # Churn falls at the end of what was paid for, not when the last product was given up.
    assert moves.loc[moves["kind"] == "churn", "month"].tolist() == ["2024-01"]


def test_churn_is_dated_at_the_end_of_paid_service() -> None:
    given = oracle(9)["input"]
    paid, told = (
        pd.to_datetime(f"2024-{given[k]}", format="%Y-%b-%d") for k in ("paid_through", "cancel")
    )
    row = line("A", "2024-04-15", None, given["mrr"] * 12, ended_on=paid, cancelled_at=told)
    assert (
        stops(frame([row]))[0].strftime("%b-%d") == oracle(9)["expected"]["profitwell_churn_date"]
    )


def test_a_loss_counts_where_the_number_of_customers_falls() -> None:
    given, expected = oracle(10)["input"], oracle(10)["expected"]
    active, new = given["active"], given["new"]
    base = {f"stays{i}": [1] * len(active) for i in range(min(active))}
    balances_ = held(base | {"comes and goes": [a - min(active) for a in active]})
    months = between("2024-02", "2024-06")
    moves = movements(balances_, months)
    count = moves.groupby(["month", "kind"]).size().unstack(fill_value=0).reindex(months)
    assert count["churn"].fillna(0).tolist() == expected["churned_after_fix"][1:]
    assert count["new"].fillna(0).tolist() == new[1:]


@pytest.mark.parametrize("i", range(4))
def test_a_year_of_monthly_churn(i: int) -> None:
    told = oracle(15)
    assert round(annual(told["input"]["monthly"][i]), 4) == told["expected"]["annual"][i]


def test_one_ledger_point_to_point() -> None:
    given, expected = oracle(28)["input"], oracle(28)["expected"]
    book = held(given)
    found = trailing(book, "2025-01")
    assert (found.opening, found.n) == (expected["opening"], 5)
    assert found.nrr == pytest.approx(expected["nrr_point_to_point_ttm"])
    assert found.grr == pytest.approx(expected["grr_point_to_point_ttm"])
    assert found.logo == pytest.approx(expected["logo_point_to_point"])
    walk = ledger(book, between("2024-02", "2025-01"))
    assert walk["opening"].iloc[0] == expected["opening"]
    assert walk["closing"].iloc[-1] == expected["closing"]
    assert {k: walk[k].sum() for k in expected["movements"]} == expected["movements"]


def test_an_escalator_counts_on_the_whole_base() -> None:
    given, expected = oracle(29)["input"], oracle(29)["expected"]
    found = trailing(held({k: [v["arr0"], v["arr1"]] for k, v in given.items()}), "2024-02", 1)
    assert found.nrr == pytest.approx(expected["total_base_nrr"])
    assert found.grr == pytest.approx(expected["total_base_grr"])
    assert found.expansion == expected["escalator_line"]


SHARED = Path(__file__).resolve().parents[3] / "shared" / "mission" / "oracles.json"


@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} does not exist")
def test_the_answers_are_those_that_were_collected() -> None:
    assert json.loads(SHARED.read_text("utf-8")) == TOLD


def test_every_answer_is_held_against_this_floor() -> None:
    here = Path(__file__).parent
    text = "".join(file.read_text("utf-8") for file in sorted(here.glob("test_*.py")))
    asked = {int(number) for number in re.findall(r"oracle\((\d+)\)", text)}
    for numbers in re.findall(r'parametrize\("number", \[([\d, ]+)\]\)', text):
        asked |= {int(number) for number in numbers.split(",")}
    assert asked == set(range(1, 30))
