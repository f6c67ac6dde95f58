"""PostgreSQL as a source: all tables of one moment, copied to Parquet as text.

Every cell comes as the text the server writes for it, so that the contract judges it as
it judges a CSV's: a date of ``infinity`` costs its row and not the run. Rows are ordered
by the table's key and then by all else, so the same rows are the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg import sql

from warehouse.connect import Origin
from warehouse.contract import TABLES, Table
from warehouse.draft import Files
from warehouse.errors import CannotWrite, DataRefused, InputMissing, Usage
from warehouse.mapping import Mapping, distinct, nearest
from warehouse.parse import sources
from warehouse.postgres_rows import written
from warehouse.postgres_session import WHERE, Connection, session, told
from warehouse.postgres_url import checked

SCHEMAS = "SELECT nspname, has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace"
COLUMNS = """
SELECT c.relname, a.attname, pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)
AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum
"""
"""The catalogue and not information_schema, which knows no materialised views."""


@dataclass(frozen=True)
class Held:
    """One table or view of the schema: its columns in order, and those the user may not read."""

    columns: tuple[str, ...]
    denied: frozenset[str]


@contextmanager
def extracted(
    mapping: Mapping, workspace: Path, progress: Callable[[str], None]
) -> Iterator[tuple[list[Origin], Path]]:
    """Every table of the contract that the schema holds, copied, and the folder of the copies.

    The folder is hidden in the workspace's ``data``, is whole or not there, and is gone
    when the block ends. Only the columns that the mapping reads leave the database.

    Raises ``ServiceUnavailable`` where the server is not there or breaks off,
    ``InputMissing`` for a table or schema it does not have, ``DataRefused`` for what it
    does not let us read.
    """
    home = workspace.resolve() / "data"
    try:
        home.mkdir(parents=True, exist_ok=True)
        hidden = TemporaryDirectory(prefix=".postgres-", dir=home, ignore_cleanup_errors=True)
    except OSError as error:
        raise CannotWrite(f"{home} cannot be written: {error}") from error
    with hidden as place:
        try:
            found, whole = _copied(mapping, Path(place), progress)
        except OSError as error:
            raise CannotWrite(f"{place} cannot be written: {error}") from error
        yield found, whole


def found_tables(url: str, schema: str) -> Files:
    """The tables and views of ``schema``, each with the columns that may be read, in order.

    Raises ``Usage`` for a URL that cannot be used, ``InputMissing`` where there is no table.
    """
    try:
        checked(url)
    except ValueError as error:
        raise Usage(f"--source: {error}") from None
    with session(url) as con:
        held = _held(con, schema)
    files = Files({name: list(there) for name, each in held.items() if (there := _readable(each))})
    files.schema = schema
    if not files:
        raise InputMissing(f"schema {schema} of the database holds no table that may be read")
    return files


def _copied(
    mapping: Mapping, place: Path, progress: Callable[[str], None]
) -> tuple[list[Origin], Path]:
    """Copy all tables in one transaction; the folder has its name once the last is on disk."""
    part, whole = place / "part", place / "whole"
    part.mkdir()
    found = []
    with session(mapping.data.source) as con:
        held = _held(con, mapping.data.in_schema)
        for name, inside in _wanted(mapping, held).items():
            progress(f"read {inside}")
            found.append(_copy(con, mapping, name, inside, held[inside], part, whole))
    _to_disk(part)
    part.rename(whole)
    return found, whole


def _held(con: Connection, schema: str) -> dict[str, Held]:
    """All tables and views of ``schema``; ``InputMissing`` where there is no such schema."""
    with told(f"schema {schema}"):
        there = dict(con.execute(SCHEMAS).fetchall())
        rows = con.execute(COLUMNS, [schema]).fetchall()
    if schema not in there:
        own = [n for n in sorted(there) if not n.startswith("pg_") and n != "information_schema"]
        raise InputMissing(
            f"{WHERE} has no schema {schema!r}; name one of {', '.join(own)} as [data] schema"
        )
    if not there[schema]:
        raise DataRefused(
            f"schema {schema}: permission denied; have its owner GRANT USAGE on it to the user "
            "that [data] source names"
        )
    columns: dict[str, tuple[str, ...]] = {}
    denied: dict[str, set[str]] = {}
    for table, column, allowed in rows:
        columns[table] = (*columns.get(table, ()), column)
        if not allowed:
            denied.setdefault(table, set()).add(column)
    return {n: Held(names, frozenset(denied.get(n, ()))) for n, names in columns.items()}


def _readable(held: Held) -> tuple[str, ...]:
    return tuple(name for name in held.columns if name not in held.denied)


def _wanted(mapping: Mapping, held: dict[str, Held]) -> dict[str, str]:
    """The table of the schema for each of the contract that is there."""
    schema = mapping.data.in_schema
    wanted = {}
    for name in TABLES:
        inside = mapping.tables[name].file if name in mapping.tables else name
        if inside in held:
            wanted[name] = inside
        elif name in mapping.tables:
            near = nearest(inside, held)
            raise InputMissing(
                f"{name}: schema {schema} has no table {inside!r}; "
                + (f"the nearest is {near!r}; " if near else "")
                + f"it has {', '.join(held) or 'none'}"
            )
    if "contract_lines" not in wanted:
        raise InputMissing(
            f"schema {schema} of the database that [data] source names holds no table "
            "contract_lines (the one table that is always needed); name its table under "
            "[tables.contract_lines] in perennial.toml, or its schema as [data] schema"
        )
    return wanted


def _copy(
    con: Connection, mapping: Mapping, name: str, inside: str, held: Held, part: Path, whole: Path
) -> Origin:
    """Copy one table into ``part``; its origin is the file as it will lie in ``whole``."""
    table, label, file = TABLES[name], f"{name}: {inside}", f"{name}.parquet"
    asked = _asked(mapping, table, held)
    if denied := sorted(held.denied & asked):
        raise DataRefused(
            f"{label}: permission denied for {', '.join(denied)}; have its owner GRANT SELECT to "
            "the user that [data] source names, or map other columns"
        )
    origin = Origin(name, whole / file, None, "", _readable(held), inside)
    maps = sources(table, origin, mapping)
    key = dict.fromkeys(c for n in table.key if n in maps and (c := maps[n].column))
    rest = (asked & set(origin.columns) or set(origin.columns)) - set(key)
    columns = distinct((*key, *sorted(rest)), label)
    picks = [
        sql.SQL('{}::pg_catalog.text COLLATE pg_catalog."C"').format(sql.Identifier(column))
        for column in columns
    ]
    rows = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT csv)").format(
        sql.SQL(", ").join(picks),
        sql.Identifier(mapping.data.in_schema, inside),
        sql.SQL(", ").join(sql.SQL(str(place)) for place in range(1, len(picks) + 1)),
    )
    with told(label), con.cursor() as cursor, cursor.copy(rows) as sent:
        return replace(origin, sha256=written(sent, columns, part / file, label))


def _asked(mapping: Mapping, table: Table, held: Held) -> set[str]:
    """The columns that the mapping reads; without one, those that have the contract's names."""
    told_of = mapping.tables.get(table.name)
    if told_of is None:
        return set(table.names)
    if told_of.drop_copies:
        return set(held.columns)
    cells = told_of.columns.values()
    named = {n for how in cells for n in (how.column, how.times, how.plus_hours) if n}
    return named | {*told_of.where, *told_of.present}


def _to_disk(folder: Path) -> None:
    """Wait until the names in ``folder`` would outlive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
