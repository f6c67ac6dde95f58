"""What Perennial says of companies that are not like others, and whether it is right.

Simulated companies with one thing changed, several seeds of each, and what is said of them:
that nothing can be known where nothing can, that the calendar told it where it did, that an
opinion is theatre where it is one, that a company is too small where it is, and that no
warning can be had in time where there is none. The default company stands beside them: who
condemns everything would be right in all the others. A figure is the share of companies of
which the right thing was said. They are as small as will show it.
"""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.settled import settle
from features.catalogue import catalogue
from models import health, history, measures
from models.leadtime import HAD, NOT_HAD, ahead, lead_time
from models.measures import Interval
from models.outcomes import Kind
from models.train import TooFewEvents, rows, train
from models.verdict import THEATRE, verdict
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.months import as_of, shift

SIGNALLESS = ("no signal", "no better than calendar and size alone")
ALL = "all seeds"
FIRST, START = 500, "2023-01"  # the first seed, and the first month of what is simulated
QUESTIONED: tuple[Kind, ...] = ("renewal", "churn")


@dataclass(frozen=True)
class Plan:
    """Companies of one world: their size, how many, what is asked, and which tables they keep.

    Of a company that is asked little, few tables are read; without names it keeps all.
    """

    accounts: int
    months: int
    questions: tuple[Kind, ...]
    seeds: int = 5
    tables: tuple[str, ...] = ()


PLANS = {
    "null": Plan(1_000, 24, QUESTIONED, seeds=20),
    "calendar-only": Plan(1_500, 24, QUESTIONED),
    "theatre": Plan(1_500, 24, (), tables=("pulses",)),
    "small": Plan(60, 24, QUESTIONED, tables=("usage",)),
    "fast-drivers": Plan(1_500, 24, ("renewal",)),
    "default": Plan(2_500, 30, QUESTIONED),
}
WORKERS = 2
PULSE = "pulse_last"
WORRIED, GLAD = 2, 4  # a pulse from 1 to 5: at risk up to the one, healthy from the other


@dataclass(frozen=True)
class Said:
    """What was said of one company.

    ``renewal`` and ``churn`` are the verdicts on their models, or why there is none;
    ``refused`` the questions that have none. ``area`` is the AUC of the renewal model,
    ``warning`` the word about 90 days' warning, ``pulse`` that about the CSMs' opinion.
    """

    renewal: str
    churn: str
    refused: tuple[Kind, ...]
    area: Interval | None
    warning: str
    pulse: str


def hear(home: Path, questions: tuple[Kind, ...] = QUESTIONED) -> Said:
    """What is said of the company in the workspace ``home`` at the close of its newest month.

    Of ``questions`` that are not asked the text is empty.
    """
    place = at(home)
    month, gap = newest(place), place.settings.policy.gap_days
    snapshot = closed(place, month)
    months = history.lived(snapshot, month, place.settings.model.history)
    known = history.matrices(snapshot, months, place.features)
    texts: dict[Kind, str] = {}
    refused: list[Kind] = []
    area, warning, pulse = None, "", ""
    for kind in QUESTIONED:
        asked = training.question(place, kind)
        answers = history.answers(snapshot, asked, known, month, gap)
        frame = rows(known, answers)
        if kind == "churn" and PULSE in frame:
            pulse = _pulse(frame)
        if kind not in questions:
            continue
        try:
            # Rehearsals hear one seed; the others steady the model and change no verdict.
            trained = train(asked, frame, catalogue().features, month, gap_days=gap, seeds=(1,))
        except TooFewEvents as refusal:
            refused.append(kind)
            texts[kind] = refusal.message
            continue
        texts[kind] = trained.verdict
        assert trained.held_out is not None
        if kind == "renewal":
            area, _ = measures.compare(trained.held_out, "model", "calendar")
            warning = lead_time(ahead(trained.held_out, answers)).word
    renewal, churn = (texts.get(kind, "") for kind in QUESTIONED)
    return Said(renewal, churn, tuple(refused), area, warning, pulse)


def _pulse(frame: pd.DataFrame) -> str:
    """The word about the CSMs' opinion of each account, by who left."""
    score = frame[PULSE]
    bands = [health.AT_RISK, health.HEALTHY]
    band = np.select([score <= WORRIED, score >= GLAD], bands, health.WATCH)
    return verdict(frame.assign(risk=-score, band=band)).word


def told(home: Path, world: str, plan: Plan, seed: int) -> Said:
    """What is said of the company ``seed`` of ``world``, simulated into the folder ``home``."""
    settle(home, plan.accounts, plan.months, seed, world=world, workers=1)
    for file in (home / "data" / "raw").glob("*.parquet") if plan.tables else ():
        if file.stem not in ("accounts", "contract_lines", *plan.tables):
            file.unlink()
    last = as_of(shift(START, plan.months - 1)) - timedelta(days=1)
    with (home / "perennial.toml").open("a") as settings:  # the last row may be of a lost table
        settings.write(f'\n[data]\ncomplete_through = "{last:%Y-%m-%d}"\n')
    return hear(home, plan.questions)


def _one(world: str, seed: int) -> Said:
    with TemporaryDirectory(prefix="perennial-bench-") as place:
        return told(Path(place), world, PLANS[world], seed)


@cache
def heard(world: str) -> tuple[Said, ...]:
    """What is said of each company of ``world``, in the order of their seeds."""
    seeds = range(FIRST, FIRST + PLANS[world].seeds)
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, mp_context=spawned) as pool:
        return tuple(pool.map(_one, [world] * len(seeds), seeds))


def _share(world: str, right: Callable[[Said], bool]) -> Measured:
    told = heard(world)
    return Measured(sum(map(right, told)) / len(told), "of seeds", 1.0)


@bench("worlds_null_renewal", must=">= 1", aim=">= 1", against=ALL)
def null_renewal() -> Measured:
    """Nothing tells who will not renew: there is no signal, or none but the calendar's."""
    return _share("null", lambda said: said.renewal.startswith(SIGNALLESS))


@bench("worlds_null_churn", must=">= 1", aim=">= 1", against=ALL)
def null_churn() -> Measured:
    """Only the end of a term tells who will leave: what is known is the calendar's."""
    return _share("null", lambda said: said.churn.startswith(SIGNALLESS))


@bench("worlds_calendar_renewal", must=">= 1", aim=">= 1", against=ALL)
def calendar_renewal() -> Measured:
    """Only contract and calendar tell who will not renew, and they are credited."""
    return _share("calendar-only", lambda said: said.renewal.startswith(SIGNALLESS))


@bench("worlds_calendar_churn", must=">= 1", aim=">= 1", against=ALL)
def calendar_churn() -> Measured:
    """Only contract and calendar tell who will leave, and they are credited."""
    return _share("calendar-only", lambda said: said.churn.startswith(SIGNALLESS))


@bench("worlds_theatre", must=">= 1", aim=">= 1", against=ALL)
def theatre() -> Measured:
    """An opinion that knows nothing is called theatre."""
    return _share("theatre", lambda said: said.pulse == THEATRE)


@bench("worlds_small", must=">= 1", aim=">= 1", against=ALL)
def small() -> Measured:
    """Sixty accounts teach no model: both are refused, with the counts and what to rank by."""
    return _share("small", lambda said: len(said.refused) == len(QUESTIONED) and _helps(said))


def _helps(said: Said) -> bool:
    """Whether each refusal has its counts and names the column to rank by meanwhile."""
    labels = [feature.label for feature in catalogue().features]
    counted = re.compile(r"\d+ events and \d+ non-events in \d+ months")
    return all(
        counted.search(text) and any(f"rank by {label}" in text for label in labels)
        for text in (said.renewal, said.churn)
    )


@bench("worlds_fast_drivers", must=">= 1", aim=">= 1", against=ALL)
def fast_drivers() -> Measured:
    """What drives customers away is gone in a month: 90 days' warning cannot be had."""
    return _share("fast-drivers", lambda said: said.warning == NOT_HAD)


@bench("worlds_default_warning", must=">= .8", aim=">= 1", against=ALL)
def default_warning() -> Measured:
    """In the default company, 90 days' warning can be had."""
    return _share("default", lambda said: said.warning == HAD)


@bench("worlds_default_signal", must=">= 1", aim=">= 1", against=ALL)
def default_signal() -> Measured:
    """In the default company, both models know more than the calendar."""
    return _share("default", _known)


def _known(said: Said) -> bool:
    return not any(text.startswith(SIGNALLESS) for text in (said.renewal, said.churn))


@bench("worlds_default_pulse", must=">= 1", aim=">= 1", against=ALL)
def default_pulse() -> Measured:
    """An opinion that knows half of it is not called theatre."""
    return _share("default", lambda said: said.pulse != THEATRE)
