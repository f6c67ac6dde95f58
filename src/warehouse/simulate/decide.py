"""What customers decide: to leave, to pay, to buy more.

A customer decides at the notice deadline on remembered experience m. With
U_d = clip(m_d - centre_d, -3, 4), cause-specific rates are
log lam_d = alpha_d + gamma_d U_d + segment + auto-renew + tenure, and
P(leave) = 1 - exp(-sum lam_d); the cause is drawn in proportion to lam_d. A price rise
enters through the price, more so when adoption is poor.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Ints, sigmoid
from warehouse.simulate.drivers import ADOPTION, BREADTH, BUDGET, CHAMPION, COMPETITOR, PRICE, VALUE
from warehouse.simulate.population import Population
from warehouse.simulate.world import World

FAIR_RISE = 0.04
"""The price rise nobody minds, as a share."""


class Roll(IntEnum):
    """The uniform draws of one month's decisions, a row each; products follow the last."""

    LEAVE = 0
    CAUSE = 1
    UPLIFT = 2
    UPLIFT_SIZE = 3
    SEATS = 4
    CONTRACT = 5
    CONTRACT_SIZE = 6
    FAIL = 7
    LOST = 8
    EXIT = 9
    RETURN = 10
    RETURN_WHEN = 11
    EXIT_CAUSE = 12
    PRODUCTS = 13


def hazards(
    world: World, people: Population, memory: Floats, uplift: Floats, tenure: Ints, shift: Floats
) -> Floats:
    """The rate [drivers, n] at which each driver would make an account leave, were it to decide.

    ``shift`` [drivers, n] is what the times add to the log rates.
    """
    centre = np.array([[d.centre] for d in world.drivers])
    felt = memory - centre
    dislike = 1.0 + 0.8 * np.tanh(felt[ADOPTION])
    felt[PRICE] += np.where(uplift > 0, 9.0 * (uplift - FAIR_RISE) * dislike, 0.0)
    alpha = np.array([[d.alpha] for d in world.drivers]) + shift
    gamma = np.array([[d.gamma] for d in world.drivers])
    log = alpha + gamma * np.clip(felt, -3.0, 4.0)
    log += np.array([s.hazard for s in world.segments])[people.segment]
    log += world.auto_renew * (people.auto_renew & ~people.monthly)
    log += world.tenure * np.log1p(np.maximum(tenure, 0) / 12.0)
    log += world.monthly * people.monthly
    log[ADOPTION] += world.orphaned * (memory[CHAMPION] > 1.0)
    return np.asarray(np.exp(log), dtype=np.float64)


def leaving(hazard: Floats) -> Floats:
    """The probability of leaving [n] given the rates [drivers, n]."""
    return np.asarray(-np.expm1(-hazard.sum(axis=0)), dtype=np.float64)


def price_rise(world: World, rolls: Floats) -> Floats:
    """The price rise the vendor proposes at a renewal, as a share; 0 for many."""
    low, high = world.uplift_range
    size = low + (high - low) * rolls[Roll.UPLIFT_SIZE]
    offered = np.where(rolls[Roll.UPLIFT] < world.uplift_share, size, 0.0)
    return np.asarray(np.round(offered, 3), dtype=np.float64)


def seat_growth(
    world: World,
    people: Population,
    stress: Floats,
    used: Floats,
    seats: Ints,
    renewing: Flags,
    rolls: Floats,
    size: Floats,
) -> Ints:
    """Seats each account wants to add this month; ``size`` is Gamma(2, 1)."""
    comfort, scale = world.seat_pressure
    strain = np.maximum(stress, 0.0)
    logit = world.seat_growth + 1.92 * np.clip((used - comfort) / scale, -2.0, 1.6)
    logit += -0.35 * strain[ADOPTION] - 0.25 * strain[BUDGET] + world.renewal_bump * renewing
    logit += np.array([s.grows for s in world.segments])[people.segment]
    wants = rolls[Roll.SEATS] < sigmoid(logit)
    return np.where(wants, np.maximum(np.rint(seats * 0.105 * size), 1), 0).astype(np.int64)


def module_growth(
    world: World,
    people: Population,
    stress: Floats,
    owned: Flags,
    renewing: Flags,
    rolls: Floats,
) -> Flags:
    """Products [products, n] each account adds this month."""
    strain = np.maximum(stress[VALUE], 0.0)
    breadth = sigmoid(-0.3 - 0.55 * stress[BREADTH] + people.usage_offset)
    logit = world.module_growth + 0.7 * people.affinity + (breadth - 0.5)
    logit = logit - 0.35 * strain + 0.4 * people.tier + world.renewal_bump * renewing
    logit = logit - 0.3 * np.maximum(stress[COMPETITOR], 0.0)
    return np.asarray(~owned & (rolls[Roll.PRODUCTS :] < sigmoid(logit)), dtype=np.bool_)


def contraction(world: World, stress: Floats, used: Floats, rolls: Floats) -> Floats:
    """The share of seats given back at a renewal; 0 for most."""
    chance = world.contraction * sigmoid(1.0 + 0.6 * stress[BUDGET]) * (used < 0.5)
    size = 0.08 + 0.27 * rolls[Roll.CONTRACT_SIZE]
    return np.asarray(np.where(rolls[Roll.CONTRACT] < chance, size, 0.0), dtype=np.float64)
