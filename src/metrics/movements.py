"""The ledger of ARR movements: from each month's close to the next.

Movements are net monthly: an account up fifty and down fifty within one month
did not move. Each account has at most one movement a month:

- ``new``           its first ARR ever;
- ``expansion``     more than at the close before, and it had some;
- ``contraction``   less, and it still has some (one of two products gone is this);
- ``churn``         none now, some before;
- ``reactivation``  some now, none at the close before, some earlier: never new.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from metrics import grid, identities
from warehouse import months as calendar

KINDS = ["new", "expansion", "contraction", "churn", "reactivation"]
COLUMNS = ["opening", "new", "expansion", "reactivation", "contraction", "churn", "closing"]


def movements(balances: pd.DataFrame, months: Sequence[str]) -> pd.DataFrame:
    """Each account's movement in each of ``months``: account_id, month, kind, amount.

    ``amount`` is the signed change in cents: contraction and churn are negative.
    Accounts that did not move have no row; rows are ordered by account_id, month.
    ``balances`` must hold every month from the company's first to the last of
    ``months``: what is there in its first month counts as new, and an account
    seen before ``months[0]`` can only come back, not be new.
    """
    whole = grid.dense(balances, months)
    before = np.zeros_like(whole.arr)
    before[:, 1:] = whole.arr[:, :-1]
    seen = np.logical_or.accumulate(before > 0, axis=1)
    change = whole.arr - before
    kind = np.select(
        [
            (before == 0) & (change > 0) & ~seen,
            (before > 0) & (change > 0),
            (whole.arr > 0) & (change < 0),
            (whole.arr == 0) & (change < 0),
            (before == 0) & (change > 0) & seen,
        ],
        list(range(len(KINDS))),
        default=-1,
    )
    kind[:, : len(whole.months) - len(months)] = -1
    rows, columns = np.nonzero(kind >= 0)
    return pd.DataFrame(
        {
            "account_id": whole.accounts.take(rows).astype("str"),
            "month": pd.Index(whole.months, dtype="str").take(columns),
            "kind": pd.Index(KINDS, dtype="str").take(kind[rows, columns]),
            "amount": change[rows, columns],
        }
    )


def ledger(balances: pd.DataFrame, months: Sequence[str]) -> pd.DataFrame:
    """The ARR walk of each of ``months``, in cents, one row a month in order.

    Columns: month, opening, new, expansion, reactivation, contraction, churn,
    closing; every term is zero or more, the two losses being amounts lost:

        closing = opening + new + expansion + reactivation - contraction - churn

    ``balances`` as for ``movements``. Raises ``MetricIdentityError`` if any
    identity of the ledger fails, which only a fault in this program can cause.
    """
    moves = movements(balances, months)
    held = balances.groupby("month")["arr"].sum()
    closes = held.reindex([calendar.shift(months[0], -1), *months], fill_value=0).to_numpy(np.int64)
    terms = (
        moves.assign(amount=moves["amount"].abs())
        .groupby(["month", "kind"])["amount"]
        .sum()
        .unstack(fill_value=0)
        .reindex(index=pd.Index(months, name="month"), columns=KINDS, fill_value=0)
    )
    table = terms.assign(opening=closes[:-1], closing=closes[1:])[COLUMNS]
    walk = table.astype("int64").rename_axis(columns=None).reset_index()
    identities.check(walk, moves, balances)
    return walk.astype({"month": "str"})
