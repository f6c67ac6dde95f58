"""The best use of what a company can see: the ceiling of every model that reads its tables.

One model a lead, taught the *true* chance of leaving on companies of the same world and
other seeds, so that no luck is learnt. What it reaches is a lower bound: more to learn
from, or cleverer eyes, would raise it a little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warehouse.simulate.arrays import Floats
from warehouse.simulate.columns import Columns
from warehouse.simulate.life import Life
from warehouse.simulate.observed import decisions, observed
from warehouse.simulate.twins import LEADS

_ROUNDS = 600
_SETTINGS = {
    "objective": "reg:logistic",
    "eta": 0.05,
    "max_depth": 5,
    "min_child_weight": 8,
    "subsample": 0.7,
    "colsample_bytree": 0.3,
    "reg_lambda": 8,
    "seed": 1,
}


@dataclass(frozen=True)
class Observer:
    """A model for each lead, in XGBoost's own format; none where there was nothing to learn."""

    models: Mapping[int, bytes]

    def ahead(self, life: Life, tables: dict[str, Columns]) -> Floats:
        """The chance of leaving [leads, decisions] as best told from what could be seen.

        NaN for what nobody could learn. The decisions are those of ``decisions``.
        """
        chances = np.full((len(LEADS), len(decisions(life)[0])), np.nan)
        if chances.size:
            for lead, seen in observed(life, tables, tuple(self.models)).items():
                chances[LEADS.index(lead)] = told(self.models[lead], seen.values)
        return chances


# XGBoost takes a second to import, and only who asks for the ceilings needs it.


def fitted(seen: npt.NDArray[np.float32], chance: Floats, threads: int) -> bytes:
    """A model of the ``chance`` of each decision given what was ``seen`` of it."""
    import xgboost

    settings = {**_SETTINGS, "nthread": threads}
    model = xgboost.train(settings, xgboost.DMatrix(seen, chance), _ROUNDS)
    return bytes(model.save_raw("ubj"))


def told(model: bytes, seen: npt.NDArray[np.float32]) -> Floats:
    """The chance of each decision, as a fitted model tells it."""
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(model))
    return np.asarray(booster.predict(xgboost.DMatrix(seen)), dtype=np.float64)
