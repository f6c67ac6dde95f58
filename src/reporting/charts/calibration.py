"""Calibration: of those told a probability, how many did it happen to?"""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, Sheet
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.theme import light


def calibration(frame: pd.DataFrame, caption: Caption) -> Shown:
    """``frame`` (``predicted``, ``observed``, ``low``, ``high`` as ratios, ``n``) a bin a row.

    A mark on the diagonal kept its word; its whisker is the interval given, its
    area grows with ``n``.
    """
    columns = [
        Column("predicted", "Predicted", "pct"),
        Column("observed", "Happened", "pct"),
        Column("low", "Interval from", "pct"),
        Column("high", "to", "pct"),
        Column("n", "n", "count"),
    ]

    def paint(sheet: Sheet) -> None:
        _paint(sheet, frame)

    return figure(paint, caption, frame, columns, wide=330, phone=290)


def _paint(sheet: Sheet, frame: pd.DataFrame) -> None:
    ax = sheet.ax
    side = 250.0
    right = 12.0 if sheet.phone else sheet.width - 52 - side * 1.5
    sheet.margins(52, right, 22, 40)
    top = max(0.05, float(frame[["predicted", "high", "observed"]].max().max())) * 1.05
    ax.set(xlim=(0, top), ylim=(0, top))
    ax.grid(axis="both")
    ax.plot([0, top], [0, top], color=light("soft"), linewidth=1, dashes=(4, 3))
    ax.annotate(
        "as predicted", (top, top), (-16, 0), textcoords="offset points",
        ha="right", va="center", fontsize=SMALL, color=light("soft"),
    )  # fmt: skip
    colour, most = light("accent"), float(frame["n"].max()) if len(frame) else 1.0
    ax.vlines(frame["predicted"], frame["low"], frame["high"], color=colour, linewidth=1.4)
    ax.plot(frame["predicted"], frame["observed"], color=colour, linewidth=1, alpha=0.5)
    area = [20 + 70 * float(n) / most for n in frame["n"]]
    ax.scatter(
        frame["predicted"], frame["observed"], s=area, color=colour,
        edgecolor=light("paper"), zorder=3,
    )  # fmt: skip
    ax.locator_params(nbins=5)
    for axis in (ax.xaxis, ax.yaxis):
        ticks = [tick for tick in axis.get_ticklocs() if 0 <= tick <= top]
        axis.set_ticks(ticks, labels=[formats.pct(tick, 0) for tick in ticks])
    ax.set_xlabel("Predicted", fontsize=SMALL)
    ax.annotate(
        "Happened", (0, 1), (-46, 8), xycoords="axes fraction",
        textcoords="offset points", fontsize=SMALL, color=light("soft"),
    )  # fmt: skip
