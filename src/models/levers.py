"""Levers: where an account would gain most by standing where its peers stand.

Reasons say what an account's risk is associated with; a lever says how much of it
would go, by the model, if one driver family stood no worse than is typical of the
accounts of similar ARR and age. It is the model asked a second time with other values,
not an experiment: nobody knows that moving the value moves the customer. So a lever is
"associated with" less risk, and ranks where to look first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Catalogue
from features.declare import FRAMES, OPINIONS
from models import booster
from models.trained import Trained, listed
from models.typical import typical
from warehouse.errors import InputMissing, Usage

Floats = npt.NDArray[np.float64]

CELLS = 20_000_000  # values scored at once: 160 MB
SMALLEST = 0.005  # half a point: less is no lever
NO_LEVER = "no clear lever"


def levers(trained: Trained, now: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """The drop in the probability of churn, for each account and family one could act on.

    ``now`` is features (index account_id) of all accounts of the month, among which the peers
    are found. Returns index account_id and a column for each driver family of the model but
    ``FRAMES`` and ``OPINIONS``, in order of name, in probabilities: 0.05 is five points. It is
    never below 0.

    A family is knocked out by setting its features to their median among the peers
    (`features.peers`). A feature whose declaration says which side is riskier is set only
    where the account stands on that side; one that says neither is set everywhere. Values
    that are unknown, words, and features that no peer knows keep what they are. Other
    families' features are not computed again, even those derived from these.

    Raises `Usage` for a model of another question, and `InputMissing` for features that are
    not there or no longer declared.
    """
    if trained.question.kind != "churn":
        raise Usage(
            f"levers lower the risk of churn, and this is the {trained.question.kind} model of "
            f"{trained.month}; hand over the churn model"
        )
    absent = [name for name in trained.names if name not in catalogue.by_name]
    if absent:
        raise InputMissing(
            f"the churn model of {trained.month} uses features that are no longer declared: "
            f"{listed(absent)}; train again"
        )
    p = trained.predict(now).to_numpy()
    told = [catalogue.by_name[name] for name in trained.names]
    values = trained.numbers(now).to_numpy(np.float64)
    better = _better(
        values, typical(trained, now).of(now.index), np.array([f.riskier for f in told])
    )
    family = np.array([f.family for f in told], dtype=object)
    names = sorted({f.family for f in told} - FRAMES - OPINIONS)
    drops = np.zeros((len(now), len(names)))
    step = max(1, CELLS // max(1, values.size))
    for first in range(0, len(names), step):
        batch = names[first : first + step]
        knocked = np.vstack([np.where(family == name, better, values) for name in batch])
        left = booster.probability(trained.margins(knocked)).reshape(len(batch), len(now))
        # The same row multiplied beside others may differ in its last digits: that is no drop.
        drops[:, first : first + step] = (p - left).round(12).clip(min=0.0).T
    return pd.DataFrame(drops, index=now.index.rename("account_id"), columns=names)


def best(levers: pd.DataFrame) -> pd.DataFrame:
    """Each account's largest lever: index account_id, columns family, drop, text.

    ``levers`` as `levers` gives them. ``drop`` is a probability; below ``SMALLEST`` the family
    is empty and the drop 0. Of equal ones the first by name is taken.
    """
    drops = levers.to_numpy(np.float64)
    if not drops.shape[1]:
        drops = np.zeros((len(levers), 1))
    place = drops.argmax(axis=1)
    drop = drops.max(axis=1)
    drop = np.where(drop >= SMALLEST, drop, 0.0)
    family = [str(levers.columns[i]) if d else "" for i, d in zip(place, drop, strict=True)]
    text = [said(f, d) for f, d in zip(family, drop, strict=True)]
    found = pd.DataFrame({"family": family, "drop": drop, "text": text}, index=levers.index)
    return found.astype({"family": "str", "text": "str"})


def said(family: str, drop: float) -> str:
    """A lever in words that claim no cause; ``drop`` is a probability, printed in points."""
    if not family:
        return NO_LEVER
    return (
        f"{family} no worse than at similar accounts: associated with {100 * drop:.1f} points "
        "less risk of churn"
    )


def _better(values: Floats, typical: Floats, riskier: npt.NDArray[np.int64]) -> Floats:
    """``values`` with those that are worse than ``typical``, or on no side, set to it."""
    worse = (riskier == 0) | ((values - typical) * riskier > 0)
    return np.where(worse & ~np.isnan(values) & ~np.isnan(typical), typical, values)
