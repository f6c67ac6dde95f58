"""A small company's contract lines, and the book gathered from them for the retention report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metrics.arr import history
from metrics.facts import Facts
from metrics.policy import Policy
from models.outlook import outlook
from reporting import doubt, gather, past
from reporting.book import Book
from warehouse.contract import TABLES
from warehouse.ledger import Reason, TableLedger
from warehouse.months import as_of, opens, shift

ZONE = "Europe/Berlin"
POLICY = Policy()
LAST = "2025-06"


def line(
    account: int, number: int, starts: str, months: int | None, arr: int, **ended: Any
) -> dict[str, Any]:
    """One contract line of ``months`` months (None: open-ended) from the first of ``starts``."""
    begins = opens(starts, ZONE)
    return {
        "line_id": f"L{account:03d}-{number:02d}",
        "account_id": f"A{account:03d}",
        "product": "core",
        "starts_on": begins,
        "ends_on": None if months is None else opens(shift(starts, months), ZONE),
        "arr": arr,
        "auto_renew": False,
        "notice_days": 30,
        "signed_at": begins,
        "cancelled_at": ended.get("cancelled"),
        "ended_on": ended.get("ended"),
        "end_reason": ended.get("reason"),
    }


def company(first: str = "2023-01", accounts: int = 60, yearly: bool = True) -> pd.DataFrame:
    """Contract lines: a start every month, yearly terms that grow, shrink, lapse or are left."""
    rows = []
    for account in range(accounts):
        starts, arr, number = shift(first, account % 26), 120_000_037 + 1_000_003 * account, 0
        while starts <= LAST and yearly:
            leaves = account % 7 == 3 and number == account % 2
            told: dict[str, Any] = {}
            if leaves and account % 14 == 3:
                told = {"cancelled": opens(shift(starts, 10), ZONE), "reason": "voluntary"}
            elif leaves:
                stop = opens(shift(starts, 8), ZONE)
                told = {"cancelled": stop, "ended": stop, "reason": "payment_failure"}
            rows.append(line(account, number, starts, 12, arr, **told))
            if leaves:
                if account == 10:
                    rows.append(line(account, 9, shift(starts, 15), 3, arr // 2))
                break
            growth = {0: 1.2, 1: 0.9}.get(account % 5, 1.0)
            starts, number, arr = shift(starts, 12), number + 1, round(arr * growth)
        if not yearly:
            rows.append(line(account, 0, starts, None, arr))
    frame = pd.DataFrame(rows)
    clocks = ["starts_on", "ends_on", "signed_at", "cancelled_at", "ended_on"]
    return frame.assign(**{name: frame[name].astype("datetime64[us]") for name in clocks})


def people(lines: pd.DataFrame, name: str = "") -> pd.DataFrame:
    """The accounts of ``lines`` with a name each, ``name`` for all if given."""
    ids = sorted(lines["account_id"].unique())
    return pd.DataFrame(
        {
            "account_id": ids,
            "name": [name or f"Firm {one}" for one in ids],
            "csm": [name or "Ada" for _ in ids],
            "segment": [f"{name} {i % 3}".strip() for i in range(len(ids))],
            "tier": "one",
            "region": None,
            "industry": None,
        }
    ).astype({"account_id": "str", "name": "str", "csm": "str", "segment": "str"})


def scored(lines: pd.DataFrame, who: pd.DataFrame, month: str, known: bool = True) -> pd.DataFrame:
    """Every account with ARR at the close, with made-up probabilities, or none."""
    held = history(lines, month, ZONE)
    now = held[held["month"] == month][["account_id", "arr"]].reset_index(drop=True)
    p = np.where(known, 0.02 + 0.03 * (now.index % 9), np.nan)
    up = np.where(known, 0.1 + 0.02 * (now.index % 5), np.nan)
    loss = pd.Series(np.round(p * now["arr"])).astype("Int64")
    gain = pd.Series(np.round((1 - p) * up * 0.15 * now["arr"])).astype("Int64")
    table = now.assign(
        p_churn=p, p_expansion=up, expected_loss=loss, expected_gain=gain,
        expected_change=gain - loss, score=50, reasons="[]", expansion_reasons="[]", families="{}",
        band=np.where(p > 0.2, "at risk", "healthy") if known else "not scored",
    )  # fmt: skip
    return gather.told(table, who, pd.DataFrame())


def ledger(quarantined: int = 0) -> tuple[TableLedger, ...]:
    """The row ledger of two tables, ``quarantined`` rows of the second set aside."""
    reasons = (Reason("quarantined", "no date", "starts_on", "no start", quarantined, 7, "x"),)
    return (
        TableLedger("accounts", "accounts.csv", "a" * 64, 60, 60, 0, 0, 0, 60, "recorded", (), ()),
        TableLedger(
            "contract_lines", "lines.csv", "b" * 64, 200, 200 - quarantined, 0, quarantined, 0,
            200 - quarantined, "recorded", (), reasons if quarantined else (),
        ),
    )  # fmt: skip


def about(month: str) -> dict[str, Any]:
    told = {"said": "too few events", "verdict": "", "rule": ""}
    return {
        "month": month, "as_of": as_of(month, ZONE).isoformat(), "name": "Firm & Sons",
        "currency": "EUR", "timezone": ZONE, "policy": POLICY.name, "targets": {"grr": 0.95},
        "lead": 1, "horizon": 4, "snapshot": "feed", "watermark": "2025-06-30T12:00:00",
        "sources": {}, "absent": ["surveys"], "features": {"count": 3, "digest": "beef"},
        "code": "cafe", "models": {"churn": told, "expansion": told, "renewal": told},
        "renewals": {"model": "last year", "learnt": False, "n": 12, "attainable": 530},
    }  # fmt: skip


def grades(months: list[str], expected: list[int], observed: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "month": months, "n": 50, "events": 3, "auc": 0.75, "expected": 2.5, "observed": 3,
            "expected_arr": expected, "observed_arr": observed,
        }
    )  # fmt: skip


def left(rows: int, name: str = "Gone") -> pd.DataFrame:
    """Accounts that left, every second one flagged in time."""
    said = json.dumps([{"direction": "raises", "text": "Use: 2 days (was 9); associated with x"}])
    return pd.DataFrame(
        {
            "account_id": [f"G{i}" for i in range(rows)], "name": name, "csm": name,
            "ended": pd.to_datetime(["2025-03-31 22:00"] * rows).astype("datetime64[us]"),
            "arr": [1_000_000 * (rows - i) for i in range(rows)], "months_scored": 2,
            "first_flagged": "", "flagged": [i % 2 == 1 for i in range(rows)], "highest_p": 0.1,
            "last_band": "watch", "last_reasons": said,
        }
    )  # fmt: skip


def known_at(month: str, lines: pd.DataFrame, who: pd.DataFrame) -> Facts:
    """The facts of a company that keeps nothing but its contract lines."""
    table = TABLES["contract_lines"]
    more = {c.name: "str" for c in table.columns if c.kind in ("id", "text", "category")}
    whole = lines.reindex(columns=[n for n in table.names if n != table.known]).astype(more)
    return Facts(month, ZONE, POLICY, {"contract_lines": whole}, who)


def bound(
    lines: pd.DataFrame, month: str = LAST, known: bool = True, name: str = "", **changes: Any
) -> Book:
    """The book of ``month`` by the same functions that gather a real one."""
    who = people(lines, name)
    held, scores = history(lines, month, ZONE), scored(lines, who, month, known)
    walk, trend = gather.walk(held, month), gather.trend(held, month, POLICY)
    due = gather.coming(lines, month, ZONE, scores, POLICY)
    before = lines[lines["signed_at"] < as_of(shift(month, -1), ZONE)]
    sources, faults = gather.sources(ledger())
    nothing = pd.DataFrame()
    _, forecast = outlook(Path("nowhere"), lines, month, ZONE, POLICY.gap_days, None, nothing)
    told = Book(
        about=about(month),
        figures=gather.figures(known_at(month, lines, who), scores, due),
        walk=walk, trend=trend, moves=gather.moves(held, month, who), due=due, scores=scores,
        flow=nothing, drivers=nothing, risk=nothing,
        segments=gather.segments(held, month, scores, who, POLICY),
        pulse=nothing, worklist=nothing, signals=nothing, churn_folds=nothing,
        expansion_folds=nothing, grades=nothing, left=nothing,
        cohorts=past.cohorts(held, month),
        departed=past.departed(held, lines, month, ZONE, who),
        renewals=past.renewals(lines, before, month, ZONE, POLICY.gap_days),
        outlook=doubt.outlook(scores), forecast=forecast, forecast_grades=nothing, bridge=nothing,
        verdicts=nothing, drift=nothing,
        sources=sources, faults=faults,
    )  # fmt: skip
    return replace(told, **changes)
