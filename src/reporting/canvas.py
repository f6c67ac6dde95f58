"""The drawing board: one painter, a wide and a narrow sheet, always the same bytes.

A figure is painted twice, because a phone needs another picture and not a
smaller one. Sheets are measured in points; on a page a point is about 1.2
pixels on both, so type has one size everywhere. Nothing of the reader's own
matplotlib settings gets in.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from reporting import svg
from reporting.theme import light

TYPE = 10.5
SMALL = 9.5
WIDE = 720.0
PHONE = 296.0

HOUSE: Any = {
    **{
        key: value
        for key, value in dict.items(matplotlib.rcParamsDefault)
        if not key.startswith(("backend", "interactive", "toolbar", "webagg"))
    },
    "svg.hashsalt": "perennial",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": TYPE,
    "text.color": light("ink"),
    "axes.labelcolor": light("soft"),
    "axes.edgecolor": light("rule"),
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "xtick.color": light("rule"),
    "ytick.color": light("rule"),
    "xtick.labelcolor": light("soft"),
    "ytick.labelcolor": light("soft"),
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "ytick.major.size": 0,
    "xtick.major.size": 3,
    "grid.color": light("hair"),
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.9,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.7,
}


@dataclass(frozen=True)
class Sheet:
    """One sheet to paint on: its only axes, its size in points, and whether it is for a phone."""

    ax: Axes
    width: float
    height: float
    phone: bool

    def margins(self, left: float, right: float, top: float, bottom: float) -> None:
        """Leave this much room around the axes, in points."""
        self.ax.set_position(
            (
                left / self.width,
                bottom / self.height,
                max(1.0, self.width - left - right) / self.width,
                max(1.0, self.height - top - bottom) / self.height,
            )
        )

    def per_point(self) -> tuple[float, float]:
        """Data units a point, across and up, for linear axes."""
        place = self.ax.get_position()
        (left, right), (low, high) = self.ax.get_xlim(), self.ax.get_ylim()
        return (
            (right - left) / (place.width * self.width),
            (high - low) / (place.height * self.height),
        )


Painter = Callable[[Sheet], None]


@dataclass(frozen=True)
class Drawing:
    """Both renderings as inline SVG, and the way to a PNG of the wide one."""

    wide: str
    phone: str
    png: Callable[[], bytes]


def draw(paint: Painter, label: str, wide: float, phone: float) -> Drawing:
    """Paint on a sheet ``wide`` points high and on a phone's ``phone`` points high.

    The same painter and data give the same bytes on every machine.
    """
    with matplotlib.rc_context(HOUSE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        big = _sheet(paint, WIDE, wide, phone=False)
        small = _sheet(paint, PHONE, phone, phone=True)
        return Drawing(
            wide=_svg(big, label, "pr-wide"),
            phone=_svg(small, label, "pr-phone"),
            png=lambda: _png(big),
        )


def _sheet(paint: Painter, width: float, height: float, *, phone: bool) -> Figure:
    figure = Figure(figsize=(width / 72, height / 72))
    paint(Sheet(figure.add_axes((0, 0, 1, 1)), width, height, phone))
    return figure


def _svg(figure: Figure, label: str, kind: str) -> str:
    raw = io.BytesIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(raw, metadata={"Date": None, "Creator": None})
    return svg.house(raw.getvalue(), label, kind)


def _png(figure: Figure) -> bytes:
    raw = io.BytesIO()
    with matplotlib.rc_context(HOUSE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        FigureCanvasAgg(figure)
        figure.savefig(raw, format="png", dpi=110, facecolor=light("paper"), metadata={})
    return raw.getvalue()


def text_width(text: str, size: float = TYPE) -> float:
    """Room ``text`` needs at ``size``, in points, whatever font the reader has."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size * (0.57 * (len(text) - wide) + 1.05 * wide)


def spread(places: list[float], gap: float, low: float, high: float) -> list[float]:
    """``places`` moved as little as needed to stand ``gap`` apart within ``[low, high]``.

    The order is kept. Labels at the end of lines are set this way.
    """
    order = sorted(range(len(places)), key=lambda index: (places[index], index))
    moved = [min(max(place, low), high) for place in places]
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    if order and moved[order[-1]] > high:
        moved[order[-1]] = high
        for after, before in pairwise(reversed(order)):
            moved[before] = min(moved[before], moved[after] - gap)
    return moved
