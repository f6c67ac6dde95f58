"""What was known at an instant: two clocks and the late ones, each exclusive to the microsecond."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests import company
from warehouse.asof import known, live
from warehouse.contract import NEVER, TABLES
from warehouse.snapshot import Snapshot

EDGE = datetime(2025, 3, 1)
MOMENT = timedelta(microseconds=1)
BEFORE, AT, AFTER = EDGE - MOMENT, EDGE, EDGE + MOMENT

LATE = [
    (table.name, column.name, column.late)
    for table in TABLES.values()
    for column in table.columns
    if column.late and len(table.key) == 1
]
VALUES: dict[str, object] = {"number": 4.0, "flag": True, "money": 700, "category": "voluntary"}


def blank(table: str, **values: Any) -> dict[str, Any]:
    """A row that happened and was known long before the edge, and names what matters."""
    declared = TABLES[table]
    row: dict[str, Any] = dict.fromkeys(declared.names)
    row |= {declared.happened: datetime(2024, 1, 1), declared.known: datetime(2024, 1, 1)}
    if table == "contract_lines":
        row |= {"starts_on": datetime(2024, 1, 1), "arr": 100}
    return row | {"account_id": "A1"} | values


def typed(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(TABLES[table].names))
    instants = [c.name for c in TABLES[table].columns if c.kind == "instant"]
    return frame.astype(dict.fromkeys(instants, "datetime64[us]"))


def snapshot(folder: Path, table: str, rows: list[dict[str, Any]]) -> Snapshot:
    return company.snapshot({table: typed(table, rows)}, folder)


def seen(made: Snapshot, table: str) -> pd.DataFrame:
    key = TABLES[table].key
    frame: pd.DataFrame = known(made, table, EDGE).sort(*key).collect("pandas").to_native()
    return frame.set_index(key[0])


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Every table with a key of its own: both clocks, and each late column, around the edge."""
    made: company.Frames = {}
    for name in {table for table, _, _ in LATE}:
        declared = TABLES[name]
        key = declared.key[0]
        rows = [
            blank(name, **{key: f"clocks {i}{j}", declared.happened: at, declared.known: when})
            for i, at in enumerate((BEFORE, AT, AFTER))
            for j, when in enumerate((BEFORE, AT, AFTER))
        ]
        for column, clock in ((c, late) for table, c, late in LATE if table == name):
            value = VALUES.get(declared.column(column).kind, datetime(2024, 5, 5))
            for i, at in enumerate((BEFORE, AT, AFTER, None)):
                told = {clock: at, column: at if column == clock else value}
                rows.append(blank(name, **{key: f"{column} {i}", **told}))
        made[name] = typed(name, rows)
    return company.snapshot(made, tmp_path_factory.mktemp("edges"))


@pytest.mark.parametrize("table", sorted({table for table, _, _ in LATE}))
def test_a_row_is_seen_when_both_clocks_have_passed(edges: Snapshot, table: str) -> None:
    found = seen(edges, table).index
    assert list(found[found.str.startswith("clocks")]) == ["clocks 00"]


@pytest.mark.parametrize(("table", "name", "clock"), LATE, ids=[f"{t}.{n}" for t, n, _ in LATE])
def test_a_late_value_is_empty_until_its_clock(
    edges: Snapshot, table: str, name: str, clock: str
) -> None:
    """At the edge itself it is not known yet; where the clock is empty it never is."""
    found = seen(edges, table).loc[[f"{name} {i}" for i in range(4)]]
    assert found[name].notna().tolist() == [True, False, False, False]
    assert found[clock].notna().tolist() == [True, False, False, False]


def test_a_notice_given_later_does_not_shorten_a_line(tmp_path: Path) -> None:
    """``ended_on`` before the edge, known after it: the line is still running."""
    stop = {"ended_on": datetime(2025, 2, 1)}
    rows = [
        blank("contract_lines", line_id="known", cancelled_at=BEFORE, **stop),
        blank("contract_lines", line_id="unknown", cancelled_at=AT, **stop),
    ]
    lines = known(snapshot(tmp_path, "contract_lines", rows), "contract_lines", EDGE)
    running = lines.filter(live(EDGE)).collect("pandas").to_native()
    assert running["line_id"].tolist() == ["unknown"]


def test_live_is_half_open_at_the_close(tmp_path: Path) -> None:
    """The close is the last instant before the edge, as it is for ARR."""
    long = datetime(2024, 1, 1)
    lines = {
        "starts before": (BEFORE, None, None),
        "starts at": (AT, None, None),
        "stops before": (long, BEFORE, None),
        "stops at": (long, AT, None),
        "stops after": (long, AFTER, None),
        "cut short": (long, AFTER, BEFORE),
        "extended": (long, BEFORE, AFTER),
        "open": (long, None, None),
    }
    rows = [
        blank("contract_lines", line_id=n, starts_on=s, ends_on=e, ended_on=x, cancelled_at=long)
        for n, (s, e, x) in lines.items()
    ]
    made = snapshot(tmp_path, "contract_lines", rows)
    found = known(made, "contract_lines", EDGE).filter(live(EDGE)).collect("pandas").to_native()
    assert set(found["line_id"]) == {
        "starts before",
        "stops at",
        "stops after",
        "extended",
        "open",
    }


def test_what_is_shown_is_what_can_be_known(tmp_path: Path) -> None:
    made = company.snapshot({n: typed(n, [blank(n)]) for n in TABLES}, tmp_path)
    for name, declared in TABLES.items():
        shown = known(made, name, EDGE).collect_schema().names()
        can = [c.name for c in declared.columns if c.known != NEVER and c.name != declared.known]
        assert shown == can


def test_the_zone_of_the_machine_moves_no_edge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [blank("tickets", ticket_id=str(i), opened_at=t) for i, t in enumerate((BEFORE, AT))]
    made = snapshot(tmp_path, "tickets", rows)
    for zone in ("Asia/Kolkata", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert list(seen(made, "tickets").index) == ["0"]
    monkeypatch.undo()
    time.tzset()
