"""Folds: rehearsals of the past in which nobody may look ahead.

A fold stands at an earlier ``as_of`` (its origin), trains on the months whose
answers were already certain there, and is tested on the months that came next.
The months in between, asked but not yet answered, belong to neither: that is the
embargo, and its length follows from the question, not from a setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.outcomes import Question
from warehouse.months import as_of

TRAIN_MONTHS = 3  # fewer than a quarter of answered months teaches the season, not the customer


@dataclass(frozen=True)
class Fold:
    """One rehearsal: trained at ``as_of`` on ``train_months``, tested on ``test_months``."""

    train_months: tuple[str, ...]
    test_months: tuple[str, ...]
    as_of: datetime

    @property
    def origin(self) -> str:
        """The month at whose close the fold stands: the first it is tested on."""
        return self.test_months[0]


def usable(
    months: Sequence[str], question: Question, now: datetime, gap_days: int, timezone: str
) -> list[str]:
    """The months, sorted, whose answers are certain at ``now`` (naive UTC)."""
    return [m for m in sorted(set(months)) if question.knowable(m, timezone, gap_days) <= now]


def folds(
    months: Sequence[str],
    question: Question,
    now: datetime,
    gap_days: int,
    timezone: str,
    n: int = 6,
    every: int = 3,
) -> list[Fold]:
    """Up to ``n`` folds, oldest first, an origin every ``every`` months back from the newest.

    ``months`` are the months with rows. Each fold is tested on ``every`` months, no month
    in two folds, all certain at ``now``; it is trained on every month certain at the
    fold's own ``as_of``. Origins with fewer than ``TRAIN_MONTHS`` of those are left
    out, so a short history gives fewer than ``n`` folds, or none.
    """
    known = usable(months, question, now, gap_days, timezone)
    found: list[Fold] = []
    for stop in range(len(known), every - 1, -every):
        tested = tuple(known[stop - every : stop])
        origin = as_of(tested[0], timezone)
        trained = tuple(usable(known[: stop - every], question, origin, gap_days, timezone))
        if len(trained) < TRAIN_MONTHS or len(found) == n:
            break
        found.append(Fold(trained, tested, origin))
    return found[::-1]


Masks = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]


def split(frame: pd.DataFrame, fold: Fold) -> Masks:
    """Masks over the rows of ``frame`` (account_id, month, outcome): train, test, unseen.

    Where ``frame`` says when each row is ``certain`` (naive UTC), that decides what the fold
    may learn from, otherwise its months do. Rows without an answer are in neither. ``unseen``
    marks the test rows whose account has no training row: a model that remembers accounts is
    worse there.
    """
    answered = frame["outcome"].notna()
    before = frame["month"].isin(fold.train_months)
    if "certain" in frame:
        before = (frame["certain"] <= pd.Timestamp(fold.as_of)) & (frame["month"] < fold.origin)
    train = answered & before
    test = answered & frame["month"].isin(fold.test_months)
    unseen = test & ~frame["account_id"].isin(frame.loc[train, "account_id"])
    return train.to_numpy(), test.to_numpy(), unseen.to_numpy()
