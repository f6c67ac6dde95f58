"""Parts: what is kept of the rows of a tile, so that any window can be put together.

A sum, a count, a largest and a smallest value, the set of days and the set of words:
each of two tiles gives that of both, exactly and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

import narwhals as nw
import numpy as np

from features.declare import Aggregate, Feature, Rows, Source
from features.rows import OF_DAYS
from warehouse.engines import Reducer

Kind = Literal["sum", "count", "max", "min", "days", "words"]
REDUCED: dict[Kind, Reducer] = {
    "sum": "sum",
    "count": "count",
    "max": "max",
    "min": "min",
    "days": "bit_or",
    "words": "bit_or",
}
NONE = {"max": np.iinfo(np.int64).min, "min": np.iinfo(np.int64).max}
"""What stands for no value at all; of the other kinds it is 0."""


@dataclass(frozen=True)
class Part:
    """One column of the tiles: ``kind`` of ``value`` over the rows where ``where`` holds.

    ``key`` names it by what it says, so that two features that need the same share it.
    """

    kind: Kind
    value: nw.Expr = field(compare=False)
    where: nw.Expr | None = field(compare=False)

    @property
    def key(self) -> str:
        text = f"{self.kind}|{self.value!r}|{self.where!r}"
        return f"{self.kind}_{sha256(text.encode()).hexdigest()[:12]}"

    def counted(self, value: nw.Expr) -> nw.Expr:
        """``value`` where the part counts; elsewhere nothing, of bits none."""
        if self.where is None:
            return value
        chosen = nw.when(self.where).then(value)
        return chosen.otherwise(nw.lit(0)) if self.kind in ("days", "words") else chosen


@dataclass(frozen=True)
class Made:
    """A feature with its aggregate and the parts it is finished from, by role."""

    feature: Feature
    aggregate: Aggregate
    parts: dict[str, Part]


def made(feature: Feature) -> Made:
    """The parts of a feature of a tiled table. Roles: ``value``, ``n`` and ``over``."""
    said = feature.compute(Rows(Source(str(feature.table)), datetime(2000, 1, 1)))
    one = nw.lit(1)
    parts: dict[str, Part] = {}
    if said.statistic in OF_DAYS:
        parts["value"] = Part("days", nw.col("bit"), said.where)
    elif said.statistic == "distinct":
        parts["value"] = Part("words", said.value, said.where)
    elif said.statistic in ("max", "min", "count"):
        parts["value"] = Part(said.statistic, said.value, said.where)
    else:
        parts["value"] = Part("sum", said.value, said.where)
        if said.statistic == "mean" or (feature.empty is None and said.per is None):
            parts["n"] = Part("count", said.value, said.where)
    if said.over is not None:
        parts["over"] = Part("count", one, said.over)
    if said.per is not None:
        parts["over"] = Part("sum", said.per, None)
    return Made(feature, said, parts)
