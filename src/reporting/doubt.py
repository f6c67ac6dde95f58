"""How far a number could be from what other luck would have made it.

A rate of this month's customers is exact. Whether it differs from last year's is
another matter: had one large customer decided otherwise, it would read
differently. A range says by how much.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from metrics import intervals
from metrics.intervals import FEWEST
from metrics.policy import Policy
from warehouse.months import shift

DRAWS = 2_000
BATCH = 100
SEED = 7
RATES = ("nrr", "grr", "logo")
SIDES = ("low", "high")


def bounds(balances: pd.DataFrame, month: str, policy: Policy) -> dict[str, float]:
    """95 % ranges of ``nrr``, ``grr`` and ``logo`` of ``month``: ``nrr_low``, ``nrr_high`` ...

    The cohort is that of the policy, if it looks at one point to point; NaN if not. Money
    rates are ratios of two sums over accounts, each account one draw (see
    `metrics.intervals.ratio`); the share of accounts has Wilson's interval (1927). NaN for
    all with fewer than ``FEWEST`` accounts.
    """
    base = shift(month, -policy.months)
    then = balances.loc[balances["month"] == base].set_index("account_id")["arr"]
    if len(then) < FEWEST or policy.rule != "point to point":
        return {f"{rate}_{side}": math.nan for rate in RATES for side in SIDES}
    later = balances.loc[balances["month"] == month].set_index("account_id")["arr"]
    opening = then.to_numpy(np.float64)
    closing = later.reindex(then.index, fill_value=0).to_numpy(np.float64)
    net = intervals.ratio(closing, opening)
    gross = intervals.ratio(np.minimum(closing, opening), opening)
    logo = wilson(int((closing > 0).sum()), len(closing))
    return {
        "nrr_low": max(0.0, net[0] or 0.0),
        "nrr_high": net[1] or 0.0,
        "grr_low": max(0.0, gross[0] or 0.0),
        "grr_high": min(1.0, gross[1] or 0.0),
        "logo_low": logo[0],
        "logo_high": logo[1],
    }


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of ``hits`` in ``n`` (Wilson 1927); NaN for nobody.

    >>> tuple(round(side, 3) for side in wilson(9, 10))
    (0.596, 0.982)
    """
    if not n:
        return math.nan, math.nan
    low, high = intervals.proportion(hits, n)
    return low or 0.0, high or 0.0


def outlook(scores: pd.DataFrame) -> pd.DataFrame:
    """What the scores expect of today's customers: what, expected, low, high (cents), accounts.

    ``what`` is ``loss``, ``gain`` and ``net``. The bounds hold eight of ten of
    ``DRAWS`` futures in which each account leaves, grows or stays by its own
    probability, on its own: what strikes many at once is not in them, so the truth is
    wider. Same scores, same bounds. No rows where nobody is scored.
    """
    known = scores[scores["p_churn"].notna()]
    if known.empty:
        return pd.DataFrame({"what": [], "expected": [], "low": [], "high": [], "accounts": []})
    known = known.sort_values("account_id", kind="stable")
    lost = known["expected_loss"].to_numpy(np.float64)
    gained = known["expected_gain"].fillna(0).to_numpy(np.float64)
    drawn = _futures(known, gained)
    rows = [
        {
            "what": what,
            "expected": round(float(expected)),
            "low": round(float(np.quantile(draws, 0.1))),
            "high": round(float(np.quantile(draws, 0.9))),
            "accounts": len(known),
        }
        for what, expected, draws in (
            ("loss", lost.sum(), drawn[0]),
            ("gain", gained.sum(), drawn[1]),
            ("net", gained.sum() - lost.sum(), drawn[1] - drawn[0]),
        )
    ]
    return pd.DataFrame(rows)


def _futures(known: pd.DataFrame, gained: np.ndarray) -> np.ndarray:
    """Cents lost and gained in each of ``DRAWS`` futures: an account leaves, or grows, or stays."""
    leaves = known["p_churn"].to_numpy(np.float64)
    grows = (1 - leaves) * known["p_expansion"].fillna(0).to_numpy(np.float64)
    stake = known["arr"].to_numpy(np.float64)
    growth = np.divide(gained, grows, out=np.zeros_like(gained), where=grows > 0)
    rng = np.random.default_rng(SEED)
    found = []
    for _ in range(DRAWS // BATCH):
        luck = rng.random((BATCH, len(known)))
        gone = luck < leaves
        grown = ~gone & (luck < leaves + grows)
        found.append(np.vstack([gone @ stake, grown @ growth]))
    return np.hstack(found)
