"""The renewal model against the ceiling: the best anybody could do with what could be seen.

A simulated company of 10,000 accounts over 36 months, with the truth about it. Decisions are
those of the model's own rehearsals, three months before the notice deadline, that the truth
has a chance for: what a model taught the *true* chances of other companies tells from the
tables (`warehouse.simulate.observer`). Everything is measured on the same rows, one company,
one seed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb

from benchmarks.harness import Measured, bench
from benchmarks.settled import settled
from features.vocabulary import Vocabulary
from models import decisions, folds, measures
from models.outcomes import Question
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.months import as_of

ACCOUNTS, MONTHS, SEED, LEAD = 10_000, 36, 11, 3
TOP = 0.2
BAYES = "the best use of what could be seen"
Floats = npt.NDArray[np.float64]


@cache
def rehearsed() -> pd.DataFrame:
    """The decisions told three months ahead: outcome, left, observed, ahead, a column a method.

    And ``warned``, see `flagged`.
    """
    return of(settled(ACCOUNTS, MONTHS, SEED, oracles=True))


def of(home: Path) -> pd.DataFrame:
    """What `rehearsed` returns, for the company simulated into the workspace ``home``."""
    place = at(home)
    month = newest(place)
    snapshot = closed(place, month)
    lesson = training.learn(place, snapshot, "renewal", month)
    trained, frame = lesson.trained, lesson.past.frame
    assert trained.held_out is not None
    plain = _defaults(frame, trained.names, month, place.settings.policy.gap_days)
    told = trained.held_out.assign(defaults=plain)
    told = told.merge(frame[["account_id", "month", "lead", "decided_in"]])
    told = told.rename(columns={"decided_in": "decided"})
    told = told.merge(flagged(told), on=["account_id", "decided"], how="left")
    told = told[told["lead"] == LEAD]
    truth = pd.read_parquet(home / "data" / "raw" / "truth" / "ceilings.parquet")
    truth = truth[truth["lead"] == LEAD].astype({"account_id": "str", "month": "str"})
    truth = truth.rename(columns={"month": "decided"}).drop(columns="lead")
    found = told.merge(truth, on=["account_id", "decided"], validate="one_to_one")
    return found[found["observed"].notna()].reset_index(drop=True)


def flagged(told: pd.DataFrame) -> pd.DataFrame:
    """Of each decision whether the model had it in the riskiest fifth of all months ``LEAD`` to 1.

    Columns: account_id, decided, warned; a decision that was not asked about in one is left out.
    """
    rank = told.groupby("month")["model"].rank(pct=True, method="first")
    rows = told.assign(high=rank > 1 - TOP)[told["lead"].between(1, LEAD)]
    by = rows.groupby(["account_id", "decided"])["high"].agg(["all", "size"])
    return by[by["size"] == LEAD]["all"].rename("warned").reset_index()


def _defaults(frame: pd.DataFrame, names: tuple[str, ...], month: str, gap: int) -> Floats:
    """What XGBoost says with its own settings, on the same folds, in the order of the rehearsal."""
    question = Question("renewal", 1, decisions.FARTHEST + 1)
    taught = frame[frame["outcome"].notna()].reset_index(drop=True)
    now = as_of(month)
    months = folds.usable(list(taught["month"]), question, now, gap, "UTC")
    taught = taught[taught["certain"] <= pd.Timestamp(now)].reset_index(drop=True)
    parts = []
    for fold in folds.folds(months, question, now, gap, "UTC"):
        learn, test, _ = folds.split(taught, fold)
        words = Vocabulary.learn(taught.loc[learn, list(names)])
        x, asked = (
            words.encode(taught.loc[rows, list(names)]).to_numpy(np.float32)
            for rows in (learn, test)
        )
        data = xgb.DMatrix(x, label=taught.loc[learn, "outcome"].to_numpy())
        settings = {"objective": "binary:logistic", "nthread": 2, "seed": 1}
        fitted = xgb.train(settings, data, num_boost_round=100)
        parts.append(fitted.predict(xgb.DMatrix(asked)).astype(np.float64))
    return np.concatenate(parts)


def _left() -> Floats:
    return rehearsed()["left"].to_numpy(np.float64)


def _said(method: str) -> Floats:
    return rehearsed()[method].to_numpy(np.float64)


def _excess(method: str) -> float:
    return measures.auc(_left(), _said(method)) - 0.5


@bench("renewal_auc", must=">= .93", aim=">= .95", against=BAYES)
def renewal_auc() -> Measured:
    """AUC beyond a half, three months before the notice deadline."""
    return Measured(_excess("model"), "AUC - .5", _excess("observed"))


@bench(
    "renewal_auc_of_all",
    must=">= .80",
    aim=">= .83",
    against="whoever knows all that is hidden three months ahead",
)
def renewal_auc_of_all() -> Measured:
    """AUC beyond a half, three months before the notice deadline."""
    return Measured(_excess("model"), "AUC - .5", _excess("ahead"))


@bench("renewal_ap", must=">= .90", aim=">= .92", against=BAYES)
def renewal_ap() -> Measured:
    """Average precision, three months before the notice deadline."""
    area = [measures.average_precision(_left(), _said(each)) for each in ("model", "observed")]
    return Measured(area[0], "AP", area[1])


@bench("renewal_brier", must=">= .83", aim=">= .88", against=BAYES)
def renewal_brier() -> Measured:
    """Brier skill over the base rate, three months before the notice deadline."""
    plain = measures.brier(_left(), np.full(len(_left()), _left().mean()))
    skill = [1 - measures.brier(_left(), _said(each)) / plain for each in ("model", "observed")]
    return Measured(skill[0], "skill", skill[1])


@bench("renewal_recall", must=">= .93", aim=">= .96", against=BAYES)
def renewal_recall() -> Measured:
    """Share of those that leave among the riskiest fifth, three months before the deadline."""
    share = [measures.lift(_left(), _said(each), TOP) * TOP for each in ("model", "observed")]
    return Measured(share[0], "share", share[1])


@bench("renewal_calibration", must="<= 1", aim="<= .5", against="a calibration error of .006")
def renewal_calibration() -> Measured:
    """Calibration error beyond that of the best use of what could be seen."""
    off = [measures.calibration_error(_left(), _said(each)) for each in ("model", "observed")]
    return Measured(max(off[0] - off[1], 0.0), "error", 0.006)


def _over(method: str, least: float) -> Measured:
    return Measured(_excess("model") - _excess(method), "AUC", least)


@bench("renewal_over_logistic", must=">= 1", aim=">= 1.75", against=".02 AUC")
def renewal_over_logistic() -> Measured:
    """AUC above logistic regression on the same rows."""
    return _over("logistic", 0.02)


@bench("renewal_over_five_factors", must=">= 1", aim=">= 1.25", against=".12 AUC")
def renewal_over_five_factors() -> Measured:
    """AUC above five factors weighted by hand, on the same rows."""
    return _over("five factors", 0.12)


@bench("renewal_over_defaults", must=">= 1", aim=">= 1.5", against=".04 AUC")
def renewal_over_defaults() -> Measured:
    """AUC above XGBoost with its own settings, on the same rows."""
    return _over("defaults", 0.04)
