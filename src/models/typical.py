"""What is typical of accounts of similar ARR and age: the medians an account is held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import peers
from models.trained import Trained

EVERYBODY = "all"


@dataclass(frozen=True)
class Typical:
    """The median of each feature of a model (columns) by peer group, and each account's group."""

    medians: pd.DataFrame
    group: pd.Series[str]

    def of(self, accounts: pd.Index[str]) -> npt.NDArray[np.float64]:
        """A row for each of ``accounts``, a column a feature of the model, NaN where none knows."""
        return self.medians.reindex(self.group.loc[accounts]).to_numpy(np.float64)


def typical(trained: Trained, now: pd.DataFrame) -> Typical:
    """Medians among all accounts of a month: ``now`` is their features (index account_id).

    Of a word there is no median. Without ARR and tenure everybody is held against everybody.
    """
    numbers = trained.numbers(now)
    numbers[[name for name in trained.vocabulary.words if name in numbers]] = np.nan
    group = pd.Series(EVERYBODY, index=now.index, dtype="str")
    if {"arr_now", "tenure"} <= set(now):
        group = peers.groups(now["arr_now"], now["tenure"])
    medians = numbers.groupby(group).median()
    if (group == EVERYBODY).any():
        medians.loc[EVERYBODY] = numbers.median()
    return Typical(medians, group)
