"""Freeze what a run reads: admitted tables, content-addressed by sha256.

A snapshot is a folder ``data/frozen/<id>`` whose id is the hash of the raw
bytes, the mapping and this floor's own code. The same inputs are the same
snapshot; it is written once, whole, and never edited.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd

from warehouse.admit import admit
from warehouse.connect import Origin, database, literal, origins, quoted
from warehouse.connect import sha256 as digest_of
from warehouse.contract import TABLES
from warehouse.errors import CannotWrite, DataRefused
from warehouse.ledger import Reason, TableLedger
from warehouse.mapping import Company, Mapping

ORDER = ("accounts", *(name for name in TABLES if name != "accounts"))
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Snapshot:
    """The admitted tables of one moment, unchangeable.

    ``watermark`` is the newest instant any row became known (naive UTC);
    ``ledger`` says what became of each raw row.
    """

    id: str
    folder: Path
    company: Company
    ledger: tuple[TableLedger, ...]
    watermark: datetime

    @property
    def tables(self) -> frozenset[str]:
        """The tables of the contract this company has."""
        return frozenset(n for n in TABLES if (self.folder / f"{n}.parquet").exists())

    def has(self, table: str) -> bool:
        """Whether the company has ``table``."""
        return table in self.tables

    def recorded(self, table: str) -> frozenset[str]:
        """The columns of ``table`` the company keeps; the others are empty in every row."""
        for entry in self.ledger:
            if entry.table == table:
                return frozenset(entry.columns)
        return frozenset(TABLES[table].key)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB that can read this snapshot and nothing else."""
        return database(self.folder)

    def scan(self, table: str) -> nw.LazyFrame[Any]:
        """All rows of ``table``, lazily. Features and metrics use ``asof.known`` instead."""
        path = literal(str(self.folder / f"{table}.parquet"))
        return nw.from_native(self.connection.sql(f"SELECT * FROM read_parquet({path})"))

    def frame(self, table: str) -> pd.DataFrame:
        """All rows of ``table`` as pandas, ordered by its key."""
        ordered = self.scan(table).sort(*TABLES[table].key)
        frame: pd.DataFrame = ordered.collect("pandas").to_native()
        return frame


def freeze(mapping: Mapping, workspace: Path, progress: Progress | None = None) -> Snapshot:
    """Admit every table of the source and return the snapshot; reuse it if it exists.

    Raises ``DataRefused`` or ``InputMissing`` with nothing left behind.
    """
    found, source = origins(mapping, workspace)
    name = _identity(found, mapping)
    home = workspace / "data" / "frozen"
    folder = home / name
    if not (folder / "MANIFEST.json").exists():
        _write(found, source, mapping, home, folder, progress or (lambda _: None))
    return load(folder)


def load(folder: Path) -> Snapshot:
    """Open a snapshot after checking every file against its manifest."""
    manifest = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    for name, digest in manifest["files"].items():
        file = folder / name
        if not file.exists() or digest_of(file) != digest:
            raise DataRefused(
                f"{file} is not what was frozen; remove the folder {folder} and run again"
            )
    ledger = tuple(
        TableLedger(
            **{
                **entry,
                "columns": tuple(entry["columns"]),
                "reasons": tuple(Reason(**r) for r in entry["reasons"]),
            }
        )
        for entry in manifest["ledger"]
    )
    watermark = datetime.fromisoformat(manifest["watermark"])
    return Snapshot(folder.name, folder, Company(**manifest["company"]), ledger, watermark)


def _identity(found: list[Origin], mapping: Mapping) -> str:
    """A hash of all that decides the snapshot's content."""
    code = sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        if "simulate" not in file.parts:
            code.update(file.read_bytes())
    told = mapping.model_dump(
        mode="json",
        include=set(Mapping.model_fields),
        exclude={"data": {"source", "complete_through"}},
    )
    parts = [[o.table, o.label, o.sha256] for o in found]
    text = json.dumps([parts, told, code.hexdigest()], sort_keys=True)
    return sha256(text.encode()).hexdigest()[:16]


def _write(
    found: list[Origin],
    source: Path,
    mapping: Mapping,
    home: Path,
    folder: Path,
    progress: Progress,
) -> None:
    staging = home / f".{folder.name}.{os.getpid()}"
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
    except OSError as error:
        raise CannotWrite(f"{home} cannot be written: {error.strerror}") from error
    try:
        ledger, watermark = _admit_all(found, source, mapping, staging, progress)
        files = sorted(p for p in staging.rglob("*.parquet"))
        manifest = {
            "company": mapping.company.model_dump(mode="json"),
            "watermark": watermark.isoformat(),
            "ledger": [asdict(entry) for entry in ledger],
            "files": {str(p.relative_to(staging)): digest_of(p) for p in files},
        }
        (staging / "MANIFEST.json").write_text(
            json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        if not folder.exists():
            staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _admit_all(
    found: list[Origin], source: Path, mapping: Mapping, staging: Path, progress: Progress
) -> tuple[list[TableLedger], datetime]:
    by_table = {origin.table: origin for origin in found}
    con = database(source if source.is_dir() else source.parent, staging)
    ledger = []
    order = ORDER if "accounts" in by_table else ("contract_lines", *ORDER[1:])
    for name in dict.fromkeys(order):
        if name in by_table:
            progress(f"admit {name}")
            ledger.append(admit(con, by_table[name], mapping, staging))
        if name == "contract_lines" and "accounts" not in by_table:
            _accounts_from_lines(con, staging)
    newest = [
        con.execute(
            f"SELECT max({quoted(TABLES[entry.table].known)}) FROM "
            f"read_parquet({literal(str(staging / (entry.table + '.parquet')))})"
        ).fetchall()[0][0]
        for entry in ledger
    ]
    con.close()
    known = [instant for instant in newest if instant is not None]
    if not known:
        raise DataRefused(f"{source} holds no usable row at all; nothing can be said about it")
    return ledger, max(known)


def _accounts_from_lines(con: duckdb.DuckDBPyConnection, staging: Path) -> None:
    """A company without a table of accounts has those its contract lines name."""
    made = {
        "account_id": "account_id",
        "name": "account_id",
        "created_at": "min(signed_at)",
        "known_at": "min(known_at)",
    }
    picks = ", ".join(
        f"{made.get(n, 'CAST(NULL AS VARCHAR)')} AS {n}" for n in TABLES["accounts"].names
    )
    lines = literal(str(staging / "contract_lines.parquet"))
    target = literal(str(staging / "accounts.parquet"))
    con.execute(
        f"COPY (SELECT {picks} FROM read_parquet({lines}) GROUP BY account_id ORDER BY account_id) "
        f"TO {target} (FORMAT parquet, COMPRESSION zstd)"
    )
