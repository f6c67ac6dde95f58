"""One value in one table cell, by the kind of its column: as HTML and as words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reporting import formats, theme
from reporting.formats import MISSING, missing
from reporting.sparks import spark
from reporting.text import clean, escape, name

Kind = Literal[
    "text",
    "name",
    "list",
    "money",
    "pct",
    "points",
    "count",
    "number",
    "date",
    "month",
    "band",
    "status",
    "spark",
]
NUMERIC = frozenset({"money", "pct", "points", "count", "number"})


@dataclass(frozen=True)
class Column:
    """How one column of a frame is shown.

    ``label`` heads it (default: its name, underscores as spaces). ``unit`` is the
    currency of money, the unit word of a number, the label of a sparkline.
    ``digits`` overrides the kind's decimals. ``good`` says which direction of a
    signed change is good, and colours it. ``bar`` draws numbers as bars against
    the column's largest. ``under`` names a second column set small beneath.
    Money is in cents and written in full; shares are ratios.
    """

    name: str
    label: str = ""
    kind: Kind = "text"
    unit: str = ""
    digits: int | None = None
    align: Literal["start", "end"] | None = None
    signed: bool = False
    good: Literal["up", "down"] | None = None
    bar: bool = False
    under: str = ""

    @property
    def title(self) -> str:
        """The heading a reader sees."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def numeric(self) -> bool:
        """Whether the column is set to the right."""
        return self.align == "end" or (self.align is None and self.kind in NUMERIC)


def words(value: object, column: Column) -> str:
    """``value`` as plain text, written by the column's kind; a dash if nobody knows it."""
    if isinstance(value, (list, tuple)):
        known = [item for item in value if not missing(item)]
        return "; ".join(clean(item) for item in known) or MISSING
    if missing(value):
        return MISSING
    match column.kind:
        case "money":
            unit = column.unit or "EUR"
            return formats.money(value, unit, full=True, signed=column.signed)
        case "pct":
            digits = 1 if column.digits is None else column.digits
            return formats.pct(value, digits, signed=column.signed)
        case "number":
            digits = 1 if column.digits is None else column.digits
            return formats.number(value, digits, signed=column.signed, unit=column.unit)
        case "band":
            return theme.band(value).word
        case "status":
            return theme.STATUSES[str(value)].word
        case "text" | "name" | "list" | "spark":
            return clean(value) or MISSING
    return formats.value(value, column.kind, column.unit, signed=column.signed)


def cell(value: object, column: Column, largest: float) -> str:
    """``value`` as the inner HTML of its cell; ``largest`` is the column's, for bars."""
    match column.kind:
        case "name" | "text" if not missing(value):
            return name(value)
        case "list" if isinstance(value, Iterable) and not isinstance(value, str):
            items = "".join(f"<li>{name(item)}</li>" for item in value if not missing(item))
            return f"<ul>{items}</ul>" if items else MISSING
        case "band" if not missing(value):
            return mark(theme.band(value))
        case "status" if not missing(value):
            return mark(theme.STATUSES[str(value)])
        case "spark" if isinstance(value, Sequence) and not isinstance(value, str):
            return spark(value, _course(value, column)) or MISSING
    shown = escape(words(value, column))
    if column.good and column.signed and not missing(value):
        change = float(str(value))
        if change:
            tone = "better" if (change > 0) == (column.good == "up") else "worse"
            shown = f'<span class="pr-{tone}">{shown}</span>'
    if column.bar and largest and not missing(value):
        share = min(100.0, 100 * abs(float(str(value))) / largest)
        shown = (
            f'<span class="pr-bar"><span>{shown}</span><i style="width:{share:.1f}%"></i></span>'
        )
    return shown


def mark(sign: theme.Mark, said: str = "") -> str:
    """A band or status as shape and word in its colour; ``said`` replaces the word."""
    word = name(said) if said else escape(sign.word)
    return (
        f'<span class="pr-mark pr-{sign.token}"><i aria-hidden="true">{sign.glyph}</i>{word}</span>'
    )


def _course(values: Sequence[object], column: Column) -> str:
    known = [float(str(value)) for value in values if not missing(value)]
    if not known:
        return "no values"
    first, last = (formats.number(value, 1) for value in (known[0], known[-1]))
    return f"{column.unit or column.title}: from {first} to {last} over {len(values)} points"
