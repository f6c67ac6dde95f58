"""Tiles: the news of one piece of time, a row for each account and tile.

Each row of the table is read once in its life, when it becomes news. A row that comes
late brings news of an old tile; a tile is the sum of all news of it so far.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.parts import NONE, REDUCED, Kind, Part
from features.timeline import Ints, Piece, Timeline
from warehouse.asof import news
from warehouse.contract import TABLES
from warehouse.engines import Reducer, collect, reduce
from warehouse.snapshot import Snapshot

BITS = 62  # words a column of bits can tell apart


@dataclass(frozen=True)
class Tiles:
    """A row for each account and tile of which there is news.

    ``account`` and ``tile`` are places in ``accounts`` and ``starts`` (the starts of the
    tiles), ``columns`` those of parts, no value standing as ``NONE``; ``words`` are the words
    behind the bits of a part. ``first`` is when the first of the news happened; ``None``
    without any.
    """

    accounts: pa.Array
    starts: Ints
    account: Ints
    tile: Ints
    columns: dict[str, Ints]
    words: dict[str, list[str]]
    first: datetime | None

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the parts there are."""
        return frozenset({*(name.partition("__")[0] for name in self.columns), *self.words})


def gathered(
    snapshot: Snapshot,
    table: str,
    parts: Iterable[Part],
    pieces: Sequence[Piece],
    timeline: Timeline,
) -> list[Tiles]:
    """The tiles of the news of each of ``pieces``, neighbours in time: one pass over the rows.

    Of several pieces each is a whole month.
    """
    happened = TABLES[table].happened
    rows = news(snapshot, table, pieces[0].since, pieces[-1].until)
    begins = collect(rows.group_by("news").agg(nw.col(happened).min().alias("first")))
    # Grouping finds the different values there are many times as fast as `unique` does.
    days = collect(rows.group_by(happened).agg(nw.len().alias("rows")))[happened]
    calendar, starts = timeline.calendar(days, happened)
    # What is older than every window is joined with no day, and so is left out.
    columns: dict[str, nw.Expr] = {}
    kinds: dict[str, Kind] = {}
    picks: dict[str, tuple[Reducer, str]] = {}
    words: dict[str, list[str]] = {}
    for part in parts:
        if part.kind == "words":
            rows, words[part.key] = _spelt(snapshot, rows, part)
            for column in range(-(-len(words[part.key]) // BITS)):
                name = f"{part.key}__{column}"
                columns[name] = part.counted(nw.col(f"{name}__bit"))
                picks[name], kinds[name] = ("bit_or", name), part.kind
        else:
            columns[part.key] = part.counted(part.value)
            picks[part.key], kinds[part.key] = (REDUCED[part.kind], part.key), part.kind
    # What is older than every window is joined with no day, and so is left out.
    rows = rows.join(snapshot.lend(calendar), on=happened, how="inner")
    rows = rows.select("account_id", "tile", "news", **columns)
    told = reduce(rows, ["account_id", "tile", "news"], picks)
    first = dict(zip(begins["news"].to_pylist(), begins["first"].to_pylist(), strict=True))
    account = told["account_id"].combine_chunks().dictionary_encode()
    whole = Tiles(
        account.dictionary,
        starts,
        account.indices.to_numpy().astype(np.int64),
        told["tile"].to_numpy(),
        {name: _filled(told[name], kind) for name, kind in kinds.items()},
        words,
        min(first.values(), default=None),
    )
    if pieces[0].month is None:
        return [whole]
    return _parted(whole, told["news"].to_numpy(), first, pieces, timeline)


def _filled(column: pa.ChunkedArray, kind: Kind) -> Ints:
    if column.null_count:
        column = pc.fill_null(column, int(NONE.get(kind, 0)))
    numbers: Ints = column.to_numpy()
    return numbers


def _parted(
    whole: Tiles,
    news_of: Ints,
    first: dict[int, datetime],
    pieces: Sequence[Piece],
    timeline: Timeline,
) -> list[Tiles]:
    """The tiles of each of ``pieces``, whole months; ``news_of`` has the month of each row."""
    numbers = np.array([piece.number for piece in pieces])
    at = np.searchsorted(numbers, news_of).astype(np.uint8)
    order = np.argsort(at, kind="stable")
    bounds = np.searchsorted(at[order], np.arange(len(pieces) + 1))
    found = []
    for place, piece in enumerate(pieces):
        mine = order[bounds[place] : bounds[place + 1]]
        # What no later cutoff reaches must not depend on how many pieces were counted at once.
        lowest = int(np.searchsorted(whole.starts, timeline.reach(piece)))
        mine = mine[whole.tile[mine] >= lowest]
        found.append(
            replace(
                whole,
                account=whole.account[mine],
                tile=whole.tile[mine],
                columns={name: values[mine] for name, values in whole.columns.items()},
                first=first.get(piece.number),
            )
        )
    return found


def _spelt(
    snapshot: Snapshot, rows: nw.LazyFrame[Any], part: Part
) -> tuple[nw.LazyFrame[Any], list[str]]:
    """``rows`` with a bit for the word of each, and the words in the order of their bits."""
    told = rows.select(part.value.alias("word")).group_by("word").agg(nw.len().alias("rows"))
    said = collect(told)["word"]
    words = sorted(word for word in said.to_pylist() if word is not None)
    codes = np.arange(len(words))
    key = f"{part.key}__word"
    spelt = {key: pa.array(words, pa.string())}
    for column in range(-(-len(words) // BITS)):
        inside = codes // BITS == column
        bits = np.where(inside, np.left_shift(np.int64(1), codes % BITS), 0)
        spelt[f"{part.key}__{column}__bit"] = pa.array(bits, mask=~inside)
    rows = rows.with_columns(part.value.alias(key))
    return rows.join(snapshot.lend(pa.table(spelt)), on=key, how="left"), words
