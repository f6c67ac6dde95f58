"""What each feature adds to what shallow trees say: exact Shapley values by looking them up.

A tree of few questions can be answered in few ways, so what its features are worth is worked
out once for every way and looked up for every row. For a leaf it has a closed form: by
path-dependent TreeSHAP (Lundberg et al. 2020) a leaf is worth its value times a factor for
each feature on its path, 1 or 0 where the feature is known and the share of training rows
that took its turns where it is not; and the Shapley value of a product is an integral of a
polynomial (Owen 1972), which Gauss and Legendre's points give exactly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

Floats = npt.NDArray[np.float64]
Path = tuple[tuple[int, bool], ...]  # the questions before a leaf, and whether it turns left there

QUESTIONS = 8  # looked up at once: 256 ways to answer
ROWS = 8_192  # at once: their columns stay near the processor


@dataclass(frozen=True)
class Turn:
    """A question a tree asks: is ``feature`` below ``below``? The unknown go left or right."""

    feature: int
    below: np.float32
    unknown_left: bool

    def answers(self, column: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """Which rows do not go where the unknown go: of those a comparison is never true."""
        return column >= self.below if self.unknown_left else column < self.below


@dataclass(frozen=True)
class Part:
    """Some leaves of a tree: the questions on their paths, and by feature a value an answer."""

    turns: tuple[Turn, ...]
    worth: dict[int, Floats]


@dataclass(frozen=True)
class Worth:
    """A booster's trees in parts, and ``bias``, what it says of a row it knows nothing of."""

    parts: tuple[Part, ...]
    bias: float


def worth(booster: xgb.Booster) -> Worth:
    """What `contributions` looks up, worked out from a booster of numbers with log-odds."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    trees = [_Tree(told) for told in learner["gradient_booster"]["model"]["trees"]]
    start = json.loads(learner["learner_model_param"]["base_score"])[0]
    bias = np.log(start / (1 - start)) + sum(tree.mean() for tree in trees)
    return Worth(tuple(part for tree in trees for part in tree.parts()), float(bias))


def contributions(found: Sequence[Worth], values: Floats) -> Floats:
    """SHAP values in log-odds (rows x features + 1), the mean of boosters; the last is the bias.

    ``values``: rows x features, NaN for unknown, read as the trees read them, in single
    precision. Each row sums to its margin.
    """
    told = np.empty((len(values), values.shape[1] + 1))
    told[:, -1] = sum(each.bias for each in found) / len(found)
    for first in range(0, len(values), ROWS):
        rows = slice(first, first + ROWS)
        columns = np.ascontiguousarray(values[rows].T, dtype=np.float32)
        added = np.zeros(columns.shape)
        looked = np.empty(columns.shape[1])
        for part in chain.from_iterable(each.parts for each in found):
            answer = np.zeros(columns.shape[1], dtype=np.uint8)
            for place, turn in enumerate(part.turns):
                answer |= turn.answers(columns[turn.feature]).view(np.uint8) << np.uint8(place)
            at = answer.astype(np.intp)
            for feature, by_answer in part.worth.items():
                added[feature] += np.take(by_answer, at, out=looked, mode="clip")
        told[rows, :-1] = added.T / len(found)
    return told


class _Tree:
    """One tree as XGBoost writes it."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.left: list[int] = told["left_children"]
        self.right: list[int] = told["right_children"]
        self.feature: list[int] = told["split_indices"]
        self.value = np.array(told["split_conditions"], dtype=np.float32)
        self.unknown_left: list[int] = told["default_left"]
        self.cover: list[float] = told["sum_hessian"]

    def leaves(self, node: int = 0, path: Path = ()) -> Iterator[tuple[int, Path]]:
        """Each leaf and its path from the root."""
        if self.left[node] < 0:
            yield node, path
            return
        yield from self.leaves(self.left[node], (*path, (node, True)))
        yield from self.leaves(self.right[node], (*path, (node, False)))

    def mean(self) -> float:
        """The mean of its leaves over the training rows."""
        covers = [(self.cover[leaf], float(self.value[leaf])) for leaf, _ in self.leaves()]
        return sum(c * v for c, v in covers) / sum(c for c, _ in covers)

    def parts(self) -> Iterator[Part]:
        """Its leaves from left to right, as many at once as ask at most ``QUESTIONS``."""
        held: list[tuple[int, Path]] = []
        asked: dict[int, None] = {}
        for leaf, path in self.leaves():
            more = asked | dict.fromkeys(node for node, _ in path)
            if held and len(more) > QUESTIONS:
                yield self._part(held, list(asked))
                held, more = [], dict.fromkeys(node for node, _ in path)
            held.append((leaf, path))
            asked = more
        if asked:
            yield self._part(held, list(asked))

    def _part(self, leaves: list[tuple[int, Path]], nodes: list[int]) -> Part:
        ways = np.arange(2 ** len(nodes))
        goes_left = {
            node: ((ways >> place) & 1 == 1) != bool(self.unknown_left[node])
            for place, node in enumerate(nodes)
        }
        deepest = max(len(path) for _, path in leaves)
        # A path of fewer features than the longest is filled up with factors of 1, worth nothing.
        known = np.ones((len(leaves), deepest, len(ways)))
        unknown = np.ones((len(leaves), deepest, 1))
        asked: list[list[int]] = []
        for which, (_, path) in enumerate(leaves):
            features = list(dict.fromkeys(self.feature[node] for node, _ in path))
            for node, left in path:
                place = features.index(self.feature[node])
                child = self.left[node] if left else self.right[node]
                known[which, place] *= goes_left[node] == left
                unknown[which, place] *= self.cover[child] / self.cover[node]
            asked.append(features)
        value = self.value[[leaf for leaf, _ in leaves]].astype(np.float64)
        told = value[:, None, None] * _shapley(known, unknown)
        found = {feature: np.zeros(len(ways)) for features in asked for feature in features}
        for which, features in enumerate(asked):
            for place, feature in enumerate(features):
                found[feature] += told[which, place]
        turns = tuple(
            Turn(self.feature[node], self.value[node], bool(self.unknown_left[node]))
            for node in nodes
        )
        return Part(turns, found)


@cache
def _points(degree: int) -> tuple[tuple[float, float], ...]:
    """Points and weights on [0, 1] that integrate a polynomial of ``degree`` exactly."""
    points, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    return tuple(zip((points + 1) / 2, weights / 2, strict=True))


def _shapley(known: Floats, unknown: Floats) -> Floats:
    """Shapley values of products (first axis) of factors (second), ``known`` or ``unknown``."""
    factors = known.shape[1]
    told = np.zeros_like(known)
    for point, weight in _points(factors - 1):
        mixed = unknown + point * (known - unknown)
        for one in range(factors):
            others = [mixed[:, other] for other in range(factors) if other != one]
            told[:, one] += weight * np.prod(others, axis=0)
    return (known - unknown) * told
