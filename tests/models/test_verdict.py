"""The verdict: noise is theatre, a good score is trusted, and few departures say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import health
from models.verdict import EARLY, THEATRE, TRUSTED, WEAK, lead, verdict


def graded(signal: float, accounts: int = 300, months: int = 4, seed: int = 1) -> pd.DataFrame:
    """Account-months whose risk follows the log-odds of leaving by ``signal``, banded by count."""
    rng = np.random.default_rng(seed)
    parts = []
    state = rng.standard_normal(accounts)
    for month in range(months):
        odds = -3.2 + 2.0 * state
        outcome = (rng.random(accounts) < 1 / (1 + np.exp(-odds))).astype(float)
        risk = signal * state + rng.standard_normal(accounts)
        order = pd.Series(risk).rank(pct=True)
        band = np.select([order > 0.9, order > 0.7], [health.AT_RISK, health.WATCH], health.HEALTHY)
        parts.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i:04d}" for i in range(accounts)],
                    "month": f"2024-{month + 1:02d}",
                    "outcome": outcome,
                    "risk": risk,
                    "band": band,
                    "other": rng.standard_normal(accounts),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_noise_is_theatre_in_nearly_every_company() -> None:
    words = [verdict(graded(0.0, seed=seed)).word for seed in range(20)]
    assert words.count(THEATRE) >= 18
    assert TRUSTED not in words


def test_a_score_that_knows_is_trusted_and_one_that_half_knows_is_weak() -> None:
    words = [verdict(graded(2.0, seed=seed)).word for seed in range(10)]
    assert words.count(TRUSTED) >= 9
    assert verdict(graded(0.35, accounts=600)).word == WEAK


def test_a_score_upside_down_is_theatre() -> None:
    told = verdict(graded(-2.0))
    assert told.word == THEATRE
    assert told.green > 0.8
    assert told.inversions >= 2


def test_few_departures_make_no_verdict() -> None:
    told = verdict(graded(2.0, accounts=20, months=1))
    assert told.word == EARLY
    assert told.auc is None
    assert verdict(graded(2.0)[:0]).word == EARLY


def test_one_band_out_of_order_is_not_trusted() -> None:
    rows = graded(2.0)
    swapped = rows.assign(
        band=rows["band"].replace({health.WATCH: health.AT_RISK, health.AT_RISK: health.WATCH})
    )
    assert verdict(rows).word == TRUSTED
    assert verdict(swapped).word == WEAK
    assert verdict(swapped).inversions == 1


def test_the_numbers_are_those_of_the_rows() -> None:
    rows = graded(2.0)
    left = rows[rows["outcome"] == 1]
    at_risk = rows[rows["band"] == health.AT_RISK]
    told = verdict(rows)
    assert (told.rows, told.events) == (len(rows), len(left))
    assert told.green == pytest.approx((left["band"] == health.HEALTHY).mean())
    assert told.red == pytest.approx((at_risk["outcome"] == 0).mean())


def test_a_lead_is_measured_on_the_same_rows() -> None:
    rows = graded(2.0)
    ahead = lead(rows, "other")
    assert ahead.low > 0
    assert lead(rows.assign(other=rows["risk"]), "other").value == 0
    few = rows.assign(other=rows["other"].where(rows["account_id"] < "a0100"))
    assert lead(few, "other").value != ahead.value
