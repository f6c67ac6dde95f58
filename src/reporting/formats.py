"""How a number is written: one spelling for money, shares, points, counts and dates.

Money comes in integer cents of the reporting currency, shares as ratios (0.913
is 91.3 %), instants as naive UTC. What is not known is written as a dash. Halves
round away from zero, as a reader with a pencil does.
"""

from __future__ import annotations

import math
from datetime import date as Day
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

MISSING = "–"
NBSP = "\u00a0"
MINUS = "\u2212"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
_STEPS = ((3, 0, "k"), (6, 1, "m"), (9, 1, "bn"))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def missing(value: object) -> bool:
    """Whether ``value`` is none, NaN, NaT or NA: something nobody knows."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return isinstance(value, float) and math.isnan(value)


def decimal(value: object, digits: int) -> Decimal:
    """``value`` rounded to ``digits`` decimals, halves away from zero, never minus zero."""
    if missing(value):
        raise ValueError("a value nobody knows cannot be rounded")
    exact = Decimal(repr(float(value)) if isinstance(value, float) else str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def _sign(value: Decimal, signed: bool) -> str:
    return MINUS if value < 0 else ("+" if signed and value > 0 else "")


def number(value: object, digits: int = 0, *, signed: bool = False, unit: str = "") -> str:
    """A plain number with thousands commas, ``1,234.5``, and its unit after a space.

    >>> number(-1234.5, 1, unit="days").replace("\\u00a0", " ")
    '−1,234.5 days'
    """
    if missing(value):
        return MISSING
    rounded = decimal(value, digits)
    tail = f"{NBSP}{unit}" if unit else ""
    return f"{_sign(rounded, signed)}{abs(rounded):,f}{tail}"


def count(value: object, *, signed: bool = False) -> str:
    """A count: ``1,234``."""
    return number(value, 0, signed=signed)


def pct(ratio: object, digits: int = 1, *, signed: bool = False) -> str:
    """A ratio as a percentage: ``0.913`` is ``91.3 %``."""
    if missing(ratio):
        return MISSING
    hundred = Decimal(repr(float(str(ratio)))) * 100
    return number(hundred, digits, signed=signed, unit="%")


def points(ratio: object, digits: int = 1) -> str:
    """A difference of two ratios in percentage points: ``0.002`` is ``+0.2 pts``."""
    if missing(ratio):
        return MISSING
    hundred = Decimal(repr(float(str(ratio)))) * 100
    return number(hundred, digits, signed=True, unit="pts")


def money(cents: object, currency: str = "EUR", *, full: bool = False, signed: bool = False) -> str:
    """Cents as a reader says them, ``€1.7m``; with ``full`` to the unit, ``€1,712,300``.

    Millions and billions have one decimal, thousands none; below 10,000 it is
    written out. A currency without a symbol of its own is named: ``CHF 1.7m``.

    >>> money(171_230_000), money(171_230_000, "USD", full=True), money(-99_996_000)
    ('€1.7m', '$1,712,300', '−€1.0m')
    """
    if missing(cents):
        return MISSING
    units = Decimal(str(cents)) / 100
    head = SYMBOLS.get(currency, f"{currency}{NBSP}")
    rounded, tail = decimal(units, 0), ""
    if not full and abs(rounded) >= 10_000:
        for power, digits, word in _STEPS:
            rounded, tail = decimal(units.scaleb(-power), digits), word
            if abs(rounded) < 1_000:
                break
    return f"{_sign(rounded, signed)}{head}{abs(rounded):,f}{tail}"


def date(value: object) -> str:
    """The day of an instant or date: ``9 Nov 2026``."""
    if missing(value):
        return MISSING
    day = value if isinstance(value, Day) else pd.Timestamp(str(value))
    return f"{day.day}{NBSP}{_MONTHS[day.month - 1]}{NBSP}{day.year}"


def instant(value: datetime) -> str:
    """A naive UTC instant: ``1 Nov 2026, 00:00 UTC``."""
    return f"{date(value)}, {value:%H:%M}{NBSP}UTC"


def month(value: object, *, short: bool = False) -> str:
    """A month ``2026-10`` as ``Oct 2026``, or ``Oct 26`` on an axis."""
    if missing(value):
        return MISSING
    year, index = str(value).split("-")[:2]
    return f"{_MONTHS[int(index) - 1]}{NBSP}{year[2:] if short else year}"


def value(amount: object, kind: str, unit: str = "", *, signed: bool = False) -> str:
    """``amount`` written as its ``kind``: money, pct, points, count, number, date, month or text.

    ``unit`` is the currency of money and the unit word of a number. Money is compact here.
    """
    if missing(amount):
        return MISSING
    match kind:
        case "money":
            return money(amount, unit or "EUR", signed=signed)
        case "pct":
            return pct(amount, signed=signed)
        case "points":
            return points(amount)
        case "count":
            return count(amount, signed=signed)
        case "number":
            return number(amount, 1, signed=signed, unit=unit)
        case "date":
            return date(amount)
        case "month":
            return month(amount)
        case "text":
            return str(amount)
    raise ValueError(f"{kind!r} is no kind of value")
