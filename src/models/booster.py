"""The booster: gradient-boosted trees with settings chosen before a company's data were seen.

Shallow trees, slow learning and heavy shrinkage under plain log-loss: with the few
hundred events a subscription company has, searching for better settings finds
luck, and class weights would make every probability wrong. The pace and the number of
trees are those where rehearsals of simulated companies grew no better. XGBoost changes its
answer when rows are re-ordered (it samples by position), so rows and columns
must come in a fixed order; threads do not matter. One fit takes one thread, and
several fits run side by side: threads inside a fit wait for each other at every
level of every tree, which on a busy machine is slower than one alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from models.outcomes import Kind

Floats = npt.NDArray[np.float64]
Settings = dict[str, float | str]

SEEDS = (1, 2, 3)
BINS = 64  # of a column's values: shallow trees tell no better with more, and take longer
THREADS = 2  # jobs side by side
SETTINGS: Settings = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.06,
    "min_child_weight": 8,
    "subsample": 0.7,
    "colsample_bytree": 0.4,
    "lambda": 8,
    "max_bin": BINS,
}


# A decision is asked about up to four times, so its rows repeat each other, and fewer trees see
# all there is to see.
ROUNDS: dict[Kind, int] = {"churn": 230, "expansion": 230, "renewal": 135}


def fit(
    values: Floats, outcome: Floats, seed: int, rounds: int, settings: Settings | None = None
) -> bytes:
    """The booster (UBJSON bytes) fitted to ``values`` (rows x features, NaN = unknown).

    The same arguments give the same bytes.
    """
    return fits(values, outcome, (seed,), rounds, settings or SETTINGS)[0]


def fits(
    values: Floats, outcome: Floats, seeds: Sequence[int], rounds: int, settings: Settings
) -> list[bytes]:
    """What `fit` gives for each of ``seeds``, on rows that are put into bins only once."""
    data = binned(values, outcome)
    return [grow(data, seed, rounds, settings) for seed in seeds]


def binned(values: Floats, outcome: Floats) -> xgb.QuantileDMatrix:
    """Rows as trees read them, every column in bins."""
    rows = values.astype(np.float32)
    return xgb.QuantileDMatrix(rows, label=outcome, nthread=1, max_bin=BINS)


def grow(data: xgb.QuantileDMatrix, seed: int, rounds: int, settings: Settings) -> bytes:
    """The booster (UBJSON bytes) of ``rounds`` trees under ``settings``."""
    told = settings | {"seed": seed, "nthread": 1}
    return bytes(xgb.train(told, data, num_boost_round=rounds).save_raw("ubj"))


def load(raw: bytes) -> xgb.Booster:
    """The booster written as ``raw``; ``ValueError`` if the bytes are not one."""
    try:
        booster = xgb.Booster(model_file=bytearray(raw))
    except xgb.core.XGBoostError as error:
        raise ValueError("these bytes are not a booster") from error
    return booster


def margins(boosters: list[xgb.Booster], values: Floats) -> Floats:
    """Log-odds of each row, averaged over the boosters."""
    if not len(values):
        return np.zeros(0)
    rows = np.ascontiguousarray(values, dtype=np.float32)
    said = []
    for booster in boosters:
        booster.set_param({"nthread": 1})
        said.append(booster.inplace_predict(rows, predict_type="margin").astype(np.float64))
    return np.asarray(np.mean(said, axis=0), dtype=np.float64)


def probability(margin: Floats) -> Floats:
    """The probability of a log-odds."""
    return np.asarray(1 / (1 + np.exp(-margin)), dtype=np.float64)
