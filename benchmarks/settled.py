"""A simulated company in a workspace of its own, for benchmarks that live in one."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from perennial.demo import rates
from warehouse.simulate import simulate


@cache
def settled(accounts: int, months: int, seed: int, oracles: bool = False) -> Path:
    """The workspace of a company of the default world, one for all that ask; gone at the end."""
    home = Path(tempfile.mkdtemp(prefix="perennial-bench-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return settle(home, accounts, months, seed, oracles=oracles)


def settle(
    home: Path,
    accounts: int,
    months: int,
    seed: int,
    *,
    world: str = "default",
    workers: int | None = None,
    oracles: bool = False,
) -> Path:
    """``home`` made the workspace of a company: tables in data/raw, and a ``perennial.toml``."""
    raw = home / "data" / "raw"
    simulate(raw, accounts, months, seed, world=world, workers=workers, oracles=oracles)
    (home / "perennial.toml").write_text(
        f'[company]\nname = "Bench"\ncurrency = "USD"\n\n[rates]\n{rates(world)}\n'
    )
    return home
