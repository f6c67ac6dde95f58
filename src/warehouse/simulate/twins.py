"""Twins: the same accounts lived again from a month of their past, many times.

What an account would have done cannot be read from what it did. Twins start from its
state, draw their own future with the same kernel and the same policy, and give two
answers: the chance of leaving that was in the stars so many months ahead (the full-latent
ceiling: nobody who knows only that month can sort better), and what a save play changed
(both arms under common random numbers).

Each of the ``TWINS`` copies of an account has a future and luck of its own, drawn at its
place in its block: what is told of it does not depend on who else is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from warehouse.simulate.arrays import NEVER, Flags, Floats, Ints
from warehouse.simulate.drivers import Action
from warehouse.simulate.kernel import draws, step
from warehouse.simulate.life import Life
from warehouse.simulate.policy import Watch, plan, watch
from warehouse.simulate.population import Population
from warehouse.simulate.shocks import Exogenous, Shocks, onward
from warehouse.simulate.signals import signals
from warehouse.simulate.state import State
from warehouse.simulate.streams import Purpose, Streams

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
    and with the play, NaN where the deadline had passed before the play could start.
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
    first = -max(LEADS)
    starts = range(first, life.calendar.months - min(LEADS))
    sums, counts = np.zeros((2, len(LEADS), len(starts), life.people.size))
    due = np.zeros(sums.shape, dtype=np.bool_)
    for row, lead in enumerate(LEADS):
        for start in range(max(first, -lead), life.calendar.months - lead):
            now = start + history
            due[row, start - first] = asked[now + lead] & life.state.live[now]
    who = {start: np.flatnonzero(due[:, start - first].any(axis=0)) for start in starts}
    for month, copy in _onward(life, known, streams, who, max(LEADS)):
        for row, lead in enumerate(LEADS):
            told = copy.chose & (month - copy.start == lead)
            at = (row, copy.start[told] - first, copy.account[told])
            sums[at] += copy.chance[told]
            counts[at] += 1.0
    mean = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=due & (counts > 0))
    month, account = np.nonzero(asked[life.reported])
    ahead = np.stack([mean[row, month - lead - first, account] for row, lead in enumerate(LEADS)])
    at_choice = (month + history, account)
    return Ceilings(account, month, choices.quits[at_choice], choices.probability[at_choice], ahead)


def plays(life: Life, known: Shocks, streams: Streams) -> Plays:
    """What a save play would change for all who could be given one in the reported months."""
    history = life.calendar.history
    month, account = np.nonzero(life.plan.propensity[life.reported] > 0)
    who = {start: account[month == start + 1] for start in range(-1, life.calendar.months - 1)}
    arms = [_under(life, known, streams, who, played)[month, account] for played in (False, True)]
    at = (month + history, account)
    given = life.plan.action.play[at]
    return Plays(account, month, life.plan.propensity[at], given, arms[0], arms[1])


def _under(
    life: Life, known: Shocks, streams: Streams, who: Mapping[int, Ints], played: bool
) -> Floats:
    """The chance of leaving at the coming deadline if all are given a play, or none.

    [months, n] by the month it could start in; NaN for those who are not asked.
    """
    sums, counts = np.zeros((2, life.calendar.months, life.people.size))
    settled = np.zeros(sums.shape, dtype=np.bool_)
    for month, copy in _onward(life, known, streams, who, _AHEAD + 1, played):
        at = (copy.start + 1, copy.account)
        fresh = month - copy.start == 1
        settled[copy.start[fresh] + 1, copy.account[fresh]] = False
        first = copy.chose & ~settled[at]
        settled[at] |= copy.chose
        sums[at] += np.where(first, copy.chance, 0.0)
        counts[at] += first
    mean: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return mean


@dataclass(frozen=True)
class _Copy:
    """A copy of some accounts in some month; arrays are [twins].

    Each twin is ``account`` (its index in the block) as it was at the end of the month
    ``start``, who has since decided with a ``chance`` of leaving where it ``chose``.
    """

    start: Ints
    account: Ints
    state: State
    watch: Watch
    chance: Floats
    chose: Flags


def _onward(
    life: Life,
    known: Shocks,
    streams: Streams,
    who: Mapping[int, Ints],
    ahead: int,
    played: bool | None = None,
) -> Iterator[tuple[int, _Copy]]:
    """Copies of the accounts ``who`` from each month they start at, for ``ahead`` months.

    Gives every month of one copy of all, then of the next. ``played`` gives each a save
    play in its first month, or none; left out, the policy decides.
    """
    seeds = streams.stream(Purpose.TWINS).integers(0, 2**63, TWINS)
    for seed in seeds.tolist():
        luck = Streams(seed, streams.block)
        futures: dict[int, Shocks] = {}
        copy = _starting(life, min(who), np.zeros(0, dtype=np.int64))
        last = min(max(who) + ahead, life.calendar.lived - life.calendar.history - 1)
        for month in range(min(who) + 1, last + 1):
            copy = _picked(copy, np.flatnonzero(copy.start >= month - ahead))
            if month - 1 in who:
                copy = _joined(copy, _starting(life, month - 1, who[month - 1]))
                drawn = luck.stream(Purpose.SHOCKS, month - 1)
                futures[month - 1] = onward(life.world, known, drawn, month - 1, ahead)
            if len(copy.start):
                copy = _month(life, copy, futures, luck, month, played)
                yield month, copy


def _starting(life: Life, start: int, who: Ints) -> _Copy:
    """Twins of ``who`` as they were at the end of month ``start``.

    They never merge, because a partner may not be among them.
    """
    now, n = start + life.calendar.history, len(who)
    people = _picked(life.people, who)
    alone = replace(people, merges=np.full(n, NEVER), partner=np.zeros(n, dtype=np.int64))
    state = replace(_picked(_then(life.state, now), who), people=alone)
    watched = _picked(_then(life.watch, now), who)
    nothing = np.zeros(n)
    return _Copy(np.full(n, start), who, state, watched, nothing, nothing > 0)


def _month(
    life: Life,
    copy: _Copy,
    futures: Mapping[int, Shocks],
    luck: Streams,
    month: int,
    played: bool | None,
) -> _Copy:
    """The twins one month on."""
    world, people = life.world, copy.state.people
    action = plan(world, copy.state, copy.watch, luck, month).action
    if played is not None:
        action = Action(action.touches, np.where(month - copy.start == 1, played, action.play))
    random = draws(world, luck, month, people.place)
    state, events = step(world, copy.state, _met(copy, futures, month), action, random)
    choices = events.choices
    seen = signals(world, state, choices, luck, month)
    watched = watch(world, copy.watch, state, choices, seen, luck, month)
    return _Copy(copy.start, copy.account, state, watched, choices.probability, choices.deciding)


def _met(copy: _Copy, futures: Mapping[int, Shocks], month: int) -> Exogenous:
    """``month`` as each twin meets it, in the future that began where it did."""
    industry = copy.state.people.industry
    each = [
        futures[int(start)].at(month, industry[copy.start == start])
        for start in np.unique(copy.start)
    ]
    joined = each[0]
    for more in each[1:]:
        joined = _joined(joined, more)
    return joined


def _then(record: Record, month: int) -> Record:
    """A record stacked by month, as it was in one (an index)."""
    return _changed(lambda value: value[month], record, whole=Population)


def _picked(record: Record, index: Ints) -> Record:
    """The accounts ``index`` of a record."""
    return _changed(lambda value: value[..., index], record)


def _joined(record: Record, other: Record) -> Record:
    """The accounts of one record, then those of another of the same month."""
    return _changed(lambda *values: np.concatenate(values, axis=-1), record, other)


def _changed(
    change: Callable[..., Any], record: Record, *others: Record, whole: type | None = None
) -> Record:
    """``record`` with every array changed, those of records within it too; ``whole`` ones not."""
    made: dict[str, Any] = {}
    for field in fields(record):  # type: ignore[arg-type]
        values = [getattr(each, field.name) for each in (record, *others)]
        if isinstance(values[0], np.ndarray):
            made[field.name] = change(*values)
        elif is_dataclass(values[0]) and (whole is None or not isinstance(values[0], whole)):
            made[field.name] = _changed(change, *values, whole=whole)
        else:
            made[field.name] = values[0]
    return type(record)(**made)
