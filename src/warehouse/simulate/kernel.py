"""One month of one block of accounts, as a pure function.

``step(world, state, exogenous, action, draws)`` gives the next state and what happened.
It reads no clock, holds no generator and changes nothing it is given, so the same code
lives the history, the twins of an oracle and the branches of a what-if.

The order within a month: contracts turn (accounts arrive, return, leave, renew, step up,
merge), the drivers move, those at their notice deadline decide, some payments fail, some buy more.
What is decided takes effect when a contract next turns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from warehouse.simulate.arrays import NEVER, Flags, Floats, Ints, choose
from warehouse.simulate.decide import (
    FAIR_RISE,
    Roll,
    contraction,
    hazards,
    leaving,
    module_growth,
    price_rise,
    seat_growth,
)
from warehouse.simulate.drivers import (
    BUDGET,
    PRICE,
    Action,
    Weather,
    drive,
    jumps,
    newborn,
    utilisation,
    weather,
)
from warehouse.simulate.shocks import Exogenous
from warehouse.simulate.state import Choices, Events, Kind, State, Terms, Turn
from warehouse.simulate.streams import Luck, Purpose, gammas, uniforms
from warehouse.simulate.world import World


@dataclass(frozen=True)
class Draws:
    """The randomness of one month: latent weather, decision uniforms, Gamma(2, 1) sizes."""

    weather: Weather
    rolls: Floats
    size: Floats


def draws(world: World, luck: Luck, month: int, place: Ints) -> Draws:
    """The randomness of ``month`` for the accounts at each ``place`` in a block."""
    stream = luck.stream(Purpose.DECISION, month)
    rolls = uniforms(stream, Roll.PRODUCTS + len(world.products), place)
    return Draws(weather(world, luck, month, place), rolls, gammas(stream, 2.0, place))


def step(
    world: World, state: State, exogenous: Exogenous, action: Action, random: Draws
) -> tuple[State, Events]:
    """The block one month on, and what happened in that month."""
    month, people, before = exogenous.month, state.people, state.terms
    state, turn = _turn(world, state, month, random)
    jumped = jumps(world, people, state.terms.owned, exogenous, random.weather)
    moved = drive(
        world, people, state.stress, month - state.joined, jumped, exogenous, action, random.weather
    )
    dearer = (turn.terms.price / before.price - 1.0 - FAIR_RISE) * ~(turn.arrived | turn.returned)
    moved[PRICE] += world.price_shock * np.maximum(dearer, 0.0)
    stress = np.where(turn.arrived, newborn(world, people, random.weather), moved)
    remembered = world.memory * state.memory + (1.0 - world.memory) * stress
    memory = np.where(turn.arrived | turn.returned, stress, remembered)
    state = replace(state, stress=stress, memory=memory)
    used = utilisation(world, people, stress, exogenous.season)
    state, choices = _choose(world, state, exogenous, turn, used, random)
    return state, Events(turn, replace(choices, jumped=jumped & state.live))


def _turn(world: World, state: State, month: int, random: Draws) -> tuple[State, Turn]:
    """Let the contracts of ``month`` turn: arrivals, returns, departures, renewals, steps."""
    people, rolls = state.people, random.rolls
    arrived = people.arrives == month
    returned = ~state.live & (state.returns == month)
    absorbing, absorbed = _merging(state, month)
    left = state.live & ((state.leaves == month) | absorbed)
    due = state.live & ~left & (state.turns == month)
    opened = arrived | returned
    fewer = Terms(np.maximum(state.terms.seats * 4 // 5, 3), state.terms.price, state.terms.owned)
    terms = fewer.where(returned, state.upcoming.where(due & state.agreed, state.terms))
    changed = (terms.seats != state.terms.seats) | (terms.price != state.terms.price)
    changed |= (terms.owned != state.terms.owned).any(axis=0)
    turned = opened | (due & (~people.monthly | changed))

    kept = state.live & ~left & ~due
    anniversary = kept & (month > state.began) & ((month - state.began) % 12 == 0)
    escalated = np.rint(terms.price * people.escalator) * anniversary
    ramped = np.rint(state.base * people.ramp).astype(np.int64) * anniversary
    merged = state.terms.seats[people.partner] * absorbing
    base = np.where(turned, terms.seats, state.base)
    terms = Terms(terms.seats + ramped + merged, terms.price + escalated, terms.owned)

    unpaid = state.kind == Kind.PAYMENT
    back = left & ~absorbed & (rolls[Roll.RETURN] < world.returns * np.where(unpaid, 2.5, 1.0))
    wait = np.where(unpaid, 2 + 3 * rolls[Roll.RETURN_WHEN], 3 + 12 * rolls[Roll.RETURN_WHEN])
    returns = np.where(back, month + np.floor(wait).astype(np.int64), state.returns)
    reset = left | opened
    turn = Turn(
        arrived=arrived,
        returned=returned,
        left=left,
        turned=turned,
        terms=terms,
        ended=state.began,
        kind=np.where(left, np.where(absorbed, Kind.MERGED, state.kind), int(Kind.NONE)),
        cause=np.where(absorbed, len(world.drivers) + 1, np.where(left, state.cause, -1)),
        decided=np.where(absorbed, month, state.decided),
        escalated=escalated,
        ramped=ramped,
        merged=merged,
    )
    after = replace(
        state,
        live=(state.live & ~left) | opened,
        joined=np.where(opened, month, state.joined),
        began=np.where(turned, month, state.began),
        turns=np.where(opened | due, month + np.maximum(people.term, 12), state.turns),
        leaves=np.where(reset, NEVER, state.leaves),
        returns=np.where(returned, NEVER, returns),
        kind=np.where(reset, int(Kind.NONE), state.kind),
        cause=np.where(reset, -1, state.cause),
        agreed=state.agreed & ~due & ~reset,
        stress=np.where(returned, 0.4 * state.stress, state.stress),
        base=base,
        terms=terms,
    )
    return after, turn


def _merging(state: State, month: int) -> tuple[Flags, Flags]:
    """Who takes over its partner's contract in ``month``, and whose is taken over.

    Both must be customers under contract, with nothing agreed or announced.
    """
    people = state.people
    free = state.live & (state.leaves == NEVER) & ~state.agreed & (state.turns != month)
    free &= state.began < month
    absorbing = free & free[people.partner] & (people.merges == month)
    absorbing &= people.partner != np.arange(people.size)
    return absorbing, absorbing[people.partner]


def _choose(
    world: World, state: State, exogenous: Exogenous, turn: Turn, used: Floats, random: Draws
) -> tuple[State, Choices]:
    """Let accounts decide to leave, fail to pay, renew on new terms, or buy more."""
    people, rolls, terms, month = state.people, random.rolls, state.terms, exogenous.month
    tenure = month - state.joined
    bound = state.live & (state.leaves == NEVER)
    offered = bound & ~state.agreed & (state.turns - people.notice == month)
    deciding = np.where(people.monthly, bound & (tenure > 0), offered)
    rise = price_rise(world, rolls) * offered
    hazard = hazards(world, people, state.memory, rise, tenure, exogenous.shift)
    probability = leaving(hazard)
    quits = deciding & (rolls[Roll.LEAVE] < probability)
    exits = bound & ~people.monthly & ~offered & ~state.agreed & (tenure > 0)
    exits &= rolls[Roll.EXIT] < world.exits
    failed, lost = _payments(world, state, month, bound & ~quits & ~exits, rolls)
    goes = quits | exits | lost
    kind = np.where(quits, np.where(people.monthly, Kind.MONTHLY, Kind.RENEWAL), state.kind)
    kind = np.where(exits, Kind.EXIT, np.where(lost, Kind.PAYMENT, kind))
    cause = np.where(quits, choose(rolls[Roll.CAUSE], hazard), state.cause)
    cause = np.where(exits, choose(rolls[Roll.EXIT_CAUSE], hazard), cause)
    cause = np.where(lost, len(world.drivers), cause)

    stays = offered & ~goes
    open_to_buy = bound & ~goes & ~state.agreed & (tenure > 1) & ~turn.turned
    seats = open_to_buy * seat_growth(
        world, people, state.stress, used, terms.seats, stays, rolls, random.size
    )
    products = open_to_buy & module_growth(world, people, state.stress, terms.owned, stays, rolls)
    given_back = np.rint(terms.seats * contraction(world, state.stress, used, rolls))
    fewer = (given_back * (seats == 0)).astype(np.int64)
    proposal = Terms(
        np.maximum(terms.seats + seats - fewer, 1),
        np.rint(terms.price * (1.0 + rise)),
        terms.owned | products,
    )
    now = ~stays
    after = Terms(terms.seats + seats * now, terms.price, terms.owned | (products & now))
    choices = Choices(
        deciding=deciding,
        quits=quits,
        exits=exits,
        probability=probability,
        hazard=hazard,
        failed=failed,
        lost=lost,
        added_seats=seats * now,
        added_products=products & now,
        terms=after,
        used=used,
        jumped=np.zeros(state.stress.shape, dtype=np.bool_),
    )
    next_month = np.where(quits & ~people.monthly, state.turns, month + 1)
    later = replace(
        state,
        leaves=np.where(goes, next_month, state.leaves),
        kind=kind.astype(np.int64),
        cause=cause.astype(np.int64),
        decided=np.where(goes | stays, month, state.decided),
        agreed=state.agreed | stays,
        terms=after,
        upcoming=proposal.where(stays, state.upcoming),
    )
    return later, choices


def _payments(
    world: World, state: State, month: int, can_leave: Flags, rolls: Floats
) -> tuple[Flags, Flags]:
    """Who fails to pay an invoice of ``month`` by card, and who is lost by it."""
    people = state.people
    billed = state.live & (~people.yearly | ((month - state.began) % 12 == 0))
    chance = world.failure + world.failure_budget * np.maximum(state.stress[BUDGET], 0.0)
    failed = billed & people.card & (rolls[Roll.FAIL] < chance)
    return failed, failed & can_leave & (rolls[Roll.LOST] < world.unrecovered)


def months_to_turn(state: State, month: int) -> Ints:
    """Months from ``month`` until each contract next comes up."""
    return state.turns - month
