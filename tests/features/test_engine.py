"""The engine against a naive reckoning in pandas, and at the edges of windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from features.engine import features
from tests import company
from warehouse.contract import TABLES
from warehouse.freeze import Snapshot

CUTOFFS = (datetime(2024, 8, 15, 13, 30), datetime(2025, 3, 1))
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1)
Rows = pd.DataFrame


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    return company.frames(seed=5, accounts=12, rows=250)


@pytest.fixture(scope="module")
def whole(tables: company.Frames, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return company.snapshot(tables, tmp_path_factory.mktemp("whole"))


def past(tables: company.Frames, name: str, cutoff: datetime) -> Rows:
    """The rows of a table as known at the cutoff, reckoned without the warehouse."""
    table, rows = TABLES[name], tables[name]
    rows = rows[(rows[table.happened] < cutoff) & (rows[table.known] < cutoff)].copy()
    clocks = {c.late for c in table.columns if c.late}
    passed = {clock: (rows[clock] < cutoff).to_numpy() for clock in clocks}
    for column in table.columns:
        if column.late:
            rows[column.name] = rows[column.name].where(passed[column.late])
    return rows


def running(lines: Rows, cutoff: datetime) -> Rows:
    stop = lines["ended_on"].fillna(lines["ends_on"])
    return lines[(lines["starts_on"] < cutoff) & (stop.isna() | (stop >= cutoff))]


def since(rows: Rows, cutoff: datetime, happened: str, days: int) -> Rows:
    return rows[rows[happened] >= cutoff - days * DAY]


def ago(instant: Any, cutoff: datetime) -> float:
    return float("nan") if pd.isna(instant) else (cutoff - instant) / DAY


def share(part: Any, whole: int) -> float:
    return part.sum() / whole if whole else float("nan")


# One account's rows of one table, the cutoff; each is written anew from the feature's docstring.
ORACLE: dict[str, tuple[str, Callable[[Rows, datetime], float]]] = {
    "arr_now": ("contract_lines", lambda r, t: running(r, t)["arr"].sum()),
    "products_owned": ("contract_lines", lambda r, t: running(r, t)["product"].nunique()),
    "lines_live": ("contract_lines", lambda r, t: len(running(r, t))),
    "tenure": ("contract_lines", lambda r, t: ago(r["starts_on"].min(), t)),
    "days_to_end": ("contract_lines", lambda r, t: -ago(running(r, t)["ends_on"].min(), t)),
    "days_to_last_end": ("contract_lines", lambda r, t: -ago(r["ends_on"].max(), t)),
    "notices_given": ("contract_lines", lambda r, t: running(r, t)["cancelled_at"].count()),
    "auto_renewing": ("contract_lines", lambda r, t: running(r, t)["auto_renew"].mean()),
    "discount": ("contract_lines", lambda r, t: running(r, t)["discount"].max()),
    "arr_signed_365d": ("contract_lines", lambda r, t: since(r, t, "signed_at", 365)["arr"].sum()),
    "usage_events_90d": ("usage", lambda r, t: since(r, t, "day", 90)["events"].sum()),
    "days_used_90d": (
        "usage",
        lambda r, t: since(r[r["events"] > 0], t, "day", 90)["day"].nunique(),
    ),
    "people_active_365d": ("usage", lambda r, t: since(r, t, "day", 365)["active_users"].mean()),
    "days_since_use": ("usage", lambda r, t: ago(r.loc[r["events"] > 0, "day"].max(), t)),
    "tickets_opened_28d": ("tickets", lambda r, t: len(since(r, t, "opened_at", 28))),
    "urgent_tickets_90d": (
        "tickets",
        lambda r, t: since(r, t, "opened_at", 90)["priority"].isin(["urgent", "high"]).sum(),
    ),
    "tickets_unresolved_365d": (
        "tickets",
        lambda r, t: since(r, t, "opened_at", 365)["resolved_at"].isna().sum(),
    ),
    "ticket_rating_180d": ("tickets", lambda r, t: since(r, t, "opened_at", 180)["rating"].mean()),
    "nps_last": (
        "surveys",
        lambda r, t: (
            r[(r["kind"] == "nps") & r["score"].notna()]
            .sort_values(["sent_at", "survey_id"])["score"]
            .pipe(lambda s: s.iloc[-1] if len(s) else np.nan)
        ),
    ),
    "detractors_365d": (
        "surveys",
        lambda r, t: (
            (r["kind"] == "nps") & (r["score"] <= 6) & (r["sent_at"] >= t - 365 * DAY)
        ).sum(),
    ),
    "surveys_unanswered_365d": (
        "surveys",
        lambda r, t: since(r, t, "sent_at", 365)["answered_at"].isna().mean(),
    ),
    "amount_overdue": (
        "invoices",
        lambda r, t: r.loc[r["paid_at"].isna() & (r["due_on"] < t), "amount"].sum(),
    ),
    "paid_late_365d": (
        "invoices",
        lambda r, t: since(r[r["due_on"] < t], t, "issued_at", 365).pipe(
            lambda d: share(d["paid_at"].isna() | (d["paid_at"] > d["due_on"]), len(d))
        ),
    ),
    "meetings_90d": (
        "touches",
        lambda r, t: since(r[r["kind"] != "email"], t, "touched_at", 90)["kind"].count(),
    ),
    "days_since_reply": ("touches", lambda r, t: ago(r["replied_at"].max(), t)),
    "milestones_behind": (
        "milestones",
        lambda r, t: (r["reached_at"].isna() & (r["planned_on"] < t)).sum(),
    ),
}


def unseen(rows: Rows, table: str, window: int | None, cutoff: datetime) -> bool:
    """Whether the window began more than a week before the table itself did."""
    begins = rows[TABLES[table].happened].min()
    return window is not None and begins > cutoff - window * DAY + 7 * DAY


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_the_engine_agrees_with_a_naive_reckoning(
    tables: company.Frames, whole: Snapshot, cutoff: datetime
) -> None:
    matrix = features(whole, cutoff)
    lines = running(past(tables, "contract_lines", cutoff), cutoff)
    totals = lines.groupby("account_id")["arr"].sum()
    assert matrix.index.tolist() == sorted(totals[totals > 0].index)
    assert set(matrix.dtypes.astype("str")) == {"float64"}
    rows = {name: past(tables, name, cutoff) for name, _ in ORACLE.values()}
    split = {n: {str(a): r for a, r in f.groupby("account_id")} for n, f in rows.items()}
    empty = {f.name: f.empty for f in catalogue().features}
    for feature, (table, reckon) in ORACLE.items():
        by_account = split[table]
        expected = [
            float(reckon(by_account[account], cutoff)) if account in by_account else np.nan
            for account in matrix.index
        ]
        naive = pd.Series(expected, index=matrix.index, name=feature, dtype="float64")
        if empty[feature] is not None:
            naive = naive.fillna(empty[feature])
        if unseen(rows[table], table, catalogue().by_name[feature].window, cutoff):
            naive[:] = np.nan
        pd.testing.assert_series_equal(matrix[feature], naive, rtol=1e-12, check_exact=False)


def test_derived_features_are_arithmetic(whole: Snapshot) -> None:
    m = features(whole, CUTOFFS[1])
    surge = m["tickets_opened_28d"] / (m["tickets_opened_90d"] * 28 / 90)
    pd.testing.assert_series_equal(
        m["ticket_surge"], surge.where(m["tickets_opened_90d"] > 0), check_names=False
    )
    assert not np.isinf(m.to_numpy()).any()


def small(folder: Path, table: str, rows: list[dict[str, Any]]) -> Snapshot:
    """A line for each account of ``rows``, these rows, and somebody else's from long before."""
    long = dict.fromkeys(("starts_on", "signed_at", "known_at"), LONG_AGO)
    accounts = [row["account_id"] for row in rows]
    lines = [{**long, "line_id": a, "account_id": a, "arr": 100} for a in accounts]
    other = {"account_id": "other", TABLES[table].key[0]: "other"}
    other |= {TABLES[table].happened: LONG_AGO, "known_at": LONG_AGO}
    made = {}
    for name, content in (("contract_lines", lines), (table, [other, *rows])):
        made[name] = pd.DataFrame(content, columns=list(TABLES[name].names))
        for column in TABLES[name].columns:
            if column.kind == "instant":
                made[name][column.name] = made[name][column.name].astype("datetime64[us]")
    return company.snapshot(made, folder)


def test_a_window_holds_its_first_instant_and_not_the_cutoff(tmp_path: Path) -> None:
    """[cutoff - n days, cutoff), to the microsecond, on the clock of what happened."""
    cutoff = datetime(2025, 3, 30, 22)
    edges = {
        **{f"{n} - 1 us": cutoff - n * DAY - MOMENT for n in (28, 90)},
        **{f"{n}": cutoff - n * DAY for n in (28, 90)},
        "0 - 1 us": cutoff - MOMENT,
        "0": cutoff,
    }
    rows = [
        {"ticket_id": name, "account_id": name, "opened_at": at, "known_at": LONG_AGO}
        for name, at in edges.items()
    ]
    matrix = features(small(tmp_path, "tickets", rows), cutoff)
    counted = {n: set(matrix.index[matrix[f"tickets_opened_{n}d"] == 1]) for n in (28, 90)}
    assert counted == {28: {"28", "0 - 1 us"}, 90: {"90", "28 - 1 us", "28", "0 - 1 us"}}
    assert set(matrix["tickets_opened_90d"]) == {0, 1}


def test_nothing_known_is_unknown_and_nothing_done_is_none(tmp_path: Path) -> None:
    """A count of no rows is 0; a sum or mean of no values is not said to be 0."""
    cutoff = datetime(2025, 3, 1)
    day = {"account_id": "A", "day": cutoff - DAY, "known_at": cutoff - DAY, "events": 3}
    matrix = features(small(tmp_path, "usage", [day]), cutoff).loc["A"]
    assert matrix["usage_events_28d"] == 3
    assert matrix["most_people_28d"] == 0
    unknown = ["people_active_28d", "minutes_a_day_90d", "seats_entitled", "arr_a_seat", "discount"]
    assert matrix[unknown].isna().all()
    assert matrix[["arr_now", "lines_live", "tenure"]].tolist() == [100, 1, 1886]


def test_a_share_of_nothing_is_unknown(tmp_path: Path) -> None:
    """The account has tickets, and none of them in the window."""
    cutoff = datetime(2025, 3, 1)
    old = {"ticket_id": "T", "account_id": "A", "opened_at": cutoff - 100 * DAY}
    matrix = features(small(tmp_path, "tickets", [{**old, "known_at": LONG_AGO}]), cutoff)
    shares = ["tickets_unanswered_90d", "tickets_opened_90d", "tickets_unresolved_365d"]
    assert matrix.loc["A", shares].fillna(-1).tolist() == [-1, 0, 1]


def test_what_the_company_does_not_keep_is_absent(tables: company.Frames, tmp_path: Path) -> None:
    """A feature of a table or column nobody records is left out, not filled with nothing."""
    kept = {n: f for n, f in tables.items() if n not in ("usage", "surveys")}
    made = company.snapshot(kept, tmp_path)
    ledger = tuple(
        replace(e, columns=tuple(c for c in e.columns if c not in ("rating", "rated_at", "seats")))
        for e in made.ledger
    )
    made = Snapshot(made.id, made.folder, made.company, ledger, made.watermark)
    found = set(features(made, CUTOFFS[1]))
    gone = {f.name for f in catalogue().features} - found
    tables_read = {f.name: f.table for f in catalogue().features}
    assert {n for n in gone if tables_read[n]} == {
        *(n for n, table in tables_read.items() if table in ("usage", "surveys")),
        "ticket_rating_180d",
        "seats_entitled",
    }
    assert {n for n in gone if not tables_read[n]} == {
        "arr_a_seat",
        "usage_trend",
        "usage_against_year",
        "people_trend",
        "seats_used",
        "products_unused",
    }


def test_a_company_of_contracts_alone(tables: company.Frames, tmp_path: Path) -> None:
    made = company.snapshot({"contract_lines": tables["contract_lines"]}, tmp_path)
    matrix = features(made, CUTOFFS[1])
    assert {catalogue().by_name[n].domain for n in matrix} == {"contract"}
    early = features(made, datetime(2020, 1, 1))
    assert (len(early), list(early)) == (0, list(matrix))
