"""Declare, find, run and record benchmarks.

A figure by itself says more about the machine than about the code, so what is
judged is a ratio: the value over what the same run measured of a peer, or over a
limit. ``must`` and ``aim`` bound that ratio, as text that names its direction:
``"<= 20"`` for a time, ``">= .97"`` for a share of the best possible.
"""

from __future__ import annotations

import importlib
import json
import operator
import pkgutil
import re
import statistics
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import benchmarks

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"

Row = dict[str, str | float]


@dataclass(frozen=True)
class Measured:
    """What a benchmark found: ``value`` in ``unit``; ``base``, the peer or limit, in the same."""

    value: float
    unit: str
    base: float


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as declared; ``body`` runs it."""

    name: str
    must: str
    aim: str
    against: str
    body: Callable[[], Measured]


_declared: dict[str, Benchmark] = {}


def bench(
    name: str, *, must: str, aim: str, against: str
) -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    """Declare a function as the benchmark ``name``, held against ``against``.

    ``ValueError`` for a name that is taken and for a bound that cannot be read.
    """
    for bound in (must, aim):
        holds(1.0, bound)

    def declare(body: Callable[[], Measured]) -> Callable[[], Measured]:
        if name in _declared:
            raise ValueError(f"two benchmarks are called {name!r}; each needs its own name")
        _declared[name] = Benchmark(name, must, aim, against, body)
        return body

    return declare


def found() -> dict[str, Benchmark]:
    """Every benchmark of every module in this package, by name."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            importlib.import_module(f"benchmarks.{module.name}")
    return dict(sorted(_declared.items()))


def holds(ratio: float, bound: str) -> bool:
    """Whether ``ratio`` keeps ``bound``, written ``<= 20`` or ``>= .97``."""
    match = re.fullmatch(r"([<>]=) ?(\d*\.?\d+)", bound)
    if not match:
        raise ValueError(f"{bound!r} is not a bound; write it as '<= 20' or '>= .97'")
    compare = {"<=": operator.le, ">=": operator.ge}[match[1]]
    return bool(compare(ratio, float(match[2])))


def race(
    ours: Callable[[], object], peer: Callable[[], object], repeats: int = 5
) -> tuple[float, float]:
    """Median seconds of ``ours`` and of ``peer``, run in turn so that both meet the same noise.

    One round before the first counts for neither: it fills caches.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for runner, taken in zip((ours, peer), times, strict=True):
            start = perf_counter()
            runner()
            taken.append(perf_counter() - start)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


def run(benchmark: Benchmark) -> Row:
    """Run one benchmark; its row of results.json."""
    measured = benchmark.body()
    return {
        "name": benchmark.name,
        "value": measured.value,
        "unit": measured.unit,
        "against": benchmark.against,
        "ratio": measured.value / measured.base,
        "must": benchmark.must,
        "aim": benchmark.aim,
        "command": f"make bench ONLY={benchmark.name}",
        "commit": _commit(),
    }


def write(rows: Iterable[Row], path: Path = RESULTS) -> None:
    """Record ``rows``, keeping those of benchmarks that did not run this time."""
    kept: list[Row] = json.loads(path.read_text()) if path.exists() else []
    merged = {str(row["name"]): row for row in [*kept, *rows]}
    path.write_text(json.dumps([merged[name] for name in sorted(merged)], indent=2) + "\n")


def _commit() -> str:
    """The commit measured, marked ``-dirty`` if files differ from it; ``none`` before the first."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    return said.stdout.strip() or "none"
