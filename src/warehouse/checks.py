"""Every test a raw row must pass, derived from the contract."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.connect import literal, quoted
from warehouse.contract import Column, Table
from warehouse.mapping import Mapping
from warehouse.parse import Cell

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


def checks(table: Table, cells: dict[str, Cell], mapping: Mapping) -> list[Check]:
    """Every test of one row, in the order in which a fault is reported; repairs last."""
    bad, mended = [], [Check("repaired", REPEATED, "", "the row repeats another", "_copy", "''")]
    for name, c in cells.items():
        column, text, value = c.column, quoted("t_" + name), quoted("v_" + name)
        shown = "'(personal)'" if column.personal == "personal" else text
        if column.required:
            bad.append(
                Check("quarantined", "value missing", name, "is empty", f"{text} IS NULL", "''")
            )
        if column.kind != "text":
            bad.append(
                Check(
                    "quarantined",
                    "not readable",
                    name,
                    f"is not {KINDS[column.kind]}",
                    f"{text} IS NOT NULL AND {value} IS NULL",
                    shown,
                )
            )
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
    if "currency" in cells:
        listed = ", ".join(literal(c) for c in {mapping.company.currency, *mapping.rates})
        bad.append(
            Check(
                "quarantined",
                "no exchange rate",
                "currency",
                f"is not {mapping.company.currency} and has no entry under [rates]",
                f"v_currency NOT IN ({listed})",
                "t_currency",
            )
        )
    if table.name == "contract_lines":
        days = mapping.limits.term_days
        bad.append(
            Check(
                "quarantined",
                "term too long",
                "ends_on",
                f"the term is longer than [limits] term_days = {days}",
                f"date_diff('day', starts_on, ends_on) > {days}",
                "CAST(date_diff('day', starts_on, ends_on) AS VARCHAR) || ' days'",
            )
        )
    for i, rule in enumerate(table.rules):
        bad.append(
            Check(
                "quarantined",
                rule.name,
                rule.column,
                rule.says,
                f"NOT _rule{i}",
                quoted(rule.column),
            )
        )
    return bad + mended


def _bounds(column: Column, shown: str) -> list[Check]:
    name = quoted(column.name)
    tests = []
    if column.low is not None:
        tests.append(("<", column.low, "below"))
    if column.high is not None:
        tests.append((">", column.high, "above"))
    return [
        Check(
            "quarantined",
            "out of bounds",
            column.name,
            f"is {word} {bound:g} {column.unit}".rstrip(),
            f"{name} {sign} {bound}",
            shown,
        )
        for sign, bound, word in tests
    ]
