"""The accounts of a block as they are born: who they are, and what never changes.

Offsets make levels weak and changes strong: one healthy account uses half its seats,
another nine tenths, so a level says little and an account's own past says much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import NEVER, Flags, Floats, Ints, choose, sigmoid
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.streams import BLOCK, Purpose, Streams, normals, uniforms
from warehouse.simulate.world import INDUSTRIES, REGION_SHARES, World

_DEEPEST = 0.6
"""The deepest discount anybody gets."""


@dataclass(frozen=True)
class Population:
    """One block of accounts; every array is [n] unless said otherwise.

    ``number`` counts accounts from 1 through the whole company, ``place`` from 0 where in
    its block the luck of each is drawn. ``term`` and ``notice`` are months, ``anchor`` the
    day of the month contracts turn (1 to 28), ``price`` cents a seat and year after
    discount, ``value_days`` the days from signature to first value. ``affinity`` is
    [products, n], ``levels`` the stress each account goes back to, [drivers, n].
    ``escalator`` is the contracted yearly rise and
    ``ramp`` the share of its first seats a long contract adds each year. In the month
    ``merges`` it takes over the contract of its neighbour, ``partner``. ``currency`` is
    what it is billed in, a unit of which is worth ``rate`` cents of the reporting one,
    ``optimism`` that of its CSM, once it has one.
    """

    number: Ints
    place: Ints
    arrives: Ints
    segment: Ints
    industry: Ints
    region: Ints
    tier: Ints
    anchor: Ints
    term: Ints
    notice: Ints
    auto_renew: Flags
    card: Flags
    bills_yearly: Flags
    stratum: Flags
    fit: Floats
    responsiveness: Floats
    levels: Floats
    fragility: Floats
    affinity: Floats
    seats: Ints
    price: Floats
    discount: Floats
    owned: Flags
    value_days: Floats
    usage_offset: Floats
    stick_offset: Floats
    ticket_offset: Floats
    score_offset: Floats
    pay_offset: Floats
    currency: Ints
    rate: Ints
    escalator: Floats
    ramp: Floats
    merges: Ints
    partner: Ints
    optimism: Floats

    @property
    def size(self) -> int:
        """How many accounts the block has."""
        return len(self.number)

    @property
    def monthly(self) -> Flags:
        """Accounts on open-ended monthly contracts."""
        return np.asarray(self.term == 1, dtype=np.bool_)

    @property
    def yearly(self) -> Flags:
        """Accounts billed once a year."""
        return self.bills_yearly & ~self.monthly


def population(world: World, calendar: Calendar, streams: Streams, n: int) -> Population:
    """The first ``n`` accounts of the block ``streams`` belongs to."""
    stream = streams.stream(Purpose.POPULATION)
    place = np.arange(n, dtype=np.int64)
    u = uniforms(stream, 24, place)
    z = normals(stream, 12 + len(world.products), place)
    own = normals(stream, len(world.drivers), place)
    betas = stream.beta(2.0, 2.0, BLOCK)[:n]
    bargains = stream.beta(2.0, 8.0, BLOCK)[:n]

    region = choose(u[6], REGION_SHARES)
    currency = _by_region(world, region, u[16])
    segment = choose(u[0], [s.share for s in world.segments])
    tier = choose(u[1], np.array([s.tiers for s in world.segments])[segment].T)
    discount = np.minimum(np.round(bargains * _of(world, segment, "bargaining"), 3), _DEEPEST)
    price = _of(world, segment, "price") * np.exp(0.12 * z[0]) * (1.0 - discount)
    seats = _of(world, segment, "seats") * np.exp(_of(world, segment, "seats_spread") * z[1])
    fit = z[2]
    term = _by_segment(u[9], [s.terms for s in world.segments], segment)
    affinity = 0.8 * z[12:] + 0.6 * z[3]
    wants = uniforms(stream, len(world.products), place) < sigmoid(
        _of(world, segment, "modules") + 0.8 * affinity
    )
    wants[0] = True
    responsiveness = np.minimum(betas + 0.15 * (tier > 0), 1.0)
    slow = np.log(1.0 / u[2] - 1.0) / 2.2 - 0.5 * (responsiveness - 0.5) - 0.15 * fit
    return Population(
        number=streams.block * BLOCK + place + 1,
        place=place,
        arrives=_arrivals(world, calendar, u[3], u[4]),
        segment=segment,
        industry=choose(u[5], [1.0] * len(INDUSTRIES)),
        region=region,
        tier=tier,
        anchor=np.where(u[7] < 0.4, 1, 1 + np.floor(28 * u[8]).astype(np.int64)),
        term=term,
        notice=_by_segment(u[10], [s.notice for s in world.segments], segment),
        auto_renew=u[11] < _of(world, segment, "auto_renew"),
        card=u[12] < _of(world, segment, "card"),
        bills_yearly=u[13] < _of(world, segment, "bills_yearly"),
        stratum=u[14] < world.vendor.random_stratum,
        fit=fit,
        responsiveness=responsiveness,
        levels=_levels(world, fit, own),
        fragility=np.where(u[15] < 0.5, 0.9, 1.2),
        affinity=affinity,
        seats=np.maximum(np.rint(seats), 3).astype(np.int64),
        price=np.rint(1200.0 * price),
        discount=discount,
        owned=wants,
        value_days=world.vendor.value_days * _of(world, segment, "value_days") * np.exp(slow),
        usage_offset=0.45 * z[5],
        stick_offset=0.5 * z[6],
        ticket_offset=0.4 * z[7],
        score_offset=0.6 * z[8],
        pay_offset=z[9],
        currency=currency,
        rate=np.array([rate for _, rate, _ in world.currencies])[currency],
        escalator=np.where(
            (term > 12) & (u[17] < world.escalator_share),
            np.round(_between(world.escalator_range, u[18]), 3),
            0.0,
        ),
        ramp=np.where(
            (term > 12) & (u[19] < world.ramp_share), _between(world.ramp_range, u[20]), 0.0
        ),
        merges=_mergers(world, calendar, u[21], u[22], u[23]),
        partner=_neighbours(n),
        optimism=np.zeros(n),
    )


def _of(world: World, segment: Ints, name: str) -> Floats:
    """Each account's value of its segment's parameter ``name``."""
    return np.array([getattr(s, name) for s in world.segments], dtype=np.float64)[segment]


def _by_segment(
    uniform: Floats, tables: list[tuple[tuple[int, float], ...]], segment: Ints
) -> Ints:
    """Draw a value from each account's own segment's (value, share) table."""
    chosen = np.zeros(len(uniform), dtype=np.int64)
    for index, table in enumerate(tables):
        values = np.array([value for value, _ in table], dtype=np.int64)
        drawn = values[choose(uniform, [share for _, share in table])]
        chosen = np.where(segment == index, drawn, chosen)
    return chosen


def _by_region(world: World, region: Ints, uniform: Floats) -> Ints:
    """The currency each account is billed in, by the shares of its region."""
    return choose(uniform, np.array([shares for _, _, shares in world.currencies])[:, region])


def _between(bounds: tuple[float, float], uniform: Floats) -> Floats:
    """A value in ``bounds`` for each uniform."""
    low, high = bounds
    return low + (high - low) * uniform


def _levels(world: World, fit: Floats, own: Floats) -> Floats:
    """The stress each account goes back to, [drivers, n]; where the fit is poor, a higher one."""
    spread = np.array([[driver.level] for driver in world.drivers])
    return np.where(spread > 0, spread * own - 0.55 * fit * (spread / 0.45), 0.0)


def _neighbours(n: int) -> Ints:
    """The other of each pair of accounts (0 and 1, 2 and 3 ...); itself where it has none."""
    index = np.arange(n, dtype=np.int64)
    other = index ^ 1
    return np.where(other < n, other, index)


def _mergers(world: World, calendar: Calendar, when: Floats, which: Floats, coin: Floats) -> Ints:
    """The month in which each account takes over the other of its pair, NEVER for most.

    Which of the two it is, is the toss of the pair's coin.
    """
    lived = calendar.history + calendar.months
    month = np.floor(which * lived).astype(np.int64) - calendar.history
    index = np.arange(len(when))
    first = (index % 2 == 0) == (coin[index - index % 2] < 0.5)
    return np.where(first & (when < world.mergers), month, NEVER)


def _arrivals(world: World, calendar: Calendar, when: Floats, which: Floats) -> Ints:
    """The month each account starts: some before the first reported month, the rest evenly after.

    The longer the report, the larger the share that arrives in it; before it, arrivals
    grow by 1.5 % a month.
    """
    reported = 1.0 - np.exp(-world.pace * calendar.months)
    later = np.floor(which * calendar.months).astype(np.int64)
    past = np.exp(0.015 * np.arange(world.history))
    earlier = choose(which, past.tolist()) - world.history
    return np.where(when < reported, later, earlier)
