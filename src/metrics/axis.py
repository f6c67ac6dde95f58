"""The axes things happen on, as whole numbers: months, or instants.

A change shows at the close of the month its instant lies in; in the log it shows when it
happened. Either way its place is a number, and the same code follows it.
"""

from __future__ import annotations

from typing import Literal

from warehouse.connect import literal

Axis = Literal["month", "instant"]


def number(month: str) -> int:
    """A month's place on the axis of months: 0 is 1970-01.

    >>> number("1971-03")
    14
    """
    return (int(month[:4]) - 1970) * 12 + int(month[5:]) - 1


def place(instant: str, axis: Axis, timezone: str) -> str:
    """SQL of the place of an instant (naive UTC), NULL where there is none."""
    if axis == "instant":
        return f"epoch_us({instant})"
    local = instant
    if timezone != "UTC":
        local = f"({instant} AT TIME ZONE 'UTC' AT TIME ZONE {literal(timezone)})"
    return f"datediff('month', DATE '1970-01-01', {local})"
