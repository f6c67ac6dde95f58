"""Risk against value: every account a mark, the ones that matter named."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.text import shorten
from reporting.theme import BANDS, band, light

_SIZES = {"D": 30, "^": 40, "o": 26}
_SIDES = (
    (7, 0, "left"), (-7, 0, "right"), (0, 10, "center"), (0, -10, "center"),
    (3, 10, "left"), (-3, 10, "right"), (3, -10, "left"), (-3, -10, "right"),
    (12, 20, "left"), (-12, 20, "right"), (12, -20, "left"), (-12, -20, "right"),
)  # fmt: skip
Box = tuple[float, float, float, float]


def scatter(
    frame: pd.DataFrame,
    caption: Caption,
    currency: str = "EUR",
    *,
    named: int = 8,
    risk: str = "risk",
    value: str = "arr",
    label: str = "name",
    band_of: str = "band",
    across: str = "Probability of leaving",
    up: str = "ARR, log scale",
) -> Shown:
    """Accounts by ``risk`` (a ratio) and ``value`` (cents, above zero, on a log scale).

    Shape and colour are the band. The ``named`` accounts with the most expected
    loss (risk x value, ties by label) carry their name where it fits. The data
    behind the chart lists the thirty with the most expected loss.
    """
    kept = (frame[value].astype("float64") > 0) & frame[risk].notna()
    known = frame[kept].astype({risk: "float64", value: "int64"})
    known["expected"] = (known[risk] * known[value]).round().astype("int64")
    order = known.sort_values(["expected", label], ascending=[False, True], kind="stable")

    def paint(sheet: Sheet) -> None:
        _paint(sheet, order, currency, named, (risk, value, label, band_of), (across, up))

    columns = [
        Column(label, "Account", "name"),
        Column(risk, across, "pct"),
        Column(value, "ARR", "money", unit=currency),
        Column("expected", "Expected loss", "money", unit=currency),
        Column(band_of, "Band", "band"),
    ]
    present = {band(value).key for value in order[band_of]}
    signs = [mark for key, mark in BANDS.items() if key in present]
    data = order[[column.name for column in columns]].head(30)
    return figure(paint, caption, data, columns, wide=340, phone=300, signs=signs)


def _paint(
    sheet: Sheet,
    rows: pd.DataFrame,
    currency: str,
    named: int,
    columns: tuple[str, str, str, str],
    axes: tuple[str, str],
) -> None:
    risk, value, label, band_of = columns
    ax = sheet.ax
    sheet.margins(48, 14, 20, 40)
    ax.set_yscale("log")
    highest = float(rows[risk].max()) if len(rows) else 1.0
    ax.set_xlim(-0.01, max(0.1, highest * 1.06))
    if len(rows):
        ax.set_ylim(float(rows[value].min()) / 1.5, float(rows[value].max()) * 1.8)
    ax.grid(axis="both")
    marks = [band(word) for word in rows[band_of]]
    for sign in reversed(BANDS.values()):
        chosen = rows.loc[[at for at, mark in zip(rows.index, marks, strict=True) if mark is sign]]
        hollow = sign.glyph == "○"
        ax.scatter(
            chosen[risk], chosen[value], s=_SIZES[sign.marker], marker=sign.marker,
            facecolor="none" if hollow else light(sign.fill),
            edgecolor=light(sign.fill) if hollow else light("paper"),
            linewidth=1.2 if hollow else 0.6, zorder=3,
        )  # fmt: skip
    ax.minorticks_off()
    _ticks(sheet, currency)
    ax.set_xlabel(axes[0], fontsize=SMALL)
    ax.annotate(
        axes[1], (0, 1), (-44, 8), xycoords="axes fraction",
        textcoords="offset points", fontsize=SMALL, color=light("soft"),
    )  # fmt: skip
    _names(sheet, rows.head(4 if sheet.phone else named), rows, risk, value, label)


def _ticks(sheet: Sheet, currency: str) -> None:
    ax = sheet.ax
    low, high = ax.get_ylim()
    steps = [10**power * lead for power in range(2, 13) for lead in (1, 3)]
    shown = [step for step in steps if low <= step <= high]
    ax.set_yticks(shown, [formats.money(step, currency) for step in shown])
    ax.locator_params(axis="x", nbins=4 if sheet.phone else 7)
    left, right = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if 0 <= tick <= right]
    ax.set_xticks(ticks, [formats.pct(tick, 0) for tick in ticks])
    ax.set_xlim(left, right)


def _names(
    sheet: Sheet, top: pd.DataFrame, rows: pd.DataFrame, risk: str, value: str, label: str
) -> None:
    """Names beside their marks: right, left, above or below, where nothing is covered."""
    ax = sheet.ax
    place = ax.get_position()
    box = (place.x0 * sheet.width, place.y0 * sheet.height)
    size = (place.width * sheet.width, place.height * sheet.height)

    def points(x: float, y: float) -> tuple[float, float]:
        across, up = ax.transAxes.inverted().transform(ax.transData.transform((x, y)))
        return box[0] + across * size[0], box[1] + up * size[1]

    centres = [points(float(x), float(y)) for x, y in zip(rows[risk], rows[value], strict=True)]
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in centres]
    for x, y, text in zip(top[risk], top[value], top[label], strict=True):
        said = shorten(text, 18 if sheet.phone else 26)
        wide, (px, py) = text_width(said, SMALL), points(float(x), float(y))
        for dx, dy, side in _SIDES:
            left = {"left": px + dx, "right": px + dx - wide, "center": px - wide / 2}[side]
            spot = (left, py + dy - 6, left + wide, py + dy + 6)
            inside = spot[0] >= box[0] and spot[2] <= sheet.width - 2
            if inside and not any(_touch(spot, other) for other in taken):
                taken.append(spot)
                far = {"arrowstyle": "-", "color": light("soft"), "linewidth": 0.6, "shrinkB": 3}
                ax.annotate(
                    said, (x, y), (dx, dy), textcoords="offset points", ha=side,
                    va="center", fontsize=SMALL, color=light("ink"),
                    arrowprops=far if abs(dy) > 10 else None,
                )  # fmt: skip
                break


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
