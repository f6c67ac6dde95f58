"""Opportunities: chances to sell more, from the first hint to won or lost.

Every seat or product bought within a term, and every one agreed with a renewal, was an
opportunity first; more than as many came to nothing. What CS finds must be handed over: what is
not stays open, and what is not taken up is lost.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import NOT_YET, Floats, Instants, choose, days, numbering, spread
from warehouse.simulate.columns import Columns, Text, category, ids, take
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service
from warehouse.simulate.state import unit_prices
from warehouse.simulate.streams import Purpose, Streams

_KINDS = ("expansion", "cross_sell")
_SOURCES = ("cs", "sales", "product")
_CS, _SALES = 0, 1
_LOST = 0.045
_OPEN = 0.15

Rows = tuple[np.ndarray, np.ndarray, Instants, np.ndarray]
"""Account, kind, date closed, ARR won in cents."""


def opportunities(
    life: Life, dates: Agreements, served: Service, streams: Streams, names: Text
) -> Columns:
    """The opportunities of a block's reported months, ordered by opportunity_id."""
    stream = streams.stream(Purpose.OPPORTUNITIES)
    parts = [_within(life, dates), _renewed(life, dates), _lost(life, served, stream)]
    account, kind, closed, amount = (np.concatenate([part[i] for part in parts]) for i in range(4))
    won = amount > 0
    count = len(account)
    lived = life.calendar.on(life.people.arrives, life.people.anchor)[account]
    found = np.maximum(closed - days(6.0 + 55.0 * stream.random(count)), lived)
    found = np.minimum(found, closed - days(np.full(count, 0.5)))
    handed = found + (closed - found) * (0.1 + 0.2 * stream.random(count))
    accepted = found + (closed - found) * (0.35 + 0.25 * stream.random(count))
    refused = ~won & (stream.random(count) < 0.2)
    never = ~won & (stream.random(count) < _OPEN)
    source = choose(stream.random(count), (0.5, 0.3, 0.2))
    kept = (source == _CS) & (stream.random(count) >= life.world.vendor.handoff)
    source = np.where(kept & won, _SALES, source)
    stuck = kept & ~won
    never |= stuck
    table: Columns = {
        "account_id": names[account],
        "kind": category(kind, _KINDS),
        "source": category(source, _SOURCES),
        "identified_at": _seconds(found),
        "handed_at": np.where(stuck, NOT_YET, _seconds(handed)),
        "accepted_at": np.where(refused | stuck, NOT_YET, _seconds(accepted)),
        "closed_at": np.where(never, NOT_YET, closed),
        "won": np.ma.masked_array(won, mask=never),
        "amount": np.ma.masked_array(amount, mask=~won),
        "known_at": _seconds(found + days(stream.random(count))),
    }
    inside = found >= life.calendar.opens[life.calendar.history]
    order = np.lexsort((kind, closed, found, account))
    order = order[inside[order]]
    account = account[order]
    numbers = ids("O", (life.people.number[account], 6), (numbering(account), 4))
    return {"opportunity_id": numbers, **take(table, order)}


def _within(life: Life, dates: Agreements) -> Rows:
    """What was bought within a term."""
    choices = life.events.choices
    prices = unit_prices(life.world, life.events.turn.terms.price, life.people.rate)
    held = choices.terms.owned & ~choices.added_products
    seats = choices.added_seats * (prices * held).sum(axis=1)
    new = (choices.terms.seats[:, None, :] * prices * choices.added_products).sum(axis=1)
    return _sold(seats, new, dates.sold)


def _renewed(life: Life, dates: Agreements) -> Rows:
    """What was bought with a renewal: more seats at the new price, or products not held before."""
    turn = life.events.turn
    renewed = turn.turned & ~turn.arrived & ~turn.returned
    before = np.roll(life.state.terms.seats, 1, axis=0), np.roll(life.state.terms.owned, 1, axis=0)
    prices = unit_prices(life.world, turn.terms.price, life.people.rate)
    more = np.maximum(turn.terms.seats - before[0], 0) * (prices * before[1]).sum(axis=1)
    added = turn.terms.owned & ~before[1]
    new = (turn.terms.seats[:, None, :] * prices * added).sum(axis=1)
    return _sold(more * renewed, new * renewed, dates.signed)


def _sold(seats: Floats, products: Floats, when: Instants) -> Rows:
    """Rows for what was won, from ARR [months, n] of each kind and the dates it closed."""
    months, account, kind, amount = [], [], [], []
    for index, arr in enumerate((seats, products)):
        month, who = np.nonzero(arr)
        months.append(month)
        account.append(who)
        kind.append(np.full(len(who), index))
        amount.append(arr[month, who])
    who = np.concatenate(account)
    closed = when[np.concatenate(months), who]
    return who, np.concatenate(kind), closed, np.concatenate(amount).astype(np.int64)


def _lost(life: Life, served: Service, stream: np.random.Generator) -> Rows:
    """Chances that came to nothing; busier accounts have more of them."""
    mean = _LOST * (0.4 + life.signals.used[served.month]) * served.share
    month, account = np.nonzero(stream.random(mean.shape) < mean)
    low, high = served.low[month, account], served.high[month, account]
    found = spread(low, high, stream.random(len(month)))
    closed = _seconds(found + days(15.0 + 75.0 * stream.random(len(month))))
    kind = (stream.random(len(month)) < 0.3).astype(np.int64)
    return account, kind, closed, np.zeros(len(month), dtype=np.int64)


def _seconds(when: Instants) -> Instants:
    """``when`` without its fraction of a second."""
    return when.astype("datetime64[s]").astype("datetime64[us]")
