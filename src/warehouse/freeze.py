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
from warehouse.connect import Origin, database, literal, origins, parquet, quoted
from warehouse.connect import sha256 as digest_of
from warehouse.contract import TABLES
from warehouse.errors import CannotWrite, DataRefused, InputMissing
from warehouse.ledger import Reason, TableLedger, refused
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
        rows = parquet(self.folder.resolve() / f"{table}.parquet")
        return nw.from_native(self.connection.sql(f"SELECT * FROM {rows}"))

    def frame(self, table: str) -> pd.DataFrame:
        """All rows of ``table`` as pandas, ordered by its key; text is ``str`` even where empty."""
        ordered = self.scan(table).sort(*TABLES[table].key)
        frame: pd.DataFrame = ordered.collect("pandas").to_native()
        words = [c.name for c in TABLES[table].columns if c.kind in ("id", "text", "category")]
        return frame.astype(dict.fromkeys(words, "str"))


def freeze(mapping: Mapping, workspace: Path, progress: Progress | None = None) -> Snapshot:
    """Admit every table of the source and return the snapshot; reuse it if it exists.

    Raises ``DataRefused`` or ``InputMissing`` with nothing left behind.
    """
    found, source = origins(mapping, workspace)
    name = _identity(found, mapping)
    home = workspace.resolve() / "data" / "frozen"
    folder = home / name
    if not (folder / "MANIFEST.json").exists():
        _write(found, source, mapping, home, folder, progress or (lambda _: None))
    return load(folder)


def load(folder: Path) -> Snapshot:
    """Open a snapshot after checking every file against its manifest.

    Raises ``InputMissing`` where there is none, ``DataRefused`` where a file was
    changed, removed or added since it was frozen.
    """
    manifest = _manifest(folder)
    there = {str(p.relative_to(folder)) for p in folder.rglob("*.parquet")}
    for name in sorted(there | set(manifest["files"])):
        file = folder / name
        if not file.exists() or digest_of(file) != manifest["files"].get(name):
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


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / "MANIFEST.json"
    try:
        told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputMissing(f"{folder} is no snapshot: it has no MANIFEST.json") from error
    except ValueError as error:
        raise DataRefused(f"{file} is damaged; remove the folder {folder} and run again") from error
    return told


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
        for file in (*files, staging / "MANIFEST.json", *(staging, staging / "quarantine")):
            _to_disk(file)
        _publish(staging, folder)
    except (OSError, duckdb.IOException) as error:
        raise CannotWrite(f"{home} cannot be written: {error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _publish(staging: Path, folder: Path) -> None:
    """Rename ``staging`` to ``folder``; a folder that is no snapshot gives way to it."""
    if folder.exists() and not (folder / "MANIFEST.json").exists():
        shutil.rmtree(folder)
    try:
        staging.rename(folder)
    except OSError:
        # Another run froze the same inputs meanwhile: what it wrote is the same.
        if not (folder / "MANIFEST.json").exists():
            raise
    _to_disk(folder.parent)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _admit_all(
    found: list[Origin], source: Path, mapping: Mapping, staging: Path, progress: Progress
) -> tuple[list[TableLedger], datetime]:
    by_table = {origin.table: origin for origin in found}
    order = ORDER if "accounts" in by_table else ("contract_lines", *ORDER[1:])
    ledger: list[TableLedger] = []
    with database(source if source.is_dir() else source.parent, staging) as con:
        for name in dict.fromkeys(order):
            if name in by_table:
                progress(f"admit {name}")
                ledger.append(admit(con, by_table[name], mapping, staging))
            if name == "contract_lines":
                _some_line(ledger[-1])
                if "accounts" not in by_table:
                    _accounts_from_lines(con, staging)
        newest = [
            con.execute(
                f"SELECT max({quoted(TABLES[entry.table].known)}) FROM "
                f"{parquet(staging / (entry.table + '.parquet'))}"
            ).fetchall()[0][0]
            for entry in ledger
        ]
    for file, digest in {origin.file: origin.sha256 for origin in found}.items():
        if digest_of(file) != digest:
            raise DataRefused(f"{file} changed while it was read; run again when it is written")
    return ledger, max(instant for instant in newest if instant is not None)


def _some_line(lines: TableLedger) -> None:
    """Refuse a company without any contract line, saying where they went."""
    if lines.kept:
        return
    if lines.rows_in:
        raise DataRefused(refused(lines, 0))
    why = (
        f"[tables.contract_lines] where and present choose none of its {lines.left_out:,} rows"
        if lines.left_out
        else "it has a header and no rows"
    )
    raise DataRefused(f"contract_lines: {lines.file} holds no contract line: {why}")


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
    con.execute(
        f"COPY (SELECT {picks} FROM {parquet(staging / 'contract_lines.parquet')} "
        "GROUP BY account_id ORDER BY account_id) "
        f"TO {literal(str(staging / 'accounts.parquet'))} (FORMAT parquet, COMPRESSION zstd)"
    )
