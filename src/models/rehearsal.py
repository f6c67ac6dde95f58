"""Rehearsals: every method tested on months later than any it learnt from, and what they show.

Each fold trains the trees, a logistic regression, the calendar alone, the experts' five
factors and a one-column rule on the same past rows and tests them, with the base rate, on
the same later ones. Trees ship where they lead logistic regression by more than one paired
standard error; otherwise the simpler one does. The newest folds are run once more without a
third of the accounts, which are then strangers to the model that is asked about them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import CONTEXT, Feature
from features.vocabulary import Vocabulary
from models import baselines, booster, logistic, measures
from models.folds import Fold, Masks
from models.level import Level, level
from models.logistic import Logistic
from models.trained import Floats

Method = Literal["trees", "logistic"]
Tell = Callable[[Floats, Floats, Floats], Floats]
"""Learns from rows and outcomes, and gives the probabilities of other rows."""
METHODS = ("model", "trees", "logistic", "calendar", "five factors", "rule", "base rate")
STRANGE = 3  # one account in so many is kept from the model that is asked about it
STRANGE_FOLDS = 2  # the newest folds, in which that is tried


def matrix(frame: pd.DataFrame, names: Sequence[str], words: Vocabulary) -> Floats:
    """The features of ``frame`` as numbers, rows x ``names``."""
    return words.encode(frame[list(names)]).to_numpy(dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Stage:
    """A fold made ready: the rows it learns from and is tested on, as numbers.

    ``learn``, ``test`` and ``unseen`` as of `folds.split`; ``before`` and ``asked`` are the
    features of the former two (rows x names), which know the words of the fold's own past and no
    others; ``outcome`` is that of ``before``.
    """

    learn: npt.NDArray[np.bool_]
    test: npt.NDArray[np.bool_]
    unseen: npt.NDArray[np.bool_]
    before: Floats
    asked: Floats
    outcome: Floats

    @classmethod
    def of(cls, taught: pd.DataFrame, masks: Masks, names: Sequence[str]) -> Stage:
        """The stage of the fold that ``masks`` cut out of ``taught``."""
        learn, test, unseen = masks
        known = taught[learn]
        words = Vocabulary.learn(known[list(names)])
        before, asked = matrix(known, names, words), matrix(taught[test], names, words)
        return cls(learn, test, unseen, before, asked, _of(known, "outcome"))


def strangers(accounts: pd.Series[str]) -> npt.NDArray[np.bool_]:
    """Which accounts are kept from a model to be strangers to it: a third, always the same."""
    told = {name: crc32(name.encode()) % STRANGE == 0 for name in accounts.unique()}
    return accounts.map(told).to_numpy(dtype=np.bool_)


def rehearse(
    taught: pd.DataFrame,
    present: Sequence[Feature],
    stages: Sequence[Stage],
    rule: Feature,
    penalty: float,
    rounds: int,
    fitted: Sequence[Sequence[bytes]],
    apart: Sequence[Sequence[bytes]],
) -> tuple[pd.DataFrame, Level]:
    """Every fold's test rows: account_id, month, fold, unseen, outcome, a column a method.

    ``fitted`` are the trees of each of ``stages``, by seed, ``apart`` those of the newest that
    learnt without the `strangers`; what these say of them is the column ``stranger``, NaN for
    all other rows. The column ``model`` is what ships (`ships`), at the level that comes with
    them (`models.level`); ``calendar`` knows when terms end and how large an account is, by a
    regression or by ``rounds`` trees, as the first past preferred.
    """
    names = sorted(feature.name for feature in present)
    dated = [names.index(f.name) for f in present if f.family == CONTEXT]
    expert = baselines.five_factors(taught)
    # Like ``penalty``, chosen on the first past alone, which every fold knows.
    calendar = _calendar(stages[0].before[:, dated], stages[0].outcome, rounds)
    older = len(stages) - len(apart)

    def fold(number: int) -> pd.DataFrame:
        stage = stages[number]
        x, y, asked = stage.before, stage.outcome, stage.asked
        rows = taught[stage.test]
        said = {
            "trees": _tell(fitted[number], asked),
            "logistic": Logistic.fit(x, y, penalty).predict(asked),
            "calendar": calendar(x[:, dated], y, asked[:, dated]),
            "five factors": Logistic.fit(expert[stage.learn], y).predict(expert[stage.test]),
            "rule": baselines.Rule.fit(rule, taught[stage.learn]).predict(rows),
            "base rate": np.full(len(rows), y.mean()),
            "stranger": np.full(len(rows), np.nan),
        }
        if number >= older:
            strange = strangers(rows["account_id"])
            said["stranger"][strange] = _tell(apart[number - older], asked[strange])
        whose = rows[["account_id", "month", "outcome"]]
        whose = whose.assign(fold=number, unseen=stage.unseen[stage.test])
        return whose.join(pd.DataFrame(said, index=rows.index))

    with ThreadPoolExecutor(booster.THREADS) as pool:
        parts = list(pool.map(fold, range(len(stages))))
    held_out = pd.concat(parts)
    found = level(held_out, ships(held_out), [stage.learn for stage in stages])
    held_out.insert(5, "model", found.p)
    return held_out.reset_index(drop=True), found


def _calendar(values: Floats, outcome: Floats, rounds: int) -> Tell:
    """How the calendar speaks: a regression or trees, whichever told the latest rows better.

    The end of a term is a step that straight lines miss; a small company teaches trees little.
    """
    mild = logistic.penalty(values, outcome)

    def lines(x: Floats, y: Floats, asked: Floats) -> Floats:
        return Logistic.fit(x, y, mild).predict(asked)

    def steps(x: Floats, y: Floats, asked: Floats) -> Floats:
        return _tell([booster.fit(x, y, 1, rounds)], asked)

    cut = round(len(values) * (1 - logistic.LATEST))
    before, after = outcome[:cut], outcome[cut:]
    if not 0 < before.sum() < len(before):
        return lines
    losses = [
        measures.log_loss(after, tell(values[:cut], before, values[cut:]))
        for tell in (lines, steps)
    ]
    return steps if losses[1] < losses[0] else lines


def ships(held_out: pd.DataFrame) -> Method:
    """The method that ships: logistic regression unless trees lead it by a paired standard error.

    ``held_out`` has account_id, fold, outcome and the probabilities ``trees`` and ``logistic``.
    """
    _, lead = measures.compare(held_out, "trees", "logistic")
    return "trees" if lead.value > lead.error else "logistic"


def verdict(held_out: pd.DataFrame) -> str:
    """What the folds show, in words: against chance, then the calendar, then logistic regression.

    ``held_out`` has account_id, fold, outcome and the probabilities ``model`` (what ships),
    ``trees``, ``calendar`` and ``logistic``. What the calendar and size alone tell as well is
    credited to them. Intervals are 95 %, from 200 draws of accounts.
    """
    area, dated = measures.compare(held_out, "model", "calendar")
    over = held_out["fold"].nunique()
    tested = f"over {over} fold{'s' if over > 1 else ''}"
    span = f"[{area.low:.2f}, {area.high:.2f}]"
    if not area.low > 0.5:
        return f"no signal: AUC {area.value:.2f} {span} {tested} is not above chance"
    if not dated.low > 0:
        return (
            f"no better than calendar and size alone: {dated.value:+.3f} [{dated.low:+.3f}, "
            f"{dated.high:+.3f}] AUC {tested}"
        )
    _, lead = measures.compare(held_out, "trees", "logistic")
    by = f"{lead.value:+.3f} [{lead.low:+.3f}, {lead.high:+.3f}] AUC {tested}"
    if ships(held_out) == "logistic":
        return f"is a logistic regression, for trees were no better than it: {by}"
    if lead.low > 0:
        return f"beats logistic regression by {by}"
    return f"leads logistic regression, not beyond doubt: {by}"


def table(held_out: pd.DataFrame, kept: Sequence[Fold]) -> pd.DataFrame:
    """One row for each fold and method: when, how many, and every measure.

    ``auc_unseen`` is that of accounts new since the fold's past. ``auc_stranger``, of the
    trees, is that of accounts kept from them, and ``auc_met`` that of the same rows where they
    were not.
    """
    found = []
    for number, fold in enumerate(kept):
        tested = held_out[held_out["fold"] == number]
        unseen = tested[tested["unseen"]]
        strange = tested[tested["stranger"].notna()]
        for method in METHODS:
            trees = method == "trees"
            found.append(
                {
                    "fold": number,
                    "origin": fold.origin,
                    "last": fold.test_months[-1],
                    "train_months": len(fold.train_months),
                    "method": method,
                    "n": len(tested),
                    "events": int(tested["outcome"].sum()),
                    "base_rate": float(tested["outcome"].mean()),
                    **measures.scorecard(_of(tested, "outcome"), _of(tested, method)),
                    "n_unseen": len(unseen),
                    "auc_unseen": measures.auc(_of(unseen, "outcome"), _of(unseen, method)),
                    "n_stranger": len(strange) if trees else 0,
                    "auc_stranger": _strange(strange, "stranger") if trees else np.nan,
                    "auc_met": _strange(strange, "trees") if trees else np.nan,
                }
            )
    return pd.DataFrame(found)


def _strange(strange: pd.DataFrame, method: str) -> float:
    return measures.auc(_of(strange, "outcome"), _of(strange, method))


def _of(rows: pd.DataFrame, column: str) -> Floats:
    return rows[column].to_numpy(np.float64)


def _tell(seeds: Sequence[bytes], values: Floats) -> Floats:
    return booster.probability(booster.margins([booster.load(raw) for raw in seeds], values))
