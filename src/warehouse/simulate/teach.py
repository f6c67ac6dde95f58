"""Companies to learn from: what was seen of those who decided, and their true chances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from warehouse.simulate.arrays import Flags, Floats
from warehouse.simulate.observed import decisions, observed
from warehouse.simulate.observer import Observer, fitted
from warehouse.simulate.shocks import shocks
from warehouse.simulate.streams import BLOCK, Streams
from warehouse.simulate.tables import Company, lived, written
from warehouse.simulate.twins import LEADS
from warehouse.simulate.workers import cores, in_order, suitable

Progress = Callable[[str, float], None]

BLOCKS = 80
_EACH = 10
"""The blocks of accounts learnt from, and how many of them are of one company."""
_FIRST = 90_000
"""The seed of the first company that teaches."""


@dataclass(frozen=True)
class Lesson:
    """The decisions of a block: what was ``seen`` of each by lead, its true ``chance`` of
    leaving when it decided, and if it ``left``. ``names`` are those of what was seen."""

    seen: dict[int, npt.NDArray[np.float32]]
    names: tuple[str, ...]
    chance: Floats
    left: Flags


def learn(company: Company, workers: int | None, progress: Progress) -> Observer:
    """Who knows best what the tables of ``company`` can tell, taught on others of its world."""
    workers = workers or suitable(BLOCKS)
    taught: list[Lesson] = []
    progress("learn", 0.0)
    for each in lessons(company, LEADS, BLOCKS, workers):
        taught.append(each)
        progress("learn", 0.8 * len(taught) / BLOCKS)
    chance = np.concatenate([each.chance for each in taught])
    models = {}
    for done, lead in enumerate(LEADS if len(chance) else (), start=1):
        seen = np.concatenate([each.seen[lead] for each in taught])
        models[lead] = fitted(seen, chance, min(workers, cores()))
        progress("learn", 0.8 + 0.2 * done / len(LEADS))
    return Observer(models)


def lessons(
    company: Company, leads: tuple[int, ...], blocks: int, workers: int
) -> Iterator[Lesson]:
    """The lessons of ``blocks`` blocks of companies that differ from ``company`` by seed."""
    seeds = [seed for seed in range(_FIRST, _FIRST + blocks) if seed != company.seed]
    teachers = [_teacher(company, seed) for seed in seeds[: -(-blocks // _EACH)]]
    tasks = [(teachers[index // _EACH], index % _EACH) for index in range(blocks)]
    return in_order(partial(_lesson, leads), tasks, workers)


def _teacher(company: Company, seed: int) -> Company:
    weather = shocks(company.world, seed, company.calendar)
    return Company(company.world, company.calendar, weather, _EACH * BLOCK, seed)


def _lesson(leads: tuple[int, ...], task: tuple[Company, int]) -> Lesson:
    company, index = task
    life = lived(company, index)
    tables = written(company, life, Streams(company.seed, index))
    seen = observed(life, tables, leads)
    at, choices = decisions(life), life.events.choices
    return Lesson(
        {lead: each.values for lead, each in seen.items()},
        seen[leads[0]].names,
        choices.probability[at],
        choices.quits[at],
    )
