"""The accounts table: who they are today, and who looks after them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import Ints, days
from warehouse.simulate.columns import Columns, Text, category, labels
from warehouse.simulate.life import Life
from warehouse.simulate.names import account_names, csm_names
from warehouse.simulate.onboarding import first_signed
from warehouse.simulate.population import Population
from warehouse.simulate.state import Kind
from warehouse.simulate.streams import WHOLE_COMPANY, Purpose, Streams, uniforms
from warehouse.simulate.world import INDUSTRIES, REGIONS, TIERS, World

ACCOUNT = "A"
"""What the id of an account begins with."""
_ALIVE = 0.65
"""The share of all accounts that are customers at a time, for the size of the CSM team."""
_CHILDREN = 0.06


def account_ids(number: Ints) -> Text:
    """The ids of accounts ``number``, one a row."""
    return Text(np.arange(len(number), dtype=np.int64), labels(ACCOUNT, (number, 6)))


def csms(world: World, company: int, people: Population, streams: Streams) -> Text:
    """Each account's CSM; every CSM works in one segment of a company of ``company`` accounts."""
    teams = _teams(world, company)
    person = _person(teams, people, streams)
    return category(person, csm_names(np.arange(teams.sum(), dtype=np.int64)))


def looked_after(world: World, company: int, people: Population, streams: Streams) -> Population:
    """The accounts of a block with CSMs, some of whom see every account of theirs rosier."""
    teams = _teams(world, company)
    own = Streams(streams.seed, WHOLE_COMPANY).stream(Purpose.CSMS)
    rosy = own.standard_normal(int(teams.sum()))
    return replace(people, optimism=rosy[_person(teams, people, streams)])


def _teams(world: World, company: int) -> Ints:
    """How many CSMs work in each segment."""
    return np.array([int(np.ceil(company * s.share * _ALIVE / s.book)) for s in world.segments])


def _person(teams: Ints, people: Population, streams: Streams) -> Ints:
    """Which CSM of all looks after each account, drawn among those of its segment."""
    first = np.cumsum(teams) - teams
    draw = uniforms(streams.stream(Purpose.CSMS), 1, people.place)[0]
    within = np.floor(draw * teams[people.segment]).astype(np.int64)
    return np.asarray(first[people.segment] + within, dtype=np.int64)


def accounts(life: Life, dates: Agreements, streams: Streams, names: Text, csm: Text) -> Columns:
    """The accounts of a block, in the order of their ids."""
    people = life.people
    u = uniforms(streams.stream(Purpose.ACCOUNTS), 3, people.place)
    created = first_signed(life, dates) - days(8.0 + 70.0 * u[0])
    child = (u[1] < _CHILDREN) & (np.arange(people.size) > 0)
    above = np.floor(u[2] * np.arange(people.size)).astype(np.int64)
    parent = np.where(child & ~child[above], above, -1)
    absorbed = ((life.events.turn.kind == Kind.MERGED) & life.events.turn.left).any(axis=0)
    parent = np.where(absorbed, people.partner, parent)
    titles = account_names(people.number, people.industry, INDUSTRIES)
    return {
        "account_id": names,
        "name": Text(np.arange(people.size, dtype=np.int64), titles),
        "segment": category(people.segment, [s.name for s in life.world.segments]),
        "industry": category(people.industry, INDUSTRIES),
        "region": category(people.region, REGIONS),
        "tier": category(people.tier, TIERS),
        "csm": csm,
        "parent_id": Text(parent, names.words),
        "merged_into": Text(np.where(absorbed, people.partner, -1), names.words),
        "created_at": created,
        "known_at": created,
    }
