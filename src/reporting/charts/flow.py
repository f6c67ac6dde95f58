"""The flow: from the bands of last month to the bands of this one, in money."""

from __future__ import annotations

import pandas as pd
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, spread
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.theme import BANDS, Mark, band, light

NEW = Mark("new", "New", "+", "accent", "accent", "o")
GONE = Mark("gone", "Left", "×", "ink", "total-fill", "o")
_ORDER = {sign.key: sign for sign in (*BANDS.values(), NEW, GONE)}


def flow(
    frame: pd.DataFrame,
    caption: Caption,
    currency: str = "EUR",
    *,
    before: str = "before",
    now: str = "now",
    amount: str = "amount",
    sides: tuple[str, str] = ("Last month", "This month"),
) -> Shown:
    """``frame`` (``before``, ``now``, ``amount`` in cents, one row a pair) as ribbons between bars.

    ``before`` may be ``new``, ``now`` may be ``gone``, for accounts on one side
    only. Ribbons that change band stand out; the rest stays pale. The data behind
    the chart lists every pair, largest move first.
    """
    pairs = frame.assign(
        left=[_sign(word).key for word in frame[before]],
        right=[_sign(word).key for word in frame[now]],
    )
    pairs = pairs.groupby(["left", "right"])[amount].sum().reset_index()
    pairs = pairs[pairs[amount] > 0]

    def paint(sheet: Sheet) -> None:
        _paint(sheet, pairs, amount, currency, sides)

    data = pairs.assign(
        moved=pairs["left"] != pairs["right"],
        from_band=[_ORDER[key].word for key in pairs["left"]],
        to_band=[_ORDER[key].word for key in pairs["right"]],
    ).sort_values(["moved", amount, "left"], ascending=[False, False, True])
    columns = [
        Column("from_band", sides[0]),
        Column("to_band", sides[1]),
        Column(amount, "ARR", "money", unit=currency),
    ]
    return figure(paint, caption, data, columns, wide=280, phone=300)


def _sign(word: object) -> Mark:
    key = str(word).strip().lower()
    return _ORDER[key] if key in ("new", "gone") else band(word)


def _paint(
    sheet: Sheet, pairs: pd.DataFrame, amount: str, currency: str, sides: tuple[str, str]
) -> None:
    ax = sheet.ax
    room = 84 if sheet.phone else 120
    sheet.margins(room, room, 22, 6)
    ax.axis("off")
    total = float(pairs[amount].sum()) or 1.0
    gap = total * 0.035
    ax.set(xlim=(0, 1), ylim=(-total - gap * 5, 0))
    bar = 0.05 if sheet.phone else 0.022
    feet = {}
    for side, x in (("left", 0.0), ("right", 1.0 - bar)):
        sums = pairs.groupby(side)[amount].sum()
        keys = [key for key in _ORDER if key in sums.index]
        places, level = {}, 0.0
        for key in keys:
            height = float(sums[key])
            places[key] = (level, height)
            ax.add_patch(_box(x, level - height, bar, height, light(_ORDER[key].fill)))
            level -= height + gap
        feet[side] = places
        _labels(sheet, places, side, currency)
    used = {side: dict.fromkeys(places, 0.0) for side, places in feet.items()}
    keys = list(_ORDER)
    for row in sorted(
        pairs.to_dict("records"), key=lambda r: (keys.index(r["left"]), keys.index(r["right"]))
    ):
        left, right, size = str(row["left"]), str(row["right"]), float(row[amount])
        start = feet["left"][left][0] - used["left"][left]
        end = feet["right"][right][0] - used["right"][right]
        used["left"][left] += size
        used["right"][right] += size
        stays = left == right
        tone = light("unscored-fill" if stays else _ORDER[right].fill)
        ax.add_patch(_ribbon(bar, 1 - bar, start, end, size, tone, 0.18 if stays else 0.62))
    for x, words, side in ((0.0, sides[0], "left"), (1.0, sides[1], "right")):
        ax.annotate(
            words, (x, 1), (0, 8), xycoords="axes fraction", textcoords="offset points",
            ha=side, fontsize=SMALL, color=light("soft"),
        )  # fmt: skip


def _labels(sheet: Sheet, places: dict[str, tuple[float, float]], side: str, currency: str) -> None:
    size = SMALL if sheet.phone else TYPE
    _, up = sheet.per_point()
    low, high = sheet.ax.get_ylim()
    middles = [level - height / 2 for level, height in places.values()]
    lines = 2.5 if sheet.phone else 1.4
    set_at = spread([-m for m in middles], lines * size * up, -high, -low)
    for (key, (_, height)), place in zip(places.items(), set_at, strict=True):
        sign = _ORDER[key]
        joint = "\n" if sheet.phone else "  "
        said = f"{sign.glyph} {sign.word}{joint}{formats.money(round(height), currency)}"
        x, dx, align = (0.0, -6, "right") if side == "left" else (1.0, 6, "left")
        sheet.ax.annotate(
            said, (x, -place), (dx, 0), textcoords="offset points", ha=align, va="center",
            fontsize=size, color=light(sign.token), linespacing=1.2, annotation_clip=False,
        )  # fmt: skip


def _box(x: float, y: float, width: float, height: float, colour: str) -> PathPatch:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    return PathPatch(Path(corners), facecolor=colour, linewidth=0)


def _ribbon(
    x0: float, x1: float, start: float, end: float, size: float, colour: str, alpha: float
) -> PathPatch:
    half = (x0 + x1) / 2
    corners = [
        (x0, start), (half, start), (half, end), (x1, end),
        (x1, end - size), (half, end - size), (half, start - size), (x0, start - size), (x0, start),
    ]  # fmt: skip
    move, line, curve = Path.MOVETO, Path.LINETO, Path.CURVE4
    codes = [move, curve, curve, curve, line, curve, curve, curve, line]
    return PathPatch(Path(corners, codes), facecolor=colour, alpha=alpha, linewidth=0)
