"""Dates and times: ISO or as declared, in the company's zone, on no other clock than its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from tests.warehouse.inputs import column, duckdb_file, frozen, lines, mapping, quarantine, write
from warehouse.freeze import freeze
from warehouse.months import opens
from warehouse.snapshot import Snapshot

NEW_YORK = "America/New_York"


def read(
    workspace: Path, texts: list[str], zone: str = "UTC", how: dict[str, Any] | None = None
) -> list[datetime | None]:
    """What each text was read as; ``None`` where it was quarantined, named with the text."""
    table = lines([f'"{text}",1' for text in texts], "when,arr")
    names = {"line_id": "line_id", "account_id": "account_id", "arr": "arr"}
    columns = {**names, "starts_on": {"column": "when", **(how or {})}}
    made = frozen(
        workspace,
        {"contract_lines.csv": table},
        company={"name": "Made", "timezone": zone},
        limits={"quarantined": 1},
        tables={"contract_lines": {"from": "contract_lines.csv", "columns": columns}},
    )
    found = dict(zip(column(made, "line_id"), column(made, "starts_on"), strict=True))
    for row, (reason, value) in quarantine(made).items():
        assert reason.split(":")[0] in ("not readable", "out of bounds")
        assert value == texts[row - 1]
    return [found.get(f"L{i:03d}") for i in range(len(texts))]


def test_iso_is_read_and_nothing_else(tmp_path: Path) -> None:
    noon = datetime(2026, 3, 31, 12)
    good = {
        "2026-03-31": datetime(2026, 3, 31),
        "2026-03-31 12:00": noon,
        "2026-03-31T12:00:00": noon,
        "2026-03-31T12:00:00Z": noon,
        "2026-03-31T14:00:00+02:00": noon,
        "2026-03-31T14:00+0200": noon,
        "2026-03-31 06:30:00-0530": noon,
        "2026-03-31 12:00:00.123456789": noon + timedelta(microseconds=123456),
        "2024-02-29": datetime(2024, 2, 29),
        "1900-01-01": datetime(1900, 1, 1),
        "2199-12-31 23:59:59": datetime(2199, 12, 31, 23, 59, 59),
    }
    bad = ["03/04/2026", "31.03.2026", "2026-02-29", "2026-13-01", "2026-3-1", "20260331", "46112"]
    bad += ["2026-03-31T25:00", "2026-03-31T12:60", "2026-03-31T12:00:00+15:00", "2026-03-31Z"]
    bad += ["2026", "2026-03", "today", "now", "infinity", "2026-03-31x", "０2026-03-31"]
    bad += ["0026-04-03", "1899-12-31", "2200-01-01", "9999-12-31"]
    found = read(tmp_path, [*good, *bad])
    assert found == [*good.values(), *[None] * len(bad)]


def test_a_format_is_honoured_and_its_years_are_not_believed_blindly(tmp_path: Path) -> None:
    day_first = {"format": "%d/%m/%Y"}
    texts = ["03/04/2026", "31/12/2025", "12/31/2025", "2026-04-03", "03/04/26"]
    assert read(tmp_path / "a", texts, how=day_first) == [
        datetime(2026, 4, 3),
        datetime(2025, 12, 31),
        None,
        None,
        None,
    ]
    zoned = {"format": "%d/%m/%Y %H:%M %z"}
    texts = ["08/03/2026 02:30 -0500", "08/03/2026 02:30"]
    assert read(tmp_path / "b", texts, NEW_YORK, zoned) == [datetime(2026, 3, 8, 7, 30), None]


def test_local_times_are_those_of_the_company(tmp_path: Path) -> None:
    """In the hour that never was, a time is a fault; in the one that came twice, the first."""
    texts = {
        "2026-03-08 01:59": datetime(2026, 3, 8, 6, 59),
        "2026-03-08 02:30": None,
        "2026-03-08 02:30:00Z": datetime(2026, 3, 8, 2, 30),
        "2026-03-08 03:00": datetime(2026, 3, 8, 7),
        "2026-03-08 12:00": datetime(2026, 3, 8, 16),
        "2026-11-01 00:59": datetime(2026, 11, 1, 4, 59),
        "2026-11-01 01:30": datetime(2026, 11, 1, 5, 30),
        "2026-11-01 01:30-0500": datetime(2026, 11, 1, 6, 30),
        "2026-11-01 02:00": datetime(2026, 11, 1, 7),
        "2026-11-01": datetime(2026, 11, 1, 4),
        "2026-07-01": datetime(2026, 7, 1, 4),
    }
    assert read(tmp_path, list(texts), NEW_YORK) == list(texts.values())


@pytest.mark.parametrize(
    ("zone", "texts"),
    [
        # Midnight was skipped; the day begins at one o'clock.
        ("America/Asuncion", {"2023-10-01": datetime(2023, 10, 1, 4), "2023-10-01 00:30": None}),
        # Midnight came twice; the day begins with the first.
        ("America/Havana", {"2026-11-01": datetime(2026, 11, 1, 4)}),
        # Half an hour came twice.
        ("Australia/Lord_Howe", {"2026-04-05 01:45": datetime(2026, 4, 4, 14, 45)}),
        # The whole day was skipped.
        ("Pacific/Apia", {"2011-12-31": datetime(2011, 12, 30, 10), "2011-12-30 12:00": None}),
    ],
)
def test_every_date_has_a_first_instant(
    tmp_path: Path, zone: str, texts: dict[str, datetime | None]
) -> None:
    firsts = {
        f"{y}-{m:02d}-01": opens(f"{y}-{m:02d}", zone) for y in (2023, 2026) for m in (4, 10, 11)
    }
    expected = {**texts, **firsts}
    assert read(tmp_path, list(expected), zone) == list(expected.values())


@pytest.mark.parametrize("zone", [NEW_YORK, "Europe/London"])
def test_the_database_agrees_with_python_on_every_hour(tmp_path: Path, zone: str) -> None:
    """Through a year with both changes; ``fold=0`` is the first of two."""
    hours = [datetime(2026, 1, 1, 0, 15) + timedelta(hours=i) for i in range(365 * 24)]
    here = ZoneInfo(zone)
    expected = []
    for hour in hours:
        instant = hour.replace(tzinfo=here).astimezone(ZoneInfo("UTC"))
        real = instant.astimezone(here).replace(tzinfo=None) == hour
        expected.append(instant.replace(tzinfo=None) if real else None)
    assert expected.count(None) == 1
    table = pa.table(
        {
            "line_id": [f"L{i:05d}" for i in range(len(hours))],
            "account_id": ["A1"] * len(hours),
            "starts_on": hours,
            "arr": [1] * len(hours),
        }
    )
    write(tmp_path, {"contract_lines.parquet": table})
    made = freeze(mapping(company={"name": "Made", "timezone": zone}), tmp_path)
    assert column(made, "starts_on") == [e for e in expected if e is not None]


def test_days_are_added_on_the_calendar_and_hours_on_the_clock(tmp_path: Path) -> None:
    texts = ["2026-03-01", "2026-03-01 22:15", "2026-03-02T03:00:00Z"]
    midnight = datetime(2026, 3, 11, 4)
    trunc = {"trunc": "day", "plus_days": 10}
    assert read(tmp_path / "a", texts, NEW_YORK, trunc) == [midnight] * 3
    # 22:15 stays 22:15 through the change; 02:30 would fall where no time is, and moves on.
    texts = ["2026-03-07 22:15", "2026-03-07 02:30"]
    moved = [datetime(2026, 3, 9, 2, 15), datetime(2026, 3, 8, 7, 30)]
    assert read(tmp_path / "b", texts, NEW_YORK, {"plus_days": 1}) == moved
    assert read(tmp_path / "d", ["2026-03-31"], how={"plus_days": -31}) == [datetime(2026, 2, 28)]


def tickets(workspace: Path, hours: list[str]) -> Snapshot:
    body = "".join(f"T{i},A1,2026-03-01T00:00:00Z,{h}\n" for i, h in enumerate(hours))
    resolved = {"column": "opened_at", "plus_hours": "hours"}
    names = {n: n for n in ("ticket_id", "account_id", "opened_at")}
    told = {"from": "tickets.csv", "columns": {**names, "resolved_at": resolved}}
    files = {"tickets.csv": "ticket_id,account_id,opened_at,hours\n" + body}
    return frozen(workspace, {**files}, limits={"quarantined": 1}, tables={"tickets": told})


def test_hours_of_another_column(tmp_path: Path) -> None:
    """No hours yet is no instant yet; hours that are no number are a fault."""
    made = tickets(tmp_path, ["1.5", "", "0", "0.000001", "inf", "soon", "99999999", "-1"])
    start = datetime(2026, 3, 1)
    assert column(made, "resolved_at", "tickets") == [
        start + timedelta(hours=1.5),
        None,
        start,
        start + timedelta(microseconds=3600),
    ]
    assert {
        row: reason.split(":")[0] for row, (reason, _) in quarantine(made, "tickets").items()
    } == {
        **dict.fromkeys((5, 6, 7), "not readable"),
        8: "resolution follows opening",
    }


TYPED = {
    "contract_lines": (
        "'L1' AS line_id, 'A1' AS account_id, 1 AS arr, DATE '2026-07-01' AS starts_on, "
        "TIMESTAMP '2026-07-01 12:00:00' AS ends_on, "
        "TIMESTAMP_NS '2026-07-01 12:00:00.000001' AS signed_at, "
        "TIMESTAMP_S '2026-07-01 12:00:00' AS cancelled_at, "
        "TIMESTAMPTZ '2026-07-01 12:00:00+02' AS ended_on"
    ),
    "invoices": "1 AS invoice_id, 'A1' AS account_id, TIMESTAMP 'infinity' AS issued_at",
    "tickets": "1 AS ticket_id, 'A1' AS account_id, DATE '-infinity' AS opened_at",
    "surveys": "1 AS survey_id, 'A1' AS account_id, TIMESTAMPTZ 'infinity' AS sent_at",
    "touches": "1 AS touch_id, 'A1' AS account_id, TIME '12:00:00' AS touched_at",
    "usage": "'A1' AS account_id, 20260701 AS day",
}


def test_typed_columns(tmp_path: Path) -> None:
    """What a database calls a time is local unless it has a zone; infinity is no date."""
    duckdb_file(tmp_path / "crm.duckdb", {n: f"SELECT {row}" for n, row in TYPED.items()})
    made = freeze(
        mapping(
            company={"name": "Made", "timezone": NEW_YORK},
            data={"source": "crm.duckdb"},
            limits={"quarantined": 1},
        ),
        tmp_path,
    )
    (line,) = made.frame("contract_lines").to_dict("records")
    assert {name: line[name].to_pydatetime() for name in line if name.endswith(("_on", "_at"))} == {
        "starts_on": datetime(2026, 7, 1, 4),
        "ends_on": datetime(2026, 7, 1, 16),
        "signed_at": datetime(2026, 7, 1, 16, 0, 0, 1),
        "known_at": datetime(2026, 7, 1, 16, 0, 0, 1),
        "cancelled_at": datetime(2026, 7, 1, 16),
        "ended_on": datetime(2026, 7, 1, 10),
    }
    for name in TYPED.keys() - {"contract_lines"}:
        ((reason, value),) = quarantine(made, name).values()
        assert reason.startswith("not readable: ")
        assert value in ("infinity", "-infinity", "12:00:00", "20260701")
