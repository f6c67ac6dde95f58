"""When things were signed and when notice was given: the dates behind the contract lines.

A renewal is agreed at its notice deadline or later, and notice to leave too. An
automatic renewal is booked as the deadline passes; others are signed between the
deadline and the end, a few after it, back-dated. No date precedes the month in which
the customer decided, so what a date reveals was true by then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import DAY, NOT_YET, Flags, Floats, Instants, Ints, days, spread
from warehouse.simulate.life import Life
from warehouse.simulate.state import Kind
from warehouse.simulate.streams import Purpose, Streams, uniforms

_DEADLINE = 30
_MORNING = np.timedelta64(9 * 3600, "s").astype("timedelta64[us]")
REASONS = ("voluntary", "payment_failure", "merged")
_VOLUNTARY, _UNPAID, _MERGED = range(3)


@dataclass(frozen=True)
class Agreements:
    """Dates as [months, n], at the month in which a term begins (or seats are added).

    ``signed`` and ``known`` are when the term was agreed and booked; ``cancelled``,
    ``stopped`` and ``reason`` (-1: none) how that term ended, if it did so before its
    time or for good, and ``cause`` (-1: none) what made the customer leave. ``sold``,
    ``added`` and ``booked`` are when more was bought within a term, from which day, and
    when that was booked.
    """

    signed: Instants
    known: Instants
    cancelled: Instants
    stopped: Instants
    reason: Ints
    cause: Ints
    sold: Instants
    added: Instants
    booked: Instants


def agreements(life: Life, streams: Streams) -> Agreements:
    """The dates of every agreement of a block."""
    people, turn, calendar = life.people, life.events.turn, life.calendar
    shape = turn.turned.shape
    u = uniforms(streams.stream(Purpose.CONTRACTS), 8 * shape[0], people.place)
    u = u.reshape(8, *shape)
    month = np.arange(-calendar.history, shape[0] - calendar.history)[:, None]
    month = np.broadcast_to(month, shape)
    anchor = np.broadcast_to(people.anchor, shape)
    start = calendar.on(month, anchor)
    first = calendar.on(np.where(turn.decided < month, turn.decided, month), anchor * 0 + 1)
    deadline = np.maximum(start - people.notice * _DEADLINE * DAY, first)

    automatic = people.auto_renew & ~people.monthly
    signed = spread(deadline, np.where(automatic, deadline + 2 * DAY, start), u[0])
    late = ~automatic & ~people.monthly & (u[1] < life.world.vendor.late_renewals)
    signed = np.where(late, start + days(1.0 + 24.0 * u[2]), signed)
    signed = np.where(turn.returned, start - days(2.0 + 20.0 * u[2]), signed)
    signed = np.where(turn.arrived, start - days(3.0 + 32.0 * u[2]), signed)

    sold = spread(calendar.on(month, anchor * 0 + 1), calendar.on(month, anchor * 0 + 21), u[5])
    sold = sold + _MORNING
    added = (sold + days(1.0 + 5.0 * u[6])).astype("datetime64[D]").astype("datetime64[us]")
    cancelled, stopped, reason, cause = _endings(life, signed, start, first, deadline, u[3], u[4])
    lag = days(1.5 * u[7])
    known, booked = signed + lag, sold + lag
    return Agreements(signed, known, cancelled, stopped, reason, cause, sold, added, booked)


def _endings(
    life: Life,
    signed: Instants,
    start: Instants,
    first: Instants,
    deadline: Instants,
    when: Floats,
    hour: Floats,
) -> tuple[Instants, Instants, Ints, Ints]:
    """Notice, early stop, reason and cause of each term that ended, at the month it began."""
    people, turn = life.people, life.events.turn
    notice = np.where(
        people.auto_renew & ~people.monthly,
        spread(np.maximum(first, deadline - 15 * DAY), deadline + DAY, when),
        spread(deadline, start - DAY, when),
    )
    early = turn.left & (turn.kind != Kind.RENEWAL)
    notice = np.where(early, spread(first, np.minimum(start, first + 28 * DAY), when), notice)
    notice = np.where(turn.kind == Kind.PAYMENT, start + days(0.1 + 0.8 * hour), notice)
    replaced = turn.turned & ~turn.arrived & ~turn.returned & people.monthly
    notice = np.where(replaced, np.minimum(signed, start), notice)
    ends: Flags = turn.left | replaced
    at = np.nonzero(ends)
    term = (turn.ended[at] + life.calendar.history, at[1])

    cancelled = np.full(ends.shape, NOT_YET)
    stopped = np.full(ends.shape, NOT_YET)
    reason = np.full(ends.shape, -1, dtype=np.int64)
    cancelled[term] = notice[at]
    stopped[term] = np.where(early | replaced, start, NOT_YET)[at]
    why = np.where(turn.kind == Kind.PAYMENT, _UNPAID, _VOLUNTARY)
    why = np.where(turn.kind == Kind.MERGED, _MERGED, why)
    reason[term] = np.where(turn.left, why, -1)[at]
    cause = np.full(ends.shape, -1, dtype=np.int64)
    cause[term] = np.where(turn.left, turn.cause, -1)[at]
    return cancelled, stopped, reason, cause
