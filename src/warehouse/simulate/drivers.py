"""The hidden pressures of an account, month by month, and how much it then uses.

s' = persistence s + pull level + noise + jump + macro + crosstalk + what contact does, one
row a driver; m' = .75 m + .25 s' is the experience a customer decides on. Half-lives of the
stress run from four to nineteen months, so a warning ninety days ahead is possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Ints, sigmoid
from warehouse.simulate.population import Population
from warehouse.simulate.shocks import Exogenous
from warehouse.simulate.streams import Luck, Purpose, gammas, normals, uniforms
from warehouse.simulate.world import World

(
    ADOPTION,
    BREADTH,
    ONBOARDING,
    VALUE,
    QUALITY,
    RELIABILITY,
    SUPPORT,
    CHAMPION,
    SPONSOR,
    BUDGET,
    PRICE,
    COMPETITOR,
    MERGER,
) = range(13)
"""The row of each driver; a world's drivers come in this order."""

_ONBOARDING_MONTHS = 6


@dataclass(frozen=True)
class Action:
    """What the vendor does to each account in a month: touches (a count) and a save play."""

    touches: Ints
    play: Flags


@dataclass(frozen=True)
class Weather:
    """The latent draws of a month, each [drivers, n]: normal noise, jump uniforms, jump sizes."""

    noise: Floats
    jump: Floats
    size: Floats


def weather(world: World, luck: Luck, month: int, place: Ints) -> Weather:
    """The latent draws of ``month`` for the accounts at each ``place`` in a block."""
    stream = luck.stream(Purpose.LATENT, month)
    rows = len(world.drivers)
    noise, jump = normals(stream, rows, place), uniforms(stream, rows, place)
    size = np.array([d.scale * gammas(stream, d.shape, place) for d in world.drivers])
    return Weather(noise, jump, size)


def newborn(world: World, people: Population, draws: Weather) -> Floats:
    """The stress [drivers, n] of accounts on their first day."""
    mean = np.array([[d.starts[0]] for d in world.drivers])
    spread = np.array([[d.starts[1]] for d in world.drivers])
    return mean + spread * draws.noise + people.levels


def jumps(
    world: World, people: Population, owned: Flags, exogenous: Exogenous, draws: Weather
) -> Flags:
    """Which drivers of which accounts jump this month, [drivers, n]."""
    rate = np.array([d.rate for d in world.drivers])[:, people.segment]
    rate[QUALITY] *= people.fragility
    hit = (owned & exogenous.incident).any(axis=0)
    shared = (("release", exogenous.release), ("incident", hit), ("launch", exogenous.launch))
    for column, now in shared:
        rate += np.array([[getattr(d, column)] for d in world.drivers]) * now
    return np.asarray(draws.jump < rate, dtype=np.bool_)


def drive(
    world: World,
    people: Population,
    stress: Floats,
    tenure: Ints,
    jumped: Flags,
    exogenous: Exogenous,
    action: Action,
    draws: Weather,
) -> Floats:
    """Next month's stress [drivers, n] of accounts whose drivers ``jumped`` or did not."""
    macro = np.outer([d.macro for d in world.drivers], exogenous.macro)
    keep = np.array([[d.persistence] for d in world.drivers])
    noise = np.array([[d.noise] for d in world.drivers]) * draws.noise
    pull = np.array([[d.pull] for d in world.drivers]) * people.levels
    handed = _crosstalk(world) @ np.maximum(stress, 0.0)
    contact = _contact(world, people, stress, tenure, action)
    moved: Floats = keep * stress + pull + noise + draws.size * jumped + macro + handed + contact
    return moved


def _crosstalk(world: World) -> Floats:
    """How much of each driver's stress (column) the others (rows) take on in a month."""
    names = [driver.name for driver in world.drivers]
    matrix = np.zeros((len(names), len(names)))
    for source, target, share in world.crosstalk:
        matrix[names.index(target), names.index(source)] = share
    return matrix


def _contact(
    world: World, people: Population, stress: Floats, tenure: Ints, action: Action
) -> Floats:
    """What onboarding, touches and save plays add to each driver, [drivers, n]."""
    touched = np.minimum(action.touches, 4) * people.responsiveness
    young = (tenure < _ONBOARDING_MONTHS).astype(np.float64)
    slow = np.log(people.value_days) - np.log(
        np.array([s.value_days for s in world.segments])[people.segment]
    )
    hurt = world.vendor.adrift * np.clip(slow, -0.5, 2.0)
    start = young * ((1.0 - people.responsiveness) + 0.5 * hurt)
    effect: Floats = np.outer([d.touch for d in world.drivers], touched)
    effect += np.outer([d.onboarding for d in world.drivers], start)
    play = action.play.astype(np.float64)
    reach = people.responsiveness * np.clip(stress, 0.0, 1.0)
    reach[ADOPTION] = people.responsiveness
    reach[CHAMPION] = np.clip(stress[CHAMPION], 0.0, 1.0)
    effect += np.array([[d.play] for d in world.drivers]) * play * reach
    woken = play * people.auto_renew * (people.responsiveness < 0.5)
    effect += np.outer([d.backfire for d in world.drivers], woken)
    return effect


def utilisation(world: World, people: Population, stress: Floats, season: float) -> Floats:
    """The share of seats used in a month, before noise."""
    logit = world.usage_level - 0.75 * stress[ADOPTION] - 0.10 * stress[RELIABILITY]
    return sigmoid(logit + 0.8 * people.usage_offset + season)
