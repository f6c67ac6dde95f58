"""The triangle: what is left of those who started together, by how long ago that was."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.theme import light

FLOOR = 0.6  # a rate at or below it has the palest cell; colour only repeats the number


def triangle(
    frame: pd.DataFrame, blocks: Sequence[tuple[str, str]], ages: Sequence[int], caption: Caption
) -> Shown:
    """``frame`` (``label``, ``n``, ``age``, ``whole`` and a ratio for each block) as cells.

    ``blocks`` are (column, title), set side by side on a wide page and one below the
    other on a phone; each has a column an age in months. A cell that not everybody of
    its row has reached is hatched; one nobody has reached is empty.
    """
    labels = list(dict.fromkeys(frame["label"]))
    columns = [Column("label", "Started"), Column("n", "Accounts", "count")]
    columns.append(Column("age", "After months", "count"))
    columns += [Column(name, title, "pct") for name, title in blocks]
    columns.append(Column("seen", "Cell"))
    data = frame.assign(seen=frame["whole"].map({True: "complete", False: "incomplete"}))

    def paint(sheet: Sheet) -> None:
        _paint(sheet, frame, labels, blocks, ages)

    rows = len(labels)
    return figure(
        paint, caption, data, columns,
        wide=20.0 * rows + 44, phone=(20.0 * rows + 46) * len(blocks),
    )  # fmt: skip


def _paint(
    sheet: Sheet,
    frame: pd.DataFrame,
    labels: list[str],
    blocks: Sequence[tuple[str, str]],
    ages: Sequence[int],
) -> None:
    ax, rows, wide = sheet.ax, len(labels), len(ages)
    sheet.margins(4, 4, 2, 2)
    ax.axis("off")
    side_by_side = not sheet.phone
    lead = 2.2 if side_by_side else 3.1
    across = lead + (len(blocks) * (wide + 0.5) - 0.5 if side_by_side else wide)
    block = rows + 2.2
    down = block if side_by_side else block * len(blocks)
    ax.set(xlim=(0, across), ylim=(down, 0))
    counts = frame.drop_duplicates("label").set_index("label")["n"]
    for number, (name, title) in enumerate(blocks):
        left = lead + (number * (wide + 0.5) if side_by_side else 0)
        top = 0.0 if side_by_side else number * block
        _heads(sheet, title, ages, left, top)
        if number == 0 or not side_by_side:
            for row, label in enumerate(labels):
                at = top + 2 + row + 0.5
                _text(sheet, 0, at, label, "ink", "left")
                _text(sheet, lead - 0.12, at, formats.count(counts[label]), "soft", "right")
            _text(sheet, lead - 0.12, top + 1.45, "n", "soft", "right")
        for label, age, whole, rate in zip(
            frame["label"], frame["age"], frame["whole"], frame[name], strict=True
        ):
            x, y = left + list(ages).index(age), top + 2 + labels.index(label)
            _cell(sheet, x, y, float(rate), whole=bool(whole))


def _heads(sheet: Sheet, title: str, ages: Sequence[int], left: float, top: float) -> None:
    sheet.ax.text(
        left, top + 0.5, title, fontsize=TYPE, color=light("ink"), va="center", fontweight="bold"
    )
    for place, age in enumerate(ages):
        words = f"{age} m" if sheet.phone else f"{age} months"
        _text(sheet, left + place + 0.5, top + 1.45, words, "soft", "center")


def _text(sheet: Sheet, x: float, y: float, words: str, tone: str, side: str) -> None:
    sheet.ax.text(x, y, words, fontsize=SMALL, color=light(tone), ha=side, va="center")


def _cell(sheet: Sheet, x: float, y: float, rate: float, *, whole: bool) -> None:
    depth = min(1.0, max(0.0, (rate - FLOOR) / (1 - FLOOR)))
    sheet.ax.bar(
        x + 0.5, 0.9, 0.94, bottom=y + 0.05, color=light("accent"), linewidth=0,
        alpha=0.05 + 0.35 * depth,
    )  # fmt: skip
    if not whole:
        for stroke in range(6):
            foot = x + 0.06 + stroke * 0.15
            sheet.ax.plot(
                [foot, foot + 0.13], [y + 0.95, y + 0.05], color=light("rule"), linewidth=1
            )
    words = formats.pct(rate, 0) if sheet.phone else formats.pct(rate)
    _text(sheet, x + 0.5, y + 0.5, words, "ink", "center")
