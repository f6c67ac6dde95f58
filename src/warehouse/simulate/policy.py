"""What the vendor's CSMs do, given what they can see and nothing else.

They turn an account red when what they see is worse than its own past, call red
accounts more, and start a save play four months before a renewal, for most red
accounts and few others. A randomised stratum flips a coin instead, so the effect of a
play can be told from the sickness it is given for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, poisson
from warehouse.simulate.drivers import Action
from warehouse.simulate.kernel import months_to_turn
from warehouse.simulate.signals import Signals
from warehouse.simulate.state import State
from warehouse.simulate.streams import Purpose, Streams, uniforms
from warehouse.simulate.world import World

_RED_ABOVE = 0.40
_HABIT = 0.8
_PLAY_AT = 4


@dataclass(frozen=True)
class Watch:
    """What the CSMs remember of each account: its usual use and tickets, and if it is red."""

    used: Floats
    tickets: Floats
    red: Flags


@dataclass(frozen=True)
class Plan:
    """A month's actions and the odds that a save play was started, for the truth."""

    action: Action
    propensity: Floats


def unwatched(n: int) -> Watch:
    """What the CSMs know of ``n`` accounts they have never seen."""
    return Watch(np.full(n, np.nan), np.full(n, np.nan), np.zeros(n, dtype=np.bool_))


def watch(before: Watch, state: State, seen: Signals) -> Watch:
    """What the CSMs think after a month in which they have ``seen`` these signals.

    The score weighs the fall in use, the surge in tickets, late payment and silence,
    each against what is usual; about a fifth of the accounts are red.
    """
    used = np.where(np.isnan(before.used), seen.used, before.used)
    tickets = np.where(np.isnan(before.tickets), seen.tickets, before.tickets)
    fall = np.clip((used - seen.used) / 0.08, -2.0, 3.0)
    surge = np.clip((seen.tickets - tickets) / np.sqrt(tickets + 1.0), -2.0, 3.0)
    late = np.clip((seen.days_late - 4.0) / 6.0, -1.0, 3.0)
    silent = np.clip((0.65 - seen.replies) / 0.2, -1.0, 2.0)
    score = 0.35 * fall + 0.25 * surge + 0.20 * late + 0.30 * silent
    keep = np.where(state.live, _HABIT, np.nan)
    return Watch(
        keep * used + (1.0 - keep) * seen.used,
        keep * tickets + (1.0 - keep) * seen.tickets,
        state.live & (score > _RED_ABOVE),
    )


def plan(world: World, state: State, watched: Watch, streams: Streams, month: int) -> Plan:
    """What the vendor does in ``month``, on what it saw up to the month before."""
    people, n = state.people, state.people.size
    u = uniforms(streams.stream(Purpose.POLICY, month), 2, n)
    ahead = months_to_turn(state, month)
    base = np.array([s.touches for s in world.segments])[people.segment]
    mean = base * np.where(watched.red, 2.2, 1.0) * np.where(ahead <= _PLAY_AT, 1.5, 1.0)
    touches = poisson(u[0], mean) * state.live
    share = np.array([s.red_play for s in world.segments])[people.segment]
    propensity = np.where(people.stratum, 0.5, 0.03 + 0.55 * watched.red * share)
    propensity = propensity * (state.live & ~people.monthly & (ahead == _PLAY_AT))
    return Plan(Action(touches, u[1] < propensity), propensity)
