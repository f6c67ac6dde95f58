"""What is held of a tiled table at a time: the tiles within reach, as known so far.

For each column of parts an array of tiles by accounts. The tiles come and go as time
moves on, in a ring; so a stretch of time is one or two blocks of memory, which is what
makes putting a window together as fast as reading it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.daysets import DaySets
from features.parts import NONE, Kind, Part
from features.tiles import BITS, Tiles
from features.timeline import MOMENT, Timeline, micros

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MERGE: dict[Kind, np.ufunc] = {
    "sum": np.add,
    "count": np.add,
    "max": np.maximum,
    "min": np.minimum,
    "days": np.bitwise_or,
    "words": np.bitwise_or,
}


class Held:
    """The tiles within reach: for each column of parts, tiles by ``accounts``."""

    def __init__(
        self,
        parts: Sequence[Part],
        accounts: pd.Index[str],
        timeline: Timeline,
        cutoffs: Sequence[datetime],
    ) -> None:
        self.timeline = timeline
        self.accounts = pa.array(accounts.to_numpy(dtype=object), pa.string())
        self.arrays: dict[str, Ints] = {}
        self.kinds: dict[str, Kind] = {part.key: part.kind for part in parts}
        self._words: dict[str, list[str]] = {}
        self.ring = max(len(timeline.tiles(c - timeline.longest, c)) for c in cutoffs)
        self._oldest = 0

    def add(self, tiles: Tiles) -> None:
        """The news of a piece joins what is known of its tiles."""
        where = pc.index_in(tiles.accounts, value_set=self.accounts)
        code = pc.fill_null(where, -1).to_numpy().astype(np.int64)[tiles.account]
        tile = np.searchsorted(self.timeline.cuts, tiles.starts)[tiles.tile]
        # Of accounts that are nobody's, and of what no window reaches, there is nothing to say.
        wanted = (code >= 0) & (tile >= self._oldest)
        at = (tile % self.ring) * len(self.accounts) + code
        at = at if wanted.all() else at[wanted]
        for name, kind, values in self._columns(tiles):
            array = self._array(name, kind).reshape(-1)
            values = values if wanted.all() else values[wanted]
            array[at] = MERGE[kind](array[at], values)

    def _array(self, name: str, kind: Kind) -> Ints:
        if name not in self.arrays:
            shape = (self.ring, len(self.accounts))
            self.arrays[name] = np.full(shape, NONE.get(kind, 0), dtype=np.int64)
        return self.arrays[name]

    def _columns(self, tiles: Tiles) -> Iterator[tuple[str, Kind, Ints]]:
        """The columns of parts; the bits of words are those of the words known so far."""
        for key, kind in self.kinds.items():
            if kind != "words":
                yield key, kind, tiles.columns[key]
                continue
            known = self._words.setdefault(key, [])
            known += [word for word in tiles.words[key] if word not in known]
            if known[: len(tiles.words[key])] == tiles.words[key]:
                for column in range(-(-len(tiles.words[key]) // BITS)):
                    yield f"{key}__{column}", kind, tiles.columns[f"{key}__{column}"]
                continue
            for place, word in enumerate(tiles.words[key]):
                bits = tiles.columns[f"{key}__{place // BITS}"] >> (place % BITS) & 1
                column, bit = divmod(known.index(word), BITS)
                yield f"{key}__{column}", kind, bits << bit

    def blocks(self, name: str, since: datetime, until: datetime) -> Iterator[tuple[int, Ints]]:
        """The tiles of ``[since, until)`` in blocks, each with the place of its first cut."""
        first, last = np.searchsorted(self.timeline.cuts, [micros(since), micros(until)]).tolist()
        while first < last:
            row = first % self.ring
            size = min(last - first, self.ring - row)
            yield first, self.arrays[name][row : row + size]
            first += size

    def forget(self, cutoff: datetime) -> None:
        """Let go of the tiles that no window from ``cutoff`` on reaches; before its news come."""
        oldest = int(np.searchsorted(self.timeline.cuts, micros(cutoff - self.timeline.longest)))
        gone = np.arange(max(self._oldest, oldest - self.ring), oldest) % self.ring
        for name, array in self.arrays.items():
            array[gone] = NONE.get(self.kinds[name.partition("__")[0]], 0)
        self._oldest = max(self._oldest, oldest)


class Inside:
    """What lies inside a window that ends at ``cutoff`` and is widened step by step.

    ``reach`` has for each part of days the days of its longest window.
    """

    def __init__(self, held: Held, cutoff: datetime, reach: dict[str, int]) -> None:
        self._held = held
        self._total: dict[str, Ints] = {}
        self.days: dict[str, DaySets] = {}
        last = int(held.timeline.days(np.array([micros(cutoff - MOMENT)]))[0])
        for key, days in reach.items():
            if held.kinds[key] == "days":
                self.days[key] = DaySets(len(held.accounts), last, days)
        self._first = held.timeline.days(held.timeline.cuts)

    def widen(self, since: datetime, until: datetime, keys: Sequence[str]) -> None:
        """Add the tiles of ``[since, until)``, for the parts of ``keys``."""
        for name in self._held.arrays:
            key = name.partition("__")[0]
            if key not in keys:
                continue
            merge = MERGE[self._held.kinds[key]]
            for first, block in self._held.blocks(name, since, until):
                if key in self.days:
                    for place, masks in enumerate(block, first):
                        self.days[key].add(masks, int(self._first[place]))
                    continue
                total = merge.reduce(block, axis=0)
                before = self._total.get(name)
                self._total[name] = total if before is None else merge(before, total)

    def number(self, part: Part) -> Floats:
        """The number a part comes to, for each account; NaN for no value at all."""
        total = self._total.get(part.key)
        if total is None:
            return np.full(len(self._held.accounts), np.nan if part.kind in NONE else 0.0)
        value = total.astype(np.float64)
        if part.kind in NONE:
            value[total == NONE[part.kind]] = np.nan
        return value

    def words(self, key: str) -> Floats:
        """How many different words there are, for each account."""
        value = np.zeros(len(self._held.accounts))
        for name, total in self._total.items():
            if name.partition("__")[0] == key:
                value += np.bitwise_count(total)
        return value
