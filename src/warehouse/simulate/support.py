"""Support tickets: more when quality is poor, more severe after an incident, answered late
when support is overloaded.

Each has a promised first reply (the SLA), by its priority and the account's tier.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import NOT_YET, choose, days, numbering, repeat
from warehouse.simulate.columns import Columns, Text, category, ids, take
from warehouse.simulate.drivers import RELIABILITY
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service, office_hours
from warehouse.simulate.shocks import Shocks
from warehouse.simulate.streams import Purpose, Streams

_PRIORITIES = ("low", "normal", "high", "urgent")
_REPLY_HOURS = np.array([14.0, 7.0, 2.5, 0.7])
_WORK_HOURS = np.array([60.0, 36.0, 22.0, 9.0])
_PROMISED_HOURS = np.array([48.0, 24.0, 8.0, 2.0])
_TIER = np.array([1.5, 1.0, 0.75])
"""What the account's tier makes of the promise."""
_ABOUT_WHAT_FAILED = 8.0
_RATED = 0.35
_REOPENED = 0.05


def tickets(life: Life, served: Service, shocks: Shocks, streams: Streams, names: Text) -> Columns:
    """The tickets of a block, ordered by ticket_id."""
    stream = streams.stream(Purpose.TICKETS)
    counts = stream.binomial(life.signals.tickets[served.month], served.share)
    owner, _ = repeat(counts.T.ravel())
    account, month = np.divmod(owner, len(served.month))
    at = (served.month[month], account)
    opened = office_hours(stream, served.low[month, account], served.high[month, account])
    order = np.lexsort((opened, account))
    count = len(order)
    severe = stream.random(count) < life.signals.severe[at]
    minor = stream.random(count)
    priority = np.where(severe, 2 + (minor < 0.3), (minor < 0.6).astype(np.int64))
    slow = stream.random(count) < life.signals.slow[at]
    wait = _REPLY_HOURS[priority] * np.exp(0.7 * stream.standard_normal(count))
    replied = opened + days(wait * np.where(slow, 6.0, 1.0) / 24.0)
    work = _WORK_HOURS[priority] * np.exp(0.9 * stream.standard_normal(count))
    resolved = replied + days(work * np.where(slow, 1.8, 1.0) / 24.0)
    people = life.people
    promised = opened + days(_PROMISED_HOURS[priority] * _TIER[people.tier[account]] / 24.0)
    owned = life.state.terms.owned[at[0], :, account].T.astype(np.float64)
    failed = (
        shocks.incident[at[0]] & life.events.choices.jumped[at[0], RELIABILITY, account][:, None]
    )
    product = choose(stream.random(count), owned * np.where(failed.T, _ABOUT_WHAT_FAILED, 1.0))
    again = stream.random(count) < _REOPENED * np.where(slow, 3.0, 1.0)
    reopened = np.where(again, resolved + days(0.2 + stream.exponential(3.0, count)), NOT_YET)
    rates = stream.random(count) < _RATED
    rated = np.where(rates, resolved + days(stream.exponential(0.8, count)), NOT_YET)
    mood = 4.25 + 0.35 * (life.signals.mood[at] - 8.3) - 0.9 * slow
    rating = np.clip(np.rint(mood + 0.8 * stream.standard_normal(count)), 1, 5)
    table: Columns = {
        "account_id": names[account],
        "opened_at": opened,
        "priority": category(priority, _PRIORITIES),
        "product": category(product, [p.name for p in life.world.products]),
        "reply_due_at": promised,
        "replied_at": replied,
        "resolved_at": resolved,
        "reopened_at": reopened,
        "rated_at": rated,
        "rating": np.ma.masked_array(rating.astype(np.int64), mask=~rates),
        "known_at": opened,
    }
    account = account[order]
    numbers = ids("T", (people.number[account], 6), (numbering(account), 4))
    return {"ticket_id": numbers, **take(table, order)}
