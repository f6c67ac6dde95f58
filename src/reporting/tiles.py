"""Tiles: the few numbers a reader takes away, each beside last month, its target and its doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reporting import formats, theme
from reporting.cells import mark
from reporting.formats import MISSING, missing
from reporting.shown import Shown, piece
from reporting.sparks import spark
from reporting.text import escape, name

_NOTHING = "<span></span>"


@dataclass(frozen=True)
class Tile:
    """One number. Money in cents, shares as ratios; ``None`` is not known and ``note`` says why.

    ``previous`` is the same number a period ago, called ``since`` on the tile
    (``Sep``). ``good`` is the direction that is good: without it a change is
    stated and not judged. ``low`` and ``high`` bound an interval of ``coverage``
    (a ratio). ``course`` is the number over the last periods, oldest first.
    """

    label: str
    value: float | int | None
    kind: Literal["money", "pct", "points", "count", "number"] = "count"
    unit: str = ""
    good: Literal["up", "down"] | None = None
    previous: float | int | None = None
    since: str = ""
    target: float | int | None = None
    course: Sequence[float | None] = ()
    n: int | None = None
    counted: str = "accounts"
    low: float | None = None
    high: float | None = None
    coverage: float = 0.95
    note: str = ""

    def written(self, value: object) -> str:
        """``value`` as this tile writes numbers."""
        return formats.value(value, self.kind, self.unit)

    def change(self, by: float) -> str:
        """A difference as this tile writes it: points for shares, signed otherwise."""
        kind = "points" if self.kind == "pct" else self.kind
        return formats.value(by, kind, self.unit, signed=True)


def tiles(*each: Tile) -> Shown:
    """The tiles in order, as many in a row as the page has room for.

    >>> tiles(
    ...     Tile(
    ...         "Net revenue retention",
    ...         1.027,
    ...         "pct",
    ...         good="up",
    ...         previous=1.025,
    ...         since="Sep",
    ...         target=1.04,
    ...         n=143,
    ...     )
    ... )  # doctest: +SKIP
    """
    inner = "".join(f"<li>{_tile(one)}</li>" for one in each)
    text = "\n".join(_sentence(one) for one in each)
    return piece(f"tiles pr-tiles-{len(each)}", inner, text, tag="ul")


def _tile(tile: Tile) -> str:
    lines = [
        f'<p class="pr-label">{name(tile.label)}</p>',
        f'<p class="pr-value">{escape(tile.written(tile.value))}</p>',
    ]
    drawn = spark(tile.course, f"{tile.label}: {_course(tile)}") if tile.course else ""
    small = " · ".join(part for part in (_doubt(tile), tile.note) if part)
    under = f'<p class="pr-small">{name(small)}</p>' if small else ""
    lines += [part or _NOTHING for part in (drawn, _moved(tile), _against(tile), under)]
    return "".join(lines)


def _moved(tile: Tile) -> str:
    if tile.value is None or tile.previous is None or missing(tile.previous):
        return ""
    by = tile.value - tile.previous
    since = f"on {name(tile.since)}" if tile.since else ""
    amount = tile.change(by)
    if not any(digit in amount for digit in "123456789"):
        return f'<p class="pr-moved">Unchanged <span>{since}</span></p>'
    arrow = "▲" if by > 0 else "▼"
    tone, verdict = "", ""
    if tile.good:
        verdict = "better" if (by > 0) == (tile.good == "up") else "worse"
        tone, verdict = f" pr-{verdict}", f", {verdict}"
    return (
        f'<p class="pr-moved{tone}"><i aria-hidden="true">{arrow}</i>{escape(amount)}'
        f" <span>{since}{verdict}</span></p>"
    )


def _against(tile: Tile) -> str:
    if tile.target is None:
        return ""
    goal = f"Target {escape(tile.written(tile.target))}"
    if tile.value is None or tile.good is None:
        return f'<p class="pr-target">{goal}</p>'
    gap = tile.value - tile.target
    if (gap >= 0) if tile.good == "up" else (gap <= 0):
        return f'<p class="pr-target">{goal} {mark(theme.STATUSES["pass"], "Met")}</p>'
    amount = tile.change(gap).lstrip("+" + formats.MINUS)
    side = "short" if tile.good == "up" else "over"
    said = mark(theme.STATUSES["fail"], f"{amount} {side}")
    return f'<p class="pr-target">{goal} {said}</p>'


def _doubt(tile: Tile) -> str:
    parts = []
    if tile.n is not None:
        parts.append(f"n{formats.NBSP}={formats.NBSP}{formats.count(tile.n)} {tile.counted}")
    if tile.low is not None and tile.high is not None:
        width = formats.pct(tile.coverage, 0)
        parts.append(f"{width} interval {tile.written(tile.low)} to {tile.written(tile.high)}")
    return " · ".join(parts)


def _course(tile: Tile) -> str:
    known = [value for value in tile.course if not missing(value)]
    if not known:
        return MISSING
    return f"from {tile.written(known[0])} to {tile.written(known[-1])}, {len(tile.course)} periods"


def _sentence(tile: Tile) -> str:
    parts = [f"{tile.label}: {tile.written(tile.value)}"]
    if tile.value is not None and tile.previous is not None:
        parts.append(f"{tile.change(tile.value - tile.previous)} on {tile.since or 'before'}")
    if tile.target is not None:
        parts.append(f"target {tile.written(tile.target)}")
    parts += [part for part in (_doubt(tile), tile.note) if part]
    return ", ".join(parts)
