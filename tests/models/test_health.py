"""The score and the band say the same thing, at every edge."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.health import AT_RISK, BANDS, HEALTHY, NOT_SCORED, WATCH, bands, edges, score


def series(*values: float) -> pd.Series:
    return pd.Series(values, dtype="float64")


def test_bands_begin_at_their_multiple_of_the_base_rate() -> None:
    p = series(0.0, 0.0749, 0.075, 0.1499, 0.15, 1.0, np.nan)
    said = bands(p, 0.05).to_list()
    assert said == [HEALTHY, HEALTHY, WATCH, WATCH, AT_RISK, AT_RISK, NOT_SCORED]
    assert set(said) == set(BANDS)


def test_the_score_falls_in_straight_lines() -> None:
    found = score(series(0.0, 0.0375, 0.075, 0.1125, 0.15, 0.575, 1.0, np.nan), 0.05)
    assert found.fillna(-1).to_list() == [100, 80, 60, 45, 30, 15, 0, -1]


@pytest.mark.parametrize("base", [0.001, 0.05, 0.2, 0.45, 0.9])
def test_score_and_band_never_disagree(base: float) -> None:
    watch, at_risk = edges(base)
    assert 0 < watch < at_risk < 1
    near = [e + d for e in (watch, at_risk) for d in (-1e-15, -1e-12, 0.0, 1e-12, 1e-15)]
    p = pd.Series(np.concatenate([np.linspace(0, 1, 2001), near]))
    by_band = score(p, base).astype(int).groupby(bands(p, base))
    assert by_band.min()[HEALTHY] >= 61
    assert by_band.max()[WATCH] <= 60
    assert by_band.min()[WATCH] >= 31
    assert by_band.max()[AT_RISK] <= 30
    falling = score(pd.Series(np.linspace(0, 1, 500)), base).astype(int).to_numpy()
    assert (np.diff(falling) <= 0).all()


def test_a_common_churn_still_has_a_band_at_risk() -> None:
    assert edges(0.4) == pytest.approx((0.55, 0.7))
    assert edges(0.1) == pytest.approx((0.15, 0.3))
