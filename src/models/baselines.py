"""Baselines: what a model has to beat before anybody should believe it.

The base rate says the same of everybody. The rule looks at one column, the one a
person would look at; the calendar at when terms end and how large the account is; the five
factors are what companies weigh by hand. Logistic regression (`models.logistic`) looks at all
columns, in straight lines. Each learns from a fold's past rows only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import catalogue
from features.declare import Feature
from models.experts import experts
from models.outcomes import Question

Floats = npt.NDArray[np.float64]

PARTS = 10  # equal-count classes of the rule's column
PRIOR = 20  # rows at the base rate added to each class, so that a small one does not shout


@dataclass(frozen=True)
class Rule:
    """The event rate seen at similar values of one column; unknown is a class of its own."""

    name: str
    title: str
    edges: Floats
    rates: Floats

    @classmethod
    def fit(cls, feature: Feature, past: pd.DataFrame) -> Rule:
        """The rates of the classes of ``feature`` in ``past`` (which has outcome)."""
        values = past[feature.name].to_numpy(np.float64)
        outcome = past["outcome"].to_numpy(np.float64)
        seen = values[~np.isnan(values)]
        cuts = np.linspace(0, 1, PARTS + 1)[1:-1]
        edges = np.unique(np.quantile(seen, cuts)) if len(seen) else np.array([])
        where = _classes(values, edges)
        events = np.bincount(where, weights=outcome, minlength=len(edges) + 2)
        counts = np.bincount(where, minlength=len(edges) + 2)
        rates = (events + PRIOR * outcome.mean()) / (counts + PRIOR)
        return cls(feature.name, feature.label, edges, rates)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The probability of each row of ``frame``."""
        classes = _classes(frame[self.name].to_numpy(np.float64), self.edges)
        return np.asarray(self.rates[classes], dtype=np.float64)


def _classes(values: Floats, edges: Floats) -> npt.NDArray[np.int64]:
    """The class of each value, from 0 up; the last one is for the unknown."""
    found = np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), len(edges) + 1, found).astype(np.int64)


def column(question: Question, features: Sequence[Feature]) -> Feature:
    """The one column a person would look at, of those there are.

    Churn and renewal: use against the account's own past, otherwise days until a line ends.
    Expansion: seats used of those paid for, otherwise ARR. Otherwise the first.
    """
    if question.kind != "expansion":
        wished = [f for f in features if f.domain == "usage" and f.unit == "times"]
        wished += [f for f in features if f.name == "days_to_end"]
    else:
        wished = [f for f in features if f.name == "seats_used"]
        wished += [f for f in features if f.name == "arr_now"]
    return (*wished, *features)[0]


def five_factors(frame: pd.DataFrame) -> Floats:
    """The experts' score of each row of ``frame`` (month, features), in one column.

    An account is ranked among those of its own month, as it would have been at the time.
    """
    by = experts(catalogue())
    months = frame.groupby("month", sort=False).groups.values()
    told = [by.score(frame.loc[rows]) for rows in months]
    scores = pd.concat(told).reindex(frame.index)
    return np.asarray(scores.to_numpy()[:, np.newaxis], dtype=np.float64)
