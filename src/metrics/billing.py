"""Billing: what could not be collected, what of it came in after all, and who is in dunning.

``invoices`` and ``payments`` are the contract's tables as known at ``as_of``; amounts in cents,
instants naive UTC, windows half-open. Credits (amounts of 0 or less) collect nothing and are
left out. A failed payment is one invoice, however often it was tried:

- ``recovered``  paid after it failed;
- ``lost``       unpaid, and a contract line of the account is recorded as stopped for payment
  failure after it, or ``WAIT`` days have passed since it failed;
- ``open``       unpaid and neither: in dunning. The account is a customer as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from metrics import arr as money
from metrics import intervals
from metrics.answers import worth
from metrics.asking import rated
from metrics.facts import Facts
from metrics.identities import fault
from metrics.overdue import overdue
from metrics.registry import Figure, figure
from warehouse import months as calendar

WAIT = 60
STATES = ["recovered", "lost", "open"]


def collected(invoices: pd.DataFrame, payments: pd.DataFrame | None = None) -> pd.DataFrame:
    """The invoices above 0, with when each failed first and was paid, by invoice_id.

    Columns: invoice_id, account_id, issued_at, due_on, amount, failed_at, paid_at, tries.
    ``failed_at`` and ``paid_at`` are the invoice's own, or where it has none those of its first
    failed and first paid attempt; a failure after payment is none. ``tries`` counts the failed
    attempts in ``payments``, 0 without them.
    """
    asked = invoices[invoices["amount"].fillna(0) > 0].sort_values("invoice_id", ignore_index=True)
    first = {
        outcome: _attempts(payments, outcome).groupby("invoice_id")["attempted_at"]
        for outcome in ("failed", "paid")
    }
    own = {name: asked[name].astype("datetime64[us]") for name in ("failed_at", "paid_at")}
    failed = own["failed_at"].fillna(_at(asked["invoice_id"], first["failed"].min()))
    paid = own["paid_at"].fillna(_at(asked["invoice_id"], first["paid"].min()))
    tries = asked["invoice_id"].map(first["failed"].size()).fillna(0).astype("int64")
    table = asked[["invoice_id", "account_id", "issued_at", "due_on"]].assign(
        amount=asked["amount"].astype("int64"),
        failed_at=failed.where(~(paid <= failed)),
        paid_at=paid,
        tries=tries,
    )
    dates = ("issued_at", "due_on", "failed_at", "paid_at")
    return table.astype(dict.fromkeys(dates, "datetime64[us]"))


def _attempts(payments: pd.DataFrame | None, outcome: str) -> pd.DataFrame:
    if payments is None:
        return pd.DataFrame({"invoice_id": [], "attempted_at": []}).astype(
            {"invoice_id": "str", "attempted_at": "datetime64[us]"}
        )
    return payments[payments["outcome"] == outcome]


def _at(ids: pd.Series[str], instants: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    """The instant of each of ``ids``, NaT where it has none."""
    # Not `map`, which trips where there are no instants at all.
    found = instants.reindex(ids.to_numpy()).astype("datetime64[us]")
    return found.set_axis(ids.index)


def failures(
    collected: pd.DataFrame, lines: pd.DataFrame, as_of: datetime, days: int = WAIT
) -> pd.DataFrame:
    """The invoices whose payment failed, each with its ``state`` at ``as_of``, one of ``STATES``.

    ``lines`` are the contract lines, with end_reason. ``days`` that an unpaid one stays open.
    ``age`` is the days from the failure to payment, or to ``as_of``. The columns of
    ``collected``, then state and age; ordered by failed_at, invoice_id.
    """
    rows = collected[collected["failed_at"].notna()]
    rows = rows.sort_values(["failed_at", "invoice_id"], ignore_index=True)
    stopped = lines["end_reason"] == "payment_failure"
    last = money.stops(lines)[stopped].groupby(lines["account_id"].astype("str")).max()
    paid = rows["paid_at"].notna()
    late = rows["failed_at"] <= as_of - timedelta(days=days)
    gone = _at(rows["account_id"], last) > rows["failed_at"]
    state = np.select([paid, late | gone], STATES[:2], default=STATES[2])
    waited = rows["paid_at"].fillna(pd.Timestamp(as_of)) - rows["failed_at"]
    return rows.assign(state=pd.Series(state, dtype="str"), age=waited.dt.total_seconds() / 86_400)


def funnel(
    failures: pd.DataFrame,
    months: Sequence[str],
    as_of: datetime,
    zone: str = "UTC",
    days: int = WAIT,
) -> pd.DataFrame:
    """Failed, recovered, lost and open by the month of first failure, one row a month.

    Columns: month; failed, recovered, lost, open in cents; the same with ``_n`` as invoices;
    complete; rate, low, high. ``failed = recovered + lost + open`` in each row. A month is
    ``complete`` when its last failure is ``days`` days old; only then has it a recovery rate
    (recovered_n / failed_n, Wilson's interval). ``months`` are consecutive.
    """
    at, edges = _month(failures["failed_at"], months, zone)
    inside = at >= 0
    by = failures[inside].groupby([np.array(months, dtype=object)[at[inside]], "state"])["amount"]
    cents, count = (
        part.unstack(fill_value=0).reindex(index=list(months), columns=STATES, fill_value=0)
        for part in (by.sum(), by.size())
    )
    table = pd.DataFrame({"month": pd.Series(months, dtype="str")})
    for suffix, part in (("", cents), ("_n", count)):
        table["failed" + suffix] = part.sum(axis=1).to_numpy("int64")
        for state in STATES:
            table[state + suffix] = part[state].to_numpy("int64")
    if int(table["failed"].sum()) != int(failures.loc[inside, "amount"].sum()):
        raise fault("failed payments by state do not sum to what failed")
    table["complete"] = [edge <= as_of - timedelta(days=days) for edge in edges[1:]]
    shown = rated(table, "recovered_n", "failed_n")
    ends = ["rate", "low", "high"]
    shown[ends] = shown[ends].where(table["complete"])
    return shown


def _month(
    instants: pd.Series[pd.Timestamp], months: Sequence[str], zone: str
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[datetime]]:
    """The place in ``months`` of each instant, -1 where in none, and the months' edges."""
    edges = [calendar.opens(month, zone) for month in months]
    edges += [calendar.as_of(month, zone) for month in months[-1:]]
    ends = np.array(edges, dtype="datetime64[us]")
    at = np.searchsorted(ends, instants.to_numpy("datetime64[us]"), side="right") - 1
    return np.where(at < len(months), at, -1), edges


def dunning(failures: pd.DataFrame, arr: pd.Series[int]) -> pd.DataFrame:
    """The accounts with an open failed payment, largest ARR first, then account_id.

    Columns: account_id, arr (cents, as from ``metrics.arr.at``; 0: a customer no more),
    invoices, amount (cents), tries, failed_at (the oldest), days since. The amounts sum to what
    is open in ``funnel`` over all months.
    """
    by = failures[failures["state"] == "open"].groupby("account_id", sort=True)
    table = by.agg(
        invoices=("invoice_id", "size"),
        amount=("amount", "sum"),
        tries=("tries", "sum"),
        failed_at=("failed_at", "min"),
        days=("age", "max"),
    ).reset_index()
    table.insert(1, "arr", worth(table["account_id"], arr))
    return table.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)


def figures(facts: Facts) -> dict[str, Figure]:
    """The registered numbers of the month; {} without ``invoices``.

    The funnel is of the payments that failed in the twelve months up to ``as_of``. Where no
    failure, or no payment, is recorded at all, what needs them is None: not known is not 0.
    n is invoices, for accounts in dunning the customers, for their ARR the accounts.
    """
    if not facts.has("invoices"):
        return {}
    sums = collected(facts.tables["invoices"], facts.tables.get("payments"))
    worths = money.at(facts.lines, money.close(facts.month, facts.zone))
    start = calendar.as_of(calendar.shift(facts.month, -12), facts.zone)
    failed = failures(sums, facts.lines, facts.as_of)
    year = failed[failed["failed_at"] >= start]
    ripe = year[year["failed_at"] <= facts.as_of - timedelta(days=WAIT)]
    cured = int((ripe["state"] == "recovered").sum())
    people, late = dunning(failed, worths), overdue(sums, facts.as_of)
    tried = facts.tables.get("payments")
    told = bool(sums["failed_at"].notna().any()) or (tried is not None and len(tried) > 0)
    paid = bool(sums["paid_at"].notna().any())
    cents = year.groupby("state")["amount"].sum().reindex(STATES, fill_value=0)
    values: dict[str, tuple[float | None, int]] = {
        "payments_failed": (int(cents.sum()) if told else None, len(year)),
        "payments_recovered": (int(cents["recovered"]) if told and paid else None, len(year)),
        "payments_lost": (int(cents["lost"]) if told and paid else None, len(year)),
        "in_dunning": (len(people) if told and paid else None, len(worths)),
        "in_dunning_arr": (int(people["arr"].sum()) if told and paid else None, len(people)),
        "overdue": (int(late["amount"].sum()) if paid else None, len(late)),
    }
    made = {
        name: figure(name, value, n, policy=facts.policy) for name, (value, n) in values.items()
    }
    rate = cured / len(ripe) if len(ripe) and paid else None
    low, high = intervals.proportion(cured, len(ripe)) if rate is not None else (None, None)
    name = "payment_recovery_rate"
    return made | {name: figure(name, rate, len(ripe), low, high, facts.policy)}
