"""Twins: the same accounts lived again from a month of their past, many times.

What an account would have done cannot be read from what it did. Twins start from its
state, draw their own future with the same kernel and the same policy, and give two
answers: the chance of leaving that was in the stars so many months ahead (the full-latent
ceiling: nobody who knows only that month can sort better, but for the twins' own noise),
and what a save play changed (both arms under common random numbers).

Each of the ``TWINS`` twins of an account has a future and luck of its own, drawn at its
place in its block: what is told of it does not depend on who else is asked. All twins of
a block live at once, those that start in one month beside those of the next.
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
from warehouse.simulate.streams import BLOCK, Copies, Purpose, Streams

LEADS = (1, 3, 4, 6)
TWINS = 64
"""Twins of an account. So few blur what they tell: the AUC of 32 was .004 (three months ahead)
to .008 (six) below that of 128, so that of 64 is some .003 to .006 below that of endless ones."""
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
    due = np.zeros((len(LEADS), len(starts), life.people.size), dtype=np.bool_)
    for row, lead in enumerate(LEADS):
        for start in range(max(first, -lead), life.calendar.months - lead):
            index = start + history
            due[row, start - first] = asked[index + lead] & life.state.live[index]
    who = {start: np.flatnonzero(due[:, start - first].any(axis=0)) for start in starts}
    mean = _Mean(due.shape)
    for now, twins in _onward(life, known, streams, who, max(LEADS)):
        for row, lead in enumerate(LEADS):
            told = twins.chose & (now - twins.start == lead)
            mean.add((row, twins.start[told] - first, twins.account[told]), twins.chance[told])
    chance = np.where(due, mean.value, np.nan)
    month, account = np.nonzero(asked[life.reported])
    ahead = np.stack([chance[row, month - lead - first, account] for row, lead in enumerate(LEADS)])
    at_choice = (month + history, account)
    return Ceilings(account, month, choices.quits[at_choice], choices.probability[at_choice], ahead)


def plays(life: Life, known: Shocks, streams: Streams) -> Plays:
    """What a save play would change for all who could be given one in the reported months."""
    month, account = np.nonzero(life.plan.propensity[life.reported] > 0)
    who = {start: account[month == start + 1] for start in range(-1, life.calendar.months - 1)}
    arms = [_under(life, known, streams, who, played)[month, account] for played in (False, True)]
    at = (month + life.calendar.history, account)
    given = life.plan.action.play[at]
    return Plays(account, month, life.plan.propensity[at], given, arms[0], arms[1])


def _under(
    life: Life, known: Shocks, streams: Streams, who: Mapping[int, Ints], played: bool
) -> Floats:
    """The chance of leaving at the coming deadline if all are given a play, or none.

    [months, n] by the month it could start in; NaN for those who are not asked.
    """
    mean = _Mean((life.calendar.months, life.people.size))
    for _, twins in _onward(life, known, streams, who, _AHEAD + 1, played):
        told = twins.chose
        mean.add((twins.start[told] + 1, twins.account[told]), twins.chance[told])
    return mean.value


class _Mean:
    """The mean of what is added to each cell of an array, NaN where nothing was."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._sum, self._count = np.zeros(shape), np.zeros(shape)

    def add(self, at: tuple[Any, ...], what: Floats) -> None:
        np.add.at(self._sum, at, what)
        np.add.at(self._count, at, 1.0)

    @property
    def value(self) -> Floats:
        there = self._count > 0
        none = np.full(there.shape, np.nan)
        return np.asarray(np.divide(self._sum, self._count, out=none, where=there))


@dataclass(frozen=True)
class _Twins:
    """Twins in some month; arrays are [twins].

    Each is the ``copy``-th twin of ``account`` (its index in the block) as it was at the end
    of the month ``start``. It decided this month where it ``chose``, with a ``chance`` of
    leaving.
    """

    start: Ints
    copy: Ints
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
) -> Iterator[tuple[int, _Twins]]:
    """Twins of the accounts ``who`` from each month they start at, until they decide.

    At most for ``ahead`` months. ``played`` gives each a save play in its first month, or
    none; left out, the policy decides.
    """
    luck = Copies(tuple(replace(streams, copy=copy) for copy in range(1, TWINS + 1)))
    futures: dict[int, list[Shocks]] = {}
    twins = _starting(life, min(who), np.zeros(0, dtype=np.int64))
    last = min(max(who) + ahead, life.calendar.lived - life.calendar.history - 1)
    for month in range(min(who) + 1, last + 1):
        kept = ~twins.chose & (twins.start >= month - ahead)
        twins = _picked(twins, np.flatnonzero(kept))
        futures.pop(month - ahead - 1, None)
        if month - 1 in who:
            twins = _joined(twins, _starting(life, month - 1, who[month - 1]))
            futures[month - 1] = [
                onward(life.world, known, stream, month - 1, ahead)
                for stream in luck.stream(Purpose.SHOCKS, month - 1).each
            ]
        if len(twins.start):
            twins = _month(life, twins, _met(twins, futures, month), luck, played)
            yield month, twins


def _starting(life: Life, start: int, who: Ints) -> _Twins:
    """All twins of ``who`` as they were at the end of month ``start``.

    They never merge, because a partner may not be among them.
    """
    now, n = start + life.calendar.history, len(who) * TWINS
    copy, account = np.repeat(np.arange(TWINS), len(who)), np.tile(who, TWINS)
    people = replace(
        _picked(life.people, account),
        place=copy * BLOCK + life.people.place[account],
        merges=np.full(n, NEVER),
        partner=np.zeros(n, dtype=np.int64),
    )
    state = replace(_picked(_then(life.state, now), account), people=people)
    watched, nothing = _picked(_then(life.watch, now), account), np.zeros(n)
    return _Twins(np.full(n, start), copy, account, state, watched, nothing, nothing > 0)


def _month(life: Life, twins: _Twins, met: Exogenous, luck: Copies, played: bool | None) -> _Twins:
    """The twins one month on."""
    world, month = life.world, met.month
    action = plan(world, twins.state, twins.watch, luck, month).action
    if played is not None:
        action = Action(action.touches, np.where(month - twins.start == 1, played, action.play))
    random = draws(world, luck, month, twins.state.people.place)
    state, events = step(world, twins.state, met, action, random)
    choices = events.choices
    seen = signals(world, state, choices, luck, month)
    return replace(
        twins,
        state=state,
        watch=watch(world, twins.watch, state, choices, seen, luck, month),
        chance=choices.probability,
        chose=choices.deciding,
    )


def _met(twins: _Twins, futures: Mapping[int, list[Shocks]], month: int) -> Exogenous:
    """``month`` as each twin meets it, in the future that began where it did."""
    each = [future for started in futures.values() for future in started]
    mine = np.searchsorted(list(futures), twins.start) * TWINS + twins.copy

    def then(name: str) -> Any:
        return np.array([getattr(future, name)[month - future.first] for future in each])[mine]

    industry = twins.state.people.industry[:, None]
    return Exogenous(
        month,
        np.take_along_axis(then("macro"), industry, axis=1)[:, 0],
        then("release"),
        then("incident").T,
        np.take_along_axis(then("launch"), industry, axis=1)[:, 0],
        then("shift").T,
        float(each[0].season[month - each[0].first]),
    )


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
