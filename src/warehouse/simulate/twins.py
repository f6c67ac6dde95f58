"""Twins: the same accounts lived again from a month of their past, many times.

What an account would have done cannot be read from what it did. Twins start from its
state, draw their own future with the same kernel and the same policy, and give two
answers: the chance of leaving that was in the stars so many months ahead (the full-latent
ceiling: nobody who knows only that month can sort better), and what a save play changed
(both arms under common random numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from warehouse.simulate.arrays import NEVER, Flags, Floats, Ints
from warehouse.simulate.drivers import Action
from warehouse.simulate.kernel import draws, step
from warehouse.simulate.life import Life
from warehouse.simulate.policy import Watch, plan, watch
from warehouse.simulate.population import Population
from warehouse.simulate.shocks import Shocks, onward
from warehouse.simulate.signals import signals
from warehouse.simulate.state import State
from warehouse.simulate.streams import BLOCK, Purpose, Streams

LEADS = (1, 3, 4, 6)
TWINS = 32
_AHEAD = 3
"""Months from the start of a save play to the last deadline it can still change."""

Record = TypeVar("Record")


@dataclass(frozen=True)
class Ceilings:
    """Decisions at a notice deadline in the reported months; every array is [decisions].

    ``account`` is the index in the block, ``month`` the one decided in (0: the first
    reported), ``left`` the choice, ``now`` the chance of it when choosing. ``ahead``
    [leads, decisions] is the chance as it stood each of ``LEADS`` months before, NaN
    where the account was not yet a customer.
    """

    account: Ints
    month: Ints
    left: Flags
    now: Floats
    ahead: Floats


@dataclass(frozen=True)
class Plays:
    """Accounts that could be given a save play; every array is [chances].

    ``spared`` and ``played`` are the chances of leaving at the coming deadline without
    and with the play.
    """

    account: Ints
    month: Ints
    propensity: Floats
    given: Flags
    spared: Floats
    played: Floats


def ceilings(life: Life, known: Shocks, streams: Streams) -> Ceilings:
    """The ceilings of every decision at a notice deadline in the reported months of a block."""
    history, choices = life.calendar.history, life.events.choices
    asked = choices.deciding & ~life.people.monthly
    month, account = np.nonzero(asked[life.reported])
    place = {pair: i for i, pair in enumerate(zip(month.tolist(), account.tolist(), strict=True))}
    ahead = np.full((len(LEADS), len(month)), np.nan)
    for start in range(-max(LEADS), life.calendar.months - 1):
        for lead, who, chance in _foretold(life, known, streams, start, asked):
            rows = [place[start + lead, int(i)] for i in who]
            ahead[LEADS.index(lead), rows] = chance
    at = (month + history, account)
    return Ceilings(account, month, choices.quits[at], choices.probability[at], ahead)


def _foretold(
    life: Life, known: Shocks, streams: Streams, start: int, asked: Flags
) -> Iterator[tuple[int, Ints, Floats]]:
    """For each lead: who decides that long after ``start``, and the chance of leaving."""
    now = start + life.calendar.history
    due = np.zeros((len(LEADS), life.people.size), dtype=np.bool_)
    for row, lead in enumerate(LEADS):
        if 0 <= start + lead < life.calendar.months:
            due[row] = asked[now + lead] & life.state.live[now]
    who = np.flatnonzero(due.any(axis=0))
    if len(who) == 0:
        return
    last = LEADS[int(np.flatnonzero(due.any(axis=1)).max())]
    sums, counts = np.zeros((2, len(LEADS), len(who)))
    for state, watched, future, stream, copies in _copies(life, known, streams, start, who):
        for lead in range(1, last + 1):
            state, watched, chance, chose = _month(
                life, state, watched, future, stream, start + lead
            )
            if lead in LEADS:
                row = LEADS.index(lead)
                sums[row] += np.where(chose, chance, 0.0).reshape(copies, -1).sum(axis=0)
                counts[row] += chose.reshape(copies, -1).sum(axis=0)
    for row, lead in enumerate(LEADS):
        told = due[row, who] & (counts[row] > 0)
        yield lead, who[told], sums[row, told] / counts[row, told]


def plays(life: Life, known: Shocks, streams: Streams) -> Plays:
    """What a save play would change for all who could be given one in the reported months."""
    history = life.calendar.history
    open_to = life.plan.propensity[life.reported] > 0
    month, account = np.nonzero(open_to)
    arms = np.full((2, len(month)), np.nan)
    for start in range(life.calendar.months):
        who = account[month == start]
        if len(who):
            for arm in (False, True):
                arms[int(arm), month == start] = _under(life, known, streams, start, who, arm)
    at = (month + history, account)
    given = life.plan.action.play[at]
    return Plays(account, month, life.plan.propensity[at], given, arms[0], arms[1])


def _under(
    life: Life, known: Shocks, streams: Streams, start: int, who: Ints, played: bool
) -> Floats:
    """The chance of leaving at the coming deadline of ``who``, all given a play or none."""
    sums, counts = np.zeros((2, len(who)))
    for state, watched, future, stream, copies in _copies(life, known, streams, start - 1, who):
        settled = np.zeros(state.people.size, dtype=np.bool_)
        for month in range(start, start + _AHEAD + 1):
            state, watched, chance, chose = _month(
                life, state, watched, future, stream, month, played if month == start else None
            )
            first = chose & ~settled
            settled |= chose
            sums += np.where(first, chance, 0.0).reshape(copies, -1).sum(axis=0)
            counts += first.reshape(copies, -1).sum(axis=0)
    mean: Floats = np.divide(sums, counts, out=np.full(len(who), np.nan), where=counts > 0)
    return mean


Copies = tuple[State, Watch, Shocks, Streams, int]
"""Twins as they stand, what their CSMs know, their future, their streams, copies of each."""


def _copies(life: Life, known: Shocks, streams: Streams, start: int, who: Ints) -> Iterator[Copies]:
    """``TWINS`` copies of the accounts ``who`` as they were at the end of month ``start``.

    Twins never merge, because a partner may not be among them. Their luck depends on who
    else is asked: the same company gives the same answers, a larger one others as good.
    """
    seeds = streams.stream(Purpose.TWINS, start).integers(0, 2**63, TWINS)
    fit = max(BLOCK // len(who), 1)
    for first in range(0, TWINS, fit):
        copies = min(fit, TWINS - first)
        stream = Streams(int(seeds[first]), streams.block)
        future = onward(life.world, known, stream.stream(Purpose.SHOCKS), start)
        index = np.tile(who, copies)
        people = replace(
            _pick(life.people, index),
            merges=np.full(len(index), NEVER, dtype=np.int64),
            partner=np.arange(len(index), dtype=np.int64),
        )
        now = start + life.calendar.history
        state = replace(_pick(life.state, index, now), people=people)
        yield state, _pick(life.watch, index, now), future, stream, copies


def _month(
    life: Life,
    state: State,
    watched: Watch,
    future: Shocks,
    streams: Streams,
    month: int,
    played: bool | None = None,
) -> tuple[State, Watch, Floats, Flags]:
    """One month of the twins: how they stand, who decided, and with what chance of leaving.

    ``played`` gives all of them a save play, or none; left out, the policy decides.
    """
    world, n = life.world, state.people.size
    action = plan(world, state, watched, streams, month).action
    if played is not None:
        action = Action(action.touches, np.full(n, played))
    random = draws(world, streams, month, n)
    state, events = step(world, state, future.at(month), action, random)
    choices = events.choices
    seen = signals(world, state, choices, streams, month)
    watched = watch(world, watched, state, choices, seen, streams, month)
    return state, watched, choices.probability, choices.deciding


def _pick(record: Record, index: Ints, month: int | None = None) -> Record:
    """The accounts ``index`` of a record, at ``month`` (an index) of one that is stacked."""
    picked: dict[str, Any] = {}
    for field in fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if isinstance(value, np.ndarray):
            picked[field.name] = (value if month is None else value[month])[..., index]
        elif isinstance(value, Population):
            picked[field.name] = value
        else:
            picked[field.name] = _pick(value, index, month)
    return type(record)(**picked)
