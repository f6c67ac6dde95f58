"""One rival, taught and asked, in the virtual environment of the rivals: see `benchmarks.rivals`.

``python -I rival_worker.py FOLDER METHOD`` reads ``settings.json`` and, for each fold N,
``N-learn.parquet`` (a numbered column a feature, float32, words as codes, NaN = unknown;
``outcome``; ``part``, in which all rows of an account are together) and ``N-asked.parquet``
(the features alone). It writes ``METHOD.parquet``, the chance of each row asked about, fold
after fold, and ``METHOD.json``, the library's version and the seconds of processor time that
learning and telling took; starting the library and reading the rows are not counted.
Nothing of the project is imported here: the rivals need an older pandas than it does.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Settings = dict[str, Any]
Rival = Callable[[Any, pd.DataFrame, pd.DataFrame, Settings], Floats]
"""Learns from rows and gives the chance of others: the library, both, and the settings."""
FEATURES = slice(0, -2)  # of the columns to learn from: outcome and part stand last


def _rows(learn: pd.DataFrame, asked: pd.DataFrame) -> tuple[Any, Any, Any]:
    """The features to learn from, their outcomes and the features asked about, as arrays."""
    return learn.iloc[:, FEATURES].to_numpy(), learn["outcome"].to_numpy(), asked.to_numpy()


def _chance(margins: list[Floats]) -> Floats:
    """The probability of the mean log-odds, as our own trees are averaged."""
    return np.asarray(1 / (1 + np.exp(-np.mean(margins, axis=0))), dtype=np.float64)


def lightgbm(library: Any, learn: pd.DataFrame, asked: pd.DataFrame, told: Settings) -> Floats:
    """LightGBM as it comes: 100 trees of 31 leaves."""
    return _lightgbm(library, learn, asked, [{"seed": 1}], 100)


def lightgbm_as_ours(
    library: Any, learn: pd.DataFrame, asked: pd.DataFrame, told: Settings
) -> Floats:
    """LightGBM with our settings by its own names, as many trees, and as many seeds."""
    ours = {
        "max_depth": told["max_depth"],
        "num_leaves": 2 ** told["max_depth"],
        "learning_rate": told["eta"],
        "min_sum_hessian_in_leaf": told["min_child_weight"],
        "bagging_fraction": told["subsample"],
        "bagging_freq": 1,
        "feature_fraction": told["colsample_bytree"],
        "lambda_l2": told["lambda"],
        "max_bin": told["max_bin"],
    }
    seeded = [ours | {"seed": seed} for seed in told["seeds"]]
    return _lightgbm(library, learn, asked, seeded, told["rounds"])


def _lightgbm(
    library: Any,
    learn: pd.DataFrame,
    asked: pd.DataFrame,
    settings: list[Settings],
    rounds: int,
) -> Floats:
    x, y, tested = _rows(learn, asked)
    # Rows are put into bins once, as ours are: that needs a seed that is one for all.
    whole = {"objective": "binary", "num_threads": 1, "verbosity": -1, "data_random_seed": 1}
    binned = library.Dataset(x, y, params=settings[0] | whole)
    fitted = [library.train(each | whole, binned, rounds) for each in settings]
    return _chance([each.predict(tested, raw_score=True) for each in fitted])


def catboost(library: Any, learn: pd.DataFrame, asked: pd.DataFrame, told: Settings) -> Floats:
    """CatBoost as it comes: 1,000 trees of depth 6 at a pace it chooses."""
    return _catboost(library, learn, asked, [{"random_seed": 1}])


def catboost_as_ours(
    library: Any, learn: pd.DataFrame, asked: pd.DataFrame, told: Settings
) -> Floats:
    """CatBoost with our settings by its own names, as many trees, and as many seeds.

    It has no least weight of a leaf, and all splits of a level are one.
    """
    ours = {
        "iterations": told["rounds"],
        "depth": told["max_depth"],
        "learning_rate": told["eta"],
        "bootstrap_type": "Bernoulli",
        "subsample": told["subsample"],
        "rsm": told["colsample_bytree"],
        "l2_leaf_reg": told["lambda"],
        "border_count": told["max_bin"],
    }
    return _catboost(library, learn, asked, [ours | {"random_seed": s} for s in told["seeds"]])


def _catboost(
    library: Any, learn: pd.DataFrame, asked: pd.DataFrame, settings: list[Settings]
) -> Floats:
    x, y, tested = _rows(learn, asked)
    quiet = {"thread_count": 1, "verbose": False, "allow_writing_files": False}
    fitted = [library.CatBoostClassifier(**each, **quiet).fit(x, y) for each in settings]
    return _chance([each.predict(tested, "RawFormulaVal", thread_count=1) for each in fitted])


def autogluon(library: Any, learn: pd.DataFrame, asked: pd.DataFrame, told: Settings) -> Floats:
    """AutoGluon at medium quality, its models weighed by one part of the accounts."""
    kept = learn["part"] == 0
    held, rest = (learn[each].drop(columns="part") for each in (kept, ~kept))
    limits = {"time_limit": told["seconds"] * told["shares"][told["fold"]], "num_cpus": 1}
    with TemporaryDirectory(dir=".") as place:
        predictor = library.TabularPredictor(
            "outcome", "binary", "roc_auc", path=place, verbosity=0
        )
        predictor.fit(rest, held, presets="medium_quality", num_gpus=0, **limits)
        return np.asarray(predictor.predict_proba(asked)[1.0], dtype=np.float64)


RIVALS: dict[str, tuple[Rival, str]] = {
    "lightgbm": (lightgbm, "lightgbm"),
    "lightgbm-as-ours": (lightgbm_as_ours, "lightgbm"),
    "catboost": (catboost, "catboost"),
    "catboost-as-ours": (catboost_as_ours, "catboost"),
    "autogluon": (autogluon, "autogluon.tabular"),
}
"""How each method of the table learns, and the library it learns with."""


def spent() -> float:
    """Seconds of processor time of this process, all its threads, and those it waited for."""
    return sum(os.times()[:4])


def main(folder: Path, method: str) -> None:
    """Teach ``method`` every fold of ``folder``, and write what it says."""
    if sys.platform == "linux":  # AutoGluon, asked for one thread, takes more
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    told = json.loads((folder / "settings.json").read_text())
    rival, name = RIVALS[method]
    library = importlib.import_module(name)
    said, seconds = [], 0.0
    for number in range(len(told["shares"])):
        learn, asked = (
            pd.read_parquet(folder / f"{number}-{part}.parquet") for part in ("learn", "asked")
        )
        start = spent()
        said.append(rival(library, learn, asked, told | {"fold": number}))
        seconds += spent() - start
    pd.DataFrame({"p": np.concatenate(said)}).to_parquet(folder / f"{method}.parquet")
    found = {"version": version(name), "seconds": seconds}
    (folder / f"{method}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
