"""Reach the raw tables: a folder of CSV and Parquet files, or one DuckDB file.

Nothing is sniffed. A CSV is read as text, so that its types are those of the
contract, and is refused where it was cut or mis-encoded.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.contract import TABLES
from warehouse.errors import DataRefused, InputMissing
from warehouse.mapping import Data, Mapping

SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True)
class Origin:
    """One raw table as found: its file, the sha256 of its bytes, its columns in order."""

    table: str
    file: Path
    inside: str | None
    sha256: str
    columns: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.file.name}:{self.inside}" if self.inside else self.file.name


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def database(*folders: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that reads and writes only below ``folders``.

    It keeps UTC, installs nothing, and never looks for Python variables named
    like a table.
    """
    con = duckdb.connect(":memory:")
    allowed = ", ".join(literal(str(folder.resolve()) + "/") for folder in folders)
    for setting in (
        "TimeZone = 'UTC'",
        "python_enable_replacements = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        "enable_progress_bar = false",
        f"allowed_directories = [{allowed}]",
        "enable_external_access = false",
    ):
        con.execute(f"SET {setting}")
    return con


def origins(mapping: Mapping, workspace: Path) -> tuple[list[Origin], Path]:
    """Every table of the contract that the source holds, and the source's path.

    Raises ``InputMissing`` where the source, a file it is told to read or a
    required table is absent, ``DataRefused`` where a file is damaged.
    """
    source = (workspace / mapping.data.source).resolve()
    if not source.exists():
        raise InputMissing(
            f"{source} does not exist; [data] source in perennial.toml names the folder or "
            "DuckDB file that holds the tables"
        )
    found = _in_database(mapping, source) if source.is_file() else _in_folder(mapping, source)
    if "contract_lines" not in {origin.table for origin in found}:
        raise InputMissing(
            f"{source} holds no table contract_lines (the one table that is always needed); "
            "name its file under [tables.contract_lines] in perennial.toml, or run `perennial init`"
        )
    return found, source


def _in_folder(mapping: Mapping, folder: Path) -> list[Origin]:
    _verify_sums(folder)
    found = []
    for name in TABLES:
        if name in mapping.tables:
            file = folder / mapping.tables[name].file
            if not file.is_file():
                there = ", ".join(sorted(p.name for p in folder.iterdir() if p.suffix in SUFFIXES))
                raise InputMissing(f"{name}: {file} does not exist; the folder has {there or '-'}")
        else:
            files = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
            files = [file for file in files if file.is_file()]
            if len(files) > 1:
                raise DataRefused(f"{name}: both {files[0]} and {files[1].name} exist; keep one")
            if not files:
                continue
            file = files[0]
        columns = (
            _csv_columns(file, name, mapping.data)
            if file.suffix == ".csv"
            else _parquet_columns(file, name)
        )
        found.append(Origin(name, file, None, sha256(file), columns))
    return found


def _in_database(mapping: Mapping, file: Path) -> list[Origin]:
    con = database(file.parent)
    try:
        con.execute(f"ATTACH {literal(str(file))} AS source (READ_ONLY)")
    except duckdb.Error as error:
        raise DataRefused(f"{file} cannot be opened as a DuckDB file: {error}") from error
    held: dict[str, tuple[str, ...]] = {}
    for table, column in con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'source' "
        "ORDER BY table_name, column_index"
    ).fetchall():
        held[table] = (*held.get(table, ()), column)
    con.close()
    digest = sha256(file)
    found = []
    for name in TABLES:
        inside = mapping.tables[name].file if name in mapping.tables else name
        if inside in held:
            found.append(Origin(name, file, inside, digest, held[inside]))
        elif name in mapping.tables:
            raise InputMissing(f"{name}: {file} has no table {inside!r}; it has {', '.join(held)}")
    return found


def relation(con: duckdb.DuckDBPyConnection, origin: Origin, data: Data) -> duckdb.DuckDBPyRelation:
    """The raw rows of ``origin`` with their row number in ``_row`` (1 is the first data row)."""
    path = literal(str(origin.file))
    if origin.inside is not None:
        con.execute(f"ATTACH IF NOT EXISTS {path} AS source (READ_ONLY)")
        scan = f"source.{quoted(origin.inside)}"
    elif origin.file.suffix == ".csv":
        names = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in origin.columns)
        scan = (
            f"read_csv({path}, header = true, auto_detect = false, columns = {{{names}}}, "
            f"delim = {literal(data.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
            "ignore_errors = false, null_padding = false, nullstr = '', max_line_size = 4194304)"
        )
    else:
        scan = f"read_parquet({path})"
    return con.sql(f"SELECT row_number() OVER () AS _row, * FROM {scan}")


def sha256(file: Path) -> str:
    """The sha256 of a file's bytes, as hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify_sums(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        return
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        file = folder / name
        if file.is_file() and sha256(file) != digest:
            raise DataRefused(
                f"{file} does not match its line in {sums.name}: it was cut or changed on the way; "
                "export it again"
            )


def _csv_columns(file: Path, table: str, data: Data) -> tuple[str, ...]:
    where = f"{table}: {file}"
    size = file.stat().st_size
    if size == 0:
        raise DataRefused(f"{where} is empty (0 bytes), not even a header; export it again")
    with file.open("rb") as stream:
        head = stream.read(65536)
        stream.seek(-1, 2)
        last = stream.read(1)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head:
        raise DataRefused(f"{where} looks like UTF-16 or binary; export it as UTF-8 text")
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            raise DataRefused(
                f"{where} is not UTF-8 (byte {error.start}); export it as UTF-8"
            ) from error
    if last not in (b"\n", b"\r"):
        raise DataRefused(
            f"{where} does not end with a line break, so its last row may be torn; export it "
            "again, or add the line break if you know it is whole"
        )
    with file.open(encoding="utf-8-sig", newline="") as text:
        header = next(csv.reader(text, delimiter=data.delimiter))
    return _unique(header, where)


def _parquet_columns(file: Path, table: str) -> tuple[str, ...]:
    con = database(file.parent)
    try:
        rows = con.execute(
            f"SELECT name FROM (DESCRIBE SELECT * FROM read_parquet({literal(str(file))})) "
            "AS d(name, a, b, c, e, f)"
        ).fetchall()
    except duckdb.Error as error:
        raise DataRefused(
            f"{table}: {file} cannot be read as Parquet: {str(error).splitlines()[0]}; "
            "export it again"
        ) from error
    finally:
        con.close()
    return _unique([name for (name,) in rows], f"{table}: {file}")


def _unique(names: list[str], where: str) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise DataRefused(f"{where} has the column {name!r} twice; rename or drop one")
    return tuple(names)
