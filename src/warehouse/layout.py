"""How a frozen table lies on disk: one file, or one file a month for the largest.

The file of a month holds the rows whose news is of that month: those that had both
happened and become known before its close, and not before its beginning. So a month
can be read, or lived, without all the months before it.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.connect import literal, parquet, quoted
from warehouse.contract import Table
from warehouse.months import between, month_of, opens, shift


def files(folder: Path, table: Table) -> list[Path]:
    """The Parquet files of ``table`` in the snapshot ``folder``, in order; none if it is absent."""
    if table.by_month:
        return sorted((folder / table.name).glob("*.parquet"))
    file = folder / f"{table.name}.parquet"
    return [file] if file.exists() else []


def rows(paths: list[Path], *, news: bool = False) -> str:
    """The rows of all ``paths`` as an SQL table; with ``news``, beside each its file's number."""
    chosen = [f"SELECT *{f', {number(path)} AS news' if news else ''}" for path in paths]
    scans = zip(chosen, paths, strict=True)
    return f"({' UNION ALL '.join(f'{pick} FROM {parquet(path)}' for pick, path in scans)})"


def number(path: Path) -> int:
    """The month of a file as a number: ``2026-10.parquet`` is 202610."""
    return int(path.stem.replace("-", ""))


def moment(table: Table) -> str:
    """SQL of the instant from which a row can be seen: it has happened, and it is known."""
    return f"greatest({quoted(table.happened)}, {quoted(table.known)})"


def write(
    con: duckdb.DuckDBPyConnection, body: str, table: Table, folder: Path, timezone: str
) -> int:
    """Write the rows of the SQL query ``body`` into ``folder``, ordered by key; how many.

    The months of a table that lies by month are those of ``timezone``.
    """
    key = ", ".join(quoted(name) for name in table.key)
    if not table.by_month:
        target = folder / f"{table.name}.parquet"
        _copy(con, f"SELECT * FROM ({body}) ORDER BY {key}", target, "zstd")
        return _count(con, parquet(target))
    # Sorting a month at a time needs the memory of a month; so the rows are first laid down by
    # month as they come, and each month is then put in order.
    draft = folder / f"{table.name}.unsorted"
    months = _months(con, body, table, timezone)
    query = by_month(f"SELECT *, {moment(table)} AS _moment FROM ({body})", months, timezone)
    con.execute(
        f"COPY ({query}) TO {literal(str(draft))} "
        "(FORMAT parquet, COMPRESSION snappy, PARTITION_BY (month))"
    )
    (folder / table.name).mkdir(exist_ok=True)
    for month in months:
        part = draft / f"month={month}"
        found = sorted(part.glob("*.parquet")) if part.exists() else []
        chosen = " UNION ALL ".join(f"SELECT * FROM {parquet(file)}" for file in found)
        columns = ", ".join(quoted(name) for name in table.names)
        query = f"SELECT {columns} FROM ({chosen or body + ' LIMIT 0'}) ORDER BY {key}"
        _copy(con, query, folder / table.name / f"{month}.parquet", "snappy")
    shutil.rmtree(draft, ignore_errors=True)
    return _count(con, rows(files(folder, table)))


def by_month(rows: str, months: list[str], timezone: str) -> str:
    """SQL of ``rows`` and the ``month`` of ``timezone`` that the instant ``_moment`` lies in.

    ``months`` are all there can be. An instant's month in UTC is the company's own or its
    neighbour. Joined on equality the rows stream past the months; a join on a range would
    hold all of them in memory.
    """
    told = ", ".join(
        f"(TIMESTAMP '{opens(month)}', {literal(shift(month, -1))}, {literal(month)}, "
        f"{literal(shift(month, 1))}, TIMESTAMP '{opens(month, timezone)}', "
        f"TIMESTAMP '{opens(shift(month, 1), timezone)}')"
        for month in between(shift(months[0], -1), shift(months[-1], 1))
    )
    return (
        "SELECT r.* EXCLUDE (_moment), CASE WHEN _moment < opens THEN before "
        "WHEN _moment >= closes THEN after ELSE own END AS month "
        f"FROM ({rows}) AS r JOIN (VALUES {told}) AS m(utc, before, own, after, opens, closes) "
        "ON date_trunc('month', r._moment) = m.utc"
    )


def _months(con: duckdb.DuckDBPyConnection, body: str, table: Table, timezone: str) -> list[str]:
    """The months from the first to the last news; one, if there is none."""
    span = f"SELECT min({moment(table)}), max({moment(table)}) FROM ({body})"
    first, last = con.execute(span).fetchall()[0]
    if first is None:
        first = last = datetime(1970, 1, 1)
    return between(month_of(first, timezone), month_of(last, timezone))


def _copy(con: duckdb.DuckDBPyConnection, query: str, file: Path, compression: str) -> None:
    con.execute(
        f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet, COMPRESSION {compression})"
    )


def _count(con: duckdb.DuckDBPyConnection, scan: str) -> int:
    counted: int = con.execute(f"SELECT count(*) FROM {scan}").fetchall()[0][0]
    return counted
