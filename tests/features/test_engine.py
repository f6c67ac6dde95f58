"""The engine at the edges of windows, and where a company keeps less."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.catalogue import catalogue
from features.engine import features
from tests import company
from warehouse.contract import TABLES
from warehouse.snapshot import Snapshot

CUTOFFS = (datetime(2024, 8, 15, 13, 30), datetime(2025, 3, 1))
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1)


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    return company.frames(seed=5, accounts=12, rows=250)


@pytest.fixture(scope="module")
def whole(tables: company.Frames, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return company.snapshot(tables, tmp_path_factory.mktemp("whole"))


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
    unknown = ["minutes_a_person_28d", "seats_entitled", "arr_a_seat", "discount"]
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
    by_name = catalogue().by_name
    assert {n for n in gone if by_name[n].table} == {
        *(f.name for f in by_name.values() if f.table in ("usage", "surveys")),
        "rating_last",
        "ticket_rating_180d",
        "ticket_rating_365d",
        "tickets_rated_bad_365d",
        "seats_entitled",
        "seats_year_ago",
    }
    for feature in by_name.values():
        if not feature.table:
            assert (feature.name in gone) == bool(feature.reads & gone), feature.name
    assert {"arr_a_seat", "usage_trend", "seats_used", "nps_change"} <= gone


def test_a_company_of_contracts_alone(tables: company.Frames, tmp_path: Path) -> None:
    made = company.snapshot({"contract_lines": tables["contract_lines"]}, tmp_path)
    matrix = features(made, CUTOFFS[1])
    assert {catalogue().by_name[n].domain for n in matrix} == {"contract"}
    early = features(made, datetime(2020, 1, 1))
    assert (len(early), list(early)) == (0, list(matrix))
