"""Contract, usage and billing reckoned anew from their docstrings, in naive pandas.

``AGGREGATED`` has for each feature its table and a function of one account's rows as known
and the cutoff.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from warehouse.contract import TABLES

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
Rows = pd.DataFrame
Reckon = Callable[[Rows, datetime], Any]
Inside = Callable[[Rows, datetime, int], Any]


def ago(instant: Any, t: datetime) -> float:
    return float("nan") if pd.isna(instant) else (t - instant) / DAY


def share(part: Any, whole: float) -> float:
    return float(part.sum() / whole) if whole else float("nan")


def total(values: Any) -> float:
    """The sum of what is known; unknown if nothing is."""
    return float(values.sum(min_count=1))


def ran(lines: Rows, t: datetime) -> Rows:
    """The lines that ran at the close before ``t``."""
    stop = lines["ended_on"].fillna(lines["ends_on"])
    return lines[(lines["starts_on"] < t) & (stop.isna() | (stop >= t))]


def last(rows: Rows, column: str, *by: str) -> Any:
    return rows.sort_values(list(by))[column].iloc[-1] if len(rows) else float("nan")


def weighted(lines: Rows) -> float:
    """The discount on the sum of ``lines``."""
    told = lines.dropna(subset="discount")
    return share(told["discount"] * told["arr"], told["arr"].sum())


def deadline(lines: Rows, t: datetime) -> pd.Series[float]:
    """Days from ``t`` to the last day on which notice can be given."""
    return (lines["ends_on"] - t) / DAY - lines["notice_days"]


def days(rows: Rows, t: datetime, n: int) -> list[bool]:
    """Whether anything was done on each of the last ``n`` days, the newest first."""
    newest = pd.Timestamp(t - MOMENT).normalize()
    there = set(rows.loc[rows["events"] > 0, "day"].dt.normalize())
    return [newest - i * DAY in there for i in range(n)]


def gap(rows: Rows, t: datetime, n: int) -> int:
    told = "".join("x" if day else "." for day in days(rows, t, n))
    return max(len(run) for run in told.split("x"))


def weeks(rows: Rows, t: datetime, n: int) -> int:
    told = days(rows, t, n)
    return sum(any(told[7 * i : 7 * i + 7]) for i in range(n // 7))


def since_use(rows: Rows, t: datetime, n: int) -> int:
    told = days(rows, t, n + 1)
    return told.index(True) + 1 if any(told) else n


def dates(rows: Rows) -> pd.Series[pd.Timestamp]:
    return rows.loc[rows["events"] > 0, "day"].dt.normalize().drop_duplicates()


def overdue(invoices: Rows, t: datetime) -> Rows:
    return invoices[invoices["paid_at"].isna() & (invoices["due_on"] < t)]


def elapsed(rows: Rows, first: str, then: str) -> pd.Series[float]:
    return (rows[then] - rows[first]) / DAY


def paid_late(invoices: Rows, t: datetime, _: int) -> float:
    due = invoices[invoices["due_on"] < t]
    return share(due["paid_at"].isna() | (due["paid_at"] > due["due_on"]), len(due))


def declined(chances: Rows, t: datetime, _: int) -> int:
    asked = chances[chances["handed_at"].notna() & chances["accepted_at"].isna()]
    return int((asked["closed_at"].notna() | (asked["handed_at"] < t - 60 * DAY)).sum())


LINES: dict[str, Reckon] = {
    "arr_now": lambda r, t: total(ran(r, t)["arr"]),
    "seats_entitled": lambda r, t: total(ran(r, t)["seats"]),
    "products_owned": lambda r, t: ran(r, t)["product"].nunique(),
    "lines_live": lambda r, t: len(ran(r, t)),
    "main_product": lambda r, t: last(ran(r, t), "product", "arr", "signed_at", "line_id"),
    "billing_rhythm": lambda r, t: last(ran(r, t), "billing", "arr", "signed_at", "line_id"),
    "tenure": lambda r, t: ago(r["starts_on"].min(), t),
    "term_length": lambda r, t: elapsed(ran(r, t), "starts_on", "ends_on").median(),
    "multi_year": lambda r, t: (elapsed(ran(r, t), "starts_on", "ends_on") > 366).mean(),
    "open_ended": lambda r, t: ran(r, t)["ends_on"].isna().mean(),
    "auto_renewing": lambda r, t: ran(r, t)["auto_renew"].mean(),
    "notice_needed": lambda r, t: ran(r, t)["notice_days"].max(),
    "days_to_end": lambda r, t: -ago(ran(r, t)["ends_on"].min(), t),
    "days_to_last_end": lambda r, t: -ago(r["ends_on"].max(), t),
    "days_to_notice": lambda r, t: deadline(ran(r, t), t).pipe(lambda d: d[d >= 0].min()),
    "lines_past_notice": lambda r, t: (deadline(ran(r, t), t) < 0).sum(),
    "arr_due": lambda r, t: ran(r, t).pipe(lambda d: d["arr"][d["ends_on"] < t + 90 * DAY].sum()),
    "arr_ahead": lambda r, t: r.loc[r["starts_on"] >= t, "arr"].sum(),
    "notices_given": lambda r, t: ran(r, t)["cancelled_at"].count(),
    "arr_under_notice": lambda r, t: ran(r, t).dropna(subset="cancelled_at")["arr"].sum(),
    "lines_cancelled": lambda r, _: r["cancelled_at"].count(),
    "days_since_notice": lambda r, t: ago(r["cancelled_at"].max(), t),
    "discount": lambda r, t: ran(r, t)["discount"].max(),
    "discount_mean": lambda r, t: weighted(ran(r, t)),
    "discount_year_ago": lambda r, t: weighted(ran(r, t - 365 * DAY)),
    "uplift_agreed": lambda r, t: ran(r, t)["uplift"].max(),
    "largest_line": lambda r, t: ran(r, t)["arr"].max(),
    "products_ever": lambda r, t: r.loc[r["starts_on"] < t, "product"].nunique(),
    "lines_before": lambda r, _: len(r),
    "days_since_signing": lambda r, t: ago(r["signed_at"].max(), t),
    "arr_year_ago": lambda r, t: total(ran(r, t - 365 * DAY)["arr"]),
    "seats_year_ago": lambda r, t: total(ran(r, t - 365 * DAY)["seats"]),
    "arr_quarter_ago": lambda r, t: total(ran(r, t - 90 * DAY)["arr"]),
}
CHANCES: dict[str, Reckon] = {
    "opportunities_open": lambda r, _: r["closed_at"].isna().sum(),
    "oldest_opportunity": lambda r, t: ago(r.loc[r["closed_at"].isna(), "identified_at"].min(), t),
    "days_since_won": lambda r, t: ago(r.loc[r["won"].eq(True), "closed_at"].max(), t),
    "days_since_lost": lambda r, t: ago(r.loc[r["won"].eq(False), "closed_at"].max(), t),
}
INVOICES: dict[str, Reckon] = {
    "last_invoice": lambda r, _: last(r[r["amount"] > 0], "amount", "issued_at", "invoice_id"),
    "payments_lost": lambda r, _: (r["failed_at"].notna() & r["paid_at"].isna()).sum(),
    "days_since_failure": lambda r, t: ago(r["failed_at"].max(), t),
    "invoices_overdue": lambda r, t: len(overdue(r, t)),
    "amount_overdue": lambda r, t: overdue(r, t)["amount"].sum(),
    "oldest_overdue": lambda r, t: ago(overdue(r, t)["due_on"].min(), t),
}
PAYMENTS: dict[str, Reckon] = {
    "last_attempt_failed": lambda r, _: last(
        r.dropna(subset="outcome").assign(failed=lambda d: d["outcome"] == "failed"),
        "failed",
        "attempted_at",
        "payment_id",
    ),
    "days_since_paid": lambda r, t: ago(r.loc[r["outcome"] == "paid", "attempted_at"].max(), t),
}

# Of the rows of a window, the cutoff, and the window's days.
INSIDE: dict[str, dict[str, tuple[tuple[int, ...], Inside]]] = {
    "contract_lines": {
        "lines_signed": ((90, 365), lambda r, t, n: len(r)),
        "arr_signed": ((90, 365), lambda r, t, n: r["arr"].sum()),
    },
    "opportunities": {
        "opportunities_found": ((90, 365), lambda r, t, n: len(r)),
        "opportunities_won": ((365,), lambda r, t, n: r["won"].eq(True).sum()),
        "opportunities_lost": ((365,), lambda r, t, n: r["won"].eq(False).sum()),
        "opportunities_declined": ((365,), declined),
        "win_rate": ((365,), lambda r, t, n: share(r["won"].eq(True), r["won"].count())),
        "arr_won": ((365,), lambda r, t, n: r.loc[r["won"].eq(True), "amount"].sum()),
    },
    "usage": {
        "usage_events": ((7, 28, 90, 365), lambda r, t, n: r["events"].sum()),
        "person_days": ((7, 28, 90, 365), lambda r, t, n: r["active_users"].sum()),
        "most_people": ((28, 90, 365), lambda r, t, n: r["active_users"].max()),
        "days_used": ((7, 28, 90, 365), lambda r, t, n: len(dates(r))),
        "weekend_days_used": ((90, 365), lambda r, t, n: (dates(r).dt.day_of_week >= 5).sum()),
        "weeks_used": ((90, 365), weeks),
        "longest_gap": ((90, 365), gap),
        "days_since_use": ((90,), since_use),
        "products_used": (
            (28, 90, 365),
            lambda r, t, n: r.loc[r["events"] > 0, "product"].nunique(),
        ),
        "events_a_person": (
            (7, 28, 90, 365),
            lambda r, t, n: share(r["events"], r["active_users"].sum()),
        ),
        "minutes_a_person": (
            (28, 90, 365),
            lambda r, t, n: share(r["minutes"], r["active_users"].sum()),
        ),
        "errors_met": ((28, 90, 365), lambda r, t, n: r["errors"].sum()),
    },
    "invoices": {
        "invoices_issued": ((365,), lambda r, t, n: len(r)),
        "amount_invoiced": ((365,), lambda r, t, n: r["amount"].sum()),
        "usual_invoice": ((365,), lambda r, t, n: r.loc[r["amount"] > 0, "amount"].median()),
        "credits_given": ((365,), lambda r, t, n: (r["amount"] < 0).sum()),
        "payments_failed": ((90, 365), lambda r, t, n: r["failed_at"].count()),
        "payments_recovered": (
            (365,),
            lambda r, t, n: r.dropna(subset="failed_at")["paid_at"].notna().mean(),
        ),
        "days_to_recover": ((365,), lambda r, t, n: elapsed(r, "failed_at", "paid_at").median()),
        "paid_late": ((90, 365), paid_late),
        "days_to_pay": (
            (90, 365),
            lambda r, t, n: elapsed(r[r["amount"] > 0], "issued_at", "paid_at").median(),
        ),
        "longest_delay": (
            (90, 365),
            lambda r, t, n: elapsed(r[r["amount"] > 0], "due_on", "paid_at").max(),
        ),
    },
    "payments": {
        "attempts": ((90, 365), lambda r, t, n: len(r)),
        "invoices_tried": ((90, 365), lambda r, t, n: r["invoice_id"].nunique()),
        "attempts_failed": ((28, 90, 365), lambda r, t, n: (r["outcome"] == "failed").sum()),
        "failure_rate": (
            (90, 365),
            lambda r, t, n: (r["outcome"].dropna() == "failed").mean(),
        ),
    },
}


def _inside(table: str, n: int, reckon: Inside) -> Reckon:
    happened = TABLES[table].happened
    return lambda rows, t: reckon(rows[rows[happened] >= t - n * DAY], t, n)


AGGREGATED: dict[str, tuple[str, Reckon]] = {
    **{name: ("contract_lines", reckon) for name, reckon in LINES.items()},
    **{name: ("opportunities", reckon) for name, reckon in CHANCES.items()},
    **{name: ("invoices", reckon) for name, reckon in INVOICES.items()},
    **{name: ("payments", reckon) for name, reckon in PAYMENTS.items()},
    **{
        f"{idea}_{n}d": (table, _inside(table, n, reckon))
        for table, ideas in INSIDE.items()
        for idea, (windows, reckon) in ideas.items()
        for n in windows
    },
}
