"""Shares: a whole in its parts, one lying bar a period, all of one length."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.theme import Mark, light


def shares(
    frame: pd.DataFrame,
    marks: Sequence[Mark],
    caption: Caption,
    currency: str,
    *,
    label: str = "label",
) -> Shown:
    """``frame`` (``label`` and a column of cents for each mark's key) as bars of shares.

    Each bar is one row's whole; its total stands at its end, a part's share where it
    fits. A row that sums to nothing has no bar.
    """
    keys = [mark.key for mark in marks]
    data = frame.assign(total=frame[keys].sum(axis=1))
    columns = [Column(label, "Period")]
    columns += [Column(mark.key, mark.word, "money", unit=currency) for mark in marks]
    columns.append(Column("total", "Total", "money", unit=currency))

    def paint(sheet: Sheet) -> None:
        _paint(sheet, data, marks, currency, label)

    rows = len(data)
    return figure(
        paint, caption, data, columns, wide=27.0 * rows + 6, phone=44.0 * rows + 4, signs=marks
    )


def _paint(
    sheet: Sheet, data: pd.DataFrame, marks: Sequence[Mark], currency: str, label: str
) -> None:
    ax = sheet.ax
    size = SMALL if sheet.phone else TYPE
    names = [str(name) for name in data[label]]
    said = [formats.money(total, currency) for total in data["total"]]
    left = 4.0 if sheet.phone else max(text_width(name, size) for name in names) + 10
    sheet.margins(left, max(text_width(text, size) for text in said) + 10, 2, 2)
    ax.axis("off")
    ax.set(xlim=(0, 1), ylim=(len(data) - 0.5, -0.5))
    across, _ = sheet.per_point()
    thick, drop = (0.42, 0.16) if sheet.phone else (0.66, 0.0)
    for row, (text, words) in enumerate(zip(said, names, strict=True)):
        total = float(data["total"].iloc[row])
        start = 0.0
        for mark in marks:
            part = float(data[mark.key].iloc[row]) / total if total else 0.0
            if not part:
                continue
            ax.barh(
                row + drop, part, thick, left=start, color=light(mark.fill),
                edgecolor=light("paper"), linewidth=1,
            )  # fmt: skip
            told = formats.pct(part, 0)
            if text_width(told, SMALL) * across < part * 0.9:
                dark = mark.fill in ("watch-fill", "unscored-fill")
                ax.text(
                    start + part / 2, row + drop, told, ha="center", va="center",
                    fontsize=SMALL, color=light("on-watch" if dark else "on-fill"),
                )  # fmt: skip
            start += part
        ax.annotate(
            text, (1, row + drop), (6, 0), textcoords="offset points", va="center",
            fontsize=size, color=light("ink"), fontweight="bold", annotation_clip=False,
        )  # fmt: skip
        side, at = ("left", (0, row - 0.24)) if sheet.phone else ("right", (0, row))
        ax.annotate(
            words, at, (0 if sheet.phone else -8, 0), textcoords="offset points", va="center",
            ha=side, fontsize=size, color=light("ink"), annotation_clip=False,
        )  # fmt: skip
