"""A whole company, written to a folder: all of it, or nothing.

The tables are made in a hidden folder beside the one asked for, or in it where it is there,
and moved into place when the last byte is written; whatever stops the work, but for what
leaves no time, takes the hidden folder with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse import contract
from warehouse.errors import CannotWrite, Usage
from warehouse.months import check
from warehouse.seal import seal
from warehouse.simulate import truth
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.shocks import shocks
from warehouse.simulate.tables import Company
from warehouse.simulate.teach import Progress, learn
from warehouse.simulate.workers import blocks, suitable
from warehouse.simulate.world import World
from warehouse.simulate.worlds import WORLDS, named
from warehouse.simulate.write import Files, arrow, schema

_HIDDEN = ".partial-"
MOST_ACCOUNTS = 999_999
MOST_MONTHS = 120
MOST_WORKERS = 64
_YEARS = (1980, 2200)


def simulate(
    folder: Path,
    accounts: int | None,
    months: int | None,
    seed: int,
    *,
    start: str = "2023-01",
    world: str = "default",
    workers: int | None = None,
    oracles: bool = False,
    dirty: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a simulated company to ``folder`` and return it.

    ``folder`` gets one ``<table>.parquet`` for each table of the contract, as the
    company's systems would export them at the first instant after the last month, and
    ``truth/`` with what nobody at the company could see. ``accounts`` is how many it
    ever had; contract lines go back to its beginnings, what happens daily covers
    ``months`` months from ``start``. Money is in the currency's main unit with two
    decimals; instants are naive and in UTC. The same arguments give the same bytes,
    whoever makes them: ``workers`` processes, by default as many as are of use here.
    ``accounts`` and ``months`` left out are those of the world. ``oracles`` adds to the
    truth how well anybody could know who leaves, and what save plays change: by twins, at
    some fifteen times the time, and by learning from other companies, which takes some
    minutes more. ``dirty`` gives the tables as real systems would, of the same company
    with the same truth, and counts the dirt there.

    ``progress`` is told what is being done and the share done, 0 to 1. Raises ``Usage``
    for a size, month, seed or world that cannot be, and ``CannotWrite`` for a folder
    that is not empty or cannot be written; then nothing is left behind.
    """
    chosen = _world(world)
    accounts = chosen.size[0] if accounts is None else accounts
    months = chosen.size[1] if months is None else months
    _check(accounts, months, seed, start, workers)
    calendar = Calendar(start, months, chosen.history)
    company = Company(chosen, calendar, shocks(chosen, seed, calendar), accounts, seed, dirty=dirty)
    tell = progress or _silent
    try:
        with _aside(Path(folder)) as partial:
            if oracles:
                company = replace(company, observer=learn(company, workers, tell))
            _write(company, partial, workers or suitable(company.blocks), tell)
    except OSError as error:
        raise CannotWrite(
            f"{folder} cannot be written: {error.strerror or error}. Nothing was left there; "
            "name a folder you may write to, on a disk with room."
        ) from error
    return Path(folder)


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A folder to write to whose content becomes that of ``folder`` at the end, if all goes well.

    It is nobody else's, whoever else writes to the same target. A target that is there keeps
    being what it is (a mount, somebody's current folder, with its own rights); one that is not
    appears whole, and the folders above that had to be made for it go when it fails.
    """
    try:
        target = folder.resolve()
    except RuntimeError as error:
        raise CannotWrite(
            f"{folder} is a link that leads back to itself. Name a folder."
        ) from error
    _check_folder(target)
    there = target.is_dir()
    missing = [above for above in target.parents if not above.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        home = target if there else target.parent
        with TemporaryDirectory(prefix=_HIDDEN, dir=home) as place:
            partial = Path(place) / "company"
            partial.mkdir()
            yield partial
            _check_folder(target)
            if there:
                for made in sorted(partial.iterdir()):
                    made.rename(target / made.name)
            else:
                partial.replace(target)
    except BaseException:
        for above in missing:
            with suppress(OSError):
                above.rmdir()
        raise


def _write(company: Company, folder: Path, workers: int, progress: Progress) -> None:
    """Write every block of ``company`` to ``folder``."""
    hidden, parts = folder / "truth", folder / ".parts"
    hidden.mkdir()
    parts.mkdir()
    seal(hidden)
    (hidden / "README.md").write_text(truth.dictionary(company.world), encoding="utf-8")
    schemas = {name: schema(table) for name, table in contract.TABLES.items()}
    secret = truth.schemas(company.world, company.observer is not None, company.dirty)
    with Files(folder, schemas) as tables, Files(hidden, secret) as secrets:
        shared = truth.shared(company.world, company.calendar, company.shocks)
        secrets.add("shocks", arrow(shared, secret["shocks"]))
        progress("simulate", 0.0)
        for done, (shown, kept) in enumerate(blocks(company, workers, parts), start=1):
            for name, rows in shown.items():
                tables.add(name, rows)
            for name, rows in kept.items():
                secrets.add(name, rows)
            progress("simulate", done / company.blocks)
    parts.rmdir()


def _silent(_step: str, _share: float) -> None:
    """Tell nobody."""


def _check(accounts: int, reported: int, seed: int, start: str, workers: int | None) -> None:
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
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise Usage(f"{workers} workers cannot share the work; ask for 1 to {MOST_WORKERS}.")


def _world(name: str) -> World:
    """The world called ``name``; ``Usage`` where there is none."""
    try:
        return named(name)
    except KeyError as error:
        known = ", ".join(sorted(WORLDS))
        raise Usage(
            f"There is no world {name!r}; there are: {known}, and random:K for a whole number K."
        ) from error


def _check_folder(folder: Path) -> None:
    """Refuse a folder that holds something, or a file in its place."""
    if folder.is_dir() and any(not each.name.startswith(_HIDDEN) for each in folder.iterdir()):
        raise CannotWrite(
            f"{folder} is not empty; nothing was written. Name a new folder, or empty this one."
        )
    if folder.exists() and not folder.is_dir():
        raise CannotWrite(f"{folder} is a file; nothing was written. Name a folder.")
