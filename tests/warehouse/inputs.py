"""A small company as real files in a folder, and how it is frozen."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.connect import Origin, columns_of, database, relation
from warehouse.freeze import freeze
from warehouse.ledger import TableLedger
from warehouse.mapping import Data, Mapping
from warehouse.snapshot import Snapshot

Content = str | bytes | pa.Table
ACCOUNTS = "account_id,name,created_at\nA1,One,2024-01-01\nA2,Two,2024-01-02\n"
LINES = (
    "line_id,account_id,starts_on,ends_on,arr\n"
    "L1,A1,2024-01-01,2025-01-01,100.00\n"
    "L2,A2,2024-02-01,2025-02-01,200.50\n"
)
BASE: dict[str, Content] = {"contract_lines.csv": LINES}


def mapping(**settings: Any) -> Mapping:
    """Settings that name only what matters to the test."""
    return Mapping.model_validate({"company": {"name": "Made"}, **settings})


def write(workspace: Path, files: dict[str, Content]) -> Path:
    """``files`` in the workspace's ``data/raw``, which is returned."""
    raw = workspace / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, pa.Table):
            pq.write_table(content, raw / name)
        else:
            (raw / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return raw


def frozen(workspace: Path, files: dict[str, Content] | None = None, **settings: Any) -> Snapshot:
    """The snapshot of two contract lines, with ``files`` beside or instead of them."""
    write(workspace, {**BASE, **(files or {})})
    return freeze(mapping(**settings), workspace)


def lines(rows: list[str], columns: str = "starts_on,arr") -> str:
    """A CSV of contract lines of account A1, numbered from L0; each row holds ``columns``."""
    body = "".join(f"L{i:03d},A1,{row}\n" for i, row in enumerate(rows))
    return f"line_id,account_id,{columns}\n{body}"


def ledger(snapshot: Snapshot, table: str = "contract_lines") -> TableLedger:
    """What became of the rows of ``table``, which add up."""
    entry = next(entry for entry in snapshot.ledger if entry.table == table)
    assert entry.rows_in == entry.used + entry.repaired + entry.quarantined
    assert sum(r.rows for r in entry.reasons) == entry.repaired + entry.quarantined
    return entry


def column(snapshot: Snapshot, name: str, table: str = "contract_lines") -> list[Any]:
    """One column of a frozen table as it lies there; missing values are ``None``."""
    found: list[Any] = [
        value
        for file in snapshot.files(table)
        for value in pq.read_table(file, partitioning=None)[name].to_pylist()
    ]
    return [float(v) if isinstance(v, Decimal) else v for v in found]


def quarantine(snapshot: Snapshot, table: str = "contract_lines") -> dict[int, tuple[str, str]]:
    """The quarantined rows of ``table``: reason and value by row number."""
    rows = pd.read_parquet(snapshot.folder / "quarantine" / f"{table}.parquet")
    assert list(rows) == ["row", "reason", "value"]
    return {r.row: (r.reason, r.value) for r in rows.itertuples()}


def duckdb_file(path: Path, tables: dict[str, str]) -> None:
    """A DuckDB file whose tables are made by the given queries."""
    with duckdb.connect(str(path)) as con:
        for name, query in tables.items():
            quoted = name.replace('"', '""')
            con.execute(f'CREATE TABLE "{quoted}" AS {query}')


def frozen_files(snapshot: Snapshot) -> dict[str, bytes]:
    """Every byte of a snapshot but its manifest, by file."""
    found = sorted(p for p in snapshot.folder.rglob("*") if p.is_file())
    return {
        str(p.relative_to(snapshot.folder)): p.read_bytes()
        for p in found
        if p.name != "MANIFEST.json"
    }


def manifest(snapshot: Snapshot) -> dict[str, Any]:
    """The manifest as written."""
    told: dict[str, Any] = json.loads((snapshot.folder / "MANIFEST.json").read_text())
    return told


def rows(file: Path, content: Content | None = None) -> list[tuple[str, ...]]:
    """The raw rows of a file, each after its number."""
    if isinstance(content, pa.Table):
        pq.write_table(content, file)
    elif content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    names = columns_of(file, "accounts")
    with database(file.parent) as con:
        return relation(con, Origin("accounts", file, None, "", names), Data()).fetchall()
