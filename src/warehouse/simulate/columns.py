"""A table under construction: columns of arrays, with text kept as codes into words.

Missing is NaT for an instant, a negative code for text, and the mask of a masked array
for a number or a flag. Money is whole cents until it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.simulate.arrays import Flags, Ints


@dataclass(frozen=True)
class Text:
    """A column of text: ``codes`` into ``words``; a negative code is missing."""

    codes: Ints
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: NDArray[Any]) -> Text:
        return Text(self.codes[index], self.words)


Cells = NDArray[Any] | Text
Columns = dict[str, Cells]


def rows(columns: Columns) -> int:
    """How many rows a table has."""
    return len(next(iter(columns.values())))


def take(columns: Columns, index: NDArray[Any]) -> Columns:
    """The rows of a table that ``index`` (positions, or a mask) names, in its order."""
    return {name: cells[index] for name, cells in columns.items()}


def joined(parts: Sequence[Columns]) -> Columns:
    """The rows of tables with the same columns, one after the other."""
    return {name: _joined([part[name] for part in parts]) for name in parts[0]}


def _joined(parts: Sequence[Cells]) -> Cells:
    texts = [part for part in parts if isinstance(part, Text)]
    if not texts:
        arrays: list[Any] = list(parts)
        masked: Any = np.ma.concatenate
        return masked(arrays) if any(map(np.ma.isMA, arrays)) else np.concatenate(arrays)
    if all(text.words is texts[0].words for text in texts):
        return Text(np.concatenate([text.codes for text in texts]), texts[0].words)
    first = np.cumsum([0, *(len(text.words) for text in texts[:-1])])
    codes = [
        np.where(text.codes < 0, -1, text.codes + start)
        for text, start in zip(texts, first, strict=True)
    ]
    return Text(np.concatenate(codes), [word for text in texts for word in text.words])


def blank(cells: Cells, missing: Flags) -> Cells:
    """``cells`` with nothing where ``missing``."""
    if isinstance(cells, Text):
        return Text(np.where(missing, -1, cells.codes), cells.words)
    if cells.dtype.kind == "M":
        return np.where(missing, np.datetime64("NaT", "us"), cells)
    return np.ma.masked_array(cells, mask=np.ma.getmaskarray(cells) | missing)


def labels(prefix: str, *parts: tuple[Ints, int]) -> list[str]:
    """One id a row: ``prefix``, then each part's number in its width, joined by hyphens.

    >>> labels("T", (np.array([7]), 6), (np.array([12]), 4))
    ['T000007-0012']
    """
    width = len(prefix) + sum(digits for _, digits in parts) + len(parts) - 1
    letters = np.full((len(parts[0][0]), width), ord("-"), dtype=np.uint8)
    letters[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    at = len(prefix)
    for number, digits in parts:
        rest = number.astype(np.int64)
        for place in range(at + digits - 1, at - 1, -1):
            rest, digit = np.divmod(rest, 10)
            letters[:, place] = digit + ord("0")
        at += digits + 1
    return letters.view(f"S{width}").ravel().astype(f"U{width}").tolist()


def ids(prefix: str, *parts: tuple[Ints, int]) -> Text:
    """A column of ids, one a row (see ``labels``)."""
    return Text(np.arange(len(parts[0][0]), dtype=np.int64), labels(prefix, *parts))


def category(codes: Ints, words: Sequence[str]) -> Text:
    """A column that says ``words[code]``."""
    return Text(codes.astype(np.int64), words)


def constant(word: str, count: int) -> Text:
    """A column that says ``word`` in each of its rows."""
    return Text(np.zeros(count, dtype=np.int64), (word,))
