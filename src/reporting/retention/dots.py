"""Dots: a rate of each group with its range, against a target and the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.formats import missing
from reporting.shown import Shown
from reporting.text import shorten
from reporting.theme import light


@dataclass(frozen=True)
class Block:
    """One rate: its column (with ``_low`` and ``_high`` beside it), its title, its target."""

    name: str
    title: str
    target: float | None = None


def dots(frame: pd.DataFrame, blocks: Sequence[Block], caption: Caption) -> Shown:
    """``frame`` (``label`` and each block's column, a row a group) as dots with ranges.

    The blocks share one scale. A target is dashed. A group without a rate has no dot.
    """
    columns = [Column("label", "Group", "name")]
    for block in blocks:
        columns += [
            Column(block.name, block.title, "pct"),
            Column(f"{block.name}_low", "Range from", "pct"),
            Column(f"{block.name}_high", "to", "pct"),
        ]

    def paint(sheet: Sheet) -> None:
        _paint(sheet, frame, blocks)

    rows = len(frame)
    return figure(
        paint, caption, frame, columns,
        wide=28.0 * rows + 50, phone=(34.0 * rows + 46) * len(blocks),
    )  # fmt: skip


def _paint(sheet: Sheet, frame: pd.DataFrame, blocks: Sequence[Block]) -> None:
    ax, rows = sheet.ax, len(frame)
    names = [shorten(name, 30) for name in frame["label"]]
    left = 4.0 if sheet.phone else max(text_width(name) for name in names) + 12
    sheet.margins(left, 6, 2, 4)
    ax.axis("off")
    low, high = _reach(frame, blocks)
    side = not sheet.phone
    gap, block_rows = 0.12 * (high - low), rows + 1.9
    step = (high - low) + gap
    ax.set(
        xlim=(low, low + step * (len(blocks) if side else 1) - gap),
        ylim=(block_rows * (1 if side else len(blocks)), 0),
    )
    for number, block in enumerate(blocks):
        right = number * step if side else 0.0
        top = 0.0 if side else number * block_rows
        _block(sheet, frame, block, (low, high), right, top, names if not side else [])
    if side:
        for row, name in enumerate(names):
            ax.annotate(
                name, (low, row + 1.5), (-10, 0), textcoords="offset points", ha="right",
                va="center", fontsize=TYPE, color=light("ink"), annotation_clip=False,
            )  # fmt: skip


def _reach(frame: pd.DataFrame, blocks: Sequence[Block]) -> tuple[float, float]:
    names = [f"{b.name}{side}" for b in blocks for side in ("", "_low", "_high")]
    seen = [float(v) for name in names for v in frame[name] if not missing(v)]
    seen += [block.target for block in blocks if block.target is not None]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    pad = (high - low) * 0.06 or 0.05
    return low - pad, high + pad


def _block(
    sheet: Sheet,
    frame: pd.DataFrame,
    block: Block,
    reach: tuple[float, float],
    right: float,
    top: float,
    names: Sequence[str],
) -> None:
    ax, rows = sheet.ax, len(frame)
    low, high = reach
    ax.text(
        low + right, top + 0.5, block.title, fontsize=TYPE, fontweight="bold",
        color=light("ink"), va="center",
    )  # fmt: skip
    foot = top + rows + 1
    ax.plot([low + right, high + right], [foot, foot], color=light("rule"), linewidth=0.8)
    for tick in _ticks(low, high):
        ax.plot([tick + right] * 2, [top + 1, foot], color=light("hair"), linewidth=0.8)
        ax.text(
            tick + right, foot + 0.42, formats.pct(tick, 0), fontsize=SMALL, ha="center",
            va="center", color=light("soft"),
        )  # fmt: skip
    if block.target is not None:
        at = block.target + right
        ax.plot([at, at], [top + 0.9, foot], color=light("soft"), linewidth=1, dashes=(4, 3))
        ax.text(
            at, top + 0.5, f"target {formats.pct(block.target, 0)}", fontsize=SMALL,
            ha="center", va="center", color=light("soft"),
        )  # fmt: skip
    numbers = frame[[block.name, f"{block.name}_low", f"{block.name}_high"]].astype("float64")
    for row, (rate, lower, upper) in enumerate(numbers.itertuples(index=False, name=None)):
        y = top + row + (1.65 if names else 1.5)
        if missing(rate):
            continue
        if not missing(lower):
            ax.plot([lower + right, upper + right], [y, y], color=light("accent"), linewidth=2)
        ax.plot(rate + right, y, "o", color=light("accent"), markersize=7)
        if names:
            for words, at, side in ((names[row], low, "left"), (formats.pct(rate), high, "right")):
                ax.annotate(
                    words, (at, y - 0.5), (0, -2), textcoords="offset points", ha=side,
                    va="top", fontsize=SMALL, color=light("ink"), annotation_clip=False,
                )  # fmt: skip
            continue
        ax.annotate(
            formats.pct(rate), (rate + right, y), (0, 6), textcoords="offset points",
            ha="center", va="bottom", fontsize=SMALL, color=light("ink"),
            bbox={"facecolor": light("paper"), "linewidth": 0, "pad": 1},
        )  # fmt: skip


def _ticks(low: float, high: float) -> list[float]:
    """Round percentages within reach: every 5, or 10 where there would be many."""
    step = 5 if high - low <= 0.3 else 10 if high - low <= 0.8 else 25
    first = int(low * 100 // step + 1) * step
    return [whole / 100 for whole in range(first, int(high * 100) + 1, step)]
