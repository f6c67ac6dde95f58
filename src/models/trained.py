"""A trained model: what it was asked, what it learned, how well it did when it could not look.

It is a value, not an object of a library: native booster bytes, text and numbers.
``models.artefacts`` writes it to a folder and reads it back; nothing else is needed
to score with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb

from features.vocabulary import Vocabulary
from models import booster, shapley
from models.amounts import Amounts
from models.logistic import Logistic
from models.outcomes import Question
from models.shapley import Worth
from warehouse.errors import InputMissing

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trained:
    """One question's model as it stood at the close of ``month``.

    ``month``: what was known at its ``as_of`` trained the model; ``through``: the newest
    month whose answer was certain by then, the last it learned from.
    ``names``: feature names in the order of the boosters' columns, ``catalogue`` the
    digest of their declarations. ``boosters``: native bytes by seed, ``logistic`` what ships
    in their place where they did no better; ``drivers``: boosters that know no opinions, from
    which reasons are taken. ``level`` is added to every log-odds (`models.level`), ``settings``
    are those of the trees.
    ``base_rate``: share of events among the ``rows`` it learned from. ``amounts``: how much
    accounts grow that do, None for any other question than expansion. ``medians``: each
    feature's median in training (NaN: never known).
    ``folds``: one row for each fold and method, see `models.train`; ``verdict`` says
    in words what they show, ``rule`` which one-column rule stood beside the model.
    ``golden``: rows of training values, ``golden_margins`` what they must score.
    ``held_out``: the folds' own predictions, for pictures; None once loaded from a folder.
    ``vocabulary``: the words of features that are words, as it learnt them.
    """

    question: Question
    month: str
    through: str
    names: tuple[str, ...]
    catalogue: str
    boosters: Mapping[int, bytes] = field(repr=False)
    drivers: Mapping[int, bytes] = field(repr=False)
    logistic: Logistic | None = field(repr=False)
    level: float
    settings: Mapping[str, float | str] = field(repr=False)
    rows: int
    events: int
    base_rate: float
    amounts: Amounts | None = field(repr=False)
    medians: Mapping[str, float] = field(repr=False)
    folds: pd.DataFrame = field(repr=False)
    verdict: str
    rule: str
    libraries: Mapping[str, str]
    golden: Floats = field(repr=False)
    golden_margins: Floats = field(repr=False)
    held_out: pd.DataFrame | None = field(default=None, repr=False)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    @cached_property
    def _boosters(self) -> list[xgb.Booster]:
        return [booster.load(self.boosters[seed]) for seed in sorted(self.boosters)]

    @cached_property
    def _worth(self) -> list[Worth]:
        return [shapley.worth(each) for each in self._boosters]

    @cached_property
    def _drivers(self) -> list[Worth]:
        return [shapley.worth(booster.load(self.drivers[seed])) for seed in sorted(self.drivers)]

    @property
    def method(self) -> str:
        """What it is, in words."""
        return "boosted trees" if self.logistic is None else "logistic regression"

    def margins(self, values: Floats) -> Floats:
        """Log-odds of rows of feature values in the order of ``names``; trees average seeds."""
        if self.logistic is not None:
            return self.logistic.margins(values) + self.level
        return booster.margins(self._boosters, values) + self.level

    def predict(self, frame: pd.DataFrame) -> pd.Series[float]:
        """The probability of the outcome for each row of ``frame`` (features as columns).

        Columns the model does not know are ignored. A feature it was trained with and
        ``frame`` lacks is refused: unknown for one account is an answer, a table that
        went missing is not.
        """
        p = booster.probability(self.margins(self._values(frame)))
        return pd.Series(p, index=frame.index, name="p")

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each feature adds to each row's log-odds: one column a feature, then ``bias``.

        SHAP values, of trees averaged over the seeds; a row sums to its margin.
        """
        values = self._values(frame)
        if self.logistic is not None:
            parts = self.logistic.contributions(values)
        else:
            parts = shapley.contributions(self._worth, values)
        return self._framed(parts, frame)

    def grounds(self, frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Like `contributions`, of the models that know drivers only: one frame a seed.

        Of what people say of themselves or of each other every contribution is 0.
        """
        values = self._values(frame)
        for each in self._drivers:
            yield self._framed(shapley.contributions([each], values), frame)

    def _framed(self, parts: Floats, frame: pd.DataFrame) -> pd.DataFrame:
        parts[:, -1] += self.level
        columns = [*self.names, "bias"]
        return pd.DataFrame(parts, index=frame.index, columns=columns, copy=False)

    def _values(self, frame: pd.DataFrame) -> Floats:
        missing = [name for name in self.names if name not in frame.columns]
        if missing:
            raise InputMissing(
                f"the {self.question.kind} model of {self.month} was trained with "
                f"{len(self.names)} features, and {len(missing)} of them are not there: "
                f"{listed(missing)}. A model is never scored without a table it learned "
                "from: bring the table back, or train again without it"
            )
        return self.numbers(frame).to_numpy(dtype=np.float64)

    def numbers(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The features of ``frame`` in the order of ``names``, words as this model codes them."""
        return self.vocabulary.encode(frame.reindex(columns=list(self.names)))


def listed(names: Sequence[str], most: int = 6) -> str:
    """The names as a person reads them, at most ``most`` and then a count."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
