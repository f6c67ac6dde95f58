"""Measures agree with scikit-learn where it has them, and with the hand where it has not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from models import measures


@pytest.mark.parametrize("seed", range(5))
def test_measures_agree_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outcome = (rng.random(400) < 0.2).astype(float)
    p = np.round(0.1 + 0.3 * rng.random(400) + 0.2 * outcome, 2)  # many ties
    card = measures.scorecard(outcome, p)
    assert card["auc"] == pytest.approx(metrics.roc_auc_score(outcome, p), abs=1e-12)
    wanted = metrics.average_precision_score(outcome, p)
    assert card["average_precision"] == pytest.approx(wanted, abs=1e-12)
    assert card["log_loss"] == pytest.approx(metrics.log_loss(outcome, p), abs=1e-12)
    assert card["brier"] == pytest.approx(metrics.brier_score_loss(outcome, p), abs=1e-12)


def test_calibration_error_and_lift_by_hand() -> None:
    outcome = np.array([0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    p = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9])
    # 1 of 5 where .1 was said, 3 of 5 where .9 was: off by .1 and .3.
    assert measures.calibration_error(outcome, p) == pytest.approx(0.2)
    # The top tenth is one of five equal rows, of which .6 are events; the rate of all is .4.
    assert measures.lift(outcome, p) == pytest.approx(1.5)


def test_saying_the_same_of_everybody_has_no_rank_and_no_lift() -> None:
    outcome = np.repeat([1.0, 0.0], [30, 70])
    card = measures.scorecard(outcome, np.full(100, 0.3))
    assert card["auc"] == 0.5
    assert card["lift"] == pytest.approx(1)
    assert card["calibration_error"] == pytest.approx(0)
    assert card["average_precision"] == pytest.approx(0.3)


def test_one_class_has_no_ranking() -> None:
    assert np.isnan(measures.auc(np.zeros(5), np.linspace(0, 1, 5)))
    assert np.isnan(measures.average_precision(np.zeros(5), np.linspace(0, 1, 5)))
    assert np.isnan(measures.auc(np.zeros(0), np.zeros(0)))


def held_out(repeat: int) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    outcome = (rng.random(120) < 0.3).astype(float)
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(120)],
            "fold": np.arange(120) % 2,
            "outcome": outcome,
            "good": outcome + rng.normal(size=120),
            "poor": 0.3 * outcome + rng.normal(size=120),
        }
    )
    return pd.concat([rows] * repeat, ignore_index=True)


def test_the_interval_is_that_of_accounts_not_of_rows() -> None:
    # The same accounts seen again say nothing new, so the interval must not shrink.
    once, _ = measures.compare(held_out(1), "good", "poor")
    often, _ = measures.compare(held_out(9), "good", "poor")
    assert often == once
    assert once.low < once.value < once.high


def test_the_lead_is_paired_and_signed() -> None:
    area, lead = measures.compare(held_out(1), "good", "poor")
    other, behind = measures.compare(held_out(1), "poor", "good")
    assert lead.value == pytest.approx(area.value - other.value)
    assert behind.value == pytest.approx(-lead.value)
    assert measures.compare(held_out(1), "good", "good")[1] == measures.Interval(0, 0, 0, 0)
