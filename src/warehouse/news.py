"""The news of a table: what became known in each month, as a digest.

A row is news once, when it has happened and is known; a column that is filled in later
is news again when its clock passes. Two snapshots that agree in the news of all months
up to one agree in all that was known at its close, however much came after.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from warehouse import layout
from warehouse.connect import literal, quoted
from warehouse.contract import NEVER, Table
from warehouse.months import between, month_of, opens


def digests(
    con: duckdb.DuckDBPyConnection, table: Table, files: list[Path], timezone: str
) -> dict[str, str]:
    """The digest of each month's news in ``table``; months without any are left out.

    It is a sum over hashes of rows, so that their order is of no matter. Columns that are
    never known as of a past instant are no news.
    """
    pieces = _moments(table, layout.rows(files))
    first, last = con.execute(f"SELECT min(_moment), max(_moment) FROM ({pieces})").fetchall()[0]
    if first is None:
        return {}
    months = between(month_of(first, timezone), month_of(last, timezone))
    found = con.execute(
        f"SELECT month, count(*), sum(h) FROM ({layout.by_month(pieces, months, timezone)}) "
        "GROUP BY month ORDER BY month"
    ).fetchall()
    return {month: f"{count}-{int(total):x}" for month, count, total in found}


def _moments(table: Table, rows: str) -> str:
    """SQL of each piece of news: when it became known, and a hash of what it says."""
    seen = layout.moment(table)
    at_once = [c.name for c in table.columns if not c.late and c.known != NEVER]
    parts = [f"SELECT {seen} AS _moment, hash({_columns(at_once)}) AS h FROM {rows}"]
    for clock in sorted({c.late for c in table.columns if c.late}):
        told = [*table.key, *(c.name for c in table.columns if c.late == clock)]
        parts.append(
            f"SELECT greatest({seen}, {quoted(clock)}), hash({literal(clock)}, {_columns(told)}) "
            f"FROM {rows} WHERE {quoted(clock)} IS NOT NULL"
        )
    return f"SELECT * FROM ({' UNION ALL '.join(parts)}) WHERE _moment IS NOT NULL"


def _columns(names: list[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def until(news: dict[str, str], as_of: datetime, timezone: str) -> dict[str, str]:
    """The news of the months that had begun before ``as_of`` (naive UTC).

    The month that ``as_of`` lies in, if it is not at its very beginning, counts whole.
    """
    return {month: digest for month, digest in news.items() if opens(month, timezone) < as_of}
