"""Dunning: which attempt brings the money in, who is affected, and who leaves afterwards.

``collected`` and ``failures`` are those of ``metrics.billing``, as known at ``as_of``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from metrics.asking import rated
from warehouse import months as calendar

RECENT = 90
"""Days for which a failed payment is said to be recent."""


def attempts(payments: pd.DataFrame, failures: pd.DataFrame) -> pd.DataFrame:
    """How far each attempt to collect gets: a row for the first, the second and so on.

    Columns: attempt, tried, paid (invoices), amount (cents paid), rate, low, high, so_far.
    ``rate`` is paid / tried with Wilson's interval: of what was still tried. ``so_far`` is the
    share of all ``failures`` paid by this attempt; below 1 is what no attempt brought in, and
    what was paid by other ways. Attempts without an invoice or an outcome are left out.
    """
    known = payments["outcome"].isin(["paid", "failed"]) & payments["invoice_id"].isin(
        failures["invoice_id"]
    )
    rows = payments[known].sort_values(["attempted_at", "payment_id"])
    rows = rows.assign(
        attempt=rows.groupby("invoice_id").cumcount() + 1,
        paid=rows["outcome"] == "paid",
        amount=rows["invoice_id"].map(failures.set_index("invoice_id")["amount"]),
    )
    rows["amount"] = rows["amount"].where(rows["paid"], 0).astype("int64")
    by = rows.groupby("attempt", sort=True)
    table = by.agg(tried=("paid", "size"), paid=("paid", "sum"), amount=("amount", "sum"))
    told = rated(table.astype("int64").reset_index(), "paid", "tried")
    return told.assign(so_far=told["paid"].cumsum() / max(len(failures), 1))


def flags(
    failures: pd.DataFrame, overdue: pd.DataFrame, as_of: datetime, days: int = RECENT
) -> pd.DataFrame:
    """The billing part of an account's row, for each account that has any: by account_id.

    Columns: account_id, failed_at (the last failure), failed (failures of the ``days`` days
    before ``as_of``), in_dunning, open_amount, overdue (cents). ``overdue`` is that of
    ``metrics.overdue``. Who is not listed never failed and owes nothing.
    """
    recent = failures["failed_at"] >= as_of - timedelta(days=days)
    still = failures["state"] == "open"
    rows = failures.assign(recent=recent, open_amount=failures["amount"].where(still, 0))
    by = rows.assign(still=still).groupby("account_id")
    table = by.agg(
        failed_at=("failed_at", "max"),
        failed=("recent", "sum"),
        in_dunning=("still", "any"),
        open_amount=("open_amount", "sum"),
    )
    owed = overdue.groupby("account_id")["amount"].sum().rename("overdue")
    whole = table.join(owed, how="outer").sort_index()
    whole["in_dunning"] = whole["in_dunning"].astype("boolean").fillna(False).astype("bool")
    counts = ["failed", "open_amount", "overdue"]
    whole[counts] = whole[counts].fillna(0).astype("int64")
    return whole.rename_axis("account_id").reset_index()


def leaving(
    balances: pd.DataFrame,
    events: pd.DataFrame,
    months: Sequence[str],
    zone: str = "UTC",
    days: int = RECENT,
) -> pd.DataFrame:
    """How often customers leave within a month, with an event just before it and without.

    ``balances`` is that of ``metrics.arr``, with the month before the first of ``months`` too.
    ``events`` has account_id and at: failed payments, disputes, what you like. Each customer at
    the close before a month is one account-month; it is ``with`` an event if one fell in the
    ``days`` days before that close, and churned if it has no ARR at the month's own close.
    Columns: event (True first), account_months, accounts, churned, arr (cents at the close
    before), churned_arr, rate, low, high: churned / account_months a month, with Wilson's
    interval. What goes together is not what causes: an account about to leave may stop paying.
    """
    before = pd.DataFrame(
        {
            "month": pd.Series([calendar.shift(month, -1) for month in months], dtype="str"),
            "after": pd.Series(months, dtype="str"),
            "edge": pd.Series([calendar.opens(month, zone) for month in months]),
        }
    ).astype({"edge": "datetime64[us]"})
    there = balances.merge(before, on="month")
    kept = balances[["account_id", "month"]].rename(columns={"month": "after"})
    there = there.merge(kept, on=["account_id", "after"], how="left", indicator="found")
    seen = pd.merge_asof(
        there.sort_values(["edge", "account_id"]),
        events[["account_id", "at"]].astype({"at": "datetime64[us]"}).sort_values("at"),
        left_on="edge",
        right_on="at",
        by="account_id",
        allow_exact_matches=False,
    )
    after = seen["edge"] - seen["at"]
    rows = seen.assign(
        event=(after <= pd.Timedelta(days=days)), churned=seen["found"] == "left_only"
    )
    rows["churned_arr"] = rows["arr"].where(rows["churned"], 0)
    by = rows.groupby("event")
    table = by.agg(
        account_months=("arr", "size"),
        accounts=("account_id", "nunique"),
        churned=("churned", "sum"),
        arr=("arr", "sum"),
        churned_arr=("churned_arr", "sum"),
    )
    whole = table.reindex(pd.Index([True, False], name="event"), fill_value=0).astype("int64")
    return rated(whole.reset_index(), "churned", "account_months")


def difference(leaving: pd.DataFrame) -> tuple[float | None, float | None, float | None]:
    """The rate with an event less that without, and its 95 % interval; None where one is nobody.

    Newcombe's hybrid of the two Wilson intervals (Statistics in Medicine 17, 1998, method 10).
    """
    rows = leaving.sort_values("event", ascending=False)
    (one, one_low, one_high), (two, two_low, two_high) = rows[["rate", "low", "high"]].to_numpy(
        np.float64
    )
    if np.isnan(one) or np.isnan(two):
        return None, None, None
    below = float(np.hypot(one - one_low, two_high - two))
    above = float(np.hypot(one_high - one, two - two_low))
    return float(one - two), float(one - two) - below, float(one - two) + above


def by_cause(churned: pd.DataFrame, why: pd.DataFrame) -> pd.DataFrame:
    """Churned ARR by both meanings of involuntary: by choice or unpaid, in our hands or beyond.

    ``churned`` has account_id, month, arr (cents lost), a row an account and month; ``why`` is
    that of ``metrics.stopped``, with end_reason and control. Columns: end_reason, control,
    accounts (losses), arr, share (of all ARR lost); by ARR, largest first. What has no reason
    is ``not recorded``. The rows sum to what was lost.
    """
    rows = churned.merge(why, on=["account_id", "month"], how="left", validate="one_to_one")
    keys = ["end_reason", "control"]
    rows[keys] = rows[keys].fillna("not recorded").astype("str")
    by = rows.groupby(keys, sort=True)["arr"]
    table = pd.DataFrame({"accounts": by.size(), "arr": by.sum()}).astype("int64").reset_index()
    table["share"] = table["arr"] / max(int(table["arr"].sum()), 1)
    return table.sort_values(["arr", *keys], ascending=[False, True, True], ignore_index=True)
