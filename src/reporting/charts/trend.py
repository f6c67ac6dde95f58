"""The trend: numbers over months, each line named at its end, its target dashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import seaborn as sns

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, spread, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.formats import missing
from reporting.shown import Shown
from reporting.theme import SERIES, light


@dataclass(frozen=True)
class Line:
    """One line: the frame's column, its name in words, and optionally its target, the columns
    of an interval around it, and whether it stands back (drawn in grey)."""

    name: str
    label: str
    target: float | None = None
    low: str = ""
    high: str = ""
    back: bool = False


def trend(
    frame: pd.DataFrame,
    lines: Sequence[Line],
    caption: Caption,
    kind: Literal["pct", "money", "count", "number"] = "pct",
    unit: str = "",
    events: Mapping[str, str] | None = None,
    *,
    zero: bool = False,
) -> Shown:
    """``frame`` (a ``month`` column and one column a line, oldest first) as lines.

    Months are spaced evenly; a missing value is a gap. At most four lines, each
    labelled at its end. ``events`` maps a month to a few words set at its place; ``zero``
    starts the scale there, so that a small change looks small.
    ``ValueError`` for more lines or none.
    """
    if not 1 <= len(lines) <= len(SERIES):
        raise ValueError(f"a trend shows 1 to {len(SERIES)} lines, not {len(lines)}")

    def paint(sheet: Sheet) -> None:
        _paint(sheet, frame, lines, kind, unit, events or {}, zero)

    columns = [Column("month", "Month", "month")]
    columns += [Column(line.name, line.label, kind, unit=unit) for line in lines]
    return figure(paint, caption, frame, columns, wide=270, phone=250)


def _paint(
    sheet: Sheet,
    frame: pd.DataFrame,
    lines: Sequence[Line],
    kind: str,
    unit: str,
    events: Mapping[str, str],
    zero: bool,
) -> None:
    ax, months = sheet.ax, list(frame["month"])
    size = SMALL if sheet.phone else TYPE
    ends = [f"{line.label} {_last(frame[line.name], kind, unit)}" for line in lines]
    targets = [line for line in lines if line.target is not None]
    room = max(text_width(text, size) for text in ends)
    if sheet.phone:
        room = max(text_width(_last(frame[line.name], kind, unit), size) for line in lines)
    sheet.margins(46, room + 14, 18, 26)
    values = [
        float(value)
        for line in lines
        for name in (line.name, line.low, line.high)
        if name
        for value in frame[name]
        if not missing(value)
    ] + [float(line.target) for line in targets if line.target is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    low = min(low, 0.0) if zero else low
    pad = (high - low) * 0.12 or abs(high) * 0.05 or 1.0
    ax.set(
        xlim=(-0.3, len(months) - 0.7), ylim=(0.0 if zero and low == 0.0 else low - pad, high + pad)
    )
    ax.grid(axis="y")
    for line, token in zip(lines, _tokens(lines), strict=True):
        known = frame[line.name].astype(float)
        if line.low and line.high:
            bounds = (frame[line.low].astype(float), frame[line.high].astype(float))
            ax.fill_between(range(len(months)), *bounds, color=light("band-fill"), linewidth=0)
        sns.lineplot(x=range(len(months)), y=known, ax=ax, color=light(token), errorbar=None)
        held = known.dropna()
        if len(held):
            last = months.index(frame["month"].loc[held.index[-1]])
            ax.plot(last, held.iloc[-1], "o", color=light(token), markersize=5)
    for line in targets:
        _target(sheet, line, kind, unit)
    _name_ends(sheet, frame, lines, ends, kind, unit, size)
    for month, words in events.items():
        if month in months:
            place = months.index(month)
            ax.axvline(place, color=light("rule"), linewidth=1)
            ax.annotate(
                words, (place, 1), (4, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", fontsize=SMALL, color=light("soft"), va="top",
            )  # fmt: skip
    step = max(1, round(len(months) / (4 if sheet.phone else 8)))
    shown = list(range(len(months) - 1, -1, -step))[::-1]
    ax.set_xticks(shown, [formats.month(months[index], short=True) for index in shown])
    ax.set(xlabel="", ylabel="")
    ax.locator_params(axis="y", nbins=5)
    ticks = [tick for tick in ax.get_yticks() if low - pad <= tick <= high + pad]
    ax.set_yticks(ticks, [_tick(tick, kind, unit) for tick in ticks])


def _tokens(lines: Sequence[Line]) -> list[str]:
    free = iter(SERIES)
    return ["series-4" if line.back else next(free) for line in lines]


def _last(values: pd.Series, kind: str, unit: str) -> str:
    held = values.dropna()
    return formats.value(held.iloc[-1], kind, unit) if len(held) else formats.MISSING


def _tick(value: float, kind: str, unit: str) -> str:
    if kind == "pct":
        whole = abs(value * 100 - round(value * 100)) < 1e-9
        return formats.pct(value, 0 if whole else 1)
    return formats.value(round(value) if kind == "money" else value, kind, unit)


def _target(sheet: Sheet, line: Line, kind: str, unit: str) -> None:
    if line.target is None:
        return
    sheet.ax.axhline(line.target, color=light("soft"), linewidth=1, dashes=(4, 3))
    sheet.ax.annotate(
        f"{line.label} target {formats.value(line.target, kind, unit)}",
        (0, line.target), (2, 3), xycoords=("axes fraction", "data"),
        textcoords="offset points", fontsize=SMALL, color=light("soft"),
    )  # fmt: skip


def _name_ends(
    sheet: Sheet,
    frame: pd.DataFrame,
    lines: Sequence[Line],
    ends: Sequence[str],
    kind: str,
    unit: str,
    size: float,
) -> None:
    """Each line's name and last value beside its end, moved apart where they would touch."""
    _, up = sheet.per_point()
    places = [
        float(held.iloc[-1]) if len(held := frame[line.name].dropna()) else 0.0 for line in lines
    ]
    low, high = sheet.ax.get_ylim()
    gap = (2.5 if sheet.phone else 1.35) * size * up
    edge = sheet.ax.get_xlim()[1]
    tokens = _tokens(lines)
    for place, text, line, token in zip(
        spread(places, gap, low, high), ends, lines, tokens, strict=True
    ):
        said = text
        if sheet.phone:
            said = f"{line.label}\n{_last(frame[line.name], kind, unit)}"
        sheet.ax.annotate(
            said, (edge, place), (2 if sheet.phone else 6, 0), textcoords="offset points",
            va="center", fontsize=size, color=light(token), fontweight="bold", linespacing=1.25,
        )  # fmt: skip
