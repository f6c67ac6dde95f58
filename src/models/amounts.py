"""Amounts: how much an account grows, if it grows.

Whether and how much are two questions (a hurdle). The second is learnt from those that grew:
shallow trees on the logarithm of the increase over what it grew from. The exponential of a
mean logarithm is too small a sum of money, so each size class is scaled until what is told
of its past growth adds up to what it came to (a smearing, after Duan 1983).

One account in a hundred grows beyond all measure, most of them by taking in another. Beyond
the 1st and 99th percentile seen a growth counts as that, in learning and in telling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb

from models import booster
from warehouse.errors import InputMissing

Floats = npt.NDArray[np.float64]

ENOUGH = 50  # grown rows; of fewer the sizes are not told apart
CLASS = 200  # grown rows a size class has at least
CLASSES = 5  # equal-count classes of ARR, at most
SIZE = "arr_now"  # the feature that says which class an account is in
ROUNDS = 150
SEED = 1
EXTREMES = (0.01, 0.99)
SETTINGS = booster.SETTINGS | {"objective": "reg:squarederror"}


@dataclass(frozen=True, eq=False)
class Amounts:
    """What was learnt of past growth; plain data, and ``raw``, a booster's native bytes.

    ``names`` are the features of the booster's columns; ``edges`` the ARR (cents) that
    part the size classes, ``scale`` what each class is multiplied by, ``low`` and ``high`` the
    least and most that is told, as shares of ARR. ``raw`` is empty, and ``names`` are, where
    growth is the same for everybody, ``scale[0]``. ``said`` is how it came about, in words.
    """

    names: tuple[str, ...] = field(repr=False)
    edges: tuple[float, ...]
    scale: tuple[float, ...]
    low: float
    high: float
    rows: int
    said: str
    raw: bytes = field(default=b"", repr=False)

    @cached_property
    def _trees(self) -> list[xgb.Booster]:
        return [booster.load(self.raw)] if self.raw else []

    def growth(self, frame: pd.DataFrame) -> Floats:
        """The growth of each row of ``frame`` (features as columns) if it grows, as share of ARR.

        At least 0; 0.2 is a fifth more. Columns that were not learnt from are ignored. Raises
        ``InputMissing`` where one that was is not there.
        """
        absent = [name for name in self.names if name not in frame]
        if absent:
            raise InputMissing(
                f"how much accounts grow was learnt from {len(self.names)} features, and "
                f"{len(absent)} of them are not there, first {absent[0]}: bring the table back, "
                "or train again without it"
            )
        if not self.raw:
            return np.full(len(frame), self.scale[0])
        told = np.exp(booster.margins(self._trees, _values(frame, self.names)))
        scale = np.array(self.scale)[_classes(frame, self.edges)]
        return np.asarray(np.clip(told * scale, self.low, self.high), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Everything but ``raw``, as JSON has it."""
        lists = {name: list(getattr(self, name)) for name in ("names", "edges", "scale")}
        numbers = {name: getattr(self, name) for name in ("low", "high", "rows", "said")}
        return lists | numbers

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], raw: bytes = b"") -> Amounts:
        """What `to_dict` returned, and the booster that stood beside it; a ``TypeError`` if not."""
        lists = {name: tuple(v) for name, v in told.items() if isinstance(v, list)}
        return cls(**{**told, **lists}, raw=raw)


def fit(taught: pd.DataFrame, names: Sequence[str]) -> Amounts:
    """What the rows of ``taught`` that grew tell of how much accounts grow.

    ``taught`` has account_id, month, the features ``names``, and outcome, base and amount of
    the expansion question (see `models.outcomes`), the last two in cents. Words among the
    features are left out. Fewer than ``ENOUGH`` grown rows give one growth for everybody,
    their increase over what it grew from, summed before dividing; none at all give 0. The same
    rows, in any order, give the same bytes.
    """
    grown = taught[taught["outcome"] == 1].sort_values(["month", "account_id"], kind="stable")
    if grown.empty:
        return Amounts((), (), (0.0,), 0.0, 0.0, 0, "no account has grown yet, so no gain is told")
    base = grown["base"].to_numpy(np.float64)
    share = grown["amount"].to_numpy(np.float64) / base
    low, high = (float(edge) for edge in np.quantile(share, EXTREMES))
    share = np.clip(share, low, high)
    numeric = [name for name in sorted(names) if not isinstance(grown[name].dtype, pd.StringDtype)]
    known = tuple(name for name in numeric if grown[name].notna().any())
    if len(grown) < ENOUGH or not known:
        usual = float((share * base).sum() / base.sum())
        said = (
            f"the same growth for everybody, {usual:.1%}: it takes {ENOUGH} past expansions, and "
            f"something known of them, to tell large from small; there are {len(grown)}"
        )
        return Amounts((), (), (usual,), low, high, len(grown), said)
    values = _values(grown, known)
    raw = booster.fit(values, np.log(share), SEED, ROUNDS, SETTINGS)
    told = np.exp(booster.margins([booster.load(raw)], values))
    edges: tuple[float, ...] = ()
    if SIZE in known:
        cuts = np.linspace(0, 1, min(CLASSES, max(1, len(grown) // CLASS)) + 1)[1:-1]
        edges = tuple(float(each) for each in np.unique(grown[SIZE].dropna().quantile(cuts)))
    where = _classes(grown, edges)
    came_to = np.bincount(where, weights=share * base, minlength=len(edges) + 1)
    would = np.bincount(where, weights=told * base, minlength=len(edges) + 1)
    # A class nobody is in, between equal edges, is told what the trees say.
    scale = np.divide(came_to, would, out=np.ones(len(would)), where=would > 0)
    said = f"learnt from {len(grown):,} past expansions"
    return Amounts(known, edges, tuple(scale.tolist()), low, high, len(grown), said, raw)


def _values(frame: pd.DataFrame, names: Sequence[str]) -> Floats:
    return frame[list(names)].to_numpy(dtype=np.float64)


def _classes(frame: pd.DataFrame, edges: Sequence[float]) -> npt.NDArray[np.int64]:
    """The size class of each row, from 0; one whose ARR is unknown is among the smallest."""
    if not edges:
        return np.zeros(len(frame), dtype=np.int64)
    size = frame[SIZE].fillna(0.0).to_numpy(np.float64)
    return np.searchsorted(np.array(edges), size, side="right").astype(np.int64)
