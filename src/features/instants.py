"""Instants as whole numbers, by an expression every engine computes alike."""

from __future__ import annotations

import narwhals as nw


def microseconds(instant: nw.Expr) -> nw.Expr:
    """Microseconds since 1970 of an instant between 1601 and 9999, exact.

    From the parts of the instant, by the leap years of the Gregorian calendar: engines
    agree on these, and not on how to subtract one instant from another.
    """
    part = instant.dt
    year = part.year().cast(nw.Int64)
    leap = (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
    days = (year - 1970) * 365 + leap + part.ordinal_day() - 1
    seconds = ((days * 24 + part.hour()) * 60 + part.minute()) * 60 + part.second()
    return seconds * 1_000_000 + part.microsecond()
