"""The demo: a simulated company, its months lived in order, its models, both reports."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tqdm import tqdm

from models.outcomes import QUESTIONS
from perennial.month import Lived, live
from perennial.notebooks import newest, teach
from perennial.workspace import Workspace
from warehouse.errors import InputMissing
from warehouse.months import between, shift
from warehouse.simulate import simulate
from warehouse.simulate.worlds import named

REHEARSED = 6  # months lived before the newest, so that its page can grade the first of them


def company(
    folder: Path,
    accounts: int | None,
    months: int | None,
    seed: int,
    *,
    world: str = "default",
    workers: int | None = None,
    oracles: bool = False,
    dirty: bool = False,
) -> None:
    """Simulate a company into ``folder`` with a progress bar on stderr."""
    with tqdm(total=100, unit="%", file=sys.stderr) as bar:

        def tell(what: str, share: float) -> None:
            if not bar.desc.startswith(what):
                bar.reset()
                bar.set_description(what, refresh=False)
            bar.update(round(100 * share) - bar.n)

        simulate(
            folder,
            accounts,
            months,
            seed,
            world=world,
            workers=workers,
            oracles=oracles,
            dirty=dirty,
            progress=tell,
        )


def rates(world: str) -> str:
    """What a unit of each foreign currency of a simulated company is worth, as lines of TOML."""
    chosen = named(world)
    return "\n".join(
        f"{code} = {rate / 100:.2f}"
        for code, rate, _ in chosen.currencies
        if code != chosen.currency
    )


def live_each(workspace: Workspace, first: str, last: str, pages: bool) -> list[Lived]:
    """Live the months from ``first`` to ``last`` in order, saying what became of each."""
    done = []
    months = between(first, last)
    if not months:
        raise InputMissing(f"{first} is after {last}; name the earlier month first")
    for month in months:
        lived = live(workspace, month, pages=pages)
        done.append(lived)
        where = f"published in {lived.path}" if lived.path else "scored"
        print(f"{month}: {where if lived.changed else 'nothing to do'}", flush=True)
    return done


def run(workspace: Workspace, accounts: int, months: int) -> None:
    """The whole demo in ``workspace``; a second run finds everything done."""
    raw = workspace.root / "data" / "raw"
    if not any(raw.glob("*.parquet")):
        shutil.rmtree(raw, ignore_errors=True)
        company(raw, accounts, months, seed=7)
    last = newest(workspace)
    live_each(workspace, shift(last, -REHEARSED), shift(last, -1), pages=False)
    for question in QUESTIONS:
        print(teach(workspace, question, last), flush=True)
    lived = live(workspace, last)
    print(f"\nOpen {lived.path}/health.html")
    print(f"     {lived.path}/retention.html")
