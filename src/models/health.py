"""Health: a probability of churn as a score from 0 to 100 and a band, by one plain rule.

The rule looks at the model's base rate, not at the other accounts, so a bad
quarter cannot look normal, and a band means the same thing every month:

=========  =================================  ========
band       probability of churn               score
=========  =================================  ========
healthy    below 1.5 times the base rate      61 to 100
watch      from 1.5 times the base rate       31 to 60
at risk    from 3 times the base rate         0 to 30
=========  =================================  ========

Between 0, the two edges and 1 the score falls in straight lines, rounded up and
kept within its band's range, so score and band can never disagree. Where churn is
so common that three times the base rate is out of reach, the edges move down: at
risk begins halfway from the base rate to certainty at the latest, watch halfway
from the base rate to that. An account without a probability is not scored, which
is a band of its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

HEALTHY = "healthy"
WATCH = "watch"
AT_RISK = "at risk"
NOT_SCORED = "not scored"
BANDS = (AT_RISK, WATCH, HEALTHY, NOT_SCORED)

WATCH_FROM = 1.5  # times the base rate
AT_RISK_FROM = 3.0
WATCH_SCORE = 60.0
AT_RISK_SCORE = 30.0


def edges(base_rate: float) -> tuple[float, float]:
    """The probabilities from which an account is on watch, and at risk."""
    at_risk = min(AT_RISK_FROM * base_rate, (1 + base_rate) / 2)
    watch = min(WATCH_FROM * base_rate, (base_rate + at_risk) / 2)
    return round(watch, 12), round(at_risk, 12)


def bands(p_churn: pd.Series[float], base_rate: float) -> pd.Series[str]:
    """The band of each probability of churn; NaN is not scored."""
    watch, at_risk = edges(base_rate)
    found = pd.Series(HEALTHY, index=p_churn.index, dtype="str", name="band")
    found[p_churn >= watch] = WATCH
    found[p_churn >= at_risk] = AT_RISK
    found[p_churn.isna()] = NOT_SCORED
    return found


def score(p_churn: pd.Series[float], base_rate: float) -> pd.Series[int]:
    """The health score of each probability of churn, 0 to 100, higher is safer; NaN is <NA>."""
    watch, at_risk = edges(base_rate)
    line = np.interp(
        p_churn.to_numpy(np.float64),
        [0.0, watch, at_risk, 1.0],
        [100.0, WATCH_SCORE, AT_RISK_SCORE, 0.0],
    )
    band = bands(p_churn, base_rate)
    low = band.map({HEALTHY: WATCH_SCORE + 1, WATCH: AT_RISK_SCORE + 1}).fillna(0.0)
    high = band.map({WATCH: WATCH_SCORE, AT_RISK: AT_RISK_SCORE}).fillna(100.0)
    whole = pd.Series(np.ceil(np.round(line, 9)), index=p_churn.index, name="score")
    return whole.clip(low, high).astype("Int64")
