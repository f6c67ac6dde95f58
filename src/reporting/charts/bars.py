"""Bars: things compared by size, largest first, last period's value as a tick."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import seaborn as sns

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.formats import missing
from reporting.shown import Shown
from reporting.text import shorten
from reporting.theme import light


def bars(
    frame: pd.DataFrame,
    caption: Caption,
    kind: Literal["pct", "money", "count", "number"] = "money",
    unit: str = "",
    *,
    label: str = "label",
    value: str = "value",
    previous: str = "",
    tone: str = "accent",
    sort: bool = True,
) -> Shown:
    """``frame`` as lying bars from zero, each with its value at its end.

    ``previous`` names a column drawn as a tick across each bar: the same value a
    period ago. ``tone`` is the palette token of the bars. With ``sort`` the largest
    stands first, ties by label. Negative values go left of zero.
    """
    rows = frame
    if sort:
        rows = frame.sort_values([value, label], ascending=[False, True], kind="stable")

    def paint(sheet: Sheet) -> None:
        _paint(sheet, rows, kind, unit, label, value, previous, tone)

    columns = [Column(label, "What", "name"), Column(value, "Now", kind, unit=unit)]
    if previous:
        columns.append(Column(previous, "Before", kind, unit=unit))
    height = 24.0 * len(rows) + 14
    return figure(paint, caption, rows, columns, wide=height, phone=36.0 * len(rows) + 10)


def _paint(
    sheet: Sheet,
    rows: pd.DataFrame,
    kind: str,
    unit: str,
    label: str,
    value: str,
    previous: str,
    tone: str,
) -> None:
    ax, ink = sheet.ax, light("ink")
    size = SMALL if sheet.phone else TYPE
    names = [shorten(text, 44 if sheet.phone else 34) for text in rows[label]]
    sizes = [0.0 if missing(amount) else float(amount) for amount in rows[value]]
    before = [] if not previous else [0.0 if missing(v) else float(v) for v in rows[previous]]
    said = [formats.value(amount, kind, unit) for amount in rows[value]]
    room = max((text_width(text, size) for text in said), default=0.0) + 10
    left = 4.0 if sheet.phone else max((text_width(n, size) for n in names), default=0.0) + 10
    sheet.margins(left, room, 2, 6)
    places = list(range(len(rows)))
    high = max([*sizes, *before, 0.0]) or 1.0
    ax.set(xlim=(min([*sizes, *before, 0.0]), high), ylim=(len(rows) - 0.4, -0.6))
    drawn = pd.DataFrame({"place": places, "size": sizes})
    sns.barplot(
        drawn, x="size", y="place", orient="h", ax=ax, color=light(tone), saturation=1,
        native_scale=True, width=0.34 if sheet.phone else 0.62, errorbar=None,
    )  # fmt: skip
    ax.set(xlabel="", ylabel="", xticks=[], ylim=(len(rows) - 0.4, -0.6))
    ax.spines[["bottom", "left", "top", "right"]].set_visible(False)
    ax.set_yticks([] if sheet.phone else places, [] if sheet.phone else names, color=ink)
    ax.tick_params(axis="y", labelsize=size)
    reach = 0.22 if sheet.phone else 0.38
    for place, amount, text, words in zip(places, sizes, said, names, strict=True):
        end = max(amount, before[place] if before else 0.0, 0.0)
        ax.annotate(
            text, (end, place), (6, 0), textcoords="offset points",
            va="center", fontsize=size, color=ink,
        )  # fmt: skip
        if before:
            tick = ([before[place]] * 2, [place - reach, place + reach])
            ax.plot(*tick, color=light("paper"), linewidth=4.5)
            ax.plot(*tick, color=ink, linewidth=1.6)
        if sheet.phone:
            ax.annotate(
                words, (0, place - 0.3), (0, 1), textcoords="offset points",
                va="bottom", fontsize=size, color=ink,
            )  # fmt: skip
