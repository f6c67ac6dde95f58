"""Where dirt falls: the tables of a block, and what it takes to stain and count their rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from warehouse.simulate.accounts import ACCOUNT
from warehouse.simulate.arrays import Flags, Ints
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.columns import Columns, Text, take
from warehouse.simulate.streams import Streams


@dataclass
class Soil:
    """The tables of a block as they get dirty, and how many rows each kind has stained."""

    tables: dict[str, Columns]
    calendar: Calendar
    products: tuple[str, ...]
    streams: Streams
    planted: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str, stained: int) -> None:
        self.planted[kind] = self.planted.get(kind, 0) + int(stained)

    def change(self, table: str, column: str, where: Flags, cells: np.ndarray) -> None:
        """Put ``cells`` in the rows ``where`` of a column that is no text."""
        now = dict(self.tables[table])
        changed = np.array(now[column], copy=True)
        changed[where] = cells
        self.tables[table] = now | {column: changed}

    def export(self, table: str) -> None:
        """Drop the rows of ``table`` that have not arrived by the export."""
        known = np.asarray(self.tables[table]["known_at"], dtype="datetime64[us]")
        if (known >= self.calendar.export).any():
            kept = np.flatnonzero(known < self.calendar.export)
            self.tables[table] = take(self.tables[table], kept)


def silence(soil: Soil, table: str, column: str, stream: np.random.Generator, share: float) -> int:
    """Empty a ``share`` of a column of words; how many were emptied."""
    cells = soil.tables[table][column]
    if not isinstance(cells, Text):
        raise TypeError(f"{column} is no column of words")
    empty = (cells.codes >= 0) & (stream.random(len(cells)) < share)
    soil.tables[table] = soil.tables[table] | {
        column: Text(np.where(empty, -1, cells.codes), cells.words)
    }
    return int(empty.sum())


def number_of(accounts: object) -> Ints:
    """The number of each row's account."""
    if not isinstance(accounts, Text):
        raise TypeError("an account is named by a word")
    each = np.array([int(word[1:]) for word in accounts.words], dtype=np.int64)
    return np.asarray(each[accounts.codes], dtype=np.int64)


def customers(accounts: Columns) -> Flags:
    """Which records of the accounts are those of customers, no dirt of an earlier kind."""
    owner = accounts["account_id"]
    if not isinstance(owner, Text):
        raise TypeError("an account is named by a word")
    return np.array([word.startswith(ACCOUNT) for word in owner.words])[owner.codes]


def into(soil: Soil, share: float) -> np.timedelta64:
    """So many days into the reported months, whole."""
    return np.timedelta64(int(len(soil.calendar.reported_days()) * share), "D")


def first_rows(owner: Ints, wanted: Ints) -> Ints:
    """The first row of each of ``wanted`` in the sorted ``owner``, -1 where it has none."""
    if len(owner) == 0:
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(owner, wanted), len(owner) - 1)
    return np.where(owner[at] == wanted, at, -1)
