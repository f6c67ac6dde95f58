"""What a block of accounts is at the end of a month, and what happened in it.

Arrays are [n] over the accounts of the block; stress and memory are [drivers, n],
products owned [products, n]. Months are integers, 0 the first reported one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from warehouse.simulate.arrays import NEVER, Flags, Floats, Ints
from warehouse.simulate.population import Population
from warehouse.simulate.world import World


class Kind(IntEnum):
    """How an account leaves: at a renewal, month to month, early, unpaid, or into another."""

    NONE = 0
    RENEWAL = 1
    MONTHLY = 2
    EXIT = 3
    PAYMENT = 4
    MERGED = 5


@dataclass(frozen=True)
class Terms:
    """What is sold to each account: seats, cents a seat and year, products [products, n]."""

    seats: Ints
    price: Floats
    owned: Flags

    def arr(self, world: World, rate: Ints) -> Ints:
        """Annual recurring revenue of each product, in cents, as [..., products, n]."""
        each = self.seats[..., None, :] * unit_prices(world, self.price, rate)
        return np.asarray(self.owned * each, dtype=np.int64)

    def where(self, chosen: Flags, other: Terms) -> Terms:
        """These terms where ``chosen``, the ``other`` terms elsewhere."""
        return Terms(
            np.where(chosen, self.seats, other.seats),
            np.where(chosen, self.price, other.price),
            np.where(chosen, self.owned, other.owned),
        )


def unit_prices(world: World, price: Floats, rate: Ints) -> Ints:
    """Cents a seat and year of each product, [..., products, n], from the first one's ``price``.

    A price is a whole number of units of the currency it is billed in, each worth ``rate``
    cents of the reporting currency; so the lines of an account add up to its ARR exactly
    in both.
    """
    share = np.array([[p.price] for p in world.products])
    units = np.rint(price[..., None, :] * share / rate).astype(np.int64)
    return np.asarray(np.maximum(units, 1) * rate, dtype=np.int64)


@dataclass(frozen=True)
class State:
    """Everything about a block that the next month depends on.

    ``began`` is when the current term began, ``turns`` when it next comes up (for a
    monthly contract: its anniversary), ``leaves`` when the account goes (``NEVER``: it
    has not said so), ``decided`` when it last decided. ``cause`` is the driver that
    made it leave (past the last driver: an unpaid invoice, then a merger with its partner;
    -1: none). ``base`` are the seats the term began with, ``upcoming`` the terms of the
    next contract where ``agreed``.
    """

    people: Population
    live: Flags
    joined: Ints
    began: Ints
    turns: Ints
    leaves: Ints
    returns: Ints
    kind: Ints
    cause: Ints
    decided: Ints
    agreed: Flags
    stress: Floats
    memory: Floats
    base: Ints
    terms: Terms
    upcoming: Terms


@dataclass(frozen=True)
class Turn:
    """What contracts did on their anchor day of a month.

    ``turned``: a term begins, on ``terms`` (an arrival, a return or a renewal counts).
    ``ended``: the month in which the term began that now ends, with the ``kind``,
    ``cause`` and ``decided`` month of a departure; meaningful where left or turned.

    On an anniversary within a term, ``escalated`` is what a contracted rise adds to the
    price, in cents a seat and year, and ``ramped`` the seats a ramp adds. ``merged`` are
    the seats of the contract an account takes over from its partner. ``terms`` hold them.
    """

    arrived: Flags
    returned: Flags
    left: Flags
    turned: Flags
    terms: Terms
    ended: Ints
    kind: Ints
    cause: Ints
    decided: Ints
    escalated: Floats
    ramped: Ints
    merged: Ints


@dataclass(frozen=True)
class Choices:
    """What customers decided in a month, after their contracts turned.

    ``probability`` is that of choosing to leave for those ``deciding``, and what it
    would have been for all others, from the rates ``hazard`` [drivers, n]. ``quits``
    and ``exits`` chose to leave, at the notice deadline or early; ``lost`` will leave
    unpaid. ``added`` seats and products start within the month, at ``terms`` (those
    after the addition). ``used`` is the expected share of seats in use, ``jumped``
    [drivers, n] the pressures that jumped: a champion left, an incident struck.
    """

    deciding: Flags
    quits: Flags
    exits: Flags
    probability: Floats
    hazard: Floats
    failed: Flags
    lost: Flags
    added_seats: Ints
    added_products: Flags
    terms: Terms
    used: Floats
    jumped: Flags


@dataclass(frozen=True)
class Events:
    """All that happened in a month."""

    turn: Turn
    choices: Choices


def unborn(world: World, people: Population) -> State:
    """The state of a block before its first month: nobody is a customer yet."""
    n = people.size
    never = np.full(n, NEVER, dtype=np.int64)
    none = np.zeros(n, dtype=np.int64)
    no = np.zeros(n, dtype=np.bool_)
    calm = np.zeros((len(world.drivers), n))
    terms = Terms(people.seats, people.price, people.owned)
    return State(
        people=people,
        live=no,
        joined=never,
        began=never,
        turns=never,
        leaves=never,
        returns=never,
        kind=none,
        cause=none - 1,
        decided=never,
        agreed=no,
        stress=calm,
        memory=calm,
        base=none,
        terms=terms,
        upcoming=terms,
    )
