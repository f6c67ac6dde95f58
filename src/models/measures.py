"""Measures of a probability against what happened: ranking, sharpness, honesty.

Every function takes ``outcome`` (0 or 1) and ``p`` of the same length, and gives
NaN where the measure does not exist (one class only).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

BINS = 10  # of the calibration error, each with the same number of rows
EDGE = 1e-6  # probabilities are kept this far from 0 and 1 before a logarithm


def auc(outcome: Floats, p: Floats) -> float:
    """Area under the ROC curve: how often an event outranks a non-event, ties half."""
    return float(_weighted_auc(outcome, p, np.ones((1, len(p))))[0])


def average_precision(outcome: Floats, p: Floats) -> float:
    """Mean of the precision at each event, from the highest ``p`` down, ties as one step."""
    if not 0 < outcome.sum() < len(outcome):
        return float("nan")
    order = np.argsort(-p, kind="stable")
    last = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)
    hits = np.cumsum(outcome[order])[last]
    return float(np.sum(np.diff(hits, prepend=0) * hits / (last + 1)) / outcome.sum())


def log_loss(outcome: Floats, p: Floats) -> float:
    """Mean negative log-likelihood, in nats."""
    if len(p) == 0:
        return float("nan")
    kept = np.clip(p, EDGE, 1 - EDGE)
    return float(-np.mean(outcome * np.log(kept) + (1 - outcome) * np.log(1 - kept)))


def brier(outcome: Floats, p: Floats) -> float:
    """Mean squared difference between probability and outcome (Brier 1950)."""
    return float(np.mean((p - outcome) ** 2)) if len(p) else float("nan")


def calibration_error(outcome: Floats, p: Floats) -> float:
    """Expected calibration error over ``BINS`` equal-count bins: mean of |observed - said|.

    Rows with equal ``p`` share their outcomes, so the order of ties cannot matter.
    """
    if len(p) == 0:
        return float("nan")
    outcome = pd.Series(outcome).groupby(p).transform("mean").to_numpy(np.float64)
    parts = np.array_split(np.argsort(p, kind="stable"), BINS)
    gaps = [len(i) * abs(outcome[i].mean() - p[i].mean()) for i in parts if len(i)]
    return float(sum(gaps) / len(p))


def lift(outcome: Floats, p: Floats, share: float = 0.1) -> float:
    """Event rate in the highest ``share`` of rows over the rate of all; ties shared evenly."""
    if outcome.sum() == 0:
        return float("nan")
    size = max(1, round(share * len(p)))
    edge = np.sort(p)[-size]
    above, tied = p > edge, p == edge
    part = outcome[above].sum() + outcome[tied].mean() * (size - above.sum())
    return float(part / size / outcome.mean())


def scorecard(outcome: Floats, p: Floats) -> dict[str, float]:
    """Every measure of one probability on one set of rows, by name."""
    return {
        "auc": auc(outcome, p),
        "average_precision": average_precision(outcome, p),
        "log_loss": log_loss(outcome, p),
        "brier": brier(outcome, p),
        "calibration_error": calibration_error(outcome, p),
        "lift": lift(outcome, p),
    }


@dataclass(frozen=True)
class Interval:
    """A value with the 2.5th and 97.5th percentile of its bootstrap, and its standard error."""

    value: float
    low: float
    high: float
    error: float


def compare(
    held_out: pd.DataFrame, first: str, second: str, draws: int = 200, seed: int = 20
) -> tuple[Interval, Interval]:
    """The mean AUC of ``first`` over folds, and its lead over ``second``, with intervals.

    ``held_out`` has account_id, fold, outcome and a probability column for each name.
    Accounts, not rows, are drawn with replacement, the same draw for both names: the
    months of one account are not independent, and the two face the same luck.
    """
    whose, weights = drawn(held_out["account_id"], draws, seed)
    folds = held_out["fold"].to_numpy()
    areas: dict[str, list[Floats]] = {first: [], second: []}
    for fold in np.unique(folds):
        rows = held_out[folds == fold]
        drawn_rows = weights[:, whose[folds == fold]]
        outcome = rows["outcome"].to_numpy(np.float64)
        for name, found in areas.items():
            found.append(_weighted_auc(outcome, rows[name].to_numpy(np.float64), drawn_rows))
    area = np.nanmean(areas[first], axis=0)
    return _interval(area), _interval(area - np.nanmean(areas[second], axis=0))


def drawn(accounts: pd.Series[str], draws: int, seed: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """The place of each row's account, and how often each is drawn (1 + ``draws`` x accounts).

    The first draw has every account once; the others as many as there are, with replacement.
    """
    whose, names = pd.factorize(accounts, sort=True)
    rng, size = np.random.default_rng(seed), len(names)
    chosen = rng.multinomial(size, np.full(size, 1 / size), size=draws)
    weights = np.vstack([np.ones(size, dtype=np.int64), chosen]).astype(np.float64)
    return whose.astype(np.int64), weights


def _interval(values: Floats) -> Interval:
    """The first value is the estimate, the rest its bootstrap."""
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return Interval(float(values[0]), float(low), float(high), float(np.nanstd(values[1:])))


def _weighted_auc(outcome: Floats, p: Floats, weights: Floats) -> Floats:
    """AUC under each row of ``weights`` (draws x rows), ties half; NaN where a class is absent."""
    if len(p) == 0:
        return np.full(len(weights), np.nan)
    order = np.argsort(p, kind="stable")
    starts = np.append(0, np.flatnonzero(np.diff(p[order])) + 1)
    ordered, events = weights[:, order], outcome[order]
    positive = np.add.reduceat(ordered * events, starts, axis=1)
    negative = np.add.reduceat(ordered * (1 - events), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    wins = (positive * (below + negative / 2)).sum(axis=1)
    areas: Floats = np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)
    return areas
