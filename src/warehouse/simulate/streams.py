"""Randomness by address: what is drawn depends on where, never on who drew before.

A stream is the counter-based generator Philox keyed by (seed, purpose, block), started
at a counter of its own for each month and each copy of the world. Blocks have a fixed
size whatever the number of workers, and purposes do not share streams, so the policy or
the noise of what is observed can change without changing what the customers are.

What an account is, lives and decides is drawn as wide as a full block and read at its
place in it: it does not depend on how many others there are or which of them are asked.
(Two things do: the last of an odd number has no neighbour to merge with, and the teams of
CSMs grow with the company.)
The rows of most tables are drawn one after the other, so those of an account change with
the accounts before it in its block.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from warehouse.simulate.arrays import Floats, Ints

BLOCK = 1024
WHOLE_COMPANY = 2**32 - 1
_EARLIEST = 1 << 20


class Purpose(IntEnum):
    """What a stream is for."""

    SHOCKS = 1
    POPULATION = 2
    LATENT = 3
    DECISION = 4
    SIGNAL = 5
    POLICY = 6
    PULSE = 7
    WORLD = 9
    ACCOUNTS = 16
    CONTRACTS = 17
    USAGE = 18
    TICKETS = 19
    SURVEYS = 20
    INVOICES = 21
    TOUCHES = 22
    MILESTONES = 23
    OPPORTUNITIES = 24
    CSMS = 25
    CONTACTS = 26
    DEPARTURES = 27
    PULSES = 28
    INCIDENTS = 29
    DIRT = 40


class Choir:
    """Generators that are drawn from together: the rows of each stand beside those of the last."""

    def __init__(self, each: list[np.random.Generator]) -> None:
        self.each = each

    def random(self, shape: tuple[int, int]) -> Floats:
        return np.concatenate([one.random(shape) for one in self.each], axis=-1)

    def standard_normal(self, shape: tuple[int, int]) -> Floats:
        return np.concatenate([one.standard_normal(shape) for one in self.each], axis=-1)

    def standard_gamma(self, shape: float, size: int) -> Floats:
        return np.concatenate([one.standard_gamma(shape, size) for one in self.each])


class Luck(Protocol):
    """Where the luck of some accounts comes from, at a purpose and a month."""

    def stream(self, purpose: Purpose, month: int = 0) -> np.random.Generator | Choir: ...


@dataclass(frozen=True)
class Streams:
    """The streams of one block of accounts (or, at ``WHOLE_COMPANY``, of none).

    ``copy`` 0 is the company as it is, any other the same company with other luck.
    """

    seed: int
    block: int
    copy: int = 0

    def stream(self, purpose: Purpose, month: int = 0) -> np.random.Generator:
        """A fresh generator at the address (seed, purpose, block, copy, month)."""
        key = np.array([self.seed, (int(purpose) << 32) | self.block], dtype=np.uint64)
        counter = np.array([0, 0, self.copy, _EARLIEST + month], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))


@dataclass(frozen=True)
class Copies:
    """The streams of several copies of a block; place i of the k-th is k * ``BLOCK`` + i."""

    each: tuple[Streams, ...]

    def stream(self, purpose: Purpose, month: int = 0) -> Choir:
        return Choir([streams.stream(purpose, month) for streams in self.each])


def uniforms(stream: np.random.Generator | Choir, rows: int, place: Ints) -> Floats:
    """Uniforms in (0, 1), ``rows`` for each account at a ``place`` [n] in its block."""
    return np.maximum(stream.random((rows, BLOCK))[:, place], 2.0**-54)


def normals(stream: np.random.Generator | Choir, rows: int, place: Ints) -> Floats:
    """Standard normals, ``rows`` for each account at a ``place`` [n] in its block."""
    return stream.standard_normal((rows, BLOCK))[:, place]


def gammas(stream: np.random.Generator | Choir, shape: float, place: Ints) -> Floats:
    """A Gamma(``shape``, 1) draw for each account at a ``place`` [n] in its block."""
    return stream.standard_gamma(shape, BLOCK)[place]
