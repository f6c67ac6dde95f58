"""Folds: models side by side, every test they sat, and the doubt about their mean."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import seaborn as sns

from reporting import formats
from reporting.canvas import SMALL, TYPE, Sheet, text_width
from reporting.cells import Column
from reporting.figure import Caption, figure
from reporting.shown import Shown
from reporting.text import shorten
from reporting.theme import light


def folds(
    scores: pd.DataFrame,
    summary: pd.DataFrame,
    caption: Caption,
    kind: Literal["pct", "number"] = "number",
    *,
    ours: str = "",
    digits: int = 2,
) -> Shown:
    """``scores`` (``model``, ``fold``, ``value``) as dots, ``summary`` (``model``, ``value``,
    ``low``, ``high``) as a mark with its interval, one row a model in the summary's order.

    ``ours`` is the model that stands out. The data behind the chart is the summary
    with how many folds each model was tested on.
    """
    tests = scores.groupby("model")["value"].size()
    data = summary.assign(folds=[int(tests.get(model, 0)) for model in summary["model"]])
    columns = [
        Column("model", "Model"),
        Column("value", "Overall", kind, digits=digits if kind == "number" else None),
        Column("low", "Interval from", kind, digits=digits if kind == "number" else None),
        Column("high", "to", kind, digits=digits if kind == "number" else None),
        Column("folds", "Folds", "count"),
    ]

    def paint(sheet: Sheet) -> None:
        _paint(sheet, scores, summary, kind, ours, digits)

    rows = len(summary)
    return figure(paint, caption, data, columns, wide=42.0 * rows + 34, phone=52.0 * rows + 34)


def _paint(
    sheet: Sheet, scores: pd.DataFrame, summary: pd.DataFrame, kind: str, ours: str, digits: int
) -> None:
    ax = sheet.ax
    models = [str(model) for model in summary["model"]]
    names = [shorten(model, 30) for model in models]
    left = 6.0 if sheet.phone else max(text_width(name) for name in names) + 12
    sheet.margins(left, 46, 4, 24)
    values = [*scores["value"], *summary["low"].dropna(), *summary["high"].dropna()]
    low, high = float(min(values)), float(max(values))
    pad = (high - low) * 0.06 or 0.01
    order = {model: place for place, model in enumerate(models)}
    dots = scores[scores["model"].isin(order)].assign(
        place=lambda rows: rows["model"].map(order).astype(float) + 0.2
    )
    ax.grid(axis="x")
    sns.scatterplot(
        dots, x="value", y="place", ax=ax, color=light("unscored-fill"), s=20,
        linewidth=0, alpha=0.75, legend=False,
    )  # fmt: skip
    ends = summary[["value", "low", "high"]].astype(float).to_numpy()
    for place, (value, lower, upper) in enumerate(ends):
        best = models[place] == ours
        tone = light("accent" if best else "soft")
        at = place - 0.06
        if lower <= upper:
            ax.plot([lower, upper], [at, at], color=tone, linewidth=2)
        ax.plot(value, at, "D" if best else "o", color=tone, markersize=7)
        ax.annotate(
            _written(float(value), kind, digits), (1, at), (6, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            color=tone, fontweight="bold" if best else "normal",
        )  # fmt: skip
        if sheet.phone:
            ax.annotate(
                names[place], (0, place - 0.3), xycoords=("axes fraction", "data"),
                fontsize=SMALL, color=light("ink"), va="bottom",
            )  # fmt: skip
    ax.set(xlim=(low - pad, high + pad), ylim=(len(models) - 0.5, -0.65), xlabel="", ylabel="")
    ax.set_yticks([] if sheet.phone else range(len(models)), [] if sheet.phone else names)
    ax.tick_params(axis="y", labelcolor=light("ink"), labelsize=TYPE)
    ax.locator_params(axis="x", nbins=4 if sheet.phone else 7)
    ticks = [tick for tick in ax.get_xticks() if low - pad <= tick <= high + pad]
    ax.set_xticks(ticks, [_written(tick, kind, digits) for tick in ticks])


def _written(value: float, kind: str, digits: int) -> str:
    return formats.pct(value, 0) if kind == "pct" else formats.number(value, digits)
