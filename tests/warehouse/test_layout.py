"""A table kept by month: every row once, in the month of its news; and what news digests say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests import company
from warehouse import layout, news
from warehouse.contract import TABLES
from warehouse.months import as_of, opens
from warehouse.snapshot import Snapshot

KOLKATA = "Asia/Kolkata"


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    return company.frames(seed=8, accounts=10, rows=300)


@pytest.fixture(scope="module", params=["UTC", KOLKATA, "America/New_York"])
def whole(
    request: pytest.FixtureRequest, tables: company.Frames, tmp_path_factory: pytest.TempPathFactory
) -> Snapshot:
    return company.snapshot(tables, tmp_path_factory.mktemp("whole"), request.param)


def test_each_row_lies_in_the_month_of_its_news(tables: company.Frames, whole: Snapshot) -> None:
    zone = whole.company.timezone
    files = whole.files("usage")
    parts = {file.stem: pd.read_parquet(file) for file in files}
    assert sum(map(len, parts.values())) == len(tables["usage"])
    for month, rows in parts.items():
        moment = rows[["day", "known_at"]].max(axis=1)
        assert ((moment >= opens(month, zone)) & (moment < as_of(month, zone))).all()
        key = rows[["account_id", "product", "day"]]
        assert key.equals(key.sort_values(list(key), ignore_index=True))
    assert list(parts) == sorted(parts)


def test_a_stretch_of_time_opens_no_other_files(whole: Snapshot) -> None:
    zone = whole.company.timezone
    since, until = opens("2024-05", zone), opens("2024-07", zone)
    assert [f.stem for f in whole.files("usage", since, until)] == ["2024-05", "2024-06"]
    assert whole.files("usage", until=opens("2024-02", zone))[-1].stem <= "2024-01"
    assert len(whole.files("tickets", since, until)) == 1


def test_a_table_without_rows_has_a_file_with_its_columns(tmp_path: Path) -> None:
    con = duckdb.connect()
    picks = ", ".join(
        f'NULL::{"TIMESTAMP" if c.kind == "instant" else "VARCHAR"} AS "{c.name}"'
        for c in TABLES["usage"].columns
    )
    assert layout.write(con, f"SELECT {picks} WHERE false", TABLES["usage"], tmp_path, "UTC") == 0
    (file,) = layout.files(tmp_path, TABLES["usage"])
    assert list(pd.read_parquet(file)) == list(TABLES["usage"].names)
    assert news.digests(con, TABLES["usage"], [file], "UTC") == {}


def restated(
    tables: company.Frames, folder: Path, table: str, change: dict[str, object], at: int
) -> Snapshot:
    rows = tables[table].copy()
    for column, value in change.items():
        rows.loc[at, column] = value
    return company.snapshot(tables | {table: rows}, folder)


def test_the_order_of_rows_is_no_news(tables: company.Frames, tmp_path: Path) -> None:
    shuffled = {n: f.sample(frac=1, random_state=2) for n, f in tables.items()}
    one, other = (company.snapshot(t, tmp_path / n) for n, t in (("a", tables), ("b", shuffled)))
    assert one.news == other.news


def test_a_changed_cell_is_news_of_its_own_month_alone(
    tables: company.Frames, tmp_path: Path
) -> None:
    """One known with its row in that month; one filled in later when it was filled in."""
    before = company.snapshot(tables, tmp_path / "before").news["tickets"]
    rows = tables["tickets"]
    at = rows.index[rows["resolved_at"].notna() & (rows["resolved_at"].dt.month > 6)][0]
    seen = rows.loc[at, ["opened_at", "known_at"]].max()
    filled = max(seen, rows.loc[at, "resolved_at"])
    moved = rows.loc[at, "resolved_at"] + pd.Timedelta(minutes=1)
    for change, month in (
        ({"priority": "other"}, f"{seen:%Y-%m}"),
        ({"resolved_at": moved}, f"{filled:%Y-%m}"),
    ):
        after = restated(tables, tmp_path / str(next(iter(change))), "tickets", change, at)
        told = after.news["tickets"]
        assert {m for m in before | told if before.get(m) != told.get(m)} == {month}
        early, late = as_of(month), datetime(2026, 1, 1)
        assert after.knew("tickets", opens(month)) == company.snapshot(
            tables, tmp_path / f"again-{month}"
        ).knew("tickets", opens(month))
        assert after.knew("tickets", early) != after.knew("tickets", late) or month == max(told)
    never = restated(tables, tmp_path / "csm", "touches", {"csm": "somebody else"}, 0)
    assert never.news["touches"] == company.snapshot(tables, tmp_path / "c").news["touches"]
