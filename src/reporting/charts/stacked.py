"""Stacked bars: an amount by band, month after month."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.theme import BANDS, Mark, band, light


def stacked(
    frame: pd.DataFrame,
    caption: Caption,
    currency: str = "EUR",
    *,
    share: bool = False,
    value: str = "amount",
) -> Shown:
    """``frame`` (``month``, ``band``, ``amount`` in cents) as one bar a month, worst band lowest.

    Each bar carries its total, each part its amount where it fits; with ``share``
    bars are of equal height and parts are percentages. A month without rows is
    empty, not left out, only if the frame has it with amount 0.
    """
    keys = [band(word).key for word in frame["band"]]
    wide = (
        frame.assign(band=keys)
        .pivot_table(index="month", columns="band", values=value, aggfunc="sum", fill_value=0)
        .sort_index()
    )
    signs = [mark for key, mark in BANDS.items() if key in wide.columns]
    wide = wide[[sign.key for sign in signs]]
    total = wide.sum(axis=1)

    def paint(sheet: Sheet) -> None:
        _paint(sheet, wide, signs, currency, share=share)

    data = wide.assign(total=total).reset_index()
    columns = [Column("month", "Month", "month")]
    columns += [Column(sign.key, sign.word, "money", unit=currency) for sign in signs]
    columns.append(Column("total", "Total", "money", unit=currency))
    return figure(paint, caption, data, columns, wide=280, phone=270, signs=signs)


def _paint(
    sheet: Sheet, wide: pd.DataFrame, signs: list[Mark], currency: str, *, share: bool
) -> None:
    ax = sheet.ax
    sheet.margins(4, 4, 18, 24)
    totals = [float(total) for total in wide.sum(axis=1)]
    scale = [total or 1.0 for total in totals] if share else [1.0] * len(totals)
    top = 1.0 if share else max([*totals, 1.0])
    ax.set(xlim=(-0.5, len(wide) - 0.5), ylim=(0, top * 1.01))
    width = 0.72
    across, up = sheet.per_point()
    floor = [0.0] * len(wide)
    for sign in signs:
        parts = [float(v) / by for v, by in zip(wide[sign.key], scale, strict=True)]
        ax.bar(
            range(len(wide)), parts, width, bottom=floor, color=light(sign.fill),
            edgecolor=light("paper"), linewidth=0.8,
        )  # fmt: skip
        for index, part in enumerate(parts):
            said = (
                formats.pct(part, 0)
                if share
                else formats.money(wide[sign.key].iloc[index], currency)
            )
            roomy = text_width(said, SMALL) * across < width * 0.98 and part > 14 * up
            if roomy and sign.key != "not_scored":
                dark = sign.key == "watch"
                ax.text(
                    index, floor[index] + part / 2, said, ha="center", va="center",
                    fontsize=SMALL, color=light("on-watch" if dark else "on-fill"),
                )  # fmt: skip
        floor = [low + part for low, part in zip(floor, parts, strict=True)]
    size = SMALL if sheet.phone else SMALL + 0.5
    for index, total in enumerate(totals):
        said = formats.money(round(total), currency)
        if text_width(said, size) * across < 1.1:
            ax.annotate(
                said, (index, floor[index]), (0, 4), textcoords="offset points",
                ha="center", fontsize=size, color=light("ink"), fontweight="bold",
            )  # fmt: skip
    ax.set_yticks([])
    names = [formats.month(month, short=True) for month in wide.index]
    step = max(1, round(max(text_width(name, SMALL) for name in names) * across * 1.1 + 0.49))
    ax.set_xticks(range(0, len(wide), step), names[::step])
    ax.tick_params(length=0)
