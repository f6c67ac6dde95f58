"""Pace: being new is no surge, and silence is measured by the account's own habit."""

from __future__ import annotations

import pandas as pd
import pytest

from features.pace import against_gap, against_year, year


def one(value: float) -> pd.Series[float]:
    return pd.Series([value], index=["A"])


@pytest.mark.parametrize(
    ("tenure", "days"),
    [(1000.0, 365.0), (365.0, 365.0), (200.0, 200.0), (90.0, 90.0), (10.0, 90.0)],
)
def test_a_year_is_no_longer_than_the_account_has_lived(tenure: float, days: float) -> None:
    assert year(one(tenure)).tolist() == [days]


@pytest.mark.parametrize(
    ("quarter", "whole", "tenure", "times"),
    [(9, 36.5, 1000, 1.0), (18, 36.5, 1000, 2.0), (10, 20, 180, 1.0), (10, 10, 50, 1.0)],
)
def test_a_quarter_against_the_own_year(
    quarter: float, whole: float, tenure: float, times: float
) -> None:
    assert against_year(one(quarter), one(whole), one(tenure)).tolist() == [pytest.approx(times)]


def test_a_silence_against_the_usual_gap() -> None:
    """Twelve in a year are one in thirty days; who never did it has no habit."""
    assert against_gap(one(60), one(12), one(1000)).tolist() == [pytest.approx(60 * 12 / 365)]
    assert against_gap(one(60), one(12), one(120)).tolist() == [pytest.approx(6)]
    assert against_gap(one(60), one(0), one(1000)).isna().all()
    assert against_gap(one(float("nan")), one(12), one(1000)).isna().all()
