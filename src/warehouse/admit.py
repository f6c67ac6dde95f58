"""Admit raw rows: each is used, repaired and counted, or quarantined with its reason.

The three fates add up, table by table: ``rows_in = used + repaired +
quarantined``. Nothing is dropped silently and nothing is guessed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw

from warehouse.checks import REPEATED, Check
from warehouse.checks import checks as row_checks
from warehouse.connect import Origin, literal, quoted, relation
from warehouse.contract import TABLES, Table
from warehouse.errors import DataRefused
from warehouse.ledger import Reason, TableLedger, refused
from warehouse.mapping import From, Mapping, TableMap
from warehouse.parse import cell, sources
from warehouse.values import named_view, origin_of


def admit(
    con: duckdb.DuckDBPyConnection, origin: Origin, mapping: Mapping, folder: Path
) -> TableLedger:
    """Read one raw table into ``folder/<table>.parquet`` and say what became of each row.

    Quarantined rows go to ``folder/quarantine/<table>.parquet`` with row number,
    rule, column and value (80 characters; personal values masked). ``accounts``
    must have been admitted before the tables that refer to it.
    """
    table = TABLES[origin.table]
    told = mapping.tables.get(table.name)
    maps = sources(table, origin, mapping)
    staged = folder / f"{table.name}.staged.parquet"
    checks, left_out = _stage(con, origin, table, told, maps, mapping, staged)
    scan = f"read_parquet({literal(str(staged))})"
    _settle_repeats(con, table, scan, told)
    if table.name != "accounts" and (folder / "accounts.parquet").exists():
        checks.append(
            Check(
                "quarantined", "unknown account", "account_id", "no such account", "", "account_id"
            )
        )
        orphan = len(checks)
        accounts = f"read_parquet({literal(str(folder / 'accounts.parquet'))})"
    else:
        orphan, accounts = 0, ""
    lost = (
        f"WHEN v._fault IS NULL AND s.account_id NOT IN (SELECT account_id FROM {accounts}) "
        f"THEN {orphan}"
        if orphan
        else ""
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW judged AS SELECT s.* EXCLUDE (_fault), "
        f"CASE WHEN s._fault IS NOT NULL THEN s._fault {lost} ELSE v._fault END AS _fault "
        f"FROM {scan} s LEFT JOIN repeats v USING (_row)"
    )
    checks.append(
        Check("repaired", REPEATED, "", "the row repeats another; one was kept", "", "''")
    )
    checks.append(
        Check(
            "quarantined",
            "one key, two contents",
            ", ".join(table.key),
            "rows share a key and differ in content",
            "",
            quoted(table.key[0]),
        )
    )
    reasons = _reasons(con, table, checks, folder)
    kept = _keep(con, table, told, folder)
    rows = con.execute(f"SELECT count(*) FROM {scan}").fetchall()[0][0]
    staged.unlink()
    bad = sum(r.rows for r in reasons if r.fate == "quarantined")
    mended = sum(r.rows for r in reasons if r.fate == "repaired")
    ledger = TableLedger(
        table=table.name,
        file=origin.label,
        sha256=origin.sha256,
        rows_in=rows,
        used=rows - bad - mended,
        repaired=mended,
        quarantined=bad,
        left_out=left_out,
        kept=kept,
        clock=_clock(table, maps, told),
        columns=_recorded(table, maps),
        reasons=reasons,
    )
    if rows and bad / rows > mapping.limits.quarantined:
        raise DataRefused(refused(ledger, mapping.limits.quarantined))
    return ledger


def _clock(table: Table, maps: dict[str, From], told: TableMap | None) -> str:
    if table.known in maps:
        return f"{table.known} as recorded"
    days = told.delay_days if told else 0
    return f"not recorded: taken as {table.happened} + {days} days"


def _recorded(table: Table, maps: dict[str, From]) -> tuple[str, ...]:
    """The columns with values of the company's own: mapped, or copied from such a one."""
    return tuple(
        c.name
        for c in table.columns
        if c.name in maps or (c.kind == "instant" and origin_of(table, c.name, maps) != "NULL")
    )


def _stage(
    con: duckdb.DuckDBPyConnection,
    origin: Origin,
    table: Table,
    told: TableMap | None,
    maps: dict[str, From],
    mapping: Mapping,
    staged: Path,
) -> tuple[list[Check], int]:
    """Parse every row to ``staged``, with the number of the first check it fails in ``_fault``."""
    raw = relation(con, origin, mapping.data)
    types = dict(zip(raw.columns, (str(t) for t in raw.types), strict=True))
    con.execute("CREATE OR REPLACE TEMP VIEW raw AS " + raw.sql_query())
    chosen = _chosen(told)
    try:
        total, ours = con.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {chosen}) FROM raw"
        ).fetchall()[0]
    except duckdb.Error as error:
        raise DataRefused(
            f"{table.name}: {origin.label} cannot be read: {_plain(error)}; export it again"
        ) from error
    cells = {n: cell(table.column(n), how, types, mapping) for n, how in maps.items()}
    copied = ", ".join(quoted(name) for name in origin.columns)
    copy = (
        f"row_number() OVER (PARTITION BY {copied} ORDER BY _row) > 1"
        if told and told.drop_copies
        else "false"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW read AS SELECT _row, {copy} AS _copy, "
        + ", ".join(
            f"{c.text} AS {quoted('t_' + n)}, {c.value} AS {quoted('v_' + n)}"
            for n, c in cells.items()
        )
        + f" FROM raw WHERE {chosen}"
    )
    con.execute(named_view(table, told, maps, mapping))
    checks = row_checks(table, cells, mapping)
    held = nw.from_native(con.table("named")).with_columns(
        nw.lit(0).alias("_rules"),
        **{f"_rule{i}": rule.holds.fill_null(True) for i, rule in enumerate(table.rules)},
    )
    arms = " ".join(f"WHEN {c.broken} THEN {i}" for i, c in enumerate(checks, 1))
    shown = " ".join(f"WHEN {c.broken} THEN left(CAST({c.shown} AS VARCHAR), 80)" for c in checks)
    con.execute(
        f"COPY (SELECT _row, CASE {arms} END AS _fault, CASE {shown} END AS _value, "
        + ", ".join(quoted(name) for name in table.names)
        + f" FROM ({nw.to_native(held).sql_query()})) TO {literal(str(staged))} (FORMAT parquet)"
    )
    return checks, total - ours


def _chosen(told: TableMap | None) -> str:
    if told is None:
        return "true"
    tests = [f"nullif(trim(CAST({quoted(n)} AS VARCHAR)), '') IS NOT NULL" for n in told.present]
    for name, words in told.where.items():
        listed = ", ".join(literal(word) for word in words)
        tests.append(f"trim(CAST({quoted(name)} AS VARCHAR)) IN ({listed})")
    return " AND ".join(tests) or "true"


def _settle_repeats(
    con: duckdb.DuckDBPyConnection, table: Table, scan: str, told: TableMap | None
) -> None:
    """The table ``repeats``: rows that share a key; a repeat is a copy or a contradiction.

    The numbers -1 (copy) and -2 (contradiction) count from the end of the checks.
    """
    con.execute("CREATE OR REPLACE TEMP TABLE repeats (_row BIGINT, _fault INTEGER)")
    if told and told.sum_by:
        return
    key = ", ".join(quoted(name) for name in table.key)
    content = ", ".join(quoted(n) for n in table.names if n != table.known)
    con.execute(
        f"INSERT INTO repeats SELECT _row, CASE WHEN alike THEN -1 ELSE -2 END FROM ("
        f"SELECT _row, row_number() OVER (PARTITION BY {key} ORDER BY known_at, _row) AS nth, "
        f"min(h) OVER (PARTITION BY {key}) = max(h) OVER (PARTITION BY {key}) AS alike FROM ("
        f"SELECT _row, known_at, {key}, hash({content}) AS h FROM {scan} WHERE _fault IS NULL "
        f"AND ({key}) IN (SELECT ({key}) FROM {scan} WHERE _fault IS NULL "
        f"GROUP BY {key} HAVING count(*) > 1))) WHERE NOT alike OR nth > 1"
    )


def _reasons(
    con: duckdb.DuckDBPyConnection, table: Table, checks: list[Check], folder: Path
) -> tuple[Reason, ...]:
    """Count each fate's reasons, and write the quarantined rows with theirs."""
    last = len(checks)
    number = f"CASE _fault WHEN -1 THEN {last - 1} WHEN -2 THEN {last} ELSE _fault END"
    orphan = "account_id" if table.name != "accounts" else "NULL"
    found: list[tuple[Any, ...]] = con.execute(
        f"SELECT {number} AS n, count(*), min(_row), coalesce(arg_min(coalesce(_value, "
        f"CASE WHEN _fault > 0 THEN {orphan} END), _row), '') "
        "FROM judged WHERE _fault IS NOT NULL GROUP BY n ORDER BY n"
    ).fetchall()
    reasons = tuple(
        Reason(c.fate, c.rule, c.column, c.says, rows, first, example)
        for n, rows, first, example in found
        for c in (checks[n - 1],)
    )
    bad = [i for i, c in enumerate(checks, 1) if c.fate == "quarantined"]
    says = " ".join(
        f"WHEN {i} THEN {literal(c.rule + ': ' + c.column + ' ' + c.says)}"
        for i, c in enumerate(checks, 1)
    )
    (folder / "quarantine").mkdir(exist_ok=True)
    con.execute(
        f"COPY (SELECT _row AS row, CASE n {says} END AS reason, _value AS value FROM "
        f"(SELECT *, {number} AS n FROM judged) WHERE n IN ({', '.join(map(str, bad)) or 'NULL'}) "
        f"ORDER BY _row) TO {literal(str(folder / 'quarantine' / (table.name + '.parquet')))} "
        "(FORMAT parquet)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW good AS SELECT * FROM judged WHERE _fault IS NULL OR "
        f"_fault IN ({', '.join(str(i) for i, c in enumerate(checks, 1) if _stays(c)) or 'NULL'})"
    )
    return reasons


def _stays(check: Check) -> bool:
    return check.fate == "repaired" and check.rule != REPEATED


def _keep(con: duckdb.DuckDBPyConnection, table: Table, told: TableMap | None, folder: Path) -> int:
    """Write the rows that stay, ordered by key, and return how many there are."""
    names = [quoted(name) for name in table.names]
    if told and told.sum_by:
        group = [quoted(name) for name in told.sum_by]
        made = {quoted(n) for n in table.key if n not in told.columns}
        picks = []
        for column in table.columns:
            name = quoted(column.name)
            if name in group:
                picks.append(name)
            elif name in made:
                picks.append(f"concat_ws('@', {', '.join(group)}) AS {name}")
            elif column.kind in ("money", "integer"):
                picks.append(f"CAST(sum({name}) AS BIGINT) AS {name}")
            else:
                picks.append(f"min({name}) AS {name}")
        body = f"SELECT {', '.join(picks)} FROM good GROUP BY {', '.join(group)}"
    else:
        body = f"SELECT {', '.join(names)} FROM good"
    key = ", ".join(quoted(name) for name in table.key)
    target = folder / f"{table.name}.parquet"
    con.execute(
        f"COPY (SELECT * FROM ({body}) ORDER BY {key}) TO {literal(str(target))} "
        "(FORMAT parquet, COMPRESSION zstd)"
    )
    kept: int = con.execute(
        f"SELECT count(*) FROM read_parquet({literal(str(target))})"
    ).fetchall()[0][0]
    return kept


def _plain(error: Exception) -> str:
    """The first lines of a DuckDB error, which name line and column."""
    return " ".join(line.strip() for line in str(error).splitlines()[:4] if line.strip())
