"""Reach the raw tables: a folder of CSV and Parquet files, or one DuckDB file.

Nothing is sniffed. A CSV is read as text, so that its types are those of the
contract, and is refused where it was cut or mis-encoded. Only the files that are
named are read; what else lies in the folder is left alone.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.contract import TABLES
from warehouse.errors import DataRefused, InputMissing, Locked
from warehouse.mapping import Data, Mapping, distinct
from warehouse.seal import unsealed
from warehouse.text import LONGEST_LINE, header

SUFFIXES = (".csv", ".parquet")
MEMORY = "3GiB"
"""What DuckDB may hold of a company at once; what is more goes to disk."""
ROW = '"·row"'
"""The SQL name of a raw row's number; no export calls a column so."""


@dataclass(frozen=True)
class Origin:
    """One raw table as found: its file, the sha256 of its bytes, its columns in order."""

    table: str
    file: Path
    inside: str | None
    sha256: str
    columns: tuple[str, ...]
    copied: str | None = None
    """The table of a server that the file is a copy of; ``sha256`` is then that of its rows."""

    @property
    def label(self) -> str:
        inside = f":{self.inside}" if self.inside else ""
        return self.copied or f"{self.file.name}{inside}"


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def one_file(file: Path) -> str:
    """``file`` as an SQL string that names it alone: ``*``, ``?`` and ``[`` mean themselves."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(file)))


def parquet(file: Path) -> str:
    """The rows of one Parquet file as an SQL table.

    A folder called ``region=north`` on the way to it adds no column and changes none.
    """
    return f"read_parquet({one_file(file)}, hive_partitioning = false)"


def database(*places: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that reads and writes only ``places``: files, and all below folders.

    It keeps UTC, installs nothing, never looks for Python variables named like a
    table, spills to a hidden folder in the last of ``places`` (beside it, if a file) when
    memory runs out, and none of this can be changed afterwards.
    """
    con = duckdb.connect(":memory:")
    real = [place.resolve() for place in places]
    folders = ", ".join(literal(f"{place}/") for place in real if not place.is_file())
    files = ", ".join(
        literal(f"{place}{end}") for place in real if place.is_file() for end in ("", ".wal")
    )
    spill = (real[-1].parent if real[-1].is_file() else real[-1]) / ".spill"
    for setting in (
        "TimeZone = 'UTC'",
        "python_enable_replacements = false",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        f"memory_limit = {literal(MEMORY)}",
        f"temp_directory = {literal(str(spill))}",
        f"allowed_directories = [{folders}]",
        f"allowed_paths = [{files}]",
        "enable_external_access = false",
        "lock_configuration = true",
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
    unsealed(source)
    found = _in_database(mapping, source) if source.is_file() else _in_folder(mapping, source)
    if "contract_lines" not in {origin.table for origin in found}:
        raise InputMissing(
            f"{source} holds no table contract_lines (the one table that is always needed); "
            "name its file under [tables.contract_lines] in perennial.toml, or run `perennial init`"
        )
    return found, source


def _in_folder(mapping: Mapping, folder: Path) -> list[Origin]:
    sums = _sums(folder)
    found = []
    for name in TABLES:
        file = _file_of(name, mapping, folder)
        if file is not None:
            digest = _vouched(file, sums)
            columns = columns_of(file, name, mapping.data.delimiter)
            found.append(Origin(name, file, None, digest, columns))
    return found


def _file_of(table: str, mapping: Mapping, folder: Path) -> Path | None:
    """The file ``table`` is read from; ``None`` if it is neither mapped nor there."""
    if table not in mapping.tables:
        files = [folder / f"{table}{suffix}" for suffix in SUFFIXES]
        files = [file for file in files if file.is_file()]
        if len(files) > 1:
            raise DataRefused(f"{table}: both {files[0]} and {files[1].name} exist; keep one")
        return _inside(files[0], table, folder) if files else None
    file = folder / mapping.tables[table].file
    if not file.is_file():
        there = ", ".join(sorted(p.name for p in folder.iterdir() if p.suffix in SUFFIXES))
        raise InputMissing(f"{table}: {file} does not exist; the folder has {there or 'no table'}")
    return _inside(file, table, folder)


def _inside(file: Path, table: str, folder: Path) -> Path:
    """``file``, which must lie below ``folder`` itself: a link or ``..`` may not lead elsewhere."""
    if not file.resolve().is_relative_to(folder):
        raise DataRefused(
            f"{table}: {file} leads to {file.resolve()}, outside the source; put the file "
            f"itself into {folder}, or name its folder as [data] source"
        )
    if file.suffix.lower() not in SUFFIXES:
        raise DataRefused(f"{table}: {file} is neither .csv nor .parquet; export it as one of them")
    return unsealed(file)


def _in_database(mapping: Mapping, file: Path) -> list[Origin]:
    digest = _vouched(file, _sums(file.parent))
    held = tables_in(file)
    found = []
    for name in TABLES:
        inside = mapping.tables[name].file if name in mapping.tables else name
        if inside in held:
            _own(name, inside, file)
            found.append(Origin(name, file, inside, digest, held[inside]))
        elif name in mapping.tables:
            raise InputMissing(f"{name}: {file} has no table {inside!r}; it has {', '.join(held)}")
    return found


def _own(table: str, inside: str, file: Path) -> None:
    """Refuse a view that reads other files: no digest vouches for them, no seal stops it."""
    con = database(file)
    try:
        con.execute(f"ATTACH {literal(str(file))} AS source (READ_ONLY)")
        con.execute(f"SELECT * FROM source.main.{quoted(inside)} LIMIT 0")
    except duckdb.Error as error:
        raise DataRefused(
            f"{table}: {file.name}:{inside} cannot be read: {str(error).splitlines()[0][:200]}. "
            "A view may use the tables of its own file only; make it a table"
        ) from error
    finally:
        con.close()


def tables_in(file: Path) -> dict[str, tuple[str, ...]]:
    """The tables and views of a DuckDB file's main schema, each with its columns in order.

    Raises ``DataRefused`` for another kind of file, or one with changes that are not yet in
    it, ``Locked`` while another program has it open for writing.
    """
    if file.with_name(f"{file.name}.wal").exists():
        raise DataRefused(
            f"{file} has changes waiting in {file.name}.wal: whoever wrote it did not close it. "
            "Run CHECKPOINT in it, or copy the tables out"
        )
    con = database(file)
    try:
        con.execute(f"ATTACH {literal(str(file))} AS source (READ_ONLY)")
        columns = con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'source' "
            "AND schema_name = 'main' ORDER BY table_name, column_index"
        ).fetchall()
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise Locked(f"{file} is open in another program; close it or try later") from error
        raise DataRefused(
            f"{file} cannot be opened as a DuckDB file: {str(error).splitlines()[0][:200]}"
        ) from error
    finally:
        con.close()
    held: dict[str, tuple[str, ...]] = {}
    for table, column in columns:
        held[table] = (*held.get(table, ()), column)
    return held


def relation(con: duckdb.DuckDBPyConnection, origin: Origin, data: Data) -> duckdb.DuckDBPyRelation:
    """The raw rows of ``origin`` with their row number in ``ROW`` (1 is the first data row)."""
    if origin.inside is not None:
        con.execute(f"ATTACH IF NOT EXISTS {literal(str(origin.file))} AS source (READ_ONLY)")
        scan = f"source.main.{quoted(origin.inside)}"
    elif origin.file.suffix.lower() == ".csv":
        names = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in origin.columns)
        scan = (
            f"read_csv({one_file(origin.file)}, header = true, auto_detect = false, "
            f"columns = {{{names}}}, delim = {literal(data.delimiter)}, quote = '\"', "
            "escape = '\"', strict_mode = true, ignore_errors = false, null_padding = false, "
            f"nullstr = '', hive_partitioning = false, max_line_size = {LONGEST_LINE})"
        )
    else:
        scan = parquet(origin.file)
    return con.sql(f"SELECT row_number() OVER () AS {ROW}, * FROM {scan}")


def sha256(file: Path) -> str:
    """The sha256 of a file's bytes, as hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _vouched(file: Path, sums: dict[Path, str]) -> str:
    """The sha256 of ``file``, which is that of its line in SHA256SUMS if it has one."""
    digest = sha256(file)
    if sums.get(file, digest) != digest:
        raise DataRefused(
            f"{file} does not match its line in SHA256SUMS: it was cut or changed on the way; "
            "export it again"
        )
    return digest


def _sums(folder: Path) -> dict[Path, str]:
    """The sha256 each file of ``folder`` should have, where a SHA256SUMS says so."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        return {}
    told = {}
    for number, line in enumerate(sums.read_text("utf-8", "replace").splitlines(), 1):
        found = re.fullmatch(r"([0-9a-fA-F]{64}) [ *](.+)", line)
        if found:
            told[(folder / found[2]).resolve()] = found[1].lower()
        elif line.strip():
            raise DataRefused(
                f"{sums} line {number} is no line of sha256sum (64 hex digits, two spaces, a file "
                "name), so it is not known what it vouches for; write it again"
            )
    return told


def columns_of(file: Path, table: str, delimiter: str = ",") -> tuple[str, ...]:
    """The column names of a CSV or Parquet file; ``DataRefused`` if it is damaged."""
    if file.suffix.lower() == ".csv":
        names = header(file, table, delimiter)
    else:
        try:
            names = tuple(pq.read_schema(file).names)
        except (pa.ArrowException, OSError) as error:
            raise DataRefused(
                f"{table}: {file} cannot be read as Parquet: {str(error).splitlines()[0][:200]}; "
                "export it again"
            ) from error
    return distinct(names, f"{table}: {file}")
