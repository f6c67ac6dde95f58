"""Pulses: what a CSM thinks of an account, written down now and then.

Large accounts are judged every month, middling ones each quarter, small ones twice a
year, on a working day. The opinion is late, noisy and kinder than the facts, and one that
has not changed is often not written down again.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import DAY, Instants
from warehouse.simulate.columns import Columns, Text, take
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service, office_hours
from warehouse.simulate.streams import Purpose, Streams

_REPEATED = 0.4


def pulses(life: Life, served: Service, streams: Streams, names: Text, csm: Text) -> Columns:
    """The pulses of a block, ordered by account and time; ``csm`` names each account's CSM."""
    stream = streams.stream(Purpose.PULSES)
    every = np.array([s.judged for s in life.world.segments])[life.people.segment]
    turn = (served.month[:, None] + life.people.number) % every == 0
    account, month = np.nonzero((turn & (served.share == 1.0)).T)
    given = office_hours(stream, served.low[month, account], served.high[month, account])
    given = _working_day(given)
    score = np.rint(life.watch.pulse[served.month[month], account])
    repeats = stream.random(len(account)) < _REPEATED
    same = (account[1:] == account[:-1]) & (score[1:] == score[:-1])
    table: Columns = {
        "account_id": names[account],
        "given_at": given,
        "score": score,
        "csm": csm[account],
        "known_at": given,
    }
    return take(table, repeats | ~np.r_[np.zeros(min(1, len(account)), dtype=np.bool_), same])


def _working_day(instant: Instants) -> Instants:
    """Each instant, two days earlier if on a weekend, or later where that is the month before."""
    date = instant.astype("datetime64[D]")
    weekend = (date.astype(np.int64) + 3) % 7 >= 5
    early = (date - date.astype("datetime64[M]")).astype(np.int64) < 2
    moved: Instants = instant + np.where(weekend, np.where(early, 2, -2), 0) * DAY
    return moved
