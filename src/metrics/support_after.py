"""What a broken promise of support costs: the ARR it touches, and who leaves afterwards.

Breaches come before the leaving that is counted, never after. Even so they are not its
cause: an account in trouble asks more, and is made to wait more often. What stands here is
a difference, not an effect.

Lines in which an account merged into another has its own end show it as lost: give those
of ``metrics.counted``.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from metrics.arr import INSTANT, at
from metrics.shares import shares
from metrics.support import promises

_HOUR, _DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)


def breaches(tickets: pd.DataFrame, lines: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The broken promises among ``tickets``, with what their accounts are worth.

    Both tables as known at ``as_of``. Columns: ticket_id, account_id, priority, opened_at,
    reply_due_at, replied_at, over (hours past the promise, up to ``as_of`` where there is no
    reply yet), arr (cents, at the close before ``as_of``; 0: no customer any more); ordered
    by arr and over, the largest first, then ticket_id. An account with several has its ARR
    on each: add up with ``affected``.
    """
    broken = tickets[promises(tickets, as_of) == "breached"]
    over: pd.Series[pd.Timedelta] = broken["replied_at"].fillna(as_of) - broken["reply_due_at"]
    worth = at(lines, as_of - INSTANT).reindex(broken["account_id"], fill_value=0)
    found = broken.assign(over=over / _HOUR, arr=worth.array).sort_values(
        ["arr", "over", "ticket_id"], ascending=[False, False, True], ignore_index=True
    )
    columns = ["ticket_id", "account_id", "priority", "opened_at", "reply_due_at", "replied_at"]
    return found[[*columns, "over", "arr"]]


def affected(found: pd.DataFrame) -> int:
    """The ARR of the accounts in ``breaches``, in cents, each account once."""
    return int(found.drop_duplicates("account_id")["arr"].sum())


def lost_by_breaches(
    tickets: pd.DataFrame,
    lines: pd.DataFrame,
    start: datetime,
    turn: datetime,
    end: datetime,
    most: int = 3,
) -> pd.DataFrame:
    """Who was lost in ``[turn, end)``, by the promises broken in ``[start, turn)``.

    Of the customers at the close before ``turn``, those without ARR at the close before
    ``end``, which is the ``as_of`` the tables are known at. A promise is broken when it falls
    due without a reply; ``most`` or more are one group. Columns: breaches (``0``, ``1``, ...,
    ``3+``), n, hits (lost), share, low, high (Wilson), a row for each group there can be.
    """
    due = tickets["reply_due_at"]
    broken = (promises(tickets, end) == "breached") & (due >= start) & (due < turn)
    count = tickets.loc[broken].groupby("account_id").size()
    names = [*(str(i) for i in range(most)), f"{most}+"]
    return _lost("breaches", count.clip(upper=most), names, lines, turn, end)


def lost_by_wait(
    tickets: pd.DataFrame,
    lines: pd.DataFrame,
    turn: datetime,
    end: datetime,
    priority: str = "urgent",
) -> pd.DataFrame:
    """Who was lost in ``[turn, end)``, by how long its oldest urgent ticket was open at ``turn``.

    As ``lost_by_breaches``; the groups of ``waiting`` are ``none``, ``under 7 days``, ``7 to 30
    days`` and ``30 days or more``, of tickets not resolved before ``turn``.
    """
    opened, resolved = tickets["opened_at"], tickets["resolved_at"]
    waiting = (opened < turn) & (resolved.isna() | (resolved >= turn))
    some = tickets[waiting & (tickets["priority"] == priority)]
    old: pd.Series[pd.Timedelta] = turn - some["opened_at"]
    age = (old / _DAY).groupby(some["account_id"]).max()
    names = ["none", "under 7 days", "7 to 30 days", "30 days or more"]
    return _lost("waiting", 1 + (age >= 7).astype("int64") + (age >= 30), names, lines, turn, end)


def _lost(
    by: str,
    place: pd.Series[int],
    names: list[str],
    lines: pd.DataFrame,
    turn: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Customers at ``turn`` and those lost by ``end``, by the group whose ``place`` they have."""
    then, now = (at(lines, instant - INSTANT).index for instant in (turn, end))
    group = place.reindex(then, fill_value=0).astype("int64")
    lost = pd.Series(~then.isin(now), index=then).astype("int64").groupby(group)
    counted = pd.DataFrame({"n": lost.size(), "hits": lost.sum()})
    found = shares(counted.reindex(range(len(names)), fill_value=0).reset_index(drop=True))
    return found.assign(**{by: pd.Series(names, dtype="str")})[
        [by, "n", "hits", "share", "low", "high"]
    ]
