"""What the vendor's CSMs do, given what they can see and nothing else.

They turn an account red when what they see is worse than its own past, call red
accounts more, and start a save play some months before a renewal, for most red
accounts and few others. A randomised stratum flips a coin instead, so the effect of a
play can be told from the sickness it is given for. Each CSM also has an opinion, the
pulse: late, noisy, and rosier for some than for others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Ints, poisson
from warehouse.simulate.drivers import Action
from warehouse.simulate.kernel import months_to_turn
from warehouse.simulate.signals import Signals
from warehouse.simulate.state import Choices, State
from warehouse.simulate.streams import Luck, Purpose, normals, uniforms
from warehouse.simulate.world import World

_RED_ABOVE = 0.40
_HABIT = 0.8
_CONTENT = 3.3
_GLOOMY = 2.6
_USUAL_DANGER, _DANGER_SPREAD = -3.4, 1.45
"""The middle and the spread of the accounts' log hazard of leaving, were they to decide."""


@dataclass(frozen=True)
class Watch:
    """What the CSMs remember of each account: its usual use and tickets, and if it is red.

    ``latest`` are the tickets of the month, ``pulse`` their opinion of the account, 1 to
    5; ``sensed`` and ``sensing`` the danger (log hazard) it was in a month ago and is in.
    """

    used: Floats
    tickets: Floats
    latest: Ints
    red: Flags
    pulse: Floats
    sensed: Floats
    sensing: Floats


@dataclass(frozen=True)
class Plan:
    """A month's actions and the odds that a save play was started, for the truth."""

    action: Action
    propensity: Floats


def unwatched(n: int) -> Watch:
    """What the CSMs know of ``n`` accounts they have never seen."""
    never = np.full(n, np.nan)
    calm = np.full(n, _USUAL_DANGER)
    none = np.zeros(n, dtype=np.int64)
    return Watch(never, never, none, none > 0, np.full(n, _CONTENT), calm, calm)


def watch(
    world: World,
    before: Watch,
    state: State,
    choices: Choices,
    seen: Signals,
    luck: Luck,
    month: int,
) -> Watch:
    """What the CSMs think after ``month``, in which they have ``seen`` these signals.

    The score weighs the fall in use, the surge in tickets, late payment and silence,
    each against what is usual; about a fifth of the accounts are red. The pulse is what
    a CSM felt two months ago, with the CSM's own optimism.
    """
    used = np.where(np.isnan(before.used), seen.used, before.used)
    tickets = np.where(np.isnan(before.tickets), seen.tickets, before.tickets)
    fall = np.clip((used - seen.used) / 0.08, -2.0, 3.0)
    surge = np.clip((seen.tickets - tickets) / np.sqrt(tickets + 1.0), -2.0, 3.0)
    late = np.clip((seen.days_late - 4.0) / 6.0, -1.0, 3.0)
    silent = np.clip((0.65 - seen.replies) / 0.2, -1.0, 2.0)
    score = 0.35 * fall + 0.25 * surge + 0.20 * late + 0.30 * silent
    keep = np.where(state.live, _HABIT, np.nan)
    vendor, people = world.vendor, state.people
    mood = normals(luck.stream(Purpose.PULSE, month), 1, people.place)[0]
    danger = (before.sensed - _USUAL_DANGER) / _DANGER_SPREAD
    pulse = 3.3 - vendor.insight * danger + 0.7 * mood + vendor.optimism * people.optimism
    pulse = np.clip(pulse, 1.0, 5.0)
    red = pulse < _GLOOMY if vendor.trusts_pulse else score > _RED_ABOVE
    return Watch(
        keep * used + (1.0 - keep) * seen.used,
        keep * tickets + (1.0 - keep) * seen.tickets,
        seen.tickets,
        state.live & red,
        pulse,
        before.sensing,
        np.log(choices.hazard.sum(axis=0)),
    )


def plan(world: World, state: State, watched: Watch, luck: Luck, month: int) -> Plan:
    """What the vendor does in ``month``, on what it saw up to the month before."""
    people = state.people
    u = uniforms(luck.stream(Purpose.POLICY, month), 2, people.place)
    ahead, vendor = months_to_turn(state, month), world.vendor
    base = np.array([s.touches for s in world.segments])[people.segment] * vendor.routine
    near = np.where(ahead <= vendor.window, vendor.attention, 1.0)
    mean = base * np.where(watched.red, 2.2, 1.0) * near + vendor.reactive * watched.latest
    touches = poisson(u[0], mean) * state.live
    share = np.array([s.red_play for s in world.segments])[people.segment]
    propensity = np.where(people.stratum, 0.5, 0.03 + 0.55 * watched.red * share)
    propensity = propensity * (state.live & ~people.monthly & (ahead == vendor.play_at))
    return Plan(Action(touches, u[1] < propensity), propensity)
