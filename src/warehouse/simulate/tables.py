"""One block of accounts: lived, then written down as the tables of the contract."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.contract import TABLES
from warehouse.simulate import truth
from warehouse.simulate.accounts import account_ids, accounts, csms, looked_after
from warehouse.simulate.agreements import agreements
from warehouse.simulate.billing import billing
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.columns import Columns
from warehouse.simulate.contacts import contacts
from warehouse.simulate.contracts import contract_lines
from warehouse.simulate.dirt import dirtied
from warehouse.simulate.export import as_exported
from warehouse.simulate.growth import opportunities
from warehouse.simulate.incidents import incidents
from warehouse.simulate.life import Life, live
from warehouse.simulate.observer import Observer
from warehouse.simulate.onboarding import milestones
from warehouse.simulate.population import population
from warehouse.simulate.pulses import pulses
from warehouse.simulate.service import service
from warehouse.simulate.shocks import Shocks
from warehouse.simulate.streams import BLOCK, Streams
from warehouse.simulate.support import tickets
from warehouse.simulate.touches import touches
from warehouse.simulate.usage import usage
from warehouse.simulate.voice import surveys
from warehouse.simulate.world import World


@dataclass(frozen=True)
class Company:
    """What is the same for all blocks of a company.

    ``observer``: its twins are lived too, and this one looks on. ``dirty``: its tables are
    those of real systems.
    """

    world: World
    calendar: Calendar
    shocks: Shocks
    accounts: int
    seed: int
    observer: Observer | None = None
    dirty: bool = False

    @property
    def blocks(self) -> int:
        """How many blocks of accounts the company has."""
        return -(-self.accounts // BLOCK)


@dataclass(frozen=True)
class Block:
    """A block written down: what the company's systems hold, and what nobody saw."""

    tables: dict[str, Columns]
    truth: dict[str, Columns]


def lived(company: Company, index: int) -> Life:
    """Block ``index`` lived; depends on nothing but its arguments."""
    size = min(BLOCK, company.accounts - index * BLOCK)
    streams = Streams(company.seed, index)
    people = population(company.world, company.calendar, streams, size)
    people = looked_after(company.world, company.accounts, people, streams)
    return live(company.world, company.calendar, company.shocks, people, streams)


def written(company: Company, life: Life, streams: Streams) -> dict[str, Columns]:
    """The tables of a block as its systems export them after the last reported month."""
    people = life.people
    dates, served, names = agreements(life, streams), service(life), account_ids(people.number)
    csm = csms(company.world, company.accounts, people, streams)
    bills, payments = billing(life, dates, streams, names)
    made = {
        "accounts": accounts(life, dates, streams, names, csm),
        "contract_lines": contract_lines(life, dates, names),
        "contacts": contacts(life, dates, streams, names),
        "incidents": incidents(life, served, company.shocks, streams, names),
        "usage": usage(life, served, streams, names),
        "tickets": tickets(life, served, company.shocks, streams, names),
        "surveys": surveys(life, served, streams, names),
        "invoices": bills,
        "payments": payments,
        "touches": touches(life, served, streams, names, csm),
        "pulses": pulses(life, served, streams, names, csm),
        "milestones": milestones(life, dates, streams, names),
        "opportunities": opportunities(life, dates, served, streams, names),
    }
    export = company.calendar.export
    return {name: as_exported(TABLES[name], made[name], export) for name in TABLES}


def block(company: Company, index: int) -> Block:
    """The tables and the truth of block ``index``; depends on nothing but its arguments."""
    streams, life = Streams(company.seed, index), lived(company, index)
    tables, names = written(company, life, streams), account_ids(life.people.number)
    secrets = truth.tables(life, names)
    if company.observer is not None:
        observed = company.observer.ahead(life, tables)
        secrets |= truth.oracles(life, company.shocks, streams, names, observed)
    if company.dirty:
        products = tuple(product.name for product in company.world.products)
        tables, secrets["dirt"] = dirtied(tables, company.calendar, products, streams)
    return Block(tables, secrets)
