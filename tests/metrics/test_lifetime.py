from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrics.arr import history
from metrics.cohorts import lives
from metrics.definitions.lifetime import LIFETIME
from metrics.facts import Facts
from metrics.lifetime import (
    ASSUMED,
    STRIPE_FLOOR,
    by_group,
    curves,
    figures,
    hazards,
    lifetime_value,
    naive,
    path,
    worth,
)
from metrics.policy import Policy
from metrics.registry import REGISTRY
from metrics.shifted_geometric import LARGEST, Shifted, fit, fit_survivors, project
from tests.metrics.ledgers import frame, line

TOLD = json.loads((Path(__file__).parent / "oracles.json").read_text("utf-8"))
NOW = datetime(2024, 1, 1)


def oracle(number: int) -> dict[str, Any]:
    (found,) = [each for each in TOLD if each["id"].startswith(f"ORA-{number:02d} ")]
    return found


def followed(lost: dict[float, int], kept: dict[float, int]) -> pd.DataFrame:
    """Lives that ended at a whole month, seen for ten years, and others seen for so many months."""
    months = [m for m, n in lost.items() for _ in range(n)]
    watched = [m for m, n in kept.items() for _ in range(n)]
    table = pd.DataFrame(
        {
            "account_id": [f"A{i:04d}" for i in range(len(months) + len(watched))],
            "months": np.array(months + watched, dtype="float64"),
            "seen": np.array([120.0] * len(months) + watched, dtype="float64"),
            "lost": [True] * len(months) + [False] * len(watched),
        }
    )
    return table.assign(days=table["months"] * 30.5)


def test_four_renewals_of_a_thousand_customers() -> None:
    told = oracle(17)
    expected, survivors = told["expected"], told["input"]["survivors"]
    model = fit_survivors(survivors)
    assert model is not None
    assert round(model.alpha, 4) == expected["alpha"]
    assert round(model.beta, 4) == expected["beta"]
    assert round(model.loglik, 2) == expected["loglik"]
    assert model.n == survivors[0]
    later = project(model, survivors[0], 4, 4)
    assert np.round(later, 1).tolist() == pytest.approx(expected["survivors_t5_t8"], abs=0.051)


@pytest.mark.parametrize("which", ["regular", "high_end"])
def test_seven_renewals_of_two_kinds_of_customer(which: str) -> None:
    told = oracle(18)
    model = fit_survivors(told["input"][which])
    assert model is not None
    assert round(model.alpha, 3) == told["expected"][which]["alpha"]
    assert round(model.beta, 3) == told["expected"][which]["beta"]


def test_the_model_is_fitted_to_cohorts_of_several_ages_at_once() -> None:
    old, young = [1000, 631, 468, 382, 326], [500, 316, 234]
    lost = -np.diff(old) + np.append(-np.diff(young), [0, 0])
    both = fit(lost, [0, young[-1], 0, old[-1]])
    one = fit_survivors(old)
    assert both is not None
    assert one is not None
    assert both.n == 1500
    assert both.alpha == pytest.approx(one.alpha, rel=0.05)
    # Those of the young cohort who stayed have not left at a third renewal: they never faced it.
    assert both.survival(4) == pytest.approx(one.survival(4), abs=0.01)


def test_where_two_parameters_cannot_be_told_apart_there_is_no_model() -> None:
    assert fit_survivors([100, 90]) is None
    assert fit_survivors([100, 100, 100]) is None
    assert fit_survivors([100, 0, 0]) is None
    assert fit_survivors([100]) is None
    assert fit_survivors([]) is None
    assert fit([], []) is None


@pytest.mark.parametrize(("alpha", "beta"), [(6.9, 8.5), (0.2, 13.0), (5.0, 0.4), (30.0, 300.0)])
def test_a_model_is_found_again_from_what_it_says(alpha: float, beta: float) -> None:
    said = 1e7 * Shifted(alpha, beta, 0.0, 1).survival(np.arange(7))
    model = fit_survivors(np.round(said).astype(int).tolist())
    assert model is not None
    assert (model.alpha, model.beta) == pytest.approx((alpha, beta), rel=0.01)


def test_a_chance_of_leaving_that_does_not_fall_is_one_and_the_same_for_all() -> None:
    model = fit_survivors([1000, 900, 700, 400])
    assert model is not None
    assert max(model.alpha, model.beta) == pytest.approx(LARGEST)
    # 600 of 2600 left, over three renewals: the geometric model's own estimate.
    assert model.retention([1, 3]) == pytest.approx([20 / 26] * 2, rel=2e-3)


def test_a_cohort_renews_better_as_it_ages_and_its_survival_is_the_product() -> None:
    model = Shifted(0.7, 1.3, 0.0, 1)
    rates = model.retention(np.arange(1, 9))
    assert (np.diff(rates) > 0).all()
    assert model.survival(np.arange(1, 9)) == pytest.approx(np.cumprod(rates))
    assert model.survival(0) == 1


def test_worth_by_hand() -> None:
    assert worth([1, 0.5], 100, {"margin": 0.8, "discount": 0.1}) == pytest.approx(
        80 + 40 / 1.1 ** (1 / 12)
    )
    # Twelve months apart is one year's discount.
    share = np.zeros(13)
    share[12] = 1
    assert worth(share, 110, {"margin": 1, "discount": 0.1}) == pytest.approx(100)


def test_the_proper_value_at_a_steady_churn_without_discount_is_the_naive_one() -> None:
    share = 0.95 ** np.arange(2000)
    proper = worth(share, 1000, {"margin": 0.8, "discount": 0.0})
    assert proper == pytest.approx(naive(1000, 0.05, 0.8))
    assert worth(share[:60], 1000, {"margin": 0.8, "discount": 0.0}) < proper
    assert worth(share, 1000, {"margin": 0.8, "discount": 0.1}) < proper


def test_the_naive_value_breaks_without_churn() -> None:
    assert naive(1000, 0.0, 0.8) is None
    assert naive(None, 0.1, 0.8) is None
    assert naive(1000, None, 0.8, STRIPE_FLOOR) is None
    assert naive(1000, 0.0, 0.8, STRIPE_FLOOR) == pytest.approx(1000 * 0.8 * 60)
    assert naive(1000, 0.001, 0.8, STRIPE_FLOOR) == pytest.approx(1000 * 0.8 * 60)
    assert naive(1000, 0.02, 0.8, STRIPE_FLOOR) == naive(1000, 0.02, 0.8)
    assert round(STRIPE_FLOOR, 4) == 0.0167


def test_a_path_is_the_curve_as_far_as_it_was_seen() -> None:
    table = followed({12: 20, 24: 10}, {24: 30, 70: 40})
    found = path(table, extend=False)
    assert len(found) == 60
    assert found["share"][[0, 11, 12, 23, 24, 59]].tolist() == pytest.approx(
        [1, 1, 0.8, 0.8, 0.7, 0.7]
    )
    assert (found["low"] <= found["share"]).all()
    assert (found["share"] <= found["high"]).all()
    assert found.loc[12, "low"] < 0.8 < found.loc[12, "high"]
    assert not found["projected"].any()


def test_beyond_the_last_month_seen_it_is_projected_only_where_asked() -> None:
    table = followed({12: 369, 24: 163, 36: 86, 48: 56}, {48: 326})
    table["seen"] = 48.0
    assert len(path(table, extend=False)) == 49
    found = path(table)
    assert found["projected"].sum() == 11
    # The curve stands on its own last value, and holds until the next renewal, in month 60.
    assert (found["share"][48:] == found["share"][48]).all()
    longer = path(table, 97)
    expected = oracle(17)["expected"]["survivors_t5_t8"]
    model = fit_survivors(oracle(17)["input"]["survivors"])
    assert model is not None
    scale = 0.326 / model.survival(4) / 1000
    assert longer["share"][[60, 72, 84, 96]].tolist() == pytest.approx(
        [each * scale for each in expected], rel=2e-4
    )
    assert (longer["low"][96] / longer["low"][48]) == pytest.approx(
        longer["share"][96] / longer["share"][48]
    )


def test_a_renewal_counts_once_all_of_its_period_was_seen() -> None:
    # Lost before a renewal is lost at it; of a year not over yet nobody is told.
    table = followed({5: 200, 12: 169, 24: 100, 25: 30}, {11: 50, 20: 300, 26: 400})
    table.loc[table["months"] == 25, "seen"] = 26.0
    found = path(table, 37)
    model = fit([369, 100], [300, 430])
    assert model is not None
    falls = model.survival([2, 3]) / model.survival(2)
    assert found["projected"].sum() == 10
    assert found["share"][[35, 36]].tolist() == pytest.approx(found["share"][26] * falls)


def test_a_curve_is_not_read_where_few_were_followed() -> None:
    few = followed({12: 5}, {100: 4})
    assert path(few).empty
    many = followed({12: 10, 30: 10}, {20: 100, 90: 9})
    many["seen"] = [40.0] * 20 + [20.0] * 100 + [90.0] * 9
    assert path(many, extend=False).index[-1] == 40
    nobody_left = followed({12: 30, 24: 30}, {})
    found = path(nobody_left, extend=False)
    assert len(found) == 60
    assert found["share"].iloc[-1] == 0


def test_nothing_can_be_projected_where_nobody_left() -> None:
    found = path(followed({}, {24: 30}))
    assert len(found) == 25
    assert (found["share"] == 1).all()
    assert not path(followed({}, {})).size


def book() -> pd.DataFrame:
    """Forty accounts since 2015: a quarter leave after one year, an eighth after two.

    Large ones (every second) pay ten times as much, and all leavers are small.
    """
    rows = []
    for i in range(40):
        small = i % 2 == 0
        year = 2016 if i % 4 == 0 else 2017 if i % 8 == 2 else None
        end = f"{year}-01-01" if year else None
        rows.append(line(f"A{i:02d}", "2015-01-01", end, 12_000 if small else 120_000))
    return frame(rows)


def test_what_a_customer_is_worth() -> None:
    lines = book()
    table, held = lives(lines, NOW, 30), history(lines, "2023-12")
    found = lifetime_value(table, held, "2023-12")
    assert (found.n, found.lost, found.customers) == (40, 15, 25)
    assert found.arpa == pytest.approx((20 * 10_000 + 5 * 1_000) / 25)
    share = np.repeat([1, 0.75, 0.625], [12, 12, 36])
    assert found.value == round(worth(share, found.arpa or 0, ASSUMED))
    assert found.low is not None
    assert found.high is not None
    assert found.low < (found.value or 0) < found.high
    assert found.projected == 0
    # Nobody left in the last twelve months.
    assert (found.churn, found.naive, found.naive_high) == (0.0, None, None)
    assert found.naive_low is not None
    assert found.floored == round((found.arpa or 0) * 0.8 * 60)
    dear = lifetime_value(table, held, "2023-12", {"margin": 0.4, "discount": 0.10})
    assert dear.value == pytest.approx((found.value or 0) / 2, abs=1)


def test_the_naive_value_takes_the_losses_of_twelve_months() -> None:
    lines = book()
    held = history(lines, "2016-06")
    found = lifetime_value(lives(lines, datetime(2016, 7, 1), 30), held, "2016-06")
    # 40 customers face each of the months July to January, 30 each of the five after.
    assert found.churn == pytest.approx(10 / (40 * 7 + 30 * 5))
    assert found.naive == round((found.arpa or 0) * 0.8 / (found.churn or 1))
    assert (found.naive_low or 0) < (found.naive or 0) < (found.naive_high or 0)
    assert found.value is None


def test_values_by_group_with_those_without_a_label_a_group_of_their_own() -> None:
    lines = book()
    table, held = lives(lines, NOW, 30), history(lines, "2023-12")
    size = ["small" if i % 2 == 0 else "large" for i in range(39)]
    labels = pd.DataFrame({"account_id": [f"A{i:02d}" for i in range(39)], "size": size})
    found = by_group(table, held, "2023-12", labels, "size").set_index("size")
    assert found.index.tolist() == ["", "large", "small"]
    assert found["n"].tolist() == [1, 19, 20]
    assert found["customers"].tolist() == [1, 19, 5]
    assert pd.isna(found.loc["", "value"])
    assert found["naive_high"].isna().all()
    share = np.repeat([1, 0.5, 0.25], [12, 12, 36])
    assert found.loc["small", "value"] == round(worth(share, 1_000))
    assert found.loc["large", "value"] == round(worth(np.ones(60), 10_000))
    # All together are worth more than the groups say: who is left pays more.
    whole = lifetime_value(table, held, "2023-12").value or 0
    assert whole > found.loc[["large", "small"], "value"].mean()
    drawn = curves(table, labels, "size")
    assert drawn.loc[drawn["size"] == "small", "share"].tolist()[:2] == [0.5, 0.25]
    assert drawn.groupby("size")["n"].first().to_dict() == {"": 1, "large": 19, "small": 20}
    assert curves(table[:0], labels, "size").empty
    assert by_group(table[:0], held[:0], "2023-12", labels, "size").empty


def test_hazards_count_those_followed_to_the_end_of_the_month() -> None:
    table = followed({1: 2, 12: 3}, {0: 5, 11.5: 4, 12: 6, 20: 10})
    table.loc[table["lost"], "seen"] = 30.0
    table.loc[0, "months"] = 0.4
    found = hazards(table, 13).set_index("month")
    assert found.index.tolist() == list(range(1, 14))
    assert found.loc[[1, 11, 12, 13], "at_risk"].tolist() == [25, 23, 19, 10]
    assert found.loc[[1, 2, 12, 13], "lost"].tolist() == [2, 0, 3, 0]
    assert found.loc[12, "share"] == pytest.approx(3 / 19)
    assert found.loc[12, "low"] < 3 / 19 < found.loc[12, "high"]
    # One lost in a month not over yet says nothing about it: others may still be lost in it.
    young = followed({2: 1}, {5: 3})
    young.loc[0, "seen"] = 1.9
    assert hazards(young, 3)["lost"].tolist() == [0, 0, 0]
    assert hazards(young[:0], 2)["share"].isna().all()


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**REGISTRY, **{each.name: each for each in LIFETIME}}
    monkeypatch.setattr("metrics.registry.REGISTRY", everything)


@pytest.mark.usefixtures("_registered")
def test_the_figures_of_a_month() -> None:
    def at(month: str, lines: pd.DataFrame) -> Facts:
        return Facts(month, "UTC", Policy(), {"contract_lines": lines}, pd.DataFrame())

    found = figures(at("2023-12", book()))
    assert {k: v.n for k, v in found.items()} == {
        "customer_lifetime_value": 40,
        "customer_lifetime_value_naive": 25,
        "customer_half_life": 40,
    }
    value = found["customer_lifetime_value"]
    table, held = lives(book(), NOW, 30), history(book(), "2023-12")
    assert value.value == lifetime_value(table, held, "2023-12").value
    assert "assumed: a margin of 80%" in value.policy
    assert found["customer_half_life"].value is None
    large = figures(replace(at("2023-12", book()), policy=Policy(margin=0.4)))
    assert large["customer_lifetime_value"].value == pytest.approx((value.value or 0) / 2, abs=1)
    small = book().query("arr < 100_000")
    half = figures(at("2023-12", small))["customer_half_life"]
    assert (half.value, half.n, half.low) == (365, 20, 365)
    assert {v.value for v in figures(at("2014-06", book())).values()} == {None}
    assert {v.value for v in figures(at("2014-06", frame([]))).values()} == {None}
