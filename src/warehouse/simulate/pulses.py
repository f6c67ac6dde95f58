"""Pulses: what a CSM thinks of an account, written down now and then.

Large accounts are judged every month, middling ones each quarter, small ones twice a
year. The opinion is late, noisy and kinder than the facts.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.columns import Columns, Text
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service, office_hours
from warehouse.simulate.streams import Purpose, Streams


def pulses(life: Life, served: Service, streams: Streams, names: Text, csm: Text) -> Columns:
    """The pulses of a block, ordered by account and time; ``csm`` names each account's CSM."""
    stream = streams.stream(Purpose.PULSES)
    every = np.array([s.judged for s in life.world.segments])[life.people.segment]
    turn = (served.month[:, None] + life.people.number) % every == 0
    account, month = np.nonzero((turn & (served.share == 1.0)).T)
    given = office_hours(stream, served.low[month, account], served.high[month, account])
    score = np.rint(life.watch.pulse[served.month[month], account])
    return {
        "account_id": names[account],
        "given_at": given,
        "score": score,
        "csm": csm[account],
        "known_at": given,
    }
