"""Stage a raw table: parse every row once, with the first test it fails beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import narwhals as nw

from warehouse.checks import Check, checks
from warehouse.connect import ROW, Origin, literal, parquet, quoted, relation
from warehouse.contract import Table
from warehouse.errors import CannotWrite, DataRefused, ServiceUnavailable
from warehouse.mapping import From, Mapping, TableMap
from warehouse.parse import cell, told_text
from warehouse.text import explained
from warehouse.values import named_view

COPY = '"·copy"'
OUR_FAULT = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
"""SQL of ours that DuckDB does not understand is no fault of the data."""


@dataclass(frozen=True)
class Staged:
    """The parsed rows in ``file``: the contract's columns, ``_row``, ``_fault`` and ``_value``.

    ``_fault`` is the place in ``checks``, from 1, of the first test the row fails,
    null if it fails none; ``_value`` is what was found there. ``rows`` were read,
    ``left_out`` are those the mapping does not choose.
    """

    file: Path
    checks: tuple[Check, ...]
    rows: int
    left_out: int

    @property
    def scan(self) -> str:
        return parquet(self.file)


def stage(
    con: duckdb.DuckDBPyConnection,
    origin: Origin,
    table: Table,
    maps: dict[str, From],
    mapping: Mapping,
    file: Path,
) -> Staged:
    """Parse every row of ``origin`` to ``file``.

    Raises ``DataRefused`` where the raw file is damaged: what can be read of such a
    file is not all of it.
    """
    tests = checks(table, maps, mapping)
    try:
        _view(con, origin, table, maps, mapping)
        held = nw.from_native(con.table("named")).with_columns(
            nw.lit(0).alias("_rules"),
            **{f"_rule{i}": rule.holds.fill_null(True) for i, rule in enumerate(table.rules)},
        )
        arms = " ".join(f"WHEN {c.broken} THEN {i}" for i, c in enumerate(tests, 1))
        shown = " ".join(
            f"WHEN {i} THEN left(CAST({c.shown} AS VARCHAR), 80)" for i, c in enumerate(tests, 1)
        )
        con.execute(
            f"COPY (SELECT _row, _fault, CASE _fault {shown} END AS _value, "
            + ", ".join(quoted(name) for name in table.names)
            + f" FROM (SELECT *, CASE {arms} END AS _fault FROM "
            f"({nw.to_native(held).sql_query()}))) TO {literal(str(file))} (FORMAT parquet)"
        )
        rows, total = con.execute(
            f"SELECT (SELECT count(*) FROM {parquet(file)}), (SELECT count(*) FROM raw)"
        ).fetchall()[0]
    except OUR_FAULT:
        raise
    except duckdb.OutOfMemoryException as error:
        raise ServiceUnavailable(
            f"{table.name}: not enough memory to read {origin.label}: {explained(error)}"
        ) from error
    except duckdb.Error as error:
        if str(file) in str(error):
            raise CannotWrite(f"{file} cannot be written: {explained(error)}") from error
        raise DataRefused(
            f"{table.name}: {origin.label} cannot be read: {explained(error)}; export it again"
        ) from error
    return Staged(file, tuple(tests), rows, total - rows)


def _view(
    con: duckdb.DuckDBPyConnection,
    origin: Origin,
    table: Table,
    maps: dict[str, From],
    mapping: Mapping,
) -> None:
    """The views ``raw``, ``read`` (texts and values) and ``named`` (the contract's columns)."""
    told = mapping.tables.get(table.name)
    try:
        raw = relation(con, origin, mapping.data)
    except duckdb.Error as error:
        raise DataRefused(
            f"{table.name}: {origin.label} cannot be read: {explained(error)}"
        ) from error
    types = dict(zip(raw.columns, (str(t) for t in raw.types), strict=True))
    con.execute("CREATE OR REPLACE TEMP VIEW raw AS " + raw.sql_query())
    cells = {n: cell(table.column(n), how, types, mapping) for n, how in maps.items()}
    copied = ", ".join(quoted(name) for name in origin.columns)
    copy = (
        f"row_number() OVER (PARTITION BY {copied} ORDER BY {ROW}) > 1"
        if told and told.drop_copies
        else "false"
    )
    texts = "".join(f", {c.text} AS {c.seen}" for c in cells.values())
    picks = "".join(
        f", {c.seen} AS {quoted('t_' + n)}, {c.value} AS {quoted('v_' + n)}"
        for n, c in cells.items()
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW read AS SELECT {ROW} AS _row, {COPY} AS _copy{picks} FROM "
        f"(SELECT *, {copy} AS {COPY}{texts} FROM raw WHERE {_chosen(told, types, mapping)})"
    )
    con.execute(named_view(table, told, maps, mapping))


def _chosen(told: TableMap | None, types: dict[str, str], mapping: Mapping) -> str:
    """Which raw rows belong to the table (SQL)."""
    if told is None:
        return "true"
    text = {n: told_text(quoted(n), types[n], mapping) for n in (*told.present, *told.where)}
    tests = [f"{text[n]} IS NOT NULL" for n in told.present]
    for name, words in told.where.items():
        listed = ", ".join(["NULL", *(literal(word) for word in words)])
        tests.append(f"coalesce({text[name]} IN ({listed}), false)")
    return " AND ".join(tests) or "true"
