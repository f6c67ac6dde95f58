"""Contributions of trees: by hand, by every coalition, and as XGBoost computes them."""

from __future__ import annotations

import json
from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost as xgb

from models import booster, shapley

FEATURES = 6


def company(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows with unknown values, a column of few values, and one that is never known."""
    draw = np.random.default_rng(11)
    values = draw.normal(size=(rows, FEATURES))
    values[:, 1] = draw.integers(0, 3, rows)
    values[draw.random(values.shape) < 0.2] = np.nan
    values[:, 5] = np.nan
    odds = np.nan_to_num(values[:, 0]) * np.nan_to_num(values[:, 1]) + np.nan_to_num(values[:, 2])
    return values, (odds + draw.normal(size=rows) > 0.5).astype(np.float64)


def grown(depth: int, rounds: int) -> tuple[np.ndarray, xgb.Booster]:
    values, outcome = company(1_500)
    settings = booster.SETTINGS | {"max_depth": depth, "eta": 0.3}
    return values, booster.load(booster.fit(values, outcome, 3, rounds, settings))


def expected(tree: dict, row: np.ndarray, known: frozenset[int], node: int = 0) -> float:
    """What a tree says of a row of which only some features are known, by its own covers."""
    left, right = tree["left_children"][node], tree["right_children"][node]
    if left < 0:
        return float(np.float32(tree["split_conditions"][node]))
    feature = tree["split_indices"][node]
    if feature in known:
        value = np.float32(row[feature])
        goes_left = (
            tree["default_left"][node]
            if np.isnan(value)
            else value < np.float32(tree["split_conditions"][node])
        )
        return expected(tree, row, known, left if goes_left else right)
    cover = tree["sum_hessian"]
    return (
        cover[left] * expected(tree, row, known, left)
        + cover[right] * expected(tree, row, known, right)
    ) / cover[node]


def by_coalitions(model: xgb.Booster, row: np.ndarray) -> list[float]:
    """Shapley values from their definition, over all 64 sets of features."""
    trees = json.loads(model.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    worth = {
        frozenset(chosen): sum(expected(tree, row, frozenset(chosen)) for tree in trees)
        for size in range(FEATURES + 1)
        for chosen in combinations(range(FEATURES), size)
    }
    found = []
    for one in range(FEATURES):
        total = 0.0
        for without in worth:
            if one not in without:
                share = factorial(len(without)) * factorial(FEATURES - len(without) - 1)
                total += share / factorial(FEATURES) * (worth[without | {one}] - worth[without])
        found.append(total)
    return found


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_they_are_shapley_values_by_every_coalition(depth: int) -> None:
    values, model = grown(depth, rounds=12)
    parts = shapley.contributions([shapley.worth(model)], values[:40])
    for row, told in zip(values[:40], parts, strict=True):
        assert told[:-1] == pytest.approx(by_coalitions(model, row), abs=1e-12)


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_they_are_what_xgboost_computes_one_row_at_a_time(depth: int) -> None:
    values, model = grown(depth, rounds=60)
    rows = np.vstack([values] * 6)  # more than are looked up at once
    theirs = model.predict(xgb.DMatrix(rows.astype(np.float32)), pred_contribs=True)
    assert shapley.contributions([shapley.worth(model)], rows) == pytest.approx(theirs, abs=2e-5)


def test_a_row_sums_to_its_margin() -> None:
    values, model = grown(depth=3, rounds=60)
    parts = shapley.contributions([shapley.worth(model)], values)
    assert parts.sum(axis=1) == pytest.approx(booster.margins([model], values), abs=1e-5)


def test_a_value_on_the_threshold_goes_right_as_in_the_tree() -> None:
    values, outcome = np.array([[0.1], [0.2]] * 50), np.array([0.0, 1.0] * 50)
    settings = booster.SETTINGS | {"min_child_weight": 0, "subsample": 1, "colsample_bytree": 1}
    model = booster.load(booster.fit(values, outcome, 1, 1, settings))
    tree = model.get_dump(with_stats=True)[0]
    below = np.float32(tree.split("<")[1].split("]")[0])
    at = np.array([[below], [np.nextafter(below, np.float32(0))]], dtype=np.float64)
    parts = shapley.contributions([shapley.worth(model)], at)
    assert parts[0, 0] > 0 > parts[1, 0]


def test_a_booster_that_never_split_has_only_a_bias() -> None:
    values = np.ones((50, 2))
    model = booster.load(booster.fit(values, np.array([0.0, 1.0] * 25), 1, 5))
    parts = shapley.contributions([shapley.worth(model)], values)
    assert (parts[:, :-1] == 0).all()
    assert parts[:, -1] == pytest.approx(booster.margins([model], values), abs=1e-6)


def test_no_rows_have_no_contributions() -> None:
    _, model = grown(depth=3, rounds=2)
    assert shapley.contributions([shapley.worth(model)], np.zeros((0, FEATURES))).shape == (0, 7)
