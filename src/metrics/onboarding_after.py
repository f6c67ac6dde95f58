"""What follows onboarding: who is still a customer a year on, and who leaves early.

Accounts that came to value in time may have stayed because of it, or because they were the
better customers from the first day. What stands here is a difference, not an effect.

Lines in which an account merged into another has its own end show it as lost: give those
of ``metrics.counted``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import sqrt

import pandas as pd

from metrics.elapsed import DAY, clock, local, timed
from metrics.intervals import Z, proportion
from metrics.onboarding import VALUE
from metrics.policy import Policy
from metrics.shares import UNKNOWN, shares
from metrics.spells import spells
from metrics.survival import Estimate

_GAP = Policy().gap_days
_NONE = Estimate(None, None, None)


@dataclass(frozen=True)
class Contrast:
    """Retention of those who came to value in time, and of those who did not.

    ``kept`` of ``n`` accounts in each. ``difference`` is the share kept of the first less that
    of the second, with Newcombe's interval (1998, method 10); ``adjusted`` is the same within
    labels and pooled over them (Mantel and Haenszel's weights; interval by Sato, 1989). None
    where one side is empty, ``adjusted`` also where no label has both.
    """

    n_reached: int
    kept_reached: int
    n_not: int
    kept_not: int
    difference: Estimate
    adjusted: Estimate


def kept(
    table: pd.DataFrame,
    lines: pd.DataFrame,
    as_of: datetime,
    zone: str = "UTC",
    labels: pd.Series[str] | None = None,
    gap_days: int = _GAP,
    within: int = 90,
    months: int = 12,
) -> Contrast:
    """Who was a customer ``months`` after its first contract began, by value in time or not.

    ``table`` is that of ``onboarding.steps``, and ``lines`` those known at ``as_of``; ``labels``
    gives account_id a label to compare within, such as its segment. An account counts if it
    was still a customer ``within`` days after onboarding began: one that left before could
    not get there, and would make slowness look worse than it is. And if enough has passed to
    tell: ``gap_days`` after the anniversary, so that a late renewal is a renewal. Who left and
    came back after a longer gap has left.
    """
    first = _first(lines, gap_days, zone)
    value = table.loc[table["milestone"] == VALUE, ["account_id", "began", "days", "observed"]]
    both = value.merge(first, on="account_id")
    turning = both["began"] + within * DAY
    anniversary = both["started"] + pd.DateOffset(months=months)
    stop = both["ended"]
    told = (anniversary + gap_days * DAY <= clock(as_of, zone)) & (turning < anniversary)
    both = both.assign(
        reached=both["observed"] & (both["days"] <= within),
        kept=stop.isna() | (stop > anniversary),
        label="all" if labels is None else labels.reindex(both["account_id"]).fillna(UNKNOWN).array,
    )[told & (stop.isna() | (stop > turning))]
    (a, n1), (b, n0) = (
        (int(side["kept"].sum()), len(side))
        for side in (both[both["reached"]], both[~both["reached"]])
    )
    return Contrast(n1, a, n0, b, difference(a, n1, b, n0), _pooled(both))


def difference(a: int, n1: int, b: int, n0: int) -> Estimate:
    """The share ``a / n1`` less the share ``b / n0``; None where one is of nobody.

    The interval is made of the two Wilson intervals: Newcombe, "Interval estimation for the
    difference between independent proportions", Statistics in Medicine 17 (1998), method 10.
    """
    (low1, high1), (low0, high0) = proportion(a, n1), proportion(b, n0)
    if low1 is None or high1 is None or low0 is None or high0 is None:
        return _NONE
    one, other = a / n1, b / n0
    down, up = (
        sqrt((one - low1) ** 2 + (high0 - other) ** 2),
        sqrt((high1 - one) ** 2 + (other - low0) ** 2),
    )
    return Estimate(one - other, one - other - down, one - other + up)


def _pooled(both: pd.DataFrame) -> Estimate:
    """The difference within labels, over all of them: Mantel-Haenszel, with Sato's variance.

    Sato, "On the variance estimator for the Mantel-Haenszel risk difference", Biometrics 45
    (1989): right for many small labels as for few large ones.
    """
    sides = both.groupby(["label", "reached"])["kept"].agg(["sum", "size"]).astype("float64")
    wide = sides.unstack("reached", fill_value=0.0)
    if not {("size", True), ("size", False)} <= set(wide.columns):
        return _NONE
    a, n1, b, n0 = (wide[(what, who)] for who in (True, False) for what in ("sum", "size"))
    every = n1 + n0
    weight = float((n1 * n0 / every).sum())
    if not weight:
        return _NONE
    pooled = float(((a * n0 - b * n1) / every).sum()) / weight
    p = (b * (n1 / every) ** 2 - a * (n0 / every) ** 2 + n1 * n0 * (n0 - n1) / every**2 / 2).sum()
    q = ((a * (n0 - b) + b * (n1 - a)) / every / 2).sum()
    half = Z * sqrt(max(pooled * float(p) + float(q), 0.0)) / weight
    return Estimate(pooled, max(pooled - half, -1.0), min(pooled + half, 1.0))


def tenures(
    lines: pd.DataFrame, as_of: datetime, zone: str = "UTC", gap_days: int = _GAP
) -> pd.DataFrame:
    """How long each account was a customer the first time: account_id and ``elapsed.timed``.

    One row an account that began before ``as_of``, ordered by account_id; ``days`` run from
    the start of its first contract, and ``observed`` means it left before ``as_of``. For early
    churn by starting cohort: ``elapsed.rates(tenures(...), "cohort", (180,))``.
    """
    first, now = _first(lines, gap_days, zone), clock(as_of, zone)
    first = first[first["started"] < now].reset_index(drop=True)
    ended = first["ended"].where(first["ended"] < now)
    watched = pd.Series(now, index=first.index, dtype="datetime64[us]")
    return first[["account_id"]].join(timed(first["started"], ended, watched, now))


def hazard(table: pd.DataFrame, months: int = 6) -> pd.DataFrame:
    """The share of customers lost in each month of 30 days since they began, of ``tenures``.

    Columns: month (1 the first), n, hits, share, low, high (Wilson). ``n`` were there at the
    month's start and began long enough ago to have lived through all of it, or left.
    """
    rows = []
    for month in range(1, months + 1):
        start, end = 30 * (month - 1), 30 * month
        there = table[(table["days"] >= start) & (table["age"] >= end)]
        lost = there["observed"] & (there["days"] < end)
        rows.append((month, len(there), int(lost.sum())))
    return shares(pd.DataFrame(rows, columns=["month", "n", "hits"]))


def _first(lines: pd.DataFrame, gap_days: int, zone: str) -> pd.DataFrame:
    """The first spell of each account, on the wall clock: account_id, started, ended."""
    first = spells(lines, gap_days).drop_duplicates("account_id", ignore_index=True)
    return first.assign(**{name: local(first[name], zone) for name in ("started", "ended")})
