"""The timeline of a tiled table: where time is cut, and what lies between two cuts.

Time is cut at each cutoff, at the far edge of each of its windows, and where a month of
the company begins. Between two neighbouring cuts lies a tile; so every window is whole
tiles, to the microsecond, and no tile is longer than a month.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from warehouse.months import between, month_of, opens, shift

Ints = npt.NDArray[np.int64]
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """An instant (naive UTC) in microseconds since 1970."""
    return int(np.datetime64(instant, "us").astype(np.int64))


@dataclass(frozen=True)
class Piece:
    """A stretch of time whose news is read at once: a month, or a part of one.

    ``month`` is that month's name if it is the whole of it and its tiles can be kept.
    """

    since: datetime
    until: datetime
    month: str | None

    @property
    def number(self) -> int:
        """The month as a number, 202610; 0 for a part of one."""
        return int(self.month.replace("-", "")) if self.month else 0


@dataclass(frozen=True)
class Timeline:
    """The cuts (microseconds, ascending) and pieces that serve some cutoffs and windows."""

    cuts: Ints
    pieces: tuple[Piece, ...]
    longest: timedelta
    timezone: str

    @classmethod
    def of(cls, cutoffs: Iterable[datetime], windows: Iterable[int], timezone: str) -> Timeline:
        """The timeline of ``cutoffs`` (naive UTC) and ``windows`` (days).

        If every cutoff is the close of a month, time is cut as for all months, so that
        the tiles of one serve every other.
        """
        asked, windows = sorted(set(cutoffs)), sorted(set(windows))
        longest = windows[-1] * DAY
        months = between(month_of(asked[0] - longest, timezone), month_of(asked[-1], timezone))
        starts = [opens(month, timezone) for month in months]
        whole = set(asked) <= set(starts)
        edges = set(asked)
        if whole:
            reach = windows[-1] // 28 + 2
            far = between(shift(months[0], -reach), shift(months[-1], reach))
            edges = {opens(month, timezone) for month in far}
        cuts = {edge - w * DAY for edge in edges for w in (0, *windows)} | set(starts)
        stops = sorted({*starts, *asked})
        pieces = tuple(
            Piece(since, until, month_of(since, timezone) if whole else None)
            for since, until in pairwise(stops)
            if since < asked[-1]
        )
        return cls(np.array(sorted(micros(c) for c in cuts)), pieces, longest, timezone)

    def tiles(self, since: datetime, until: datetime) -> Ints:
        """The starts of the tiles of ``[since, until)``, both of them cuts, ascending."""
        first, last = np.searchsorted(self.cuts, [micros(since), micros(until)])
        return self.cuts[first:last]

    def reach(self, piece: Piece) -> int:
        """The first instant (microseconds) that any cutoff wants the news of ``piece`` of."""
        return micros(piece.until - self.longest)

    def days(self, starts: Ints) -> Ints:
        """The company's own day (days since 1970) that each instant of ``starts`` lies in."""
        local = pd.to_datetime(starts, unit="us", utc=True).tz_convert(self.timezone)
        return local.tz_localize(None).to_numpy("datetime64[D]").astype(np.int64)

    def calendar(self, instants: pa.ChunkedArray, name: str) -> tuple[pa.Table, Ints]:
        """A row for each of ``instants``: itself as ``name``, its tile, its day as a bit.

        The tile is a place in the second result, the starts of all tiles there are; the
        bit of a day is 1 shifted by its distance from the tile's first day. Instants older
        than all cuts have no row.
        """
        told = np.unique(instants.to_numpy().astype("datetime64[us]").astype(np.int64))
        at = np.searchsorted(self.cuts, told, side="right") - 1
        told, at = told[at >= 0], at[at >= 0]
        present, tile = np.unique(at, return_inverse=True)
        starts = self.cuts[present]
        bit = np.left_shift(np.int64(1), self.days(told) - self.days(starts)[tile])
        table = pa.table(
            {
                name: pa.array(told.astype("datetime64[us]")),
                "tile": pa.array(tile.astype(np.int64)),
                "bit": pa.array(bit),
            }
        )
        return table, starts
