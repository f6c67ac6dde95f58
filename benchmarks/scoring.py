"""What scores and reasons cost, for 100,000 accounts, and what training costs.

Two models of a simulated company of 2,000 accounts and 36 months score its accounts, each
taken as often as makes 100,000. Beside it stands `shap.TreeExplainer` on the trees of one
seed, over the same rows, for one part of that work: no words, no peers, no second model.
"""

from __future__ import annotations

import warnings
from functools import cache
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.settled import settled
from features.catalogue import catalogue
from models import booster, history, shapley
from models.scoring import score
from models.trained import Trained
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at

ACCOUNTS, MONTHS, SEED, MANY = 2_000, 36, 7, 100_000
LIMIT = "20 seconds"
A_MINUTE = "a minute"


@cache
def taught() -> tuple[dict[str, Trained], pd.DataFrame, float]:
    """Both models, the features of the newest month many times over, and the seconds of training.

    The features of the months are kept before the clock starts, as a month lived before leaves
    them.
    """
    place = at(settled(ACCOUNTS, MONTHS, SEED))
    month = newest(place)
    snapshot = closed(place, month)
    months = history.lived(snapshot, month, place.settings.model.history)
    now = history.matrices(snapshot, months, place.features)[month]
    began = perf_counter()
    found = {k: training.learn(place, snapshot, k, month).trained for k in ("churn", "expansion")}
    seconds = perf_counter() - began
    many = pd.concat([now] * (1 + MANY // len(now))).head(MANY)
    many.index = pd.Index([f"A{i:06d}" for i in range(MANY)], name="account_id", dtype="str")
    return found, many, seconds


@cache
def scored() -> float:
    """Seconds for every row of the ledger, reasons in words included."""
    models, many, _ = taught()
    began = perf_counter()
    score(many["arr_now"], many, many, catalogue(), models["churn"], models["expansion"])
    return perf_counter() - began


@bench("score_many", must="<= 1", aim="<= .5", against=LIMIT)
def score_many() -> Measured:
    """Seconds of scores and reasons of two questions for 100,000 accounts."""
    return Measured(scored(), "s", 20.0)


@bench("explain_many", must="<= 1", aim="<= .5", against="shap.TreeExplainer on the same trees")
def explain_many() -> Measured:
    """Seconds of the contributions of one seed's trees for 100,000 accounts, tables included."""
    models, many, _ = taught()
    churn = models["churn"]
    values = churn.numbers(many).to_numpy(np.float64)
    trees = booster.load(churn.boosters[min(churn.boosters)])
    began = perf_counter()
    shapley.contributions([shapley.worth(trees)], values)
    seconds = perf_counter() - began
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap asks for notebook widgets on import; none are used
        import shap
    began = perf_counter()
    shap.TreeExplainer(trees).shap_values(values.astype(np.float32))
    return Measured(seconds, "s", perf_counter() - began)


@bench("training", must="<= 1", aim="<= .5", against=A_MINUTE)
def training_both() -> Measured:
    """Seconds to train churn and expansion on the company of the demo, rehearsals included."""
    return Measured(taught()[2], "s", 60.0)
