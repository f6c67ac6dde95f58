"""Pace: what was done lately, against how fast the same account does it."""

from __future__ import annotations

import pandas as pd


def year(tenure: pd.Series[float]) -> pd.Series[float]:
    """The days of its own year that a customer of ``tenure`` days has lived, 90 at least."""
    return tenure.clip(90, 365)


def against_year(
    quarter: pd.Series[float], whole: pd.Series[float], tenure: pd.Series[float]
) -> pd.Series[float]:
    """A total of 90 days against the account's own pace of 365: 1 is no change.

    Whoever has been a customer for less than a year is held against as many days as it
    has been one, so that being new does not look like a surge.
    """
    return quarter / (whole * 90 / year(tenure))


def against_gap(
    silence: pd.Series[float], whole: pd.Series[float], tenure: pd.Series[float]
) -> pd.Series[float]:
    """Days of ``silence`` against the usual gap between the ``whole`` of a year's events.

    Unknown where there was no event in the year.
    """
    return (silence * whole / year(tenure)).where(whole > 0)
