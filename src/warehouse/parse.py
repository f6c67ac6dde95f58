"""Turn a company's cells into the contract's values, or say which cell cannot be.

Each column becomes two SQL expressions over the raw row: the text that was
found and the value it stands for. A text without a value is a fault; no value
is ever guessed.
"""

from __future__ import annotations

from collections.abc import Mapping as Names
from dataclasses import dataclass
from difflib import get_close_matches

from warehouse.connect import Origin, literal, quoted
from warehouse.contract import Column, Table
from warehouse.errors import DataRefused
from warehouse.mapping import From, Mapping

ISO = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}(:?\d{2})?)?$"
ZONED = r"(Z|\d[+-]\d{2}(:?\d{2})?)$"
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
YEARLY = {"year": "1", "month": "12", "day": "365"}


@dataclass(frozen=True)
class Cell:
    """How one contract column is read: ``text`` as found, ``value`` as understood (SQL)."""

    column: Column
    text: str
    value: str
    source: str


def sources(table: Table, origin: Origin, mapping: Mapping) -> dict[str, From]:
    """Which raw column feeds each contract column; absent optional ones are left out.

    Raises ``DataRefused`` naming the nearest column where a required or a mapped
    column is not in the file.
    """
    told = mapping.tables.get(table.name)
    maps = (
        dict(told.columns)
        if told
        else {name: From(column=name) for name in table.names if name in origin.columns}
    )
    for name, how in maps.items():
        for wanted in (how.column, how.times):
            if wanted is not None and wanted not in origin.columns:
                raise _missing(table, origin, wanted, f"(for {table.name}.{name})")
    made = set(table.key) if told and told.sum_by else set()
    for column in table.columns:
        if column.required and column.name not in maps and column.name not in made:
            raise _missing(table, origin, column.name, "which is required")
    return maps


def _missing(table: Table, origin: Origin, name: str, why: str) -> DataRefused:
    near = get_close_matches(name, origin.columns, n=1, cutoff=0.5)
    hint = f" The nearest is {near[0]!r}." if near else ""
    return DataRefused(
        f"{table.name}: {origin.label} has no column {name!r} {why}.{hint} It has "
        f"{', '.join(origin.columns)}. Map it under [tables.{table.name}.columns] "
        "in perennial.toml."
    )


def cell(column: Column, how: From, types: Names[str, str], mapping: Mapping) -> Cell:
    """The expressions that read ``column`` from a raw row whose columns have SQL ``types``."""
    if how.value is not None:
        text = literal(how.value)
        return Cell(column, text, _value(column, how, text, "VARCHAR", mapping), "a constant")
    source = str(how.column)
    kind = types[source]
    raw = quoted(source)
    if kind == "DOUBLE" and column.kind in ("id", "text", "category"):
        raw = (
            f"CASE WHEN {raw} = round({raw}) THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) "
            f"ELSE CAST({raw} AS VARCHAR) END"
        )
    text = f"nullif(trim(CAST({raw} AS VARCHAR)), '')"
    for word in mapping.data.empty:
        text = f"nullif({text}, {literal(word)})"
    if how.words:
        arms = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in how.words.items())
        text = f"CASE {text} {arms} ELSE {text} END"
    return Cell(column, text, _value(column, how, text, kind, mapping), source)


def _value(column: Column, how: From, text: str, kind: str, mapping: Mapping) -> str:
    if column.kind == "instant":
        return _instant(how, text, kind, mapping)
    if column.kind == "integer":
        if kind in WHOLE and how.column and not mapping.data.empty:
            return f"CAST({quoted(how.column)} AS BIGINT)"
        exact = f"TRY_CAST({text} AS DECIMAL(38, 6))"
        return f"CASE WHEN {exact} = round({exact}) THEN CAST({exact} AS BIGINT) END"
    if column.kind == "number":
        return f"TRY_CAST({text} AS DECIMAL(18, 6))"
    if column.kind == "money":
        amount = f"TRY_CAST({text} AS DECIMAL(38, 9))"
        if how.times:
            amount = f"({amount} * TRY_CAST({quoted(how.times)} AS DECIMAL(18, 6)))"
        return f"CAST({amount} AS DOUBLE)" if how.times else amount
    if column.kind == "flag":
        return (
            f"CASE WHEN lower({text}) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true "
            f"WHEN lower({text}) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END"
        )
    return text


def _instant(how: From, text: str, kind: str, mapping: Mapping) -> str:
    zone = mapping.company.timezone
    if how.format:
        naive = f"TRY_STRPTIME({text}, {literal(how.format)})"
        value = _local(naive, zone)
    elif (
        kind in ("TIMESTAMP", "DATE", "TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMP_MS") and how.column
    ):
        value = _local(f"CAST({quoted(how.column)} AS TIMESTAMP)", zone)
    else:
        iso = f"regexp_full_match({text}, {literal(ISO)})"
        zoned = f"regexp_matches({text}, {literal(ZONED)}) AND length({text}) > 10"
        value = (
            f"CASE WHEN NOT {iso} THEN NULL WHEN {zoned} "
            f"THEN TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
            f"ELSE {_local(f'TRY_CAST({text} AS TIMESTAMP)', zone)} END"
        )
    if how.trunc == "day":
        local = (
            value if zone == "UTC" else f"({value}) AT TIME ZONE 'UTC' AT TIME ZONE {literal(zone)}"
        )
        value = _local(f"date_trunc('day', {local})", zone)
    if how.plus_days:
        value = f"({value}) + INTERVAL {int(how.plus_days)} DAY"
    if how.plus_hours:
        hours = f"TRY_CAST({quoted(how.plus_hours)} AS DOUBLE)"
        value = f"({value}) + to_microseconds(CAST(round({hours} * 3600) AS BIGINT) * 1000000)"
    return value


def _local(naive: str, zone: str) -> str:
    """A local time as UTC; null where clocks went forward over it, so that it never was."""
    if zone == "UTC":
        return naive
    at = f"({naive}) AT TIME ZONE {literal(zone)}"
    back = f"({at}) AT TIME ZONE {literal(zone)}"
    return f"CASE WHEN {back} = ({naive}) THEN ({at}) AT TIME ZONE 'UTC' END"


def yearly_cents(how: From, amount: str, rate: str) -> str:
    """``amount`` (main unit, over the span ``how.per``) as cents a year, halves away from zero.

    A term's amount is spread over its days: x 365 / (ends_on - starts_on).
    """
    if how.per == "term":
        days = "date_diff('day', starts_on, ends_on)"
        spread = f"CAST({amount} AS DOUBLE) * 365 / nullif({days}, 0)"
    else:
        spread = f"{amount} * {YEARLY[how.per]}"
    return f"CAST(round({spread} * {rate} * 100) AS BIGINT)"
