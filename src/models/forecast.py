"""The forecast: how much of the ARR that falls due will be renewed, with honest ranges.

Each renewal is a draw among four outcomes: lost, contracted, expanded, or renewed as it is.
Accounts do not draw alone: a quarter that is bad for one is bad for others. So all renewals
of a quarter share a shock, and the range is as wide as such quarters have been. How much a
contraction takes is anything from nothing to twice its mean, and an expansion brings small
sums often and large ones seldom (an exponential draw with its mean).

The shock is the one factor of Vasicek (2002): given ``Z`` of a quarter, a probability ``p``
becomes ``Phi((Phi^-1(p) + sqrt(rho) Z) / sqrt(1 - rho))``, which is ``p`` on average.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from warehouse.errors import DataRefused

Floats = npt.NDArray[np.float64]

WHAT = ("renewed", "lost", "contracted", "expanded")
DRAWS = 4_000
SEED = 2_024
BATCH = 2_000_000  # draws of single renewals held at a time
PRIOR = 0.01  # rho before there is a past to learn it from
FLOOR, CAP = 0.002, 0.2
PERIODS = 4  # past quarters that say anything of rho
QUANTILES = (0.1, 0.5, 0.9)


def quarter(months: pd.Series[str]) -> pd.Series[str]:
    """The calendar quarter of each month, ``2026-Q4``."""
    number = (months.str[5:].astype("int64") + 2) // 3
    return (months.str[:4] + "-Q" + number.astype("str")).astype("str")


def forecast(
    renewals: pd.DataFrame, rho: float, draws: int = DRAWS, seed: int = SEED
) -> pd.DataFrame:
    """What becomes of the ARR due, by month and by quarter, from ``draws`` futures.

    ``renewals`` has a row a term: account_id, due_in (month), arr (cents), p_lost,
    p_contracted, p_expanded (of one term, they add up to at most 1), contraction and
    expansion (shares of the ARR). ``rho`` is the common `shock`.

    Returns a row for each period (a month or a quarter, in that order) and each of ``WHAT``:
    period, every ("month" or "quarter"), what, n, due, expected, p10, p50, p90; money in
    cents. In each future renewed + lost + contracted = due, and expanded comes on top; so it
    is with ``expected``, but not with quantiles. The order of rows does not matter. Raises
    ``DataRefused`` for what is no probability.
    """
    _check(renewals)
    order = ["due_in", "account_id", "arr", "p_lost"]
    rows = renewals.sort_values(order, ignore_index=True)
    rows["quarter"] = quarter(rows["due_in"])
    found = []
    for number, (name, each) in enumerate(rows.groupby("quarter", sort=True)):
        rng = np.random.default_rng([seed, number])
        shared = rng.standard_normal(draws)
        months = sorted(each["due_in"].unique())
        lived = {month: _lived(each[each["due_in"] == month], rho, shared, rng) for month in months}
        for month in months:
            found += _told(month, "month", each[each["due_in"] == month], lived[month])
        found += _told(str(name), "quarter", each, np.sum(list(lived.values()), axis=0))
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.sort_values(["every", "period"], kind="stable", ignore_index=True)


COLUMNS = ["period", "every", "what", "n", "due", "expected", "p10", "p50", "p90"]


def _lived(rows: pd.DataFrame, rho: float, shared: Floats, rng: np.random.Generator) -> Floats:
    """The money of each of ``WHAT`` in each future, each under its ``shared`` shock."""
    p, arr = rows["p_lost"].to_numpy(np.float64), rows["arr"].to_numpy(np.float64)
    sure = (p <= 0) | (p >= 1)
    point = stats.norm.ppf(np.where(sure, 0.5, p))
    rest = np.where(p < 1, 1 - p, 1.0)
    less = rows["p_contracted"].to_numpy(np.float64) / rest
    more = rows["p_expanded"].to_numpy(np.float64) / rest
    down = arr * rows["contraction"].to_numpy(np.float64)
    up = arr * rows["expansion"].to_numpy(np.float64)
    found = np.zeros((len(WHAT), len(shared)))
    step = max(BATCH // max(len(rows), 1), 1)
    for start in range(0, len(shared), step):
        z = shared[start : start + step, None]
        shaken = stats.norm.cdf((point + np.sqrt(rho) * z) / np.sqrt(1 - rho))
        chance = np.where(sure, p, shaken)
        gone = rng.random(chance.shape) < chance
        luck = rng.random(chance.shape)
        lost = np.where(gone, arr, 0.0).sum(axis=1)
        size = rng.random(chance.shape)
        less_of, more_of = 2 * down * size, -up * np.log1p(-size)
        contracted = np.where(~gone & (luck < less), np.minimum(less_of, arr), 0.0).sum(axis=1)
        expanded = np.where(~gone & (luck >= 1 - more), more_of, 0.0).sum(axis=1)
        kept = arr.sum() - lost - contracted
        found[:, start : start + step] = [kept, lost, contracted, expanded]
    return found


def _told(period: str, every: str, rows: pd.DataFrame, money: Floats) -> list[list[object]]:
    arr = rows["arr"].to_numpy(np.float64)
    lost = float((arr * rows["p_lost"]).sum())
    less = float((arr * rows["p_contracted"] * rows["contraction"]).sum())
    more = float((arr * rows["p_expanded"] * rows["expansion"]).sum())
    due = int(rows["arr"].sum())
    gone, down = round(lost), round(less)
    expected = dict(zip(WHAT, (due - gone - down, gone, down, round(more)), strict=True))
    found: list[list[object]] = []
    for what, drawn in zip(WHAT, money, strict=True):
        low, middle, high = (round(float(q)) for q in np.quantile(drawn, QUANTILES))
        found.append([period, every, what, len(rows), due, expected[what], low, middle, high])
    return found


def shock(past: pd.DataFrame) -> float:
    """How much of an account's luck it shares with others: rho, by the method of moments.

    ``past`` has a row a settled renewal: period, arr, p_lost (as said in time), lost (0 or 1).
    Of each period the lost ARR misses the expected by ``e``; if all drew alone the variance of
    ``e`` would be ``sum a^2 p (1 - p)``. What it exceeds that by, summed over periods, is
    held against ``sum over pairs of a_i a_j phi(t_i) phi(t_j)``, what a unit of rho adds
    (the first term of the tetrachoric series; ``t = Phi^-1(p)``). A bias that all periods
    share is not luck and is taken out first. Kept within ``FLOOR`` and ``CAP``; ``PRIOR``
    with fewer than ``PERIODS`` periods.
    """
    told = past[(past["p_lost"] > 0) & (past["p_lost"] < 1)]
    if told["period"].nunique() < PERIODS:
        return PRIOR
    arr, p = told["arr"].to_numpy(np.float64), told["p_lost"].to_numpy(np.float64)
    density = arr * stats.norm.pdf(stats.norm.ppf(p))
    frame = pd.DataFrame(
        {
            "period": told["period"].to_numpy(),
            "miss": arr * (told["lost"].to_numpy(np.float64) - p),
            "alone": arr**2 * p * (1 - p),
            "own": density**2,
            "reach": density,
        }
    )
    by = frame.groupby("period").sum()
    off = by["miss"] - by["reach"] * (by["miss"].sum() / by["reach"].sum())
    freedom = len(by) / (len(by) - 1)
    excess = float((freedom * off**2 - by["alone"]).sum())
    unit = float((by["reach"] ** 2 - by["own"]).sum())
    return float(np.clip(excess / unit if unit > 0 else FLOOR, FLOOR, CAP))


def certainty(arr: pd.Series[int], p_lost: pd.Series[float], within: float = 0.05) -> float:
    """How often the renewed ARR of these renewals lies within ``within`` of its expectation.

    For somebody who knows every probability, and if all draw alone: by the normal
    approximation of a sum of independent draws of unequal size.
    """
    worth, p = arr.to_numpy(np.float64), p_lost.to_numpy(np.float64)
    renewed = float((worth * (1 - p)).sum())
    spread = float(np.sqrt((worth**2 * p * (1 - p)).sum()))
    if spread == 0:
        return 1.0
    return float(2 * stats.norm.cdf(within * renewed / spread) - 1)


def attainable(
    arr: pd.Series[int], p_lost: pd.Series[float], within: float = 0.05, confidence: float = 0.9
) -> int:
    """How many renewals like these it takes for the renewed ARR to be told to ``within``.

    With fewer, nobody could be that close ``confidence`` of the time, knowing every probability:
    for ``n`` like these the relative spread falls with the root of ``n``.
    """
    worth, p = arr.to_numpy(np.float64), p_lost.to_numpy(np.float64)
    renewed = float((worth * (1 - p)).sum())
    if renewed <= 0:
        return 0
    relative = float(np.sqrt((worth**2 * p * (1 - p)).sum())) / renewed
    wide = float(stats.norm.ppf((1 + confidence) / 2))
    return int(np.ceil(len(worth) * (wide * relative / within) ** 2))


def _check(renewals: pd.DataFrame) -> None:
    chances = renewals[["p_lost", "p_contracted", "p_expanded"]]
    wrong = chances.isna() | (chances < 0) | (chances > 1)
    wrong["sum"] = chances.sum(axis=1) > 1 + 1e-9
    wrong["arr"] = renewals["arr"] < 0
    if wrong.any(axis=None):
        row = renewals[wrong.any(axis=1)].iloc[0]
        said = ", ".join(f"{name} {row[name]}" for name in [*chances, "arr"])
        raise DataRefused(
            f"the renewal of {row['account_id']} has {said}; the rule is "
            "probabilities from 0 to 1 that add up to at most 1, and no ARR below 0"
        )
