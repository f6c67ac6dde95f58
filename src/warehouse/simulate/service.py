"""When each account was served: the days of a month between its first and its last."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Instants, Ints
from warehouse.simulate.life import Life


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
        return self.share > 0


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
