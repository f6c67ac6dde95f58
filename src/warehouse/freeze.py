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
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from warehouse import layout, news
from warehouse.admit import admit
from warehouse.connect import Origin, database, literal, origins, parquet, quoted
from warehouse.connect import sha256 as digest_of
from warehouse.contract import TABLES
from warehouse.errors import CannotWrite, DataRefused, InputMissing
from warehouse.ledger import Reason, TableLedger, refused
from warehouse.mapping import Company, Mapping
from warehouse.postgres_url import is_url
from warehouse.snapshot import Snapshot

ORDER = ("accounts", *(name for name in TABLES if name != "accounts"))
Progress = Callable[[str], None]
HANDED = "PERENNIAL_SNAPSHOT"
"""The variable that tells a notebook which snapshot the command that runs it has read."""

_read: dict[tuple[Path, str, str], Path] = {}
"""The snapshots this process made of servers, by workspace, schema and settings."""


def freeze(mapping: Mapping, workspace: Path, progress: Progress | None = None) -> Snapshot:
    """Admit every table of the source and return the snapshot; reuse it if it exists.

    A process reads a server once, so that all the months it lives see the same rows; one
    that has a snapshot's id in ``HANDED`` reads that instead, and needs no password.
    Raises ``DataRefused``, ``InputMissing`` or ``ServiceUnavailable`` with nothing left behind.
    """
    tell = progress or (lambda _: None)
    if is_url(mapping.data.source):
        return _of_server(mapping, workspace.resolve(), tell)
    return _frozen(*origins(mapping, workspace), mapping, workspace, tell)


def _of_server(mapping: Mapping, workspace: Path, tell: Progress) -> Snapshot:
    # Only who reads a server needs its client.
    from warehouse.postgres import extracted

    if handed := os.environ.get(HANDED):
        return load(workspace / "data" / "frozen" / handed)
    asked = (workspace, mapping.data.in_schema, mapping.model_dump_json())
    if asked not in _read:
        with extracted(mapping, workspace, tell) as (found, source):
            _read[asked] = _frozen(found, source, mapping, workspace, tell).folder
    return load(_read[asked])


def _frozen(
    found: list[Origin], source: Path, mapping: Mapping, workspace: Path, progress: Progress
) -> Snapshot:
    home = workspace.resolve() / "data" / "frozen"
    folder = home / _identity(found, mapping)
    if not (folder / "MANIFEST.json").exists():
        _write(found, source, mapping, home, folder, progress)
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
    return Snapshot(
        folder.name, folder, Company(**manifest["company"]), ledger, watermark, manifest["news"]
    )


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
        ledger, watermark, told = _admit_all(found, source, mapping, staging, progress)
        files = sorted(p for p in staging.rglob("*.parquet"))
        manifest = {
            "company": mapping.company.model_dump(mode="json"),
            "watermark": watermark.isoformat(),
            "ledger": [asdict(entry) for entry in ledger],
            "news": told,
            "files": {str(p.relative_to(staging)): digest_of(p) for p in files},
        }
        (staging / "MANIFEST.json").write_text(
            json.dumps(manifest, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        folders = sorted(p for p in staging.rglob("*") if p.is_dir())
        for file in (*files, staging / "MANIFEST.json", *folders, staging):
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
) -> tuple[list[TableLedger], datetime, dict[str, dict[str, str]]]:
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
        told, newest = {}, []
        for table in (table for table in TABLES.values() if layout.files(staging, table)):
            files = layout.files(staging, table)
            told[table.name] = news.digests(con, table, files, mapping.company.timezone)
            last = f"SELECT max({quoted(table.known)}) FROM {layout.rows(files)}"
            newest.append(con.execute(last).fetchall()[0][0])
    # A copy is ours alone, and its digest that of the rows.
    for file, digest in {o.file: o.sha256 for o in found if not o.copied}.items():
        if digest_of(file) != digest:
            raise DataRefused(f"{file} changed while it was read; run again when it is written")
    return ledger, max(instant for instant in newest if instant is not None), told


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
