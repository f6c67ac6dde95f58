"""Tuning: settings searched within the past a model may see, and kept only if they pay.

A search is given the past alone: it fits on all but its latest rows and is judged by the
log-loss of those. The settings chosen beforehand are its first trial, so a search never ends
below them there; whether it helps on months nobody has seen is for the rehearsals to say,
each of which searches anew in its own past.
"""

from __future__ import annotations

from models import booster, measures
from models.booster import Settings
from models.trained import Floats

LATEST = 0.2  # of the rows, in order of time, by which a trial is judged
SEED = 20
SEARCHED = ("max_depth", "eta", "min_child_weight", "subsample", "colsample_bytree", "lambda")


def tuned(values: Floats, outcome: Floats, rounds: int, trials: int) -> Settings:
    """The best of ``trials`` settings for ``values`` (rows in order of time x features).

    `booster.SETTINGS` where ``trials`` is below 2 or one class is missing before or after the
    cut. The same arguments give the same settings (Bergstra et al. 2011, seeded).
    """
    cut = round(len(values) * (1 - LATEST))
    before, after = outcome[:cut], outcome[cut:]
    if trials < 2 or len({*before}) < 2 or len({*after}) < 2:
        return booster.SETTINGS
    # Imported here: only who searches needs it.
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = booster.binned(values[:cut], before)

    def loss(trial: optuna.Trial) -> float:
        asked: Settings = booster.SETTINGS | {
            "max_depth": trial.suggest_int("max_depth", 2, 5),
            "eta": trial.suggest_float("eta", 0.01, 0.15, log=True),
            "min_child_weight": trial.suggest_float("min_child_weight", 1, 60, log=True),
            "subsample": trial.suggest_float("subsample", 0.4, 1.0),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.1, 1.0),
            "lambda": trial.suggest_float("lambda", 0.5, 80, log=True),
        }
        fitted = booster.load(booster.grow(rows, SEED, rounds, asked))
        return measures.log_loss(
            after, booster.probability(booster.margins([fitted], values[cut:]))
        )

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=SEED))
    study.enqueue_trial({name: booster.SETTINGS[name] for name in SEARCHED})
    study.optimize(loss, n_trials=trials)
    return booster.SETTINGS | study.best_params
