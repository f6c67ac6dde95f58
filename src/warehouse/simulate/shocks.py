"""What happens to everybody: the economy of each industry, and the vendor's releases.

The general index is first-order autoregressive, G' = .9 G + N(0, .1); an industry leans
back to it, M' = G' + .8 (M - G) + N(0, .08). A release comes in about every third month,
an incident of a product when its luck runs out, a rival's launch in the last third.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Ints
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.streams import WHOLE_COMPANY, Purpose, Streams
from warehouse.simulate.world import INDUSTRIES, World

_RELEASES = 1 / 3


@dataclass(frozen=True)
class Exogenous:
    """One month as each account meets it; arrays are [n] or [..., n].

    ``macro`` is the strain of the economy on its industry, ``release`` whether the vendor
    ships one, ``incident`` [products, n] which products fail, ``launch`` whether a rival has
    launched in its industry, ``shift`` [drivers, n] what the times add to the log hazards,
    ``season`` how much busier than usual people are.
    """

    month: int
    macro: Floats
    release: Flags
    incident: Flags
    launch: Flags
    shift: Floats
    season: float


@dataclass(frozen=True)
class Shocks:
    """Every month's shared shocks from ``first`` on.

    ``macro`` and ``launch`` are [months, industries], ``incident`` [months, products],
    ``shift`` [months, drivers], ``release`` and ``season`` [months]. ``general`` [months]
    is the index of the whole economy that the industries lean to.
    """

    first: int
    general: Floats
    macro: Floats
    release: Flags
    incident: Flags
    launch: Flags
    shift: Floats
    season: Floats

    def at(self, month: int, industry: Ints) -> Exogenous:
        """The shocks of ``month`` (0: the first reported one) for accounts by ``industry`` [n]."""
        index, n = month - self.first, len(industry)
        incident, shift = self.incident[index], self.shift[index]
        return Exogenous(
            month,
            self.macro[index][industry],
            np.full(n, self.release[index]),
            np.broadcast_to(incident[:, None], (len(incident), n)),
            self.launch[index][industry],
            np.broadcast_to(shift[:, None], (len(shift), n)),
            float(self.season[index]),
        )


def shocks(world: World, seed: int, calendar: Calendar) -> Shocks:
    """Draw the shared shocks of every simulated month."""
    stream = Streams(seed, WHOLE_COMPANY).stream(Purpose.SHOCKS)
    months = np.arange(-calendar.history, calendar.lived - calendar.history)
    general, macro = _economy(stream, len(months), 0.0, np.zeros(len(INDUSTRIES)))
    opens = np.floor(calendar.months * (2.0 + stream.random()) / 3.0)
    rivals = np.argsort(stream.random(len(INDUSTRIES))) < world.launches
    return Shocks(
        -calendar.history,
        general,
        macro,
        stream.random(len(months)) < _RELEASES,
        stream.random((len(months), len(world.products))) < world.incidents,
        (months >= opens)[:, None] & rivals,
        _shifts(world, calendar, months),
        np.array([calendar.season(int(month)) for month in months]),
    )


def onward(
    world: World, known: Shocks, stream: np.random.Generator, month: int, ahead: int
) -> Shocks:
    """Another future: the ``ahead`` months after ``month`` as they could have come.

    The economy goes on from where it stood, releases and incidents are drawn anew; rivals
    and the times stay what they were.
    """
    now = month - known.first
    general, macro = _economy(stream, ahead, float(known.general[now]), known.macro[now])
    released = stream.random(ahead) < _RELEASES
    failed = stream.random((ahead, len(world.products))) < world.incidents
    return Shocks(
        month + 1,
        general,
        macro,
        released,
        failed,
        np.repeat(known.launch[[now]], ahead, axis=0),
        np.repeat(known.shift[[now]], ahead, axis=0),
        known.season[now + 1 : now + 1 + ahead],
    )


def _economy(
    stream: np.random.Generator, months: int, general: float, industry: Floats
) -> tuple[Floats, Floats]:
    """The general index [months] and that of each industry [months, industries], from now on."""
    whole, each = np.empty(months), np.empty((months, len(INDUSTRIES)))
    noise = stream.standard_normal((months, 1 + len(INDUSTRIES)))
    for index, row in enumerate(noise):
        before, general = general, 0.9 * general + 0.1 * float(row[0])
        industry = general + 0.8 * (industry - before) + 0.08 * row[1:]
        whole[index], each[index] = general, industry
    return whole, each


def _shifts(world: World, calendar: Calendar, months: Ints) -> Floats:
    """What the world's change of regime adds to each log hazard, [months, drivers]."""
    if world.regime is None:
        return np.zeros((len(months), len(world.drivers)))
    more = dict(world.regime.shifts)
    added = np.array([more.get(driver.name, 0.0) for driver in world.drivers])
    return np.outer(months >= calendar.months * world.regime.share, added)
