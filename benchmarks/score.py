"""The score itself: does it leave the green alone, order the deciles, and warn in time?

On the decisions of `benchmarks.renewals`: 10,000 simulated accounts, three months before the
notice deadline, beside five factors weighted by hand and beside what is hidden.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.renewals import rehearsed
from models import measures

GREEN = 0.6  # of the accounts, the best
DECILES = 10
Floats = npt.NDArray[np.float64]


def green(left: Floats, p: Floats) -> float:
    """The share of those that left who were among the best ``GREEN``, ties shared evenly."""
    red = 1 - GREEN
    return 1 - measures.lift(left, p, red) * red


def inversions(left: Floats, p: Floats) -> int:
    """How often a decile of rising risk lost less than the one before it."""
    parts = np.array_split(np.argsort(p, kind="stable"), DECILES)
    return int((np.diff([left[part].mean() for part in parts]) < 0).sum())


def _of(column: str) -> Floats:
    return rehearsed()[column].to_numpy(np.float64)


@bench("score_green", must="<= .55", aim="<= .50", against="five factors")
def score_green() -> Measured:
    """Of those that left, the share that was among the best 60 % three months before."""
    left = _of("left")
    return Measured(green(left, _of("model")), "share", green(left, _of("five factors")))


@bench("score_latent", must=">= .70", aim=">= .76", against="perfect order")
def score_latent() -> Measured:
    """Rank correlation with the chance of leaving as the hidden state of that day has it."""
    return Measured(float(pd.Series(_of("model")).corr(pd.Series(_of("ahead")), "spearman")), "", 1)


@bench("score_inversions", must="<= 1", aim="<= 1", against="one")
def score_inversions() -> Measured:
    """Deciles of rising risk that lost less than the one before."""
    return Measured(float(inversions(_of("left"), _of("model"))), "deciles", 1.0)


@bench("score_log_loss", must=">= 1", aim=">= 1.2", against="15 %")
def score_log_loss() -> Measured:
    """Log-loss saved, of that of the calendar alone."""
    left = _of("left")
    plain = measures.log_loss(left, _of("calendar"))
    return Measured(1 - measures.log_loss(left, _of("model")) / plain, "share", 0.15)


@bench("score_warned", must=">= .52", aim=">= .58", against="all that left")
def score_warned() -> Measured:
    """Of those that left, the share in the riskiest fifth in all three months before."""
    rows = rehearsed()
    asked = rows[(rows["left"] == 1) & rows["warned"].notna()]
    return Measured(float(asked["warned"].astype(bool).mean()), "share", 1.0)
