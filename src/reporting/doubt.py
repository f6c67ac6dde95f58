"""How far a number could be from what other luck would have made it.

A rate of this month's customers is exact. Whether it differs from last year's is
another matter: had one large customer decided otherwise, it would read
differently. A range says by how much.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from warehouse.months import shift

FEWEST = 20  # accounts; a range over fewer says more about the formula than about them
DRAWS = 2_000
BATCH = 100
SEED = 7
SURE = 1.959963984540054  # standard deviations that hold 95 % of a normal distribution
RATES = ("nrr", "grr", "logo")
SIDES = ("low", "high")


def bounds(balances: pd.DataFrame, month: str, months: int = 12) -> dict[str, float]:
    """95 % ranges of ``nrr``, ``grr`` and ``logo`` of ``month``: ``nrr_low``, ``nrr_high`` ...

    The cohort is that of ``metrics.retention.trailing``. Money rates are ratios of two
    sums over accounts, so their error is the linearised one (Cochran, Sampling
    Techniques, 1977, section 6.4), each account one draw; the share of accounts has
    Wilson's interval (1927). NaN for all with fewer than ``FEWEST`` accounts.
    """
    base = shift(month, -months)
    then = balances.loc[balances["month"] == base].set_index("account_id")["arr"]
    if len(then) < FEWEST:
        return {f"{rate}_{side}": math.nan for rate in RATES for side in SIDES}
    later = balances.loc[balances["month"] == month].set_index("account_id")["arr"]
    opening = then.to_numpy(np.float64)
    closing = later.reindex(then.index, fill_value=0).to_numpy(np.float64)
    net, gross = _ratio(closing, opening), _ratio(np.minimum(closing, opening), opening)
    logo = wilson(int((closing > 0).sum()), len(closing))
    return {
        "nrr_low": max(0.0, net[0]),
        "nrr_high": net[1],
        "grr_low": max(0.0, gross[0]),
        "grr_high": min(1.0, gross[1]),
        "logo_low": logo[0],
        "logo_high": logo[1],
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> tuple[float, float]:
    n, total = len(whole), float(whole.sum())
    rate = float(part.sum()) / total
    spread = float(np.square(part - rate * whole).sum()) * n / (n - 1)
    half = SURE * math.sqrt(spread) / total
    return rate - half, rate + half


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of ``hits`` in ``n`` (Wilson 1927); NaN for nobody.

    >>> tuple(round(side, 3) for side in wilson(9, 10))
    (0.596, 0.982)
    """
    if not n:
        return math.nan, math.nan
    rate, square = hits / n, SURE**2
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = SURE / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


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
