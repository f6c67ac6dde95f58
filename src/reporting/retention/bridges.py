"""Bridges: several walks from opening to closing side by side, line under line.

A walk here is drawn lying down, so that the lines of all of them share their names
and a page holds the month and the year at one glance.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.theme import light

_ROOM = 0.24  # of a panel's width, for the amounts beside the bars
_CUT = 0.14  # of a panel's width, for the part of a level that is drawn


def bridges(
    frame: pd.DataFrame, walks: Sequence[tuple[str, str]], caption: Caption, currency: str
) -> Shown:
    """``frame`` (``label``, ``total`` and cents for each walk, in order) as walks.

    ``walks`` are (column, title). ``total`` rows are levels, the first and the last; the
    others are signed changes between them. Levels are cut at the foot, so that changes
    can be seen; bars of one walk share a scale, walks do not. ``ValueError`` if the
    changes of a walk do not arrive at its closing level.
    """
    for name, title in walks:
        steps = frame[name].tolist()
        if sum(steps[:-1]) != steps[-1]:
            raise ValueError(f"the walk of {title} reaches {sum(steps[:-1])}, not {steps[-1]}")
    columns = [Column("label", "Line")]
    columns += [Column(name, title, "money", unit=currency) for name, title in walks]

    def paint(sheet: Sheet) -> None:
        _paint(sheet, frame, walks, currency)

    rows = len(frame)
    tall = 21.0 * rows + 28
    phone = (23.0 * rows + 34) * len(walks)
    return figure(paint, caption, frame, columns, wide=tall, phone=phone)


def _paint(
    sheet: Sheet, frame: pd.DataFrame, walks: Sequence[tuple[str, str]], currency: str
) -> None:
    ax, rows = sheet.ax, len(frame)
    names = [str(label) for label in frame["label"]]
    size = SMALL if sheet.phone else TYPE
    sheet.margins(max(text_width(name, size) for name in names) + 12, 4, 2, 2)
    ax.axis("off")
    side = not sheet.phone
    block = rows + 1.4
    ax.set(
        xlim=(0, len(walks) * 1.06 - 0.06 if side else 1),
        ylim=(block if side else block * len(walks), 0),
    )
    for number, (column, title) in enumerate(walks):
        left, top = (number * 1.06, 0.0) if side else (0.0, number * block)
        ax.text(
            left, top + 0.6, title, fontsize=TYPE, fontweight="bold", color=light("ink"),
            va="center",
        )  # fmt: skip
        _walk(sheet, frame, column, left, top + 1.2, currency)
        for row, name in enumerate(names if number == 0 or not side else []):
            ax.annotate(
                name, (0, top + 1.7 + row), (-8, 0), textcoords="offset points", ha="right",
                va="center", fontsize=size, color=light("ink"), annotation_clip=False,
                fontweight="bold" if bool(frame["total"].iloc[row]) else "normal",
            )  # fmt: skip


def _walk(
    sheet: Sheet, frame: pd.DataFrame, column: str, left: float, top: float, currency: str
) -> None:
    """One walk in a panel of width 1 from ``left``, a row a line from ``top`` down."""
    ax = sheet.ax
    steps, totals = frame[column].tolist(), frame["total"].tolist()
    ends = _levels(steps, totals)
    low, high = min(min(pair) for pair in ends), max(max(pair) for pair in ends)
    scale = (1 - _ROOM - _CUT) / ((high - low) or 1)
    places = [
        (left + _CUT + (start - low) * scale, left + _CUT + (end - low) * scale)
        for start, end in ends
    ]
    for row, ((start, end), amount, total) in enumerate(zip(places, steps, totals, strict=True)):
        y = top + row + 0.5
        begin = left if total else min(start, end)
        tone = "total-fill" if total else "healthy-fill" if amount >= 0 else "risk-fill"
        width = (end - left) if total else abs(end - start)
        ax.barh(y, width, 0.64, left=begin, color=light(tone), linewidth=0)
        if total:
            _tear(sheet, left, y)
        said = formats.money(amount, currency, signed=not total)
        ax.annotate(
            said, (max(start, end), y), (5, 0), textcoords="offset points", va="center",
            fontsize=SMALL if sheet.phone else TYPE, color=light("ink"),
            fontweight="bold" if total else "normal",
        )  # fmt: skip
        if row + 1 < len(places):
            ax.plot([end, end], [y + 0.32, y + 0.68], color=light("rule"), linewidth=1)


def _levels(steps: list[int], totals: list[bool]) -> list[tuple[int, int]]:
    """Where each line starts and ends, in cents; a level does both where it stands."""
    found, level = [], 0
    for amount, total in zip(steps, totals, strict=True):
        end = amount if total else level + amount
        found.append((end if total else level, end))
        level = end
    return found


def _tear(sheet: Sheet, left: float, y: float) -> None:
    """The torn edge of a level that does not start at nothing."""
    across, _ = sheet.per_point()
    tooth = 4 * abs(across)
    heights = [y - 0.36 + 0.72 * step / 6 for step in range(7)]
    edge = [left + tooth * (1.5 if step % 2 else 0.4) for step in range(7)]
    sheet.ax.fill_betweenx(heights, [left - tooth / 4] * 7, edge, color=light("paper"), linewidth=0)
