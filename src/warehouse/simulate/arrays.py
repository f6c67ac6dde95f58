"""The array types of the simulator, and the few functions of arrays it is made of.

The last axis of an array is always the account; an axis before it is the driver, the
product or the month. Months are integers: 0 is the first reported month.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Instants = NDArray[np.datetime64]

NEVER = 1 << 20
"""A month that does not come."""

DAY = np.timedelta64(86_400_000_000, "us")
NOT_YET = np.datetime64("NaT", "us")


def sigmoid(x: Floats) -> Floats:
    """The logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)), dtype=np.float64)


def choose(uniform: Floats, shares: Sequence[float] | Floats) -> Ints:
    """The index each uniform falls on: ``shares`` is [choices] or [choices, n]."""
    edges = np.cumsum(np.asarray(shares, dtype=np.float64), axis=0)
    edges = edges / edges[-1]
    if edges.ndim == 1:
        return np.searchsorted(edges, uniform, side="right").astype(np.int64)
    chosen: Ints = np.sum(uniform[None, :] > edges[:-1], axis=0).astype(np.int64)
    return chosen


def poisson(uniform: Floats, mean: Floats) -> Ints:
    """Poisson counts by inversion of ``uniform``, one draw a count, means up to 60.

    Inversion keeps twins comparable: a slightly larger mean gives the same count or
    a slightly larger one. Counts stop at 120.
    """
    mean = np.minimum(mean, 60.0)
    term = np.exp(-mean)
    reached = term.copy()
    count = np.zeros(mean.shape, dtype=np.int64)
    for k in range(1, 121):
        above = uniform > reached
        if not above.any():
            break
        count += above
        term = term * mean / k
        reached = reached + term
    return count


def repeat(counts: Ints) -> tuple[Ints, Ints]:
    """For rows repeated ``counts`` times: the row each belongs to, and its number in it."""
    owner = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(len(owner), dtype=np.int64) - np.repeat(first, counts)


def numbering(owner: Ints) -> Ints:
    """1, 2, 3 ... within each run of equal values of the sorted ``owner``."""
    if len(owner) == 0:
        return np.zeros(0, dtype=np.int64)
    begins = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    lengths = np.diff(np.r_[begins, len(owner)])
    return np.arange(len(owner), dtype=np.int64) - np.repeat(begins, lengths) + 1


def days(amount: Floats) -> NDArray[np.timedelta64]:
    """A time span of ``amount`` days, to the second."""
    return np.rint(amount * 86_400.0).astype("timedelta64[s]").astype("timedelta64[us]")


def spread(low: Instants, high: Instants, uniform: Floats) -> Instants:
    """The instant a share ``uniform`` of the way from ``low`` to ``high``, to the second."""
    width = (high - low).astype("timedelta64[s]").astype(np.float64)
    step = np.floor(np.maximum(width, 0.0) * uniform)
    instant: Instants = low + step.astype("timedelta64[s]").astype("timedelta64[us]")
    return instant
