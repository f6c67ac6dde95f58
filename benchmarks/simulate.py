"""How fast a company is simulated."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter

import psutil
import pyarrow.parquet as pq

from benchmarks.harness import Measured, bench, race
from warehouse.simulate import simulate

ACCOUNTS, MONTHS = 8_192, 36
MOST, SECONDS, MEGABYTES = 50_000, 60.0, 2_000.0


@bench(
    "simulate",
    must=">= .08",
    aim=">= .15",
    against="writing the same usage from memory, one core (rows/s)",
)
def rows() -> Measured:
    """Usage rows a second of a whole company, all its tables made and written."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        simulate(folder / "kept", ACCOUNTS, MONTHS, 7)
        usage = pq.read_table(folder / "kept" / "usage.parquet", read_dictionary=["account_id"])
        made = iter(range(100))

        def ours() -> None:
            simulate(folder / str(next(made)), ACCOUNTS, MONTHS, 7)

        def written() -> None:
            pq.write_table(usage, folder / "usage.parquet", compression="zstd")

        taken, limit = race(ours, written, repeats=3)
        return Measured(usage.num_rows / taken, "rows/s", usage.num_rows / limit)


@bench("simulate_large", must="<= 1", aim="<= .6", against=f"{SECONDS:.0f} s for 50,000 x 36")
def seconds() -> Measured:
    """Seconds that 50,000 accounts and 36 months take; ``MemoryError`` above 2 GB in all."""
    with tempfile.TemporaryDirectory() as place:
        peak = 0.0

        def told(_what: str, _share: float) -> None:
            nonlocal peak
            me = psutil.Process()
            family = [me, *me.children(recursive=True)]
            used = sum(process.memory_full_info().pss for process in family) / 1e6
            peak = max(peak, used)

        start = perf_counter()
        simulate(Path(place) / "company", MOST, MONTHS, 7, progress=told)
        taken = perf_counter() - start
    if peak > MEGABYTES:
        raise MemoryError(f"{peak:,.0f} MB were used in all; the limit is {MEGABYTES:,.0f}")
    return Measured(taken, "s", SECONDS)
