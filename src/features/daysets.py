"""Sets of days as bits: how many, at weekends, in how many weeks, with what gaps.

A set is a column of 64-bit words, the days ascending; the last bit is the last day
before the cutoff. So the days of two tiles are those of both, whichever way a day is cut.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ALL = np.uint64(2**64 - 1)
WEEK = 7
SATURDAY = 2  # 1970-01-03, in days since 1970


class DaySets:
    """The days of each account within reach of a cutoff.

    ``last`` is the last day before it (days since 1970), ``reach`` how many days back
    the longest window goes.
    """

    def __init__(self, accounts: int, last: int, reach: int) -> None:
        self.last = last
        length = -(-(reach + 1) // 64)  # a window that begins within a day reaches one day more
        self.first = last - 64 * length + 1
        self.words: Words = np.zeros((length, accounts), dtype=np.uint64)

    def add(self, masks: Ints, first: int) -> None:
        """Add a tile: the bits of ``masks``, of each account, count from the day ``first``."""
        place, shift = divmod(first - self.first, 64)
        told = masks.view(np.uint64)
        if place >= 0:
            self.words[place] |= told << np.uint64(shift)
        if shift and place + 1 < len(self.words):
            self.words[place + 1] |= told >> np.uint64(64 - shift)

    def count(self) -> Floats:
        """How many days."""
        days: Floats = np.bitwise_count(self.words).sum(axis=0, dtype=np.float64)
        return days

    def at_weekends(self) -> Floats:
        """How many Saturdays and Sundays."""
        every = np.arange(self.first, self.last + 1)
        weekend = np.isin((every - SATURDAY) % WEEK, (0, 1)).reshape(-1, 64)
        bits = weekend.astype(np.uint64) << np.arange(64, dtype=np.uint64)
        mask = bits.sum(axis=1, dtype=np.uint64)
        days: Floats = np.bitwise_count(self.words & mask[:, None]).sum(axis=0, dtype=np.float64)
        return days

    def weeks(self, window: int) -> Floats:
        """In how many of the whole weeks of the last ``window`` days there is any."""
        found = np.zeros(self.words.shape[1])
        for week in range(window // WEEK):
            newest = self.last - week * WEEK
            any_day = np.zeros(self.words.shape[1], dtype=np.bool_)
            for place, mask in self._masks(newest - WEEK + 1, newest):
                any_day |= (self.words[place] & mask) != 0
            found += any_day
        return found

    def _masks(self, first: int, last: int) -> Iterator[tuple[int, np.uint64]]:
        """The bits of the days from ``first`` to ``last``, word by word."""
        for place in range(len(self.words)):
            low = max(first - self.first - 64 * place, 0)
            high = min(last - self.first - 64 * place, 63)
            if low <= high:
                yield place, np.uint64((1 << (high + 1)) - (1 << low))

    def longest_gap(self, window: int) -> Floats:
        """The longest run of days without any among the last ``window``.

        All runs at once, by halving: a run of ``n + m`` days ends where one of ``m`` does
        and one of ``n`` ended ``m`` days before.
        """
        masks = dict(self._masks(self.last - window + 1, self.last))
        held = self.words[min(masks) :]
        told = np.zeros(held.shape[1], dtype=np.bool_)
        for place, mask in masks.items():
            told |= (self.words[place] & mask) != 0
        every = np.full(held.shape[1], float(window))  # of whoever has no day at all
        held = held[:, told]
        absent = np.array([~row & masks[place] for place, row in enumerate(held, min(masks))])
        powers = [absent]  # where a run of 1, 2, 4, ... days ends
        while 2 ** len(powers) <= window:
            half = powers[-1]
            powers.append(half & _later(half, 2 ** (len(powers) - 1)))
        longest = np.zeros(absent.shape[1], dtype=np.int64)
        ends = np.zeros_like(absent)
        for power in reversed(range(len(powers))):
            longer = powers[power] & np.where(longest > 0, _later(ends, 2**power), ALL)
            found = longer.any(axis=0)
            ends = np.where(found, longer, ends)
            longest += found * 2**power
        every[told] = longest
        return every

    def since_last(self) -> Floats:
        """Days from the last one to the day of the cutoff; NaN where there is none."""
        top = np.zeros(self.words.shape[1], dtype=np.uint64)
        base = np.zeros(self.words.shape[1])
        for place, word in enumerate(self.words):
            top = np.where(word != 0, word, top)
            base[word != 0] = 64 * place
        # The exponent of a number below 2^53 is exactly that of its highest bit.
        high, low = top >> np.uint64(32), top & np.uint64(0xFFFFFFFF)
        half = np.where(high != 0, high, low).astype(np.float64)
        day = self.first + base + np.where(high != 0, 32, 0) + np.frexp(half)[1] - 1
        return np.where(top != 0, self.last + 1 - day, np.nan)


def _later(days: Words, by: int) -> Words:
    """The days that come ``by`` days after ``days``."""
    words, bits = divmod(by, 64)
    moved = np.zeros_like(days)
    moved[words:] = days[: len(days) - words] << np.uint64(bits)
    if bits:
        moved[words + 1 :] |= days[: max(len(days) - words - 1, 0)] >> np.uint64(64 - bits)
    return moved
