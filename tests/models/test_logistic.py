"""Logistic regression: straight lines, the unknown, how hard to pull, and who adds what."""

from __future__ import annotations

import numpy as np
import pytest

from models.logistic import PENALTIES, Logistic, penalty


def test_logistic_regression_finds_a_line_and_survives_the_unknown() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(800, 4))
    outcome = (rng.random(800) < 1 / (1 + np.exp(-2 * values[:, 0]))).astype(float)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 2] = 3.0  # constant
    values[:, 3] = np.nan  # never known
    fitted = Logistic.fit(values, outcome)
    low, unknown, high = fitted.predict(
        np.array([[-2, 0, 3, np.nan], [np.nan] * 4, [2, 0, 3, np.nan]])
    )
    assert low < 0.15 < unknown < 0.85 < high
    # A value beyond anything seen is far, not infinitely far.
    wild = fitted.predict(np.array([[1e12, 0, 3, np.nan]]))
    assert wild[0] < 1


def test_logistic_regression_takes_centre_and_spread_from_training_only() -> None:
    rng = np.random.default_rng(6)
    values, outcome = rng.normal(size=(300, 2)), rng.integers(0, 2, 300).astype(float)
    fitted = Logistic.fit(values, outcome)
    alone = fitted.predict(values[:1])
    beside = fitted.predict(np.vstack([values[:1], 1e6 * np.ones((50, 2))]))[:1]
    assert alone == pytest.approx(beside, abs=0)
    assert fitted.centre == pytest.approx(np.median(values, axis=0))


def seen(rows: int = 900, columns: int = 4, seed: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Values, a tenth unknown, of which the first column alone matters; and outcomes."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, columns))
    outcome = (rng.random(rows) < 1 / (1 + np.exp(1.5 - 2 * values[:, 0]))).astype(float)
    return np.where(rng.random(values.shape) < 0.1, np.nan, values), outcome


def test_contributions_add_up_and_are_measured_from_the_mean() -> None:
    values, outcome = seen()
    fitted = Logistic.fit(values, outcome)
    parts = fitted.contributions(values)
    assert parts.shape == (900, 5)
    assert parts.sum(axis=1) == pytest.approx(fitted.margins(values), abs=1e-9)
    assert parts[:, :4].mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)
    assert np.ptp(parts[:, 4]) == 0
    # Against brute force: a column's value is what the margin changes by when it alone is known.
    one = np.where(np.arange(4) == 0, values[0], values[1])[None, :]
    moved = fitted.margins(one) - fitted.margins(values[1:2])
    assert parts[0, 0] - parts[1, 0] == pytest.approx(moved[0], abs=1e-9)


def test_many_columns_of_noise_need_a_stronger_pull_than_one_that_matters() -> None:
    few = penalty(*seen(columns=2, rows=4_000))
    many = penalty(*seen(columns=300, rows=500))
    assert many > few


def test_a_past_of_one_kind_is_pulled_hardest() -> None:
    values, _ = seen()
    assert penalty(values, np.repeat([0.0, 1.0], [800, 100])) == PENALTIES[-1]


def test_columns_that_are_unknown_together_have_one_flag_and_one_that_always_is_has_none() -> None:
    values, outcome = seen()
    values[:, 1] = np.where(np.isnan(values[:, 0]), np.nan, 1.0)
    values[:, 2], values[:, 3] = np.nan, 5.0
    fitted = Logistic.fit(values, outcome)
    assert fitted.flags.tolist() == [0]
    gone = np.isnan(values[:, 0])
    parts = fitted.contributions(values)
    assert np.ptp(parts[gone, 0]) == pytest.approx(0)
    assert parts[gone, 1:4] == pytest.approx(np.zeros((gone.sum(), 3)), abs=1e-9)
