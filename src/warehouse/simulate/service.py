"""When each account was served, and when in that time people do things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Instants, Ints, days, spread
from warehouse.simulate.life import Life

_OPENS, _CLOSES = 0.30, 0.80


@dataclass(frozen=True)
class Service:
    """The served part of each reported month, [reported months, n].

    ``month`` is the index of each reported month within a life; ``low`` and ``high``
    the first instant served and the first not served any more (equal: not at all), and
    ``share`` what part of the month that is.
    """

    month: Ints
    low: Instants
    high: Instants
    share: Floats

    @property
    def any(self) -> Flags:
        """The account-months served at all."""
        return np.asarray(self.share > 0, dtype=np.bool_)


def service(life: Life) -> Service:
    """The served days of a block's reported months."""
    calendar, turn = life.calendar, life.events.turn
    month = np.arange(life.reported.start, life.reported.stop, dtype=np.int64)
    opens = calendar.opens[month][:, None]
    closes = calendar.opens[month + 1][:, None]
    anchor = calendar.on(month[:, None] - calendar.history, life.people.anchor[None, :])
    left, opened = turn.left[month], (turn.arrived | turn.returned)[month]
    live = life.state.live[month]
    low = np.where(opened, anchor, opens)
    high = np.where(left, anchor, np.where(live, closes, low))
    share = (high - low) / (closes - opens)
    return Service(month, low, high, share.astype(np.float64))


def office_hours(stream: np.random.Generator, low: Instants, high: Instants) -> Instants:
    """An instant in each [``low``, ``high``): mostly on weekdays, between seven and seven.

    Both ends are midnights. Three of four instants on a weekend move back to the
    Thursday or Friday before, unless that is before ``low``.
    """
    day = spread(low, high, stream.random(len(low))).astype("datetime64[D]")
    weekend = (day.astype(np.int64) + 3) % 7 >= 5
    earlier = np.asarray(day - np.timedelta64(2, "D"), dtype="datetime64[D]")
    moved = weekend & (stream.random(len(low)) < 0.75) & (earlier >= low)
    midnight: Instants = np.where(moved, earlier, day).astype("datetime64[us]")
    hour = stream.normal(0.54, 0.12, len(low))
    odd = (hour < _OPENS) | (hour > _CLOSES)
    hour = np.where(odd, _OPENS + (_CLOSES - _OPENS) * stream.random(len(low)), hour)
    later: Instants = midnight + days(hour)
    return later
