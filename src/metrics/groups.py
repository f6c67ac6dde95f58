"""The same numbers by group: segment, CSM, region, product, cohort; with what moved between.

An account may be in another group than a month ago: its ARR leaves the one and comes to the
other as a transfer, which is nobody's gain or loss. So the walks of the groups sum to the
walk of all, term by term, and transfers to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from metrics.arr import balances
from metrics.identities import fault
from metrics.movements import COLUMNS, ledger, movements
from metrics.policy import Policy
from metrics.retention import Retention, retained
from warehouse.months import between, shift

NOBODY = "not recorded"
TRANSFERS = ["transfer_in", "transfer_out"]


def walks(held: pd.DataFrame, months: Sequence[str], group: pd.DataFrame) -> pd.DataFrame:
    """The ARR walk of each group and month: group, month, the terms of `ledger`, transfers.

    ``group`` has account_id and group, and may have month: then each row says where the
    account is from that month's close on. Without it an account is where it is today, over
    all history. An account without a row is in `NOBODY`. Cents; ordered by group, then month:

        closing = opening + new + expansion + reactivation - contraction - churn
                  + transfer_in - transfer_out
    """
    span = [shift(months[0], -1), *months]
    where = _placed(held, group, span)
    before = where.rename(columns={"group": "left", "arr": "was"})
    before = before.assign(month=before["month"].map(lambda month: shift(month, 1)))
    both = before.merge(where, on=["account_id", "month"], how="outer")
    both = both[both["month"].isin(months)]
    changed = both[(both["left"] != both["group"]) & both["left"].notna() & both["group"].notna()]
    # A movement belongs to the group the account is in after it; one that left, to its last.
    home = both.assign(group=both["group"].fillna(both["left"]))
    moves = movements(held, months).merge(home[["account_id", "month", "group"]], how="left")
    terms = {
        kind: _summed(rows.assign(arr=rows["amount"].abs())) for kind, rows in moves.groupby("kind")
    }
    terms |= {
        "opening": _summed(both.assign(group=both["left"], arr=both["was"])),
        "closing": _summed(both),
        "transfer_in": _summed(changed.assign(arr=changed["was"])),
        "transfer_out": _summed(changed.assign(group=changed["left"], arr=changed["was"])),
    }
    table = pd.DataFrame(terms).reindex(columns=[*COLUMNS, *TRANSFERS]).fillna(0).astype("int64")
    _check(table, ledger(held, months))
    return table.rename_axis(["group", "month"]).reset_index().astype({"group": "str"})


def _placed(held: pd.DataFrame, group: pd.DataFrame, span: Sequence[str]) -> pd.DataFrame:
    """The balances of ``span`` with the group each account was in at that close."""
    rows = held[held["month"].isin(span)].sort_values(["month", "account_id"])
    if "month" not in group:
        placed = rows.merge(group[["account_id", "group"]], on="account_id", how="left")
        return placed.assign(group=placed["group"].fillna(NOBODY).astype("str"))
    order = {month: place for place, month in enumerate(between("1900-01", max(span)))}
    left = rows.assign(place=rows["month"].map(order)).astype({"place": "int64"})
    right = group[group["month"].isin(order)]
    right = right.assign(place=right["month"].map(order)).astype({"place": "int64"})
    placed = pd.merge_asof(
        left.sort_values("place"),
        right[["account_id", "place", "group"]].sort_values("place"),
        on="place",
        by="account_id",
    )
    return placed.drop(columns="place").assign(group=placed["group"].fillna(NOBODY).astype("str"))


def _summed(rows: pd.DataFrame) -> pd.Series[int]:
    return rows.dropna(subset=["group"]).groupby(["group", "month"])["arr"].sum()


def _check(table: pd.DataFrame, whole: pd.DataFrame) -> None:
    """Each group's walk closes, and together they are the walk of all."""
    gains = table[["new", "expansion", "reactivation", "transfer_in"]].sum(axis=1)
    losses = table[["contraction", "churn", "transfer_out"]].sum(axis=1)
    if not (table["opening"] + gains - losses == table["closing"]).all():
        raise fault("the ARR walk of a group does not close")
    summed = table[COLUMNS].groupby(level="month").sum()
    if not (summed == whole.set_index("month")[COLUMNS].reindex(summed.index)).all(axis=None):
        raise fault("the ARR walks of the groups do not sum to that of all")


def retention(
    held: pd.DataFrame, month: str, policy: Policy, group: pd.DataFrame
) -> dict[str, Retention]:
    """The retention of each group as ``policy`` counts it, by name; accounts where they are today.

    The cohorts are disjoint, so their openings and retained money sum to those of all (but
    for monthly rates that are chained).
    """
    named = held.merge(group[["account_id", "group"]], on="account_id", how="left")
    named = named.assign(group=named["group"].fillna(NOBODY).astype("str"))
    return {
        str(name): retained(rows.drop(columns="group"), month, policy)
        for name, rows in named.groupby("group", sort=True)
    }


def by_product(
    lines: pd.DataFrame, months: Sequence[str], month: str, policy: Policy, timezone: str = "UTC"
) -> dict[str, Retention]:
    """The retention of each product's own ARR; to give up one of two is a loss of that one."""
    return {
        str(name): retained(balances(rows, months, timezone), month, policy)
        for name, rows in lines.groupby("product", sort=True)
    }


def started(held: pd.DataFrame) -> pd.DataFrame:
    """The year each account was first a customer in, as groups: account_id, group."""
    first = held.groupby("account_id")["month"].min().str[:4]
    return first.rename("group").reset_index()
