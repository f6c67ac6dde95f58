"""Every test a raw row must pass, derived from the contract."""

from __future__ import annotations

from collections.abc import Mapping as Names
from dataclasses import dataclass

from warehouse.connect import literal, quoted
from warehouse.contract import Column, Table
from warehouse.instants import FIRST, LAST
from warehouse.mapping import From, Mapping
from warehouse.values import default_of

REPEATED = "repeated row"

KINDS = {
    "id": "an id",
    "category": "a word",
    "integer": "a whole number",
    "number": "a finite number",
    "money": "an amount",
    "flag": "yes or no",
    "instant": "a date or time that exists, written like 2026-03-31 or 2026-03-31T14:05:00Z",
}


@dataclass(frozen=True)
class Check:
    """One test of a row: ``broken`` is SQL that is true for a row that fails it."""

    fate: str
    rule: str
    column: str
    says: str
    broken: str
    shown: str


def checks(table: Table, maps: Names[str, From], mapping: Mapping) -> list[Check]:
    """Every test of one row, in the order in which a fault is reported; repairs last."""
    bad, mended = [], [Check("repaired", REPEATED, "", "the row repeats another", "_copy", "''")]
    for name, how in maps.items():
        column, text, value = table.column(name), quoted("t_" + name), quoted("v_" + name)
        shown = "'(personal)'" if column.personal == "personal" else text
        if column.required or _is_the_clock(table, column):
            bad.append(_quarantined("value missing", name, "is empty", f"{text} IS NULL", "''"))
        if column.kind != "text":
            says = f"is not {KINDS[column.kind]}"
            broken = f"{text} IS NOT NULL AND {value} IS NULL"
            bad.append(_quarantined("not readable", name, says, broken, shown))
        if column.kind == "instant":
            says = f"is before {FIRST} or after {LAST}; an open end is an empty cell"
            broken = f"{value} < TIMESTAMP '{FIRST}' OR {value} >= TIMESTAMP '{LAST}'"
            bad.append(_quarantined("out of bounds", name, says, broken, shown))
        if column.kind == "money":
            says = (
                "covers a term, and the line has no end to spread it to"
                if how.per == "term"
                else "is too large"
            )
            broken = f"{value} IS NOT NULL AND {quoted(name)} IS NULL"
            bad.append(_quarantined("not an amount a year", name, says, broken, shown))
        bad += _bounds(column, shown)
        if column.choices:
            mended.append(
                Check(
                    "repaired",
                    "word not in the contract",
                    name,
                    "was read as 'other'",
                    f"{quoted(name)} = 'other' AND lower({text}) <> 'other'",
                    shown,
                )
            )
        if default_of(table, column, dict(maps)):
            says = f"was empty; {column.default} was taken"
            broken = f"{text} IS NULL AND {quoted(name)} IS NOT NULL"
            mended.append(Check("repaired", "value missing", name, says, broken, "''"))
    bad += _of_the_table(table, maps, mapping)
    return bad + mended


def _is_the_clock(table: Table, column: Column) -> bool:
    """Whether a row without this value would never be known.

    Only of a table whose rows have dates at all: those of ``accounts`` need none.
    """
    happened = table.column(table.happened)
    return column.name == table.known and bool(happened.required or happened.default)


def _of_the_table(table: Table, maps: Names[str, From], mapping: Mapping) -> list[Check]:
    """The tests that look at more than one column."""
    bad = []
    if "currency" in maps:
        currency = mapping.company.currency
        listed = ", ".join(literal(c) for c in sorted({currency, *mapping.rates}))
        says = f"is not {currency} and has no entry under [rates]"
        broken = f"v_currency NOT IN ({listed})"
        bad.append(_quarantined("no exchange rate", "currency", says, broken, "t_currency"))
        if mapping.rates:
            says = "is empty, and amounts come in several currencies"
            bad.append(_quarantined("no currency", "currency", says, "v_currency IS NULL", "''"))
    if table.name == "contract_lines":
        days = mapping.limits.term_days
        term = "date_diff('day', starts_on, ends_on)"
        says = f"the term is longer than [limits] term_days = {days}"
        shown = f"CAST({term} AS VARCHAR) || ' days'"
        bad.append(_quarantined("term too long", "ends_on", says, f"{term} > {days}", shown))
    for i, rule in enumerate(table.rules):
        shown = quoted(rule.column)
        bad.append(_quarantined(rule.name, rule.column, rule.says, f"NOT _rule{i}", shown))
    return bad


def _bounds(column: Column, shown: str) -> list[Check]:
    tests = []
    if column.low is not None:
        tests.append(("<", column.low, "below"))
    if column.high is not None:
        tests.append((">", column.high, "above"))
    return [
        _quarantined(
            "out of bounds",
            column.name,
            f"is {word} {bound:g} {column.unit}".rstrip(),
            f"{quoted(column.name)} {sign} {bound}",
            shown,
        )
        for sign, bound, word in tests
    ]


def _quarantined(rule: str, column: str, says: str, broken: str, shown: str) -> Check:
    return Check("quarantined", rule, column, says, broken, shown)
