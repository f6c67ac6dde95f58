"""Concentration: how much of the ARR hangs on how few accounts.

Everything is read from ARR at one instant, an account a row, as ``metrics.arr.at`` gives it.
An account counts by itself, whoever its parent is. Nothing here is a sample, so nothing has
an interval.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from metrics.arr import Cents, at, close
from metrics.facts import Facts
from metrics.registry import Figure, figure

LARGEST = (1, 5, 10)
COLUMNS = [
    "n",
    "arr",
    "top_one",
    "top_five",
    "top_ten",
    "top_decile",
    "herfindahl",
    "effective",
    "gini",
]


@dataclass(frozen=True)
class Concentration:
    """How ``arr`` (cents) is spread over ``n`` accounts.

    ``top_one``, ``top_five`` and ``top_ten`` are the shares of the largest accounts, 1.0 where
    there are no more than that. ``top_decile`` is the ARR in cents of the largest tenth of the
    accounts, a part of an account counting as one. ``herfindahl`` is the sum of the squared
    shares; ``effective``, one over it, is how many accounts of equal size would be as
    concentrated. ``gini`` is 0 where all are equal and (n - 1) / n where one has everything.
    All but ``n``, ``arr`` and ``top_decile`` are None without ARR.
    """

    n: int
    arr: int
    top_one: float | None
    top_five: float | None
    top_ten: float | None
    top_decile: int
    herfindahl: float | None
    effective: float | None
    gini: float | None


def concentration(arr: pd.Series[int]) -> Concentration:
    """How the ARR (cents) of accounts is spread; those without any are not counted."""
    sizes = _descending(arr)
    n, total = len(sizes), int(sizes.sum())
    decile = int(sizes[: -(-n // 10)].sum())
    if n == 0:
        return Concentration(0, 0, None, None, None, 0, None, None, None)
    one, five, ten = (int(sizes[:k].sum()) / total for k in LARGEST)
    squares = float(((sizes / total) ** 2).sum())
    # With accounts from largest to smallest, place i of n counts (n + 1 - 2 i) times.
    places = n + 1 - 2 * np.arange(1, n + 1)
    gini = float(places @ (sizes / total)) / n
    return Concentration(n, total, one, five, ten, decile, squares, 1 / squares, gini)


def lorenz(arr: pd.Series[int]) -> pd.DataFrame:
    """Points of the Lorenz curve: accounts, arr, two running shares from 0.0 to 1.0.

    The smallest accounts come first, one point an account after the first point at zero;
    no rows without ARR. On the diagonal all accounts are equal, and Gini's coefficient is
    twice the area between it and the curve.
    """
    sizes = _descending(arr)[::-1]
    if len(sizes) == 0:
        return pd.DataFrame({"accounts": [], "arr": []}, dtype="float64")
    running = np.concatenate([[0], np.cumsum(sizes)])
    return pd.DataFrame(
        {"accounts": np.arange(len(running)) / len(sizes), "arr": running / running[-1]}
    )


def by_group(arr: pd.Series[int], labels: pd.DataFrame, column: str) -> pd.DataFrame:
    """``concentration`` within each group, ordered by group: ``column`` and the fields of it.

    ``arr`` is indexed by account_id; ``labels`` has a row an account with account_id and
    ``column``. Shares are of the group's own ARR. Accounts without a label are one group,
    an empty text.
    """
    named = labels.drop_duplicates("account_id").set_index("account_id")[column]
    group = named.reindex(arr.index).astype("str").fillna("").rename(column)
    rows = [
        {column: name, **asdict(concentration(part))}
        for name, part in arr.groupby(group, sort=True)
    ]
    return pd.DataFrame(rows, columns=[column, *COLUMNS])


def figures(facts: Facts) -> dict[str, Figure]:
    """``top_ten_share`` and ``effective_customers`` at the month's close; n: accounts with ARR."""
    if not facts.has("contract_lines"):
        return {}
    found = concentration(at(facts.lines, close(facts.month, facts.zone)))
    values = {"top_ten_share": found.top_ten, "effective_customers": found.effective}
    return {
        name: figure(name, value, found.n, policy=facts.policy) for name, value in values.items()
    }


def _descending(arr: pd.Series[int]) -> Cents:
    amounts: Cents = np.sort(arr.to_numpy(np.int64))[::-1].astype(np.int64)
    return amounts[amounts > 0]
