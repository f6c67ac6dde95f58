"""Admit raw rows: each is used, repaired and counted, or quarantined with its reason.

The three fates add up, table by table: ``rows_in = used + repaired +
quarantined``. Nothing is dropped silently and nothing is guessed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from warehouse import layout
from warehouse.checks import REPEATED, Check
from warehouse.connect import Origin, literal, parquet, quoted
from warehouse.contract import TABLES, Table
from warehouse.errors import DataRefused
from warehouse.ledger import Reason, TableLedger, refused
from warehouse.mapping import From, Mapping, TableMap
from warehouse.parse import sources
from warehouse.stage import Staged, stage
from warehouse.values import origin_of

ORPHAN = Check("quarantined", "unknown account", "account_id", "no such account", "", "account_id")
REPEAT = Check("repaired", REPEATED, "", "the row repeats another; one was kept", "", "''")


def admit(
    con: duckdb.DuckDBPyConnection, origin: Origin, mapping: Mapping, folder: Path
) -> TableLedger:
    """Read one raw table into ``folder`` and say what became of each row.

    Quarantined rows go to ``folder/quarantine/<table>.parquet`` with row number,
    rule, column and value (80 characters; personal values masked). ``accounts``
    must have been admitted before the tables that refer to it.
    """
    table = TABLES[origin.table]
    told = mapping.tables.get(table.name)
    maps = sources(table, origin, mapping)
    staged = stage(con, origin, table, maps, mapping, folder / f"{table.name}.staged.parquet")
    checks = _judge(con, table, staged, told, folder / "accounts.parquet")
    reasons = _reasons(con, table, checks, folder)
    kept = _keep(con, table, told, maps, folder, mapping.company.timezone)
    staged.file.unlink()
    bad = sum(r.rows for r in reasons if r.fate == "quarantined")
    mended = sum(r.rows for r in reasons if r.fate == "repaired")
    ledger = TableLedger(
        table=table.name,
        file=origin.label,
        sha256=origin.sha256,
        rows_in=staged.rows,
        used=staged.rows - bad - mended,
        repaired=mended,
        quarantined=bad,
        left_out=staged.left_out,
        kept=kept,
        clock=_clock(table, maps, told),
        columns=_recorded(table, maps),
        reasons=reasons,
    )
    if staged.rows and bad / staged.rows > mapping.limits.quarantined:
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


def _judge(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    staged: Staged,
    told: TableMap | None,
    accounts: Path,
) -> list[Check]:
    """The view ``judged``: each staged row with its last word in ``_fault``.

    A row that passed its own tests, or was mended by one, may still belong to no
    account, repeat another row, or contradict it; a mend counts only where none of
    these is so. Returns all checks, in the order ``_fault`` numbers them.
    """
    key = [quoted(name) for name in table.key]
    two = Check(
        "quarantined",
        "one key, two contents",
        ", ".join(table.key),
        "rows share a key and differ in content",
        "",
        f"left(concat_ws(', ', {', '.join(key)}), 80)",
    )
    checks = [*staged.checks, ORPHAN, REPEAT, two]
    orphan, repeat, contradiction = range(len(checks) - 2, len(checks) + 1)
    mended = [str(i) for i, c in enumerate(checks, 1) if _stays(c)]
    sound = f"(_fault IS NULL OR _fault IN ({', '.join([*mended, 'NULL'])}))"
    no_repeats = "SELECT NULL::BIGINT AS _row, NULL::INTEGER AS _said WHERE false"
    repeats = no_repeats if told and told.sum_by else _repeats(table, staged, sound, repeat)
    lost = "false"
    if table.name != "accounts" and accounts.exists():
        lost = f"account_id NOT IN (SELECT account_id FROM {parquet(accounts)})"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE verdicts AS SELECT _row, CASE "
        f"WHEN NOT {sound} THEN _fault WHEN {lost} THEN {orphan} "
        "WHEN _said IS NOT NULL THEN _said ELSE _fault END AS _said FROM "
        f"{staged.scan} LEFT JOIN ({repeats}) AS r USING (_row) "
        f"WHERE _fault IS NOT NULL OR {lost} OR _said IS NOT NULL"
    )
    shown = f"CASE _said WHEN {orphan} THEN left(account_id, 80) WHEN {contradiction} "
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW judged AS SELECT * EXCLUDE (_fault, _value, _said), "
        f"_said AS _fault, {shown} THEN {two.shown} ELSE _value END AS _value "
        f"FROM {staged.scan} LEFT JOIN verdicts USING (_row)"
    )
    return checks


def _repeats(table: Table, staged: Staged, sound: str, repeat: int) -> str:
    """SQL of the rows that share a key: ``_said`` is a copy (all alike) or a contradiction.

    Of copies the one known first stays.
    """
    key = ", ".join(quoted(name) for name in table.key)
    content = ", ".join(quoted(n) for n in table.names if n != table.known)
    return (
        f"SELECT _row, CASE WHEN alike THEN {repeat} ELSE {repeat + 1} END AS _said FROM ("
        f"SELECT _row, row_number() OVER (PARTITION BY {key} ORDER BY known_at, _row) AS nth, "
        f"min(h) OVER (PARTITION BY {key}) = max(h) OVER (PARTITION BY {key}) AS alike FROM ("
        f"SELECT _row, known_at, {key}, hash({content}) AS h FROM {staged.scan} WHERE {sound} "
        f"AND ({key}) IN (SELECT ({key}) FROM {staged.scan} WHERE {sound} "
        f"GROUP BY {key} HAVING count(*) > 1))) WHERE NOT alike OR nth > 1"
    )


def _stays(check: Check) -> bool:
    return check.fate == "repaired" and check.rule != REPEATED


def _reasons(
    con: duckdb.DuckDBPyConnection, table: Table, checks: list[Check], folder: Path
) -> tuple[Reason, ...]:
    """Count each fate's reasons, and write the quarantined rows with theirs."""
    found: list[tuple[Any, ...]] = con.execute(
        "SELECT _fault, count(*), min(_row), coalesce(arg_min(coalesce(_value, ''), _row), '') "
        "FROM judged WHERE _fault IS NOT NULL GROUP BY _fault ORDER BY _fault"
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
        f"COPY (SELECT _row AS row, CASE _fault {says} END AS reason, _value AS value FROM judged "
        f"WHERE _fault IN ({', '.join(map(str, bad))}) "
        f"ORDER BY _row) TO {literal(str(folder / 'quarantine' / (table.name + '.parquet')))} "
        "(FORMAT parquet)"
    )
    stay = ", ".join([*(str(i) for i, c in enumerate(checks, 1) if _stays(c)), "NULL"])
    con.execute(
        "CREATE OR REPLACE TEMP VIEW good AS SELECT * FROM judged "
        f"WHERE _fault IS NULL OR _fault IN ({stay})"
    )
    return reasons


def _keep(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    told: TableMap | None,
    maps: dict[str, From],
    folder: Path,
    timezone: str,
) -> int:
    """Write the rows that stay, and return how many there are."""
    body = f"SELECT {', '.join(quoted(name) for name in table.names)} FROM good"
    if told and told.sum_by:
        body = _summed(table, told, maps)
    return layout.write(con, body, table, folder, timezone)


def _summed(table: Table, told: TableMap, maps: dict[str, From]) -> str:
    """SQL of one row a group: its amounts and counts added up, of all else the first.

    A sum is known when the last of its rows is; without one, the row is known with
    its first. A key the company does not have is made of the group.
    """
    group = [quoted(name) for name in told.sum_by]
    made = {n for n in table.key if n not in told.columns}
    sums = {c.name for c in table.columns if c.kind in ("money", "integer") and c.name in maps}
    picks = []
    for column in table.columns:
        name = quoted(column.name)
        if name in group:
            picks.append(name)
        elif column.name in made:
            parts = ", ".join(f"coalesce(CAST({part} AS VARCHAR), '')" for part in group)
            picks.append(f"concat_ws('@', {parts}) AS {name}")
        elif column.name in sums:
            picks.append(f"CAST(sum({name}) AS BIGINT) AS {name}")
        else:
            last = column.name == table.known and sums
            picks.append(f"{'max' if last else 'min'}({name}) AS {name}")
    return f"SELECT {', '.join(picks)} FROM good GROUP BY {', '.join(group)}"
