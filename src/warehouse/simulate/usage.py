"""Daily use: one row an account, a product and a day on which somebody used it.

People active on a day = seats x share in use x share of those on an ordinary day x what
the product, the weekday, the holidays and the season make of it. A month's level is
reached over its days, from the level of the month before, so no day knows the next
month. Rows arrive the morning after.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import DAY, Floats, Ints
from warehouse.simulate.calendar import activity
from warehouse.simulate.columns import Columns, Text, category
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service
from warehouse.simulate.streams import Purpose, Streams

_LARGE = 10.0
_LOADED = np.timedelta64(3 * 3600, "s").astype("timedelta64[us]")
_BEYOND_CORE = 1.6
"""What brings a product beyond the core to its own ``use`` at the usual breadth."""


def usage(life: Life, served: Service, streams: Streams, names: Text) -> Columns:
    """The usage rows of a block, ordered by account, product and day."""
    stream = streams.stream(Purpose.USAGE)
    days = life.calendar.reported_days()
    busy = activity(days)[life.people.region]
    month = np.searchsorted(life.calendar.opens[served.month], days, side="right") - 1
    on = ((days[:, None] >= served.low[month]) & (days[:, None] < served.high[month])).T
    order = sorted(range(len(life.world.products)), key=lambda p: life.world.products[p].name)

    mean = np.stack([_by_day(life, served, p, month, days) for p in order], axis=1)
    mean *= (busy * on * life.world.telemetry)[:, None, :].astype(np.float32)
    cell = np.flatnonzero(mean)
    people = _counts(stream, mean.ravel()[cell])
    cell, people = cell[people > 0], people[people > 0]
    account, slot, day = np.unravel_index(cell, mean.shape)
    product = np.array(order)[slot]
    at = (served.month[month[day]], account)
    people = np.minimum(people, life.state.terms.seats[at])
    depth = life.signals.depth[at]
    minutes = _totals(stream, people, depth * _rate(life, "minutes")[product])
    return {
        "account_id": names[account],
        "product": category(product, [p.name for p in life.world.products]),
        "day": days[day],
        "active_users": people,
        "events": _totals(stream, people, depth * _rate(life, "events")[product]),
        "minutes": minutes,
        "errors": stream.poisson(minutes / 60.0 * life.signals.errors[at]),
        "known_at": days[day] + DAY + _LOADED,
    }


def _rate(life: Life, what: str) -> Floats:
    """Each product's ``events`` or ``minutes`` per person and day."""
    return np.array([getattr(p, what) for p in life.world.products], dtype=np.float64)


def _by_day(life: Life, served: Service, product: int, month: Ints, days: np.ndarray) -> Floats:
    """People expected on an ordinary day, as [n, days] of float32."""
    at = np.r_[served.month[0] - 1, served.month]
    state, signals, people = life.state, life.signals, life.people
    level = state.terms.seats[at] * signals.used[at] * signals.stick[at]
    level = level * life.world.products[product].use
    if product > 0:
        level = level * _BEYOND_CORE * signals.breadth[at] * np.exp(0.25 * people.affinity[product])
        held = np.cumsum(state.terms.owned[:, product] & state.live, axis=0)[at]
        level = level * np.minimum(0.4 + 0.2 * held, 1.0) * (held > 0)
    before, now = level[:-1], level[1:]
    turn = life.events.turn
    fresh = (turn.arrived | turn.returned)[served.month]
    before = np.where(fresh | (before == 0), now, before)
    now = np.where(turn.left[served.month], before, now)
    opens = life.calendar.opens
    length = (opens[served.month + 1] - opens[served.month])[month]
    part = ((days - opens[served.month][month] + DAY) / length).astype(np.float32)[:, None]
    before, now = before.astype(np.float32), now.astype(np.float32)
    return np.ascontiguousarray((before[month] * (1 - part) + now[month] * part).T)


def _counts(stream: np.random.Generator, mean: Floats) -> Ints:
    """Poisson counts, exact for small means, by the normal approximation for large ones."""
    count = np.empty(len(mean), dtype=np.int64)
    large = mean >= _LARGE
    count[~large] = stream.poisson(mean[~large])
    tall = mean[large]
    noise = stream.standard_normal(len(tall), dtype=np.float32)
    count[large] = np.rint(tall + np.sqrt(tall) * noise).astype(np.int64)
    return np.maximum(count, 0)


def _totals(stream: np.random.Generator, people: Ints, rate: Floats) -> Ints:
    """What ``people`` do in a day at ``rate`` each; at least one thing each."""
    noise = stream.standard_normal(len(people), dtype=np.float32)
    total = rate * (people + 0.6 * np.sqrt(people) * noise)
    return np.maximum(np.rint(total).astype(np.int64), people)
