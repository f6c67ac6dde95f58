"""Incidents: a product fails, and the accounts that use it are struck at the same moment."""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import DAY, Flags, Ints, choose, days, numbering
from warehouse.simulate.columns import Columns, Text, category, ids, take
from warehouse.simulate.drivers import RELIABILITY
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service
from warehouse.simulate.shocks import Shocks
from warehouse.simulate.streams import WHOLE_COMPANY, Purpose, Streams

_SEVERITIES = ("minor", "major", "critical")
_HOW_OFTEN = (0.55, 0.35, 0.10)
_HOURS = np.array([1.0, 4.0, 11.0])


def incidents(
    life: Life, served: Service, shocks: Shocks, streams: Streams, names: Text
) -> Columns:
    """The incidents of a block, a row an account struck, ordered by incident_id."""
    stream = streams.stream(Purpose.INCIDENTS)
    struck: Flags = life.events.choices.jumped[served.month, RELIABILITY]
    account, month = np.nonzero((struck & served.any).T)
    count = len(account)
    owned = life.state.terms.owned[served.month[month], :, account]
    failed = shocks.incident[served.month[month]] & owned
    shared: Flags = np.asarray(failed.any(axis=1))
    product = _one_of(np.where(shared[:, None], failed, owned), stream.random(count))

    common = Streams(streams.seed, WHOLE_COMPANY).stream(Purpose.INCIDENTS)
    everyone = common.random((4, len(served.month), len(life.world.products)))
    draw = np.where(shared, everyone[:, month, product], stream.random((4, count)))
    opens = life.calendar.opens[served.month[month]]
    began = opens + np.floor(27.0 * draw[0]).astype(np.int64) * DAY + days(draw[1])
    severity = choose(draw[2], _HOW_OFTEN)
    over = began + days(_HOURS[severity] * np.exp(1.2 * (draw[3] - 0.5)) / 24.0)
    inside = (began >= served.low[month, account]) & (began < served.high[month, account])
    table: Columns = {
        "account_id": names[account],
        "product": category(product, [p.name for p in life.world.products]),
        "severity": category(severity, _SEVERITIES),
        "started_at": began,
        "resolved_at": over,
        "known_at": began,
    }
    order = np.lexsort((began, account))
    order = order[inside[order]]
    account = account[order]
    numbers = ids("N", (life.people.number[account], 6), (numbering(account), 3))
    return {"incident_id": numbers, **take(table, order)}


def _one_of(chosen: np.ndarray, uniform: np.ndarray) -> Ints:
    """One True of each row of ``chosen`` [n, choices], by its uniform."""
    return choose(uniform, chosen.T.astype(np.float64))
