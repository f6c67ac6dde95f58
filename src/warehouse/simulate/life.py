"""A block of accounts lived from its first month to its last.

The loop is over months; inside a month everything is arrays. What is kept of each
month is stacked, so that the tables can be written from whole arrays [months, n].
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from warehouse.simulate.arrays import Ints
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.kernel import draws, step
from warehouse.simulate.policy import Plan, Watch, plan, unwatched, watch
from warehouse.simulate.population import Population
from warehouse.simulate.shocks import Shocks
from warehouse.simulate.signals import Signals, signals
from warehouse.simulate.state import Events, State, unborn
from warehouse.simulate.streams import Streams
from warehouse.simulate.world import World

Record = TypeVar("Record")


@dataclass(frozen=True)
class Life:
    """All months of one block: each field is what it is in a month, stacked as [months, ...].

    Index 0 is the first lived month, ``calendar.history`` the first reported one.
    """

    world: World
    calendar: Calendar
    people: Population
    state: State
    events: Events
    signals: Signals
    plan: Plan
    watch: Watch

    @property
    def reported(self) -> slice:
        """The reported months."""
        return slice(self.calendar.history, self.calendar.history + self.calendar.months)

    @property
    def arr(self) -> Ints:
        """ARR at the close of each month in cents, [months, n]; 0 where not a customer."""
        total = self.state.terms.arr(self.world, self.people.rate).sum(axis=1)
        return np.asarray(total * self.state.live, dtype=np.int64)


def live(
    world: World, calendar: Calendar, shocks: Shocks, people: Population, streams: Streams
) -> Life:
    """Live every month of a block once."""
    state, watched = unborn(world, people), unwatched(people.size)
    kept: list[tuple[State, Events, Signals, Plan, Watch]] = []
    for month in range(-calendar.history, calendar.lived - calendar.history):
        planned = plan(world, state, watched, streams, month)
        random = draws(world, streams, month, people.place)
        state, events = step(
            world, state, shocks.at(month, people.industry), planned.action, random
        )
        seen = signals(world, state, events.choices, streams, month)
        watched = watch(world, watched, state, events.choices, seen, streams, month)
        kept.append((state, events, seen, planned, watched))
    states, happened, seens, plans, watches = (list(column) for column in zip(*kept, strict=True))
    return Life(
        world,
        calendar,
        people,
        _stack(states),
        _stack(happened),
        _stack(seens),
        _stack(plans),
        _stack(watches),
    )


def _stack(records: list[Record]) -> Record:
    """One record whose arrays have the months as their first axis; the population is kept once."""
    first = records[0]
    stacked: dict[str, Any] = {}
    for field in fields(first):  # type: ignore[arg-type]
        values = [getattr(record, field.name) for record in records]
        if isinstance(values[0], np.ndarray):
            stacked[field.name] = np.stack(values)
        elif isinstance(values[0], Population):
            stacked[field.name] = values[0]
        else:
            stacked[field.name] = _stack(values)
    return type(first)(**stacked)
