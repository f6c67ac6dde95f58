"""ARR of every account at every month's close, as one dense table of cents.

The long frame is what callers keep and join; the dense grid is what the
arithmetic runs on, so that no step ever loops over accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from warehouse import months as calendar
from warehouse.errors import Usage

Cents = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """``arr[i, j]`` is the sum of ``accounts[i]``'s lines at the close of ``months[j]``, in cents.

    Below zero it is a credit and counts as no ARR. ``accounts`` are sorted and
    unique, ``months`` rise.
    """

    accounts: pd.Index[str]
    months: list[str]
    arr: Cents


def consecutive(months: Sequence[str]) -> list[str]:
    """``months`` as a list; ``Usage`` unless they are at least one, rising, without a hole."""
    listed = list(months)
    if not listed or listed != calendar.between(listed[0], listed[-1]):
        raise Usage(
            f"these are not consecutive months: {', '.join(listed) or 'none given'}; "
            "movements compare each month with the one before, so give every month "
            "from the first to the last, in order"
        )
    return listed


def dense(balances: pd.DataFrame, months: Sequence[str]) -> Grid:
    """Lay ``balances`` out from their own first month to the last of ``months``.

    ``balances`` has account_id, month, arr (cents); an absent row is no ARR.
    History before ``months[0]`` is kept, because it decides whether an account
    is new or back again; rows after the last of ``months`` are left out.
    """
    wanted = consecutive(months)
    first = wanted[0] if balances.empty else min(str(balances["month"].min()), wanted[0])
    span = calendar.between(first, wanted[-1])
    rows, accounts = pd.factorize(balances["account_id"], sort=True)
    columns = pd.Index(span).get_indexer(pd.Index(balances["month"]))
    inside = columns >= 0
    arr = np.zeros((len(accounts), len(span)), dtype=np.int64)
    arr[rows[inside], columns[inside]] = balances["arr"].to_numpy(np.int64)[inside]
    return Grid(pd.Index(accounts), span, arr)


def long(grid: Grid) -> pd.DataFrame:
    """The rows with ARR above zero: account_id, month, arr, ordered by the first two."""
    rows, columns = np.nonzero(grid.arr > 0)
    return pd.DataFrame(
        {
            "account_id": grid.accounts.take(rows).astype("str"),
            "month": pd.Index(grid.months, dtype="str").take(columns),
            "arr": grid.arr[rows, columns],
        }
    )
