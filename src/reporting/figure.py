"""The frame around every figure: its conclusion above, its data and its source beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from reporting import theme
from reporting.canvas import Painter, draw
from reporting.cells import Column, mark, words
from reporting.shown import Shown
from reporting.tables import markup
from reporting.text import clean, name

_SPOKEN = 14


@dataclass(frozen=True)
class Caption:
    """What is said around a figure: ``title`` its conclusion, ``shows`` what is drawn and in
    which unit, ``source`` the line beneath (as-of date, n, ARR covered, policy, snapshot)."""

    title: str
    shows: str = ""
    source: str = ""


def figure(
    paint: Painter,
    caption: Caption,
    data: pd.DataFrame,
    columns: Sequence[Column],
    *,
    wide: float = 300,
    phone: float = 300,
    signs: Sequence[theme.Mark] = (),
) -> Shown:
    """``paint`` framed: caption, both renderings, the numbers of ``data`` one click away.

    ``wide`` and ``phone`` are the two heights in points. The accessible name tells
    the conclusion and the first rows of ``data`` in words; ``signs`` are explained
    beside the caption. Without rows there is nothing to draw, and the figure says so.
    """
    label = alt(caption, data, columns)
    meaning = "".join(mark(sign) for sign in signs)
    shows = f'<span class="pr-shows">{name(caption.shows)}</span>' if caption.shows else ""
    key = f'<span class="pr-key">{meaning}</span>' if meaning else ""
    source = f'<p class="pr-source">{name(caption.source)}</p>' if caption.source else ""
    opening = (
        '<figure class="pr pr-figure mathjax_ignore"><figcaption>'
        f"<strong>{name(caption.title)}</strong>{shows}{key}</figcaption>"
    )
    rows = markup(data, columns)
    if data.empty:
        return Shown(f"{opening}{rows}{source}</figure>", label)
    tail = f"<details><summary>Data behind this chart</summary>{rows}</details>{source}"
    drawing = draw(paint, label, wide, phone)
    return Shown(
        html=f"{opening}{drawing.wide}{drawing.phone}{tail}</figure>",
        text=label,
        picture=drawing.png,
        live=f"{opening}<!--picture-->{tail}</figure>",
    )


def alt(caption: Caption, data: pd.DataFrame, columns: Sequence[Column]) -> str:
    """The figure in words: its conclusion, then its numbers, row by row."""
    told = []
    for row in data.head(_SPOKEN).itertuples(index=False, name=None):
        record = dict(zip(data.columns, row, strict=True))
        first, *rest = (words(record[column.name], column) for column in columns)
        told.append(f"{first} {', '.join(rest)}")
    more = len(data) - _SPOKEN
    tail = f"; and {more} more" if more > 0 else ""
    conclusion = clean(caption.title)
    stop = "" if conclusion.endswith((".", "!", "?")) else "."
    return f"{conclusion}{stop} {'; '.join(told) or 'Nothing to show'}{tail}."
