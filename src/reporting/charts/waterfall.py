"""The walk: from an opening amount to a closing one, step by step."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.text import shorten
from reporting.theme import light

_CUT = 2.5
_UPRIGHT = 9  # steps; the names of more would run into each other


def waterfall(
    steps: pd.DataFrame,
    caption: Caption,
    currency: str = "EUR",
    *,
    good: Literal["up", "down"] = "up",
) -> Shown:
    """``steps`` as a waterfall, upright on a wide page, lying down on a phone or with many steps.

    ``steps`` has ``label``, ``amount`` (cents) and ``total`` (true for a level such
    as opening or closing, false for a signed change), in order. Where the levels
    dwarf the changes, their bars are cut at the foot, visibly, and the figure says
    from where. ``ValueError`` if a level differs from the sum up to it: a walk that
    does not arrive must not be drawn. ``good`` is the direction of a change for the better.
    """
    low, high = _ends(steps)
    reach = [max(a, b) for a, b in zip(low, high, strict=True)]
    depth = [min(a, b) for a, b in zip(low, high, strict=True)]
    changes = [index for index, total in enumerate(steps["total"]) if not total]
    foot = 0.0
    if changes:
        lowest = min(depth[index] for index in changes)
        span = max(reach) - lowest
        if lowest > _CUT * span:
            foot = lowest - 0.6 * span
    shown = caption
    if foot:
        cut = formats.money(round(foot), currency)
        shows = f"{caption.shows} Bars are cut below {cut}.".strip()
        shown = Caption(caption.title, shows, caption.source)

    def paint(sheet: Sheet) -> None:
        _paint(sheet, steps, (low, high), foot, currency, good)

    columns = [
        Column("label", "Step"),
        Column("amount", "Amount", "money", unit=currency, signed=False),
    ]
    wide = 280.0 if len(steps) <= _UPRIGHT else 24.0 * len(steps) + 8
    return figure(paint, shown, steps, columns, wide=wide, phone=34.0 * len(steps) + 16)


def _ends(steps: pd.DataFrame) -> tuple[list[float], list[float]]:
    """Where each bar starts and ends, in cents."""
    level = 0
    low: list[float] = []
    high: list[float] = []
    for label, amount, total in zip(steps["label"], steps["amount"], steps["total"], strict=True):
        if total:
            if low and int(amount) != level:
                raise ValueError(f"the walk reaches {level} cents at {label!r}, not {amount}")
            level = int(amount)
            low.append(0.0)
        else:
            low.append(float(level))
            level += int(amount)
        high.append(float(level))
    return low, high


def _paint(
    sheet: Sheet,
    steps: pd.DataFrame,
    ends: tuple[list[float], list[float]],
    foot: float,
    currency: str,
    good: Literal["up", "down"],
) -> None:
    ax, lying = sheet.ax, sheet.phone or len(steps) > _UPRIGHT
    low, high = ends
    places = list(range(len(steps)))
    top = max([*low, *high]) - foot
    lengths = [abs(b - max(a, foot)) for a, b in zip(low, high, strict=True)]
    starts = [max(min(a, b), foot) for a, b in zip(low, high, strict=True)]
    tones = [
        "total-fill"
        if total
        else ("healthy-fill" if (amount >= 0) == (good == "up") else "risk-fill")
        for amount, total in zip(steps["amount"], steps["total"], strict=True)
    ]
    colours = [light(tone) for tone in tones]
    ink, rule = light("ink"), light("rule")
    if lying:
        widest = max(text_width(shorten(label, 20), SMALL) for label in steps["label"])
        sheet.margins(widest + 8, 52, 4, 4)
        ax.barh(places, lengths, left=starts, color=colours, height=0.62)
        ax.set(xlim=(foot, foot + top * 1.02), ylim=(len(steps) - 0.4, -0.6))
    else:
        sheet.margins(6, 6, 20, 26)
        ax.bar(places, lengths, bottom=starts, color=colours, width=0.62)
        ax.set(ylim=(foot, foot + top * 1.02), xlim=(-0.5, len(steps) - 0.5))
    for index in places[:-1]:
        along, across = [index + 0.31, index + 0.69], [high[index]] * 2
        ax.plot(*(across, along) if lying else (along, across), color=rule, linewidth=1)
    if foot:
        _tear(sheet, lying, [i for i in places if low[i] == 0 and steps["total"].iloc[i]], foot)
    for index, amount, total in zip(places, steps["amount"], steps["total"], strict=True):
        said = formats.money(amount, currency, signed=not total)
        weight = "bold" if total else "normal"
        end = max(low[index], high[index])
        if lying:
            ax.annotate(
                said, (end, index), (5, 0), textcoords="offset points",
                va="center", fontsize=SMALL, color=ink, fontweight=weight,
            )  # fmt: skip
        else:
            ax.annotate(
                said, (index, end), (0, 4), textcoords="offset points",
                ha="center", color=ink, fontweight=weight,
            )  # fmt: skip
    names = [shorten(label, 20) for label in steps["label"]]
    ax.spines[["left", "bottom", "top", "right"]].set_visible(False)
    if lying:
        ax.set_xticks([])
        ax.set_yticks(places, names, color=ink)
    else:
        ax.set_yticks([])
        ax.set_xticks(places, names, color=ink, fontsize=SMALL)
        ax.spines["bottom"].set_visible(not foot)
        ax.tick_params(length=0)


def _tear(sheet: Sheet, lying: bool, bars: list[int], foot: float) -> None:
    """A torn edge at the foot of bars that do not start at zero."""
    across, up = sheet.per_point()
    size = 5 * (abs(across) if lying else up)
    for bar in bars:
        teeth = [bar - 0.33 + 0.66 * step / 8 for step in range(9)]
        edge = [foot + size * (1.6 if step % 2 else 0.6) for step in range(9)]
        under = [foot - size] * 9
        fill = sheet.ax.fill_betweenx if lying else sheet.ax.fill_between
        fill(teeth, edge, under, color=light("paper"), linewidth=0)
