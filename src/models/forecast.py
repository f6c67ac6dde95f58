"""The forecast: how much of the ARR that falls due will be renewed, with honest ranges.

Each renewal is a draw among four outcomes: lost, contracted, expanded, or renewed as it is.
Accounts do not draw alone: a quarter that is bad for one is bad for others. So all renewals
of a quarter share a shock, and the range is as wide as such quarters have been. A contraction
takes its mean, give or take as much as leaves it between nothing and all of the ARR (a uniform
draw); an expansion brings small sums often and large ones seldom (an exponential draw). One
that is certain has the size it was signed for.

The shock is the one factor of Vasicek (2002): given ``Z`` of a quarter, a probability ``p``
becomes ``Phi((Phi^-1(p) + sqrt(rho) Z) / sqrt(1 - rho))``, which is ``p`` on average.

A renewal without a probability is not forecast, but it is due: it is counted apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats

from warehouse.errors import DataRefused, InputMissing, Usage
from warehouse.months import MONTH

Floats = npt.NDArray[np.float64]

WHAT = ("renewed", "lost", "contracted", "expanded")
NOT_SCORED = "not scored"
DRAWS = 4_000
SEED = 2_024
BATCH = 250_000  # draws of single renewals held at a time; these stay in the processor's cache
PRIOR = 0.01  # rho before there is a past to learn it from
FLOOR, CAP = 0.002, 0.2
PERIODS = 4  # past quarters that say anything of rho
QUANTILES = (0.1, 0.5, 0.9)
CHANCES = ["p_lost", "p_contracted", "p_expanded"]
NEEDED = ["account_id", "due_in", "arr", *CHANCES, "contraction", "expansion"]
COLUMNS = ["period", "every", "what", "n", "due", "expected", "p10", "p50", "p90"]


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
    is with ``expected``, but not with quantiles. Terms whose p_lost is NaN are in a row of
    their own, ``NOT_SCORED``, with all four amounts what is due; there is none without them.
    Neither the order of rows nor what else falls due changes a month's numbers. Raises
    ``InputMissing`` for a column that is not there, ``DataRefused`` for what is no
    probability, share, amount or month, ``Usage`` for a rho or a number of draws there is not.
    """
    _check(renewals, rho, draws)
    rows = renewals[NEEDED].sort_values(["due_in", *NEEDED], ignore_index=True)
    rows["quarter"] = quarter(rows["due_in"]) if len(rows) else rows["due_in"]
    found = []
    for name, each in rows.groupby("quarter", sort=True):
        key = [seed, int(str(name)[:4]), int(str(name)[-1])]
        shared = np.random.default_rng(key).standard_normal(draws)
        whole = np.zeros((len(WHAT), draws))
        for month, part in each.groupby("due_in", sort=True):
            rng = np.random.default_rng([*key, int(str(month)[5:])])
            money = _lived(part[part["p_lost"].notna()], rho, shared, rng)
            found += _told(str(month), "month", part, money)
            whole += money
        found += _told(str(name), "quarter", each, whole)
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.sort_values(["every", "period"], kind="stable", ignore_index=True)


def _lived(rows: pd.DataFrame, rho: float, shared: Floats, rng: np.random.Generator) -> Floats:
    """The money of each of ``WHAT`` in each future, each under its ``shared`` shock."""
    p, arr = rows["p_lost"].to_numpy(np.float64), rows["arr"].to_numpy(np.float64)
    rest = np.where(p < 1, 1 - p, 1.0)
    less = rows["p_contracted"].to_numpy(np.float64) / rest
    more = rows["p_expanded"].to_numpy(np.float64) / rest
    share = rows["contraction"].to_numpy(np.float64)
    least = np.maximum(2 * share - 1, 0.0)
    up = arr * rows["expansion"].to_numpy(np.float64)
    sure = (less >= 1) | (more >= 1)  # signed: how much is known too
    point = special.ndtri(p) / np.sqrt(1 - rho)  # certain outcomes stay so, at minus or plus inf
    found = np.zeros((len(WHAT), len(shared)))
    step = max(BATCH // max(len(rows), 1), 1)
    for start in range(0, len(shared), step):
        z = shared[start : start + step, None] * np.sqrt(rho / (1 - rho))
        gone = rng.random((len(z), len(rows))) < special.ndtr(point + z)
        luck, size = rng.random(gone.shape), rng.random(gone.shape)
        shrunk = ~gone & (luck < less)
        grown = ~gone & (luck >= 1 - more)
        lost = np.where(gone, arr, 0.0).sum(axis=1)
        taken = arr * np.where(sure, share, least + 2 * (share - least) * size)
        contracted = np.where(shrunk, taken, 0.0).sum(axis=1)
        added = up * np.where(sure, 1.0, -np.log1p(-size))
        expanded = np.where(grown, added, 0.0).sum(axis=1)
        found[:, start : start + step] = [arr.sum() - lost - contracted, lost, contracted, expanded]
    return found


def _told(period: str, every: str, rows: pd.DataFrame, money: Floats) -> list[list[object]]:
    scored = rows[rows["p_lost"].notna()]
    arr = scored["arr"].to_numpy(np.float64)
    lost = float((arr * scored["p_lost"]).sum())
    less = float((arr * scored["p_contracted"] * scored["contraction"]).sum())
    more = float((arr * scored["p_expanded"] * scored["expansion"]).sum())
    due = int(scored["arr"].sum())
    gone, down = round(lost), round(less)
    expected = dict(zip(WHAT, (due - gone - down, gone, down, round(more)), strict=True))
    found: list[list[object]] = []
    for what, drawn in zip(WHAT, money, strict=True):
        low, middle, high = (round(float(q)) for q in np.quantile(drawn, QUANTILES))
        found.append([period, every, what, len(scored), due, expected[what], low, middle, high])
    if len(scored) < len(rows):
        rest = int(rows["arr"].sum()) - due
        found.append([period, every, NOT_SCORED, len(rows) - len(scored), *[rest] * 5])
    return found


def shock(past: pd.DataFrame, floor: float = FLOOR) -> float:
    """How much of an account's luck it shares with others: rho, by the method of moments.

    ``past`` has a row a settled renewal: period, arr, p_lost (as said in time), lost (0 or 1).
    Of each period the lost ARR misses the expected by ``e``; if all drew alone the variance of
    ``e`` would be ``sum a^2 p (1 - p)``. What it exceeds that by, summed over periods, is
    held against ``sum over pairs of a_i a_j phi(t_i) phi(t_j)``, what a unit of rho adds
    (the first term of the tetrachoric series; ``t = Phi^-1(p)``). A bias that all periods
    share is not luck and is taken out first. Kept within ``floor`` and ``CAP``; ``PRIOR``
    with fewer than ``PERIODS`` periods. Terms without a probability, or with a certain one,
    say nothing. Raises ``DataRefused`` for what is no probability or no outcome.
    """
    wrong = (past["p_lost"] < 0) | (past["p_lost"] > 1) | ~past["lost"].isin([0, 1])
    if wrong.any():
        row = past[wrong].iloc[0]
        raise DataRefused(
            f"a renewal of {row['period']} has p_lost {row['p_lost']} and lost {row['lost']}; the "
            "rule is a probability from 0 to 1 and an outcome of 0 or 1; leave out what is open"
        )
    told = past[(past["p_lost"] > 0) & (past["p_lost"] < 1)]
    if told["period"].nunique() < PERIODS:
        return PRIOR
    arr, p = told["arr"].to_numpy(np.float64), told["p_lost"].to_numpy(np.float64)
    density = arr * stats.norm.pdf(special.ndtri(p))
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
    reach = float(by["reach"].sum())
    off = by["miss"] - by["reach"] * (by["miss"].sum() / reach if reach > 0 else 0.0)
    freedom = len(by) / (len(by) - 1)
    excess = float((freedom * off**2 - by["alone"]).sum())
    unit = float((by["reach"] ** 2 - by["own"]).sum())
    return float(np.clip(excess / unit if unit > 0 else floor, floor, CAP))


def certainty(arr: pd.Series[int], p_lost: pd.Series[float], within: float = 0.05) -> float:
    """How often the renewed ARR of these renewals lies within ``within`` of its expectation.

    For somebody who knows every probability, and if all draw alone: by the normal
    approximation of a sum of independent draws of unequal size (Poisson-binomial),
    ``2 Phi(within sum a (1 - p) / sqrt(sum a^2 p (1 - p))) - 1``. NaN p_lost is left out.
    """
    renewed, spread = _moments(arr, p_lost)
    if spread == 0:
        return 1.0
    return float(2 * stats.norm.cdf(within * renewed / spread) - 1)


def attainable(
    arr: pd.Series[int], p_lost: pd.Series[float], within: float = 0.05, confidence: float = 0.9
) -> int:
    """How many renewals like these it takes for the renewed ARR to be told to ``within``.

    With fewer, nobody could be that close ``confidence`` of the time, knowing every probability:
    for ``n`` like these the relative spread falls with the root of ``n``, so it takes
    ``n (z r / within)^2`` with ``r = sqrt(sum a^2 p (1 - p)) / sum a (1 - p)`` and ``z`` the
    normal quantile of ``(1 + confidence) / 2``. NaN p_lost is left out; 0 if nothing is kept.
    """
    renewed, spread = _moments(arr, p_lost)
    if renewed <= 0:
        return 0
    wide = float(stats.norm.ppf((1 + confidence) / 2))
    return int(np.ceil(int(p_lost.notna().sum()) * (wide * spread / renewed / within) ** 2))


def _moments(arr: pd.Series[int], p_lost: pd.Series[float]) -> tuple[float, float]:
    """Expectation and standard deviation of the renewed ARR if all draw alone, cents."""
    scored = p_lost.notna().to_numpy()
    worth, p = arr.to_numpy(np.float64)[scored], p_lost.to_numpy(np.float64)[scored]
    return float((worth * (1 - p)).sum()), float(np.sqrt((worth**2 * p * (1 - p)).sum()))


def _check(renewals: pd.DataFrame, rho: float, draws: int) -> None:
    if not (0 <= rho < 1 and draws >= 1):
        raise Usage(f"rho {rho} with {draws} draws; the rule is 0 <= rho < 1 and 1 draw or more")
    if absent := [name for name in NEEDED if name not in renewals]:
        raise InputMissing(
            f"the renewals have no column {', '.join(absent)}; a forecast needs {', '.join(NEEDED)}"
        )
    scored = renewals["p_lost"].notna()
    shares = renewals[[*CHANCES, "contraction"]]
    off = ~((shares >= 0) & (shares <= 1)).all(axis=1) | ~(renewals["expansion"] >= 0)
    off |= renewals[CHANCES].sum(axis=1) > 1 + 1e-9
    dated = renewals["due_in"].astype("str").str.fullmatch(MONTH.pattern)
    bad = (scored & off) | ~(renewals["arr"] >= 0) | ~dated
    if bad.any():
        row = renewals[bad].iloc[0]
        said = ", ".join(f"{name} {row[name]}" for name in NEEDED[1:])
        raise DataRefused(
            f"the renewal of {row['account_id']} has {said}; the rule is probabilities from 0 to 1 "
            "that add up to at most 1, a contraction from 0 to 1, no expansion or ARR below 0, "
            "and a month as 2026-10; mend the term, or leave p_lost empty to count it unscored"
        )
