"""From written dates and times to instants: naive UTC, by the company's own clock.

A date is its first instant. A local time that clocks went forward over never
was, and is a fault. One that came twice, where clocks went back, is taken as the
first of the two, as the edges of months are.
"""

from __future__ import annotations

from warehouse.connect import literal, quoted
from warehouse.mapping import From

OFFSET = r"(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)"
ISO = rf"\d{{4}}-\d{{2}}-\d{{2}}([ T]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d{{1,9}})?)?{OFFSET}?)?"
ZONED = rf":\d{{2}}(\.\d{{1,9}})?{OFFSET}$"
TYPED = ("TIMESTAMP", "DATE", "TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMP_MS")
FIRST, LAST = "1900-01-01", "2200-01-01"
"""Instants outside are slips of the pen or stand for "never"; neither is believed."""


def instant(how: From, text: str, kind: str, hours: str | None, zone: str) -> str:
    """SQL of the instant (naive UTC) that ``text`` writes; null if it writes none.

    ``kind`` is the SQL type of the raw column, ``hours`` an expression of hours to
    add. ``text`` with an offset needs no zone; any other is local to ``zone``.
    """
    naive, zoned = _read(how, text, kind)
    if how.trunc or how.plus_days:
        local = naive if zoned is None else f"coalesce({naive}, {_local(zoned, zone)})"
        if how.trunc:
            local = f"date_trunc('day', {local})"
        if how.plus_days:
            local = f"({local}) + to_days({how.plus_days})"
        value = utc(local, zone, made=True)
    else:
        value = utc(naive, zone)
        if zoned is not None:
            value = f"coalesce({zoned}, {value})"
    if hours:
        value = f"({value}) + to_microseconds(CAST(({hours}) * 3600000000 AS BIGINT))"
    return value


def _read(how: From, text: str, kind: str) -> tuple[str, str | None]:
    """The local time and the instant (already UTC) in ``text``; one of them is null."""
    if how.format:
        parsed = f"TRY_STRPTIME({text}, {literal(how.format)})"
        if "%z" in how.format or "%Z" in how.format:
            return "CAST(NULL AS TIMESTAMP)", f"({parsed}) AT TIME ZONE 'UTC'"
        return parsed, None
    if kind in TYPED:
        raw = f"CAST({quoted(str(how.column))} AS TIMESTAMP)"
        return f"CASE WHEN isfinite({raw}) THEN {raw} END", None
    iso = f"regexp_full_match({text}, {literal(ISO)})"
    offset = f"regexp_matches({text}, {literal(ZONED)})"
    return (
        f"CASE WHEN {iso} AND NOT {offset} THEN TRY_CAST({text} AS TIMESTAMP) END",
        f"CASE WHEN {iso} AND {offset} THEN TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END",
    )


def utc(naive: str, zone: str, *, made: bool = False) -> str:
    """SQL of a time local to ``zone`` as UTC.

    A time that came twice is the first of the two: it is read with the offset of
    the day before, and only where that does not give it back with its own. A
    time that never was is null, except a midnight, which stands for its day, and
    one ``made`` by adding days: they move forward with the clock.
    """
    if zone == "UTC":
        return naive
    first = f"({_utc_of(f'({naive}) - INTERVAL 1 DAY', zone)} + INTERVAL 1 DAY)"
    own = _utc_of(naive, zone)
    never = "" if made else f"WHEN {_local(own, zone)} = ({naive}) "
    day = f"OR ({naive}) = date_trunc('day', {naive}) "
    second = f"ELSE {own}" if made else f"{never}{day}THEN {own}"
    return f"CASE WHEN {_local(first, zone)} = ({naive}) THEN {first} {second} END"


def _utc_of(naive: str, zone: str) -> str:
    return f"(({naive}) AT TIME ZONE {literal(zone)} AT TIME ZONE 'UTC')"


def _local(value: str, zone: str) -> str:
    """SQL of an instant (naive UTC) as the time local to ``zone``."""
    return (
        value if zone == "UTC" else f"(({value}) AT TIME ZONE 'UTC' AT TIME ZONE {literal(zone)})"
    )
