"""Drift: a shift is found, luck is not, and a source that stopped is called broken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.drift import BROKEN, MOVED, STEADY, drift
from warehouse.errors import InputMissing

SEEDS = range(50)


def drawn(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Features as they come: even, skewed, mostly nought, rare, partly unknown, always the same."""
    even = rng.normal(size=rows)
    return pd.DataFrame(
        {
            "even": even,
            "money": np.exp(rng.normal(10, 2, size=rows)),
            "count": rng.poisson(0.3, size=rows).astype(float),
            "flag": (rng.random(rows) < 0.03).astype(float),
            "sparse": np.where(rng.random(rows) < 0.1, even, np.nan),
            "same": np.full(rows, 3.0),
        }
    )


@pytest.mark.parametrize("rows", [40, 2000])
def test_luck_is_not_drift(rows: int) -> None:
    alarms = checked = 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        verdicts = drift(drawn(rng, 3000), drawn(rng, rows))["verdict"]
        alarms += int((verdicts != STEADY).sum())
        checked += len(verdicts)
    assert checked == 300
    assert alarms <= 2


@pytest.mark.parametrize("rows", [40, 2000])
def test_a_shift_is_found(rows: int) -> None:
    found = 0
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        then, now = drawn(rng, 3000), drawn(rng, rows)
        table = drift(then, now.assign(even=now["even"] + 1.3))
        found += table.loc["even", "verdict"] == MOVED
        if rows == 2000:  # the others did not move with it
            assert (table["verdict"].drop("even") == STEADY).all()
    assert found >= 48


def test_psi_without_drift_is_what_is_expected() -> None:
    for rows in (40, 2000):
        told = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            told.append(drift(drawn(rng, 3000), drawn(rng, rows)).loc["even"])
        mean = np.mean([row["psi"] for row in told])
        assert told[0]["expected"] == pytest.approx(9 * (1 / 3000 + 1 / rows))
        assert mean == pytest.approx(told[0]["expected"], rel=0.3)


def test_psi_is_the_formula() -> None:
    """Half of two classes, then a quarter and three quarters; half a count in each class."""
    then = pd.DataFrame({"flag": [0.0, 1.0] * 500})
    now = pd.DataFrame({"flag": [0.0, 1.0, 1.0, 1.0] * 250})
    p, q = np.array([500.5, 500.5]) / 1001, np.array([250.5, 750.5]) / 1001
    row = drift(then, now).loc["flag"]
    assert row["psi"] == pytest.approx(float(np.sum((q - p) * np.log(q / p))))
    assert row["verdict"] == MOVED


def test_a_value_training_had_throughout_and_now_another_moves() -> None:
    then, now = pd.DataFrame({"same": [3.0] * 400}), pd.DataFrame({"same": [1.0, 2.0] * 50})
    assert drift(then, now).loc["same", "verdict"] == MOVED
    assert drift(then, now * 0 + 1).loc["same", "verdict"] == BROKEN
    assert drift(then, now * 0 + 3).loc["same", "verdict"] == STEADY


@pytest.mark.parametrize("rows", [40, 2000])
def test_a_vanished_column_is_broken_and_so_is_an_emptied_one(rows: int) -> None:
    rng = np.random.default_rng(1)
    then, now = drawn(rng, 3000), drawn(rng, rows)
    gone = drift(then, now.drop(columns="sparse"))
    assert gone.loc["sparse", "verdict"] == BROKEN
    assert "table" in gone.loc["sparse", "advice"]
    assert gone.loc["sparse", "known_now"] == 0
    assert (gone["verdict"].drop("sparse") == STEADY).all()
    thin = drift(then, now.assign(even=now["even"].where(np.arange(rows) < 0.4 * rows)))
    assert thin.loc["even", ["known_then", "known_now", "verdict"]].to_list() == [1, 0.4, BROKEN]


def test_what_became_constant_is_broken() -> None:
    rng = np.random.default_rng(1)
    then, now = drawn(rng, 3000), drawn(rng, 40)
    table = drift(then, now.assign(even=0.0, flag=0.0))
    assert table.loc["even", "verdict"] == BROKEN
    assert "Every known value is 0" in table.loc["even", "advice"]
    assert table.loc["flag", "verdict"] == STEADY  # forty noughts where 97 % are is no wonder


def test_a_change_of_who_is_known_moves() -> None:
    rng = np.random.default_rng(1)
    then, now = drawn(rng, 3000), drawn(rng, 2000)
    row = drift(then, now.assign(even=now["even"].mask(rng.random(2000) < 0.3))).loc["even"]
    assert row["verdict"] == MOVED
    assert "70% of accounts now" in row["advice"] or "known for" in row["advice"]


def test_words_have_a_class_each() -> None:
    rng = np.random.default_rng(4)

    def words(rows: int, shares: list[float]) -> pd.DataFrame:
        chosen = rng.choice(["basic", "pro", "titan"], p=shares, size=rows)
        return pd.DataFrame({"main_product": pd.Series(chosen, dtype="str")})

    then = words(2000, [0.6, 0.4, 0.0])
    assert drift(then, words(300, [0.6, 0.4, 0.0])).loc["main_product", "verdict"] == STEADY
    assert drift(then, words(300, [0.2, 0.8, 0.0])).loc["main_product", "verdict"] == MOVED
    renamed = drift(then, words(300, [0.6, 0.0, 0.4])).loc["main_product"]
    assert renamed["verdict"] == MOVED
    assert "renamed" in renamed["advice"]


def test_nothing_to_compare_is_refused() -> None:
    rows = pd.DataFrame({"even": [1.0, 2.0]})
    with pytest.raises(InputMissing, match="2 rows of training and 0 now"):
        drift(rows, rows.iloc[:0])
    with pytest.raises(InputMissing, match="0 rows of training"):
        drift(rows.iloc[:0], rows)
