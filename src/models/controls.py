"""Permutation controls: the whole training procedure on answers that mean nothing.

Give every row the answer of another row, and there is nothing left to learn. A procedure
that still finds something has let the answers it is tested on into what it learns from: an
encoding of a column, a filling of gaps, a choice of features made before the split. Its
AUC on real answers is then worth nothing, and this shows by how much.

Giving an account's whole history of answers to another account keeps what makes months of
one account alike. A procedure that finds something there knows accounts by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.declare import Feature
from models import booster, measures
from models.measures import Interval
from models.outcomes import Question
from models.train import train

ANSWER = ["outcome", "base", "amount"]
CHANCE = 0.5
ERRORS = 3.0  # standard errors from chance that luck explains
ROW, ACCOUNT = "by row", "by account"
MEANS = {
    ROW: "the answers it is tested on reach what it learns from",
    ACCOUNT: "it knows accounts by heart, or the answers reach what it learns from",
}


@dataclass(frozen=True)
class Control:
    """What training made of answers permuted ``by row`` or ``by account``: its AUC."""

    name: str
    auc: Interval

    @property
    def errors(self) -> float:
        """How many standard errors the AUC lies from chance; below it is negative."""
        return (self.auc.value - CHANCE) / self.auc.error

    @property
    def clear(self) -> bool:
        """Whether luck explains the AUC; below chance is as wrong as above."""
        return bool(abs(self.errors) <= ERRORS)

    @property
    def said(self) -> str:
        """What was found, in words, and what it means where it is not chance."""
        found = (
            f"permuted {self.name}: AUC {self.auc.value:.3f} [{self.auc.low:.3f}, "
            f"{self.auc.high:.3f}], {self.errors:+.1f} standard errors from chance"
        )
        return found if self.clear else f"{found}: {MEANS[self.name]}"


def controls(
    question: Question,
    frame: pd.DataFrame,
    features: Sequence[Feature],
    now_month: str,
    timezone: str = "UTC",
    gap_days: int = 30,
    rounds: int | None = None,
    prepare: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    seed: int = 20,
) -> tuple[Control, Control]:
    """How `models.train` does on answers permuted by row, and by account: chance, if it is right.

    The arguments are those of `models.train.train`, whose folds are rehearsed; so are the
    errors. ``prepare`` is whatever else is done to a frame before it is trained on, done
    here to the permuted one. The same ``seed`` gives the same permutations.
    """
    found = []
    for name, permute in ((ROW, by_row), (ACCOUNT, by_account)):
        mixed = permute(frame, seed)
        mixed = prepare(mixed) if prepare else mixed
        trained = train(
            question,
            mixed,
            features,
            now_month,
            timezone,
            gap_days,
            seeds=booster.SEEDS[:1],
            rounds=rounds,
        )
        assert trained.held_out is not None
        found.append(Control(name, measures.compare(trained.held_out, "model", "base rate")[0]))
    return found[0], found[1]


def by_row(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """``frame`` with the answers of its answered rows dealt anew among them."""
    answered = _answered(frame, ["month", "account_id"])
    dealt = np.random.default_rng(seed).permutation(len(answered))
    return _given(frame, answered, answered[dealt])


def by_account(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """``frame`` with each account's answers, in the order of its months, given to another.

    Where two have not as many, what is left over goes on to the next account, so that those
    of one account stay together. (Accounts with equally many would say too much: when a
    history ends is an answer.) Renewals, which have ``ends_on``, are given decision by
    decision, since the months of one decision share its answer.
    """
    decision = [name for name in ("account_id", "ends_on") if name in frame]
    answered = _answered(frame, [*decision, "month"])
    first = np.ones(len(answered), dtype=np.bool_)
    if "ends_on" in decision:
        first = ~frame.loc[answered].duplicated(decision).to_numpy()
    given = answered[first]
    codes, accounts = pd.factorize(frame.loc[given, "account_id"])
    place = np.random.default_rng(seed).permutation(len(accounts))[codes]
    dealt = given[np.argsort(place, kind="stable")]
    return _given(frame, answered, dealt[np.cumsum(first) - 1])


def _answered(frame: pd.DataFrame, order: list[str]) -> pd.Index[int]:
    """The index of the rows with an answer, in an order that does not depend on the frame's."""
    return frame[frame["outcome"].notna()].sort_values(order, kind="stable").index


def _given(frame: pd.DataFrame, to: pd.Index[int], of: pd.Index[int]) -> pd.DataFrame:
    """``frame`` with the answers at ``of`` written at ``to``."""
    mixed = frame.copy()
    mixed.loc[to, ANSWER] = frame.loc[of, ANSWER].to_numpy()
    return mixed
