"""From parsed cells to the contract's columns: types, words, defaults, annual money."""

from __future__ import annotations

from warehouse.connect import literal, quoted
from warehouse.contract import Table
from warehouse.mapping import From, Mapping, TableMap
from warehouse.parse import yearly_cents


def named_view(
    table: Table,
    told: TableMap | None,
    maps: dict[str, From],
    mapping: Mapping,
) -> str:
    """SQL of the view ``named``: one typed column for each of the contract, defaults filled in."""
    types = {"integer": "BIGINT", "money": "BIGINT", "number": "DECIMAL(18, 6)", "flag": "BOOLEAN"}
    types["instant"] = "TIMESTAMP"
    first, later = [], []
    rate = "1"
    if "currency" in maps and mapping.rates:
        arms = " ".join(f"WHEN {literal(k)} THEN {v}" for k, v in mapping.rates.items())
        rate = f"CASE v_currency {arms} ELSE 1 END"
    for column in table.columns:
        name, kind = quoted(column.name), types.get(column.kind, "VARCHAR")
        if column.kind == "money" and column.name in maps:
            later.append(f"{yearly_cents(maps[column.name], 'v_' + column.name, rate)} AS {name}")
        elif column.name in maps:
            value = quoted("v_" + column.name)
            if column.choices:
                listed = ", ".join(literal(word) for word in column.choices)
                value = (
                    f"CASE WHEN lower({value}) IN ({listed}) THEN lower({value}) "
                    f"WHEN {value} IS NOT NULL THEN 'other' END"
                )
            first.append(f"CAST({value} AS {kind}) AS {name}")
        elif column.name == table.known:
            days = told.delay_days if told else 0
            happened = origin_of(table, table.happened, maps)
            first.append(f"CAST({happened} AS TIMESTAMP) + INTERVAL {days} DAY AS {name}")
        elif column.default and column.kind == "instant":
            first.append(f"CAST({origin_of(table, column.default, maps)} AS TIMESTAMP) AS {name}")
        elif column.default:
            first.append(f"CAST({literal(column.default)} AS {kind}) AS {name}")
        else:
            first.append(f"CAST(NULL AS {kind}) AS {name}")
    return (
        f"CREATE OR REPLACE TEMP VIEW named AS SELECT *{', ' if later else ''}{', '.join(later)} "
        f"FROM (SELECT *, {', '.join(first)} FROM read)"
    )


def origin_of(table: Table, name: str, maps: dict[str, From]) -> str:
    """The parsed column an instant is copied from where the company lacks it, or ``NULL``."""
    while name not in maps:
        following = table.column(name).default
        if following is None:
            return "NULL"
        name = following
    return quoted("v_" + name)
