"""Estimates: what is expected with its range, and what the past brought as a tick."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.formats import missing
from reporting.shown import Shown
from reporting.theme import light


def estimates(frame: pd.DataFrame, caption: Caption, currency: str, past: str) -> Shown:
    """``frame`` (``label``; ``expected``, ``low``, ``high``, ``before`` in cents) as ranges.

    A dot is what is expected, the band its range, the tick what ``past`` (months in
    words) brought, where that is known, the thin line nothing.
    """
    columns = [Column("label", "What", "text")]
    columns += [
        Column(name, title, "text")
        for name, title in (
            ("expected", "Expected"), ("low", "Range from"), ("high", "to"), ("before", past)
        )
    ]  # fmt: skip
    names = ["expected", "low", "high", "before"]
    data = frame.assign(**{n: [formats.money(v, currency) for v in frame[n]] for n in names})

    def paint(sheet: Sheet) -> None:
        _paint(sheet, frame, currency, past)

    rows = len(frame)
    return figure(paint, caption, data, columns, wide=54.0 * rows + 6, phone=70.0 * rows + 6)


def _paint(sheet: Sheet, frame: pd.DataFrame, currency: str, past: str) -> None:
    ax, ink, soft = sheet.ax, light("ink"), light("soft")
    names = [str(label) for label in frame["label"]]
    left = 4.0 if sheet.phone else max(text_width(name) for name in names) + 12
    sheet.margins(left, 30, 2, 2)
    ax.axis("off")
    seen = [float(v) for name in ("low", "high", "before") for v in frame[name] if not missing(v)]
    top, foot = max(*seen, 1.0), min(*seen, 0.0)
    ax.set(xlim=(foot, top), ylim=(len(frame), 0))
    across, _ = sheet.per_point()
    amounts = frame[["expected", "low", "high", "before"]].astype("float64")
    for row, (expected, low, high, before) in enumerate(amounts.itertuples(index=False, name=None)):
        y = row + (0.55 if sheet.phone else 0.45)
        ax.plot([0, 0], [y - 0.22, y + 0.22], color=light("soft"), linewidth=0.8)
        ax.barh(y, high - low, 0.3, left=low, color=light("accent"), alpha=0.22, linewidth=0)
        said = [formats.money(round(end), currency) for end in (low, high)]
        if sum(text_width(text, SMALL) for text in said) * across < (high - low) * 0.6:
            for text, end, step, side in zip(
                said, (low, high), (4, -4), ("left", "right"), strict=True
            ):
                ax.annotate(
                    text, (end, y), (step, 0), textcoords="offset points", ha=side,
                    va="center", fontsize=SMALL, color=ink,
                )  # fmt: skip
        ax.plot(expected, y, "o", color=light("accent"), markersize=8)
        ax.annotate(
            formats.money(round(expected), currency), (expected, y), (0, 10),
            textcoords="offset points", ha="center", va="bottom", fontsize=TYPE, color=ink,
            fontweight="bold",
        )  # fmt: skip
        if not missing(before):
            ax.plot([before, before], [y - 0.2, y + 0.2], color=ink, linewidth=1.8)
            words = f"{past}: {formats.money(round(before), currency)}"
            room = text_width(words, SMALL) * across / 2
            ax.annotate(
                words, (min(max(before, foot + room), top - room + 26 * across), y + 0.2), (0, -3),
                textcoords="offset points", ha="center", va="top", fontsize=SMALL, color=soft,
                annotation_clip=False,
            )  # fmt: skip
        at, side, step = (
            ((foot, row + 0.08), "left", 2) if sheet.phone else ((foot, y), "right", -8)
        )
        ax.annotate(
            names[row], at, (step, 0), textcoords="offset points", ha=side, va="center",
            fontsize=SMALL if sheet.phone else TYPE, color=ink, annotation_clip=False,
        )  # fmt: skip
