"""Gather a month's numbers into its book: the tables behind both reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from features.catalogue import catalogue
from metrics.facts import Facts
from metrics.movements import ledger, movements
from metrics.numbers import numbers
from metrics.policy import Policy
from metrics.registry import Figure, figure
from metrics.renewals import due, totals
from metrics.retention import retained
from models import explain, health, moved
from reporting.doubt import RATES, SIDES, bounds
from warehouse.ledger import TableLedger
from warehouse.months import as_of, between, month_of, shift
from warehouse.snapshot import Snapshot

PULSE = (
    "seats_used",
    "usage_trend",
    "days_used_28d",
    "tickets_opened_28d",
    "urgent_tickets_90d",
    "nps_mean_365d",
    "touches_answered_90d",
    "milestones_share",
    "invoices_overdue",
)
GROUPS = ("segment", "tier", "region", "industry")
MOST_GROUPS = 12
NOBODY = "unassigned"


def walk(held: pd.DataFrame, month: str, most: int = 24) -> pd.DataFrame:
    """The ARR ledger of the last ``most`` months in which there was anything to count."""
    return ledger(held, between(max(shift(month, 1 - most), held["month"].min()), month))


def trend(held: pd.DataFrame, month: str, policy: Policy, most: int = 24) -> pd.DataFrame:
    """month, arr, customers, nrr, grr, logo for the last ``most`` months; NaN: not defined.

    Beside each rate its 95 % range, ``nrr_low``, ``nrr_high`` and so on (see `bounds`).
    """
    rows = []
    for each in between(max(shift(month, 1 - most), held["month"].min()), month):
        kept = retained(held, each, policy)
        now = held.loc[held["month"] == each, "arr"]
        rows.append(
            {
                "month": each,
                "arr": int(now.sum()),
                "customers": len(now),
                "nrr": kept.nrr,
                "grr": kept.grr,
                "logo": kept.logo,
                **bounds(held, each, policy),
            }
        )
    table = pd.DataFrame(rows)
    return table.astype({"nrr": "float64", "grr": "float64", "logo": "float64"})


def people(snapshot: Snapshot) -> pd.DataFrame:
    """Who each account is today: account_id, name, csm, segment, tier, region, industry."""
    frame = snapshot.frame("accounts")[["account_id", "name", "csm", *GROUPS]].copy()
    frame["name"] = frame["name"].fillna(frame["account_id"])
    frame["csm"] = frame["csm"].fillna(NOBODY)
    return frame.astype("str").where(frame.notna())


def moves(held: pd.DataFrame, month: str, who: pd.DataFrame) -> pd.DataFrame:
    """This month's movements, largest first: account_id, name, csm, kind, amount (cents)."""
    table = movements(held, between(month, month))
    named = table.merge(who[["account_id", "name", "csm"]], on="account_id", how="left")
    order = named["amount"].abs()
    named = named.assign(order=order).sort_values(["order", "account_id"], ascending=[False, True])
    return named[["account_id", "name", "csm", "kind", "amount"]].reset_index(drop=True)


def coming(
    lines: pd.DataFrame, month: str, zone: str, scores: pd.DataFrame, policy: Policy
) -> pd.DataFrame:
    """Lines whose term ends in the 12 months after ``month``, with state, band and p_churn."""
    table = due(lines, as_of(month, zone), as_of(shift(month, 12), zone), policy.gap_days)
    told = scores[["account_id", "name", "csm", "band", "p_churn"]]
    table = table.merge(told, on="account_id", how="left")
    table["month"] = [month_of(end.to_pydatetime(), zone) for end in table["ends_on"]]
    return table.assign(band=table["band"].fillna(health.NOT_SCORED))


def told(scores: pd.DataFrame, who: pd.DataFrame, matrix: pd.DataFrame) -> pd.DataFrame:
    """The score ledger's rows with names, owners, days to the next end, and reasons in words."""
    table = scores.merge(who, on="account_id", how="left")
    days = matrix["days_to_end"] if "days_to_end" in matrix else pd.Series(dtype="float64")
    table["days_to_end"] = table["account_id"].map(days)
    for number in range(3):
        table[f"reason_{number + 1}"] = [_reason(text, number) for text in table["reasons"]]
    table = table.assign(order=table["expected_loss"].fillna(0).astype("int64"))
    table = table.sort_values(["order", "arr", "account_id"], ascending=[False, False, True])
    return table.drop(columns=["order", "families"]).reset_index(drop=True)


def _reason(text: str, number: int) -> str:
    found: list[dict[str, Any]] = json.loads(text)
    return str(found[number]["text"]).split(";")[0] if len(found) > number else ""


def flow(scores: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """Accounts and ARR by band last month (or ``new``) and this (or ``gone``).

    ARR is in cents, today's; of accounts that are gone, last month's.
    """
    if before is None:
        return pd.DataFrame({"before": [], "after": [], "accounts": [], "arr": []})
    sides = [frame[["account_id", "band", "arr"]] for frame in (scores, before)]
    both = sides[0].merge(sides[1], on="account_id", how="outer", suffixes=("", "_before"))
    both["arr"] = both["arr"].fillna(both["arr_before"]).astype("int64")
    both = both.fillna({"band_before": "new", "band": "gone"})
    grouped = both.groupby(["band_before", "band"], sort=True)["arr"].agg(["size", "sum"])
    return grouped.reset_index().set_axis(["before", "after", "accounts", "arr"], axis=1)


def drivers(scores: pd.DataFrame, before: pd.DataFrame | None = None) -> pd.DataFrame:
    """family, expected_loss, before (cents): the families the expected loss sits with.

    ``before`` is the same a month earlier, missing where no account was scored then.
    """
    now = _by_family(scores)
    then = _by_family(scores[:0] if before is None else before)
    if now.empty:
        then = then[:0]
    names = [*now.index, *(name for name in then.index if name not in now.index)]
    former = [int(then.get(name, 0)) if len(then) else pd.NA for name in names]
    return pd.DataFrame(
        {
            "family": pd.Series(names, dtype="str"),
            "expected_loss": [int(now.get(name, 0)) for name in names],
            "before": pd.array(former, dtype="Int64"),
        }
    )


def _by_family(scores: pd.DataFrame) -> pd.Series[int]:
    """Expected loss by family, largest first; empty where nobody is scored."""
    scored = scores[scores["p_churn"].notna()].set_index("account_id")
    if scored.empty:
        return pd.Series(dtype="int64")
    family = pd.DataFrame([json.loads(text) for text in scored["families"]], index=scored.index)
    return explain.expected_loss(family, scored["p_churn"], scored["arr"])


def bridge(
    changes: pd.DataFrame, scores: pd.DataFrame, before: pd.DataFrame | None
) -> pd.DataFrame:
    """part, kind, amount (cents): from the expected loss of the month before to this one's."""
    then = scores[:0] if before is None else before
    arr = [frame.set_index("account_id")["arr"] for frame in (then, scores)]
    return moved.bridge(changes, *arr)


def segments(
    held: pd.DataFrame, month: str, scores: pd.DataFrame, who: pd.DataFrame, policy: Policy
) -> pd.DataFrame:
    """Retention and risk by the first grouping the company keeps, largest ARR first.

    Columns: grouping, group, customers, arr, nrr, grr, logo and their 95 % ranges (see
    `bounds`), at_risk, expected_loss, n (cohort). Groups are today's: an account that
    moved is counted where it is now.
    """
    kept = [g for g in GROUPS if 1 < who[g].nunique() <= MOST_GROUPS]
    if not kept:
        return pd.DataFrame(columns=SEGMENTS)
    grouping = who.set_index("account_id")[kept[0]].fillna("not recorded")
    rows = []
    for group, members in grouping.groupby(grouping, sort=True):
        own = held[held["account_id"].isin(members.index)]
        cohort = retained(own, month, policy)
        now = scores[scores["account_id"].isin(members.index)]
        rows.append(
            {
                "grouping": kept[0],
                "group": str(group),
                "customers": len(now),
                "arr": int(now["arr"].sum()),
                "nrr": cohort.nrr,
                "grr": cohort.grr,
                "logo": cohort.logo,
                **bounds(own, month, policy),
                "at_risk": int(now.loc[now["band"] == health.AT_RISK, "arr"].sum()),
                "expected_loss": int(now["expected_loss"].fillna(0).sum()),
                "n": cohort.n,
            }
        )
    table = pd.DataFrame(rows, columns=SEGMENTS).astype(dict.fromkeys(RATES, "float64"))
    return table.sort_values(["arr", "group"], ascending=[False, True], ignore_index=True)


SEGMENTS = [
    "grouping",
    "group",
    "customers",
    "arr",
    "nrr",
    "grr",
    "logo",
    *(f"{rate}_{side}" for rate in RATES for side in SIDES),
    "at_risk",
    "expected_loss",
    "n",
]


def pulse(matrices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """month, name, label, unit, value, n: the mean of a few features over the portfolio."""
    listed = catalogue().by_name
    rows = [
        {
            "month": month,
            "name": name,
            "label": listed[name].label,
            "unit": listed[name].unit,
            "value": float(matrix[name].mean()),
            "n": int(matrix[name].notna().sum()),
        }
        for month, matrix in sorted(matrices.items())
        for name in PULSE
        if name in matrix and matrix[name].notna().any()
    ]
    return pd.DataFrame(rows, columns=["month", "name", "label", "unit", "value", "n"])


def figures(known: Facts, scores: pd.DataFrame, ahead: pd.DataFrame) -> dict[str, Figure]:
    """Every registered number of the month, by name: what happened, is due, is at stake."""
    policy, month = known.policy, known.month
    quarter = totals(ahead[ahead["ends_on"] < pd.Timestamp(as_of(shift(month, 3), known.zone))])
    scored, risky = scores["p_churn"].notna(), scores["band"] == health.AT_RISK
    values: dict[str, tuple[Any, int]] = {
        "renewals_due": (quarter.renewals, quarter.accounts),
        "arr_due": (quarter.arr, quarter.renewals),
        "arr_due_signed": (quarter.signed, quarter.renewals),
        "arr_due_cancelled": (quarter.cancelled, quarter.renewals),
        "arr_due_open": (quarter.open, quarter.renewals),
        "arr_at_risk": (int(scores.loc[risky, "arr"].sum()), int(risky.sum())),
        "expected_loss": (
            int(scores["expected_loss"].sum()) if scored.any() else None,
            int(scored.sum()),
        ),
        "accounts_not_scored": (int((~scored).sum()), len(scores)),
        "arr_not_scored": (int(scores.loc[~scored, "arr"].sum()), int((~scored).sum())),
    }
    due_and_risk = {name: figure(name, *value, policy=policy) for name, value in values.items()}
    return numbers(known) | due_and_risk


def sources(ledgers: tuple[TableLedger, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The row ledger by table, and the reasons of repairs and quarantines."""
    tables = pd.DataFrame(
        [{k: v for k, v in asdict(t).items() if k not in ("reasons", "columns")} for t in ledgers]
    )
    faults = pd.DataFrame(
        [{"table": t.table, **asdict(reason)} for t in ledgers for reason in t.reasons],
        columns=["table", "fate", "rule", "column", "says", "rows", "first_row", "example"],
    )
    return tables, faults
