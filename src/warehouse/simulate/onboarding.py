"""Onboarding: five steps from signature to first value, on a log-logistic clock.

The median time to first value is ten days for small accounts, three weeks for middling
ones and eight for large ones. An account that has not got there in half a year, or
that leaves before, never does.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import DAY, NEVER, NOT_YET, Instants, days
from warehouse.simulate.columns import Columns, Text, category
from warehouse.simulate.life import Life
from warehouse.simulate.streams import Purpose, Streams, uniforms

_STEPS = ("configured", "first_login", "first_value", "kickoff", "trained")
_SHARE = np.array([0.45, 0.25, 1.0, 0.10, 0.70])
"""The part of the way to first value at which each step is reached, in a typical start."""
_GIVEN_UP = 180.0


def first_signed(life: Life, dates: Agreements) -> Instants:
    """When each account first signed, [n]."""
    first = life.people.arrives + life.calendar.history
    return dates.signed[first, np.arange(life.people.size)]


def milestones(life: Life, dates: Agreements, streams: Streams, names: Text) -> Columns:
    """The onboarding steps of a block, ordered by account and step."""
    people, calendar = life.people, life.calendar
    stream = streams.stream(Purpose.MILESTONES)
    jitter = uniforms(stream, len(_STEPS), people.place).T
    signed = first_signed(life, dates)[:, None]
    share = _SHARE * np.where(_SHARE < 1.0, 0.7 + 0.6 * jitter, 1.0)
    taken = np.minimum(share, 1.0) * people.value_days[:, None]
    reached = signed + days(taken) + np.where(_SHARE < 1.0, 0, 1) * days(0.2 * jitter)
    median = np.array([s.value_days for s in life.world.segments])[people.segment][:, None]
    planned = (signed + days(1.0 + 1.2 * median * _SHARE)).astype("datetime64[D]")

    left = np.where(life.events.turn.left, np.arange(len(life.state.live))[:, None], NEVER)
    gone = calendar.on(np.minimum(left.min(axis=0), 3000) - calendar.history, people.anchor)
    never = (taken > _GIVEN_UP) | (reached >= gone[:, None] - DAY)
    account, step = np.indices(taken.shape).reshape(2, -1)
    starts = np.broadcast_to(signed, taken.shape).ravel()
    return {
        "account_id": names[account],
        "milestone": category(step, _STEPS),
        "started_at": starts,
        "planned_on": planned.astype("datetime64[us]").ravel(),
        "reached_at": np.where(never, NOT_YET, reached).ravel(),
        "known_at": starts,
    }
