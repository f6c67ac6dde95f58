"""Pulses: what the account's own CSM thinks of it.

Reads ``pulses``, one row an opinion. It is late, kinder than the facts and not the
customer's, so it is a family of its own: worth knowing, and worth doubting.
"""

from __future__ import annotations

import pandas as pd

from features.declare import PROXY, Aggregate, Finished, Rows, Source
from features.sentiment import sentiment

__all__ = ["sentiment"]

pulses = sentiment.reading(Source("pulses"), family=PROXY)


@pulses.state(unit="points", riskier=-1)
def pulse_last(t: Rows) -> Aggregate:
    """Last opinion of the CSM, 1 to 5."""
    return t.latest(t.score, where=~t.score.is_null())


@pulses.trailing(365, unit="points", riskier=-1)
def pulse_mean(t: Rows) -> Aggregate:
    """Mean opinion of the CSM, 1 to 5."""
    return t.mean(t.score)


@pulses.state(unit="days")
def days_since_pulse(t: Rows) -> Aggregate:
    """Days since the CSM last wrote down an opinion."""
    return t.days_since(t.given_at)


@pulses.derived(unit="points", riskier=-1)
def pulse_change(f: Finished) -> pd.Series[float]:
    """Last opinion of the CSM less the mean of the account's own year."""
    return f.pulse_last - f.pulse_mean_365d


@pulses.derived(unit="points", riskier=-1)
def pulse_against_peers(f: Finished) -> pd.Series[float]:
    """Last opinion of the CSM less that on accounts of similar ARR and age."""
    return f.pulse_last - f.typical.pulse_last


@pulses.derived(unit="points")
def pulse_rosier(f: Finished) -> pd.Series[float]:
    """Opinion of the CSM less the account's own last answer, both out of 10."""
    return (f.pulse_last - 1) * 2.5 - f.nps_last
