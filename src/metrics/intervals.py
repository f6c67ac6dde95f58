"""How far off a figure from a sample may be: 95 % intervals.

Each takes what was counted and gives ``(low, high)``; ``(None, None)`` where too little was
counted to say.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

Z = 1.959963984540054
"""Standard deviations that hold 95 % of a normal distribution."""
FEWEST = 20
Interval = tuple[float, float] | tuple[None, None]


def proportion(hits: int, n: int) -> Interval:
    """Of the share ``hits / n``: Wilson's interval, within 0 and 1 even at the edges.

    >>> tuple(round(side, 3) for side in proportion(9, 10))
    (0.596, 0.982)
    """
    if n == 0:
        return None, None
    share, spread = hits / n, Z**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    # At the edges the interval begins where the share lies, but for the last bit of a float.
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return low if hits else 0.0, high if hits < n else 1.0


def ratio(part: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> Interval:
    """Of ``sum(part) / sum(whole)``, each pair one draw: linearised (Cochran 1977, section 6.4).

    Twenty pairs are the least that say more about the data than about the formula.
    """
    n, total = len(whole), float(whole.sum())
    if n < FEWEST or total <= 0:
        return None, None
    rate = float(part.sum()) / total
    spread = float(np.square(part - rate * whole).sum()) * n / (n - 1)
    half = Z * sqrt(spread) / total
    return rate - half, rate + half


def mean(values: npt.NDArray[np.float64]) -> Interval:
    """Of the mean of ``values``, by Student's t; two values are the least that say anything."""
    n = len(values)
    if n < 2:
        return None, None
    half = float(stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / sqrt(n))
    middle = float(np.mean(values))
    return middle - half, middle + half


def quantile(values: npt.NDArray[np.float64], share: float = 0.5) -> Interval:
    """Of the ``share`` quantile of ``values``: by order statistics, whatever their distribution."""
    n = len(values)
    ordered = np.sort(values)
    low, high = (int(each) for each in stats.binom.interval(0.95, n, share)) if n else (0, 0)
    if low < 1 or high >= n:
        return None, None
    return float(ordered[low - 1]), float(ordered[high])
