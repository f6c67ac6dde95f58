"""Tuning: within the past alone, never below what was chosen beforehand, the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from models import booster, measures, tune


def seen(rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Rows in which two columns must be looked at together."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=(rows, 6))
    odds = 3 * np.sign(values[:, 0] * values[:, 1])
    return values, (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float)


def test_without_a_search_the_settings_are_those_chosen_beforehand() -> None:
    assert tune.tuned(*seen(), rounds=5, trials=0) == booster.SETTINGS
    values, _ = seen()
    assert tune.tuned(values, np.repeat([0.0, 1.0], 300), 5, 9) == booster.SETTINGS


def test_a_search_finds_what_helps_and_finds_it_again() -> None:
    values, outcome = seen()
    found = tune.tuned(values, outcome, rounds=15, trials=12)
    assert found == tune.tuned(values, outcome, rounds=15, trials=12)
    assert found.keys() == booster.SETTINGS.keys()
    assert found != booster.SETTINGS
    cut = 480

    def loss(settings) -> float:
        fitted = booster.load(booster.fit(values[:cut], outcome[:cut], tune.SEED, 15, settings))
        said = booster.probability(booster.margins([fitted], values[cut:]))
        return measures.log_loss(outcome[cut:], said)

    assert loss(found) < loss(booster.SETTINGS)


def test_every_fold_searches_in_its_own_past(fit, frame, monkeypatch) -> None:
    asked: list[int] = []

    def watched(values, outcome, rounds, trials):
        asked.append(len(values))
        return booster.SETTINGS | {"max_depth": 2}

    monkeypatch.setattr("models.train.tuned", watched)
    found = fit(frame, trials=5, rounds=5, seeds=(1,))
    learned = found.folds.drop_duplicates("fold")["train_months"] * frame["account_id"].nunique()
    assert sorted(asked) == sorted([*learned, found.rows])
    assert found.settings["max_depth"] == 2


def test_one_trial_is_no_search() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(booster, "grow", lambda *_: pytest.fail("a tree was grown"))
        assert tune.tuned(*seen(), rounds=5, trials=1) == booster.SETTINGS
