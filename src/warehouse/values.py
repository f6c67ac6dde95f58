"""From parsed cells to the contract's columns: types, words, defaults, annual money."""

from __future__ import annotations

from warehouse.connect import literal, quoted
from warehouse.contract import Column, Table
from warehouse.mapping import From, Mapping, TableMap

TYPES = {
    "integer": "BIGINT",
    "money": "BIGINT",
    "number": "DECIMAL(18, 6)",
    "flag": "BOOLEAN",
    "instant": "TIMESTAMP",
}
YEARLY = {"year": 1, "month": 12, "day": 365, "term": 365}
MILLIONTHS = 10**6


def named_view(
    table: Table,
    told: TableMap | None,
    maps: dict[str, From],
    mapping: Mapping,
) -> str:
    """SQL of the view ``named``: one typed column for each of the contract, defaults filled in."""
    first, later = [], []
    for column in table.columns:
        name, kind = quoted(column.name), TYPES.get(column.kind, "VARCHAR")
        if column.kind == "money" and column.name in maps:
            later.append(f"{yearly_cents(maps[column.name], column, maps, mapping)} AS {name}")
        elif column.name in maps:
            value = quoted("v_" + column.name)
            if column.choices:
                listed = ", ".join(literal(word) for word in column.choices)
                value = (
                    f"CASE WHEN lower({value}) IN ({listed}) THEN lower({value}) "
                    f"WHEN {value} IS NOT NULL THEN 'other' END"
                )
            if stand_in := default_of(table, column, maps):
                value = f"coalesce({value}, {stand_in})"
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


def default_of(table: Table, column: Column, maps: dict[str, From]) -> str | None:
    """What stands in for an empty cell of ``column``; ``None`` where it stays empty.

    A word's default does. The clock a row happened by takes that of its table, because
    a row without one would never be seen; other instants stay unknown.
    """
    if column.default is None or column.name == table.known:
        return None
    if column.kind != "instant":
        return literal(column.default)
    if column.name != table.happened:
        return None
    source = origin_of(table, column.default, maps)
    return None if source == "NULL" else source


def yearly_cents(how: From, column: Column, maps: dict[str, From], mapping: Mapping) -> str:
    """SQL of an amount (main unit, over the span ``how.per``) as cents a year.

    The product of amount, span and exchange rate is one fraction of whole numbers, rounded
    once, halves away from zero. A term's amount is spread over its days by the company's
    calendar, at least one: x 365 / days. Null where the term has no end to spread to.
    """
    amount = f"CAST(CAST({quoted('v_' + column.name)} AS DECIMAL(38, 6)) * {MILLIONTHS} AS HUGEINT)"
    top, bottom = amount, "CAST(1 AS HUGEINT)"
    if "currency" in maps and mapping.rates:
        rates = {word: rate.as_integer_ratio() for word, rate in sorted(mapping.rates.items())}
        top += f" * {_by_currency({word: n for word, (n, _) in rates.items()})}"
        bottom = _by_currency({word: n for word, (_, n) in rates.items()})
    if how.per == "term":
        zone = literal(mapping.company.timezone)
        start, end = (
            f"({name} AT TIME ZONE 'UTC' AT TIME ZONE {zone})" for name in ("starts_on", "ends_on")
        )
        days = f"date_diff('day', {start}, {end})"
        bottom += f" * CASE WHEN {days} < 1 THEN 1 ELSE {days} END"
    top = f"({top}) * {100 * YEARLY[how.per]}"
    bottom = f"({bottom}) * {MILLIONTHS}"
    return f"TRY_CAST(sign({top}) * ((2 * abs({top}) + {bottom}) // (2 * {bottom})) AS BIGINT)"


def _by_currency(values: dict[str, int]) -> str:
    arms = " ".join(f"WHEN {literal(word)} THEN {value}" for word, value in values.items())
    return f"CAST(CASE v_currency {arms} ELSE 1 END AS HUGEINT)"
