"""What is overdue: how old it is, how late money comes in, and whose renewal it meets.

``collected`` are the invoices above 0 as ``metrics.billing`` gives them: invoice_id,
account_id, issued_at, due_on, amount (cents), failed_at, paid_at. Instants are naive UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from metrics import intervals
from metrics.answers import worth

AGES = {0: "under 30 days", 30: "30 to 59 days", 60: "60 to 89 days", 90: "90 days or more"}


def overdue(collected: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """The invoices due before ``as_of`` and not paid, oldest first, with ``days`` and ``bucket``.

    ``days`` from ``due_on`` to ``as_of``. What was written off is not recorded, so an invoice
    stays here until it is paid. The columns of ``collected``, then these; ties by invoice_id.
    """
    rows = collected[collected["paid_at"].isna() & (collected["due_on"] < as_of)]
    rows = rows.sort_values(["due_on", "invoice_id"], ignore_index=True)
    days = (pd.Timestamp(as_of) - rows["due_on"]).dt.total_seconds() / 86_400
    return rows.assign(days=days, bucket=_age(days))


def by_age(overdue: pd.DataFrame) -> pd.DataFrame:
    """``overdue`` by age: bucket, invoices, accounts, amount (cents); all four, youngest first."""
    by = overdue.groupby("bucket")
    table = by.agg(
        invoices=("invoice_id", "size"),
        accounts=("account_id", "nunique"),
        amount=("amount", "sum"),
    )
    whole = table.reindex(pd.Index(AGES.values(), name="bucket"), fill_value=0)
    return whole.astype("int64").reset_index()


@dataclass(frozen=True)
class Lateness:
    """How late money comes in.

    ``days_sales_late = overdue / billed x length``, in days: what is unpaid and past due of what
    was billed in the window, in days of billing (the part of days sales outstanding that is
    past due). ``mean`` is the days from due to paid of the ``n`` invoices paid in the window,
    early ones negative, with its interval; it leaves out what is never paid. ``late`` is the
    share of them paid a day or more after they were due.
    """

    billed: int
    overdue: int
    days_sales_late: float | None
    n: int
    mean: float | None
    low: float | None
    high: float | None
    late: float | None


def lateness(collected: pd.DataFrame, start: datetime, as_of: datetime) -> Lateness:
    """``Lateness`` over ``[start, as_of)``, money in cents; None where nothing was billed, or paid.

    ``collected`` is that of ``metrics.billing``.
    """
    billed = collected[(collected["issued_at"] >= start) & (collected["issued_at"] < as_of)]
    due = overdue(billed, as_of)
    paid = collected[(collected["paid_at"] >= start) & (collected["paid_at"] < as_of)]
    waited = (paid["paid_at"] - paid["due_on"]).dropna().dt.total_seconds() / 86_400
    days = np.asarray(waited, dtype=np.float64)
    low, high = intervals.mean(days)
    whole, unpaid = int(billed["amount"].sum()), int(due["amount"].sum())
    length = (as_of - start) / timedelta(days=1)
    return Lateness(
        billed=whole,
        overdue=unpaid,
        days_sales_late=unpaid / whole * length if whole else None,
        n=len(days),
        mean=float(days.mean()) if len(days) else None,
        low=low,
        high=high,
        late=float((days >= 1).mean()) if len(days) else None,
    )


def at_renewal(
    overdue: pd.DataFrame, due: pd.DataFrame, as_of: datetime, least: int = 30
) -> pd.DataFrame:
    """Renewals to come by how soon and by whether the account owes: where a dispute would bite.

    ``due`` is that of ``metrics.renewals``. An account ``owes`` when an invoice of it in
    ``overdue`` is ``least`` days late or more. The contract records no disputes; a bill left
    unpaid that long is the nearest thing that it does. Columns: ends_in (days from ``as_of``,
    in the words of ``AGES``), owes, renewals (ends of term), accounts, arr (cents), unpaid
    (cents of those accounts, each once a row). Terms that ended before ``as_of`` are left out.
    """
    late = overdue[overdue["days"] >= least].groupby("account_id")["amount"].sum()
    ahead = due[due["ends_on"] >= as_of]
    days = (ahead["ends_on"] - pd.Timestamp(as_of)).dt.total_seconds() / 86_400
    rows = ahead.assign(
        ends_in=_age(days), owes=ahead["account_id"].isin(late.index), key=_renewal(ahead)
    )
    by = rows.groupby(["ends_in", "owes"])
    table = by.agg(
        renewals=("key", "nunique"), accounts=("account_id", "nunique"), arr=("arr", "sum")
    )
    once = rows[["ends_in", "owes", "account_id"]].drop_duplicates()
    unpaid = worth(once["account_id"], late).groupby([once["ends_in"], once["owes"]]).sum()
    every = pd.MultiIndex.from_product([AGES.values(), [True, False]], names=["ends_in", "owes"])
    whole = table.assign(unpaid=unpaid).reindex(every, fill_value=0)
    return whole.astype("int64").reset_index()


def _renewal(due: pd.DataFrame) -> pd.Series[str]:
    return due["account_id"] + " " + due["ends_on"].astype("str")


def _age(days: pd.Series[float]) -> pd.Series[str]:
    at = np.searchsorted(list(AGES), days.to_numpy(np.float64), side="right") - 1
    return pd.Series(np.array(list(AGES.values()), dtype=object)[at], index=days.index, dtype="str")
