"""Turn a company's cells into the contract's values, or say which cell cannot be.

Each column becomes two SQL expressions: the text that was found in the raw row,
and the value that text stands for. A text without a value is a fault; no value is
ever guessed.
"""

from __future__ import annotations

from collections.abc import Mapping as Names
from dataclasses import dataclass

from warehouse.connect import Origin, literal, quoted
from warehouse.contract import Column, Table
from warehouse.errors import DataRefused
from warehouse.instants import instant
from warehouse.mapping import From, Mapping, nearest
from warehouse.text import delimiter_hint

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
WHOLE_NUMBER = r"[+-]?\d+(\.0*)?"
WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
EXACT = {"FLOAT": 2**24, "DOUBLE": 2**53}
"""From here on a floating-point number has lost the last digits of an id."""


@dataclass(frozen=True)
class Cell:
    """How one contract column is read (SQL): ``text`` as found, ``value`` as understood.

    ``value`` is an expression over the raw row with ``text`` beside it under ``seen``.
    """

    column: Column
    text: str
    value: str

    @property
    def seen(self) -> str:
        return seen(self.column)


def seen(column: Column) -> str:
    """The SQL name of the text found for ``column``; no export calls a column so."""
    return quoted(f"·{column.name}")


def sources(table: Table, origin: Origin, mapping: Mapping) -> dict[str, From]:
    """Which raw column feeds each contract column; absent optional ones are left out.

    Raises ``DataRefused`` naming the nearest column where a required or a mapped
    column is not in the file, and where a file with our names has one that is
    almost ours: it would be left out without a word.
    """
    told = mapping.tables.get(table.name)
    maps = (
        dict(told.columns)
        if told
        else {name: From(column=name) for name in table.names if name in origin.columns}
    )
    for name, how in maps.items():
        for wanted in (how.column, how.times, how.plus_hours):
            if wanted is not None and wanted not in origin.columns:
                raise _missing(table, origin, wanted, f"(for {table.name}.{name})")
    for wanted in (*told.present, *told.where) if told else ():
        if wanted not in origin.columns:
            raise _missing(table, origin, wanted, f"(which rows of {table.name} are chosen by)")
    made = set(table.key) if told and told.sum_by else set()
    for column in table.columns:
        if column.required and column.name not in maps and column.name not in made:
            raise _missing(table, origin, column.name, "which is required")
    if not told:
        absent = [name for name in table.names if name not in maps]
        for name in (n for n in origin.columns if n not in maps):
            if ours := nearest(name, absent, cutoff=0.9):
                raise DataRefused(
                    f"{table.name}: {origin.label} has a column {name!r} and none called {ours!r}. "
                    f"If it is that, rename it or map it under [tables.{table.name}.columns] in "
                    "perennial.toml; if not, call it something else"
                )
    return maps


def _missing(table: Table, origin: Origin, name: str, why: str) -> DataRefused:
    near = nearest(name, origin.columns)
    hint = delimiter_hint(origin.columns) or (f" The nearest is {near!r}." if near else "")
    return DataRefused(
        f"{table.name}: {origin.label} has no column {name!r} {why}.{hint} It has "
        f"{', '.join(origin.columns)}. Map it under [tables.{table.name}.columns] "
        "in perennial.toml."
    )


def cell(column: Column, how: From, types: Names[str, str], mapping: Mapping) -> Cell:
    """The expressions that read ``column`` from a raw row whose columns have SQL ``types``.

    Where the value is made of two columns, one of them empty is no value and no fault.
    """
    if how.column is None:
        kind, text = "VARCHAR", literal(str(how.value))
    else:
        kind = types[how.column]
        text = told_text(quoted(how.column), kind, mapping)
    if how.words:
        arms = " ".join(f"WHEN {literal(k)} THEN {literal(v)}" for k, v in how.words.items())
        text = f"CASE {text} {arms} ELSE {text} END"
    for other in (how.times, how.plus_hours):
        if other is not None:
            filled = told_text(quoted(other), types[other], mapping)
            text = f"CASE WHEN {filled} IS NOT NULL THEN {text} END"
    return Cell(column, text, _value(column, how, seen(column), kind, types, mapping))


def told_text(raw: str, kind: str, mapping: Mapping) -> str:
    """The text of a raw cell, null where it is blank or a word that means "no value"."""
    if kind in EXACT:
        raw = (
            f"CASE WHEN {raw} = round({raw}) AND abs({raw}) < {EXACT[kind]} "
            f"THEN CAST(CAST({raw} AS BIGINT) AS VARCHAR) ELSE CAST({raw} AS VARCHAR) END"
        )
    text = f"nullif(trim(CAST({raw} AS VARCHAR)), '')"
    for word in mapping.data.empty:
        text = f"nullif({text}, {literal(word)})"
    return text


def _value(
    column: Column, how: From, text: str, kind: str, types: Names[str, str], mapping: Mapping
) -> str:
    as_is = how.column is not None and not how.words and not mapping.data.empty
    if column.kind == "instant":
        hours = how.plus_hours and _decimal(
            told_text(quoted(how.plus_hours), types[how.plus_hours], mapping), 12
        )
        return instant(how, text, kind if as_is else "VARCHAR", hours, mapping.company.timezone)
    if column.kind == "integer":
        if as_is and kind in WHOLE:
            return f"CAST({quoted(str(how.column))} AS BIGINT)"
        whole = f"regexp_full_match({text}, {literal(WHOLE_NUMBER)})"
        return f"CASE WHEN {whole} THEN TRY_CAST(TRY_CAST({text} AS DECIMAL(38, 6)) AS BIGINT) END"
    if column.kind == "number":
        return _decimal(text, 18)
    if column.kind == "money":
        amount = _decimal(text, 18)
        if how.times:
            factor = _decimal(told_text(quoted(how.times), types[how.times], mapping), 18)
            return (
                f"TRY_CAST(CAST({amount} AS DECIMAL(38, 6)) * CAST({factor} AS DECIMAL(38, 6)) "
                "AS DECIMAL(18, 6))"
            )
        return amount
    if column.kind == "flag":
        return (
            f"CASE WHEN lower({text}) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true "
            f"WHEN lower({text}) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END"
        )
    if kind in EXACT and how.column is not None:
        return f"CASE WHEN abs({quoted(how.column)}) < {EXACT[kind]} THEN {text} END"
    return text


def _decimal(text: str, width: int) -> str:
    """``text`` as a decimal of six places, null if it is no number or too large.

    DuckDB alone would also take ``1_000`` for a thousand.
    """
    number = f"regexp_full_match({text}, {literal(NUMBER)})"
    return f"CASE WHEN {number} THEN TRY_CAST({text} AS DECIMAL({width}, 6)) END"
