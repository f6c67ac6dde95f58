"""A whole company, written to a folder: all of it, or nothing.

The tables are made in a hidden folder beside the one asked for and moved into place
when the last byte is written; whatever stops the work takes the hidden folder with it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from warehouse import contract
from warehouse.errors import CannotWrite, Usage
from warehouse.months import check
from warehouse.simulate import truth
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.shocks import shocks
from warehouse.simulate.tables import Company, block
from warehouse.simulate.worlds import WORLDS
from warehouse.simulate.write import Files, schema

Progress = Callable[[str, float], None]

MOST_ACCOUNTS = 999_999
MOST_MONTHS = 120
_YEARS = (1980, 2200)


def simulate(
    folder: Path,
    accounts: int,
    months: int,
    seed: int,
    *,
    start: str = "2023-01",
    world: str = "default",
    progress: Progress | None = None,
) -> Path:
    """Write a simulated company to ``folder`` and return it.

    ``folder`` gets one ``<table>.parquet`` for each table of the contract, as the
    company's systems would export them at the first instant after the last month, and
    ``truth/`` with what nobody at the company could see. ``accounts`` is how many it
    ever had; contract lines go back to its beginnings, what happens daily covers
    ``months`` months from ``start``. Money is in the currency's main unit with two
    decimals; instants are naive and in UTC. The same arguments give the same bytes.

    ``progress`` is told what is being done and the share done, 0 to 1. Raises ``Usage``
    for a size, month, seed or world that cannot be, and ``CannotWrite`` for a folder
    that is not empty or cannot be written; then nothing is left behind.
    """
    _check(accounts, months, seed, start, world)
    chosen = WORLDS[world]
    calendar = Calendar(start, months, chosen.history)
    company = Company(chosen, calendar, shocks(seed, calendar), accounts, seed)
    target = Path(folder).resolve()
    partial = target.parent / f".{target.name}.partial-{os.getpid()}"
    try:
        _check_folder(target)
        partial.mkdir(parents=True)
        _write(company, partial, progress or _silent)
        partial.replace(target)
    except OSError as error:
        raise CannotWrite(
            f"{folder} cannot be written: {error.strerror or error}. Nothing was left there; "
            "name a folder you may write to, on a disk with room."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Path(folder)


def _write(company: Company, folder: Path, progress: Progress) -> None:
    """Write every block of ``company`` to ``folder``."""
    hidden = folder / "truth"
    hidden.mkdir()
    (hidden / "README.md").write_text(truth.dictionary(company.world), encoding="utf-8")
    schemas = {name: schema(table) for name, table in contract.TABLES.items()}
    with Files(folder, schemas) as tables, Files(hidden, truth.schemas(company.world)) as secrets:
        for index in range(company.blocks):
            progress("simulate", index / company.blocks)
            made = block(company, index)
            for name, columns in made.tables.items():
                tables.add(name, columns)
            for name, columns in made.truth.items():
                secrets.add(name, columns)
    progress("simulate", 1.0)


def _silent(_step: str, _share: float) -> None:
    """Tell nobody."""


def _check(accounts: int, reported: int, seed: int, start: str, world: str) -> None:
    """Refuse what cannot be simulated."""
    if not 1 <= accounts <= MOST_ACCOUNTS:
        raise Usage(f"{accounts} accounts cannot be simulated; ask for 1 to {MOST_ACCOUNTS:,}.")
    if not 1 <= reported <= MOST_MONTHS:
        raise Usage(f"{reported} months cannot be simulated; ask for 1 to {MOST_MONTHS}.")
    if not 0 <= seed < 2**64:
        raise Usage(f"{seed} cannot be a seed; take a whole number from 0 to 2^64 - 1.")
    try:
        year = int(check(start)[:4])
    except ValueError as error:
        raise Usage(f"The first month cannot be used: {error}.") from error
    if not _YEARS[0] <= year <= _YEARS[1]:
        raise Usage(
            f"{start} cannot be the first month; its year must be {_YEARS[0]} to {_YEARS[1]}."
        )
    if world not in WORLDS:
        raise Usage(f"There is no world {world!r}; there are: {', '.join(sorted(WORLDS))}.")


def _check_folder(folder: Path) -> None:
    """Refuse a folder that holds something, or a file in its place."""
    if folder.is_dir() and any(folder.iterdir()):
        raise CannotWrite(
            f"{folder} is not empty; nothing was written. Name a new folder, or empty this one."
        )
    if folder.exists() and not folder.is_dir():
        raise CannotWrite(f"{folder} is a file; nothing was written. Name a folder.")
