"""What the ARR movement ledger costs over a book of contract lines.

The peer is the least that any answer must do with the same file: one DuckDB
``GROUP BY account_id`` over it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.harness import Measured, bench, race
from metrics.arr import balances
from metrics.movements import movements
from warehouse.months import between

LINES = 200_000
ACCOUNTS = 40_000
MONTHS = between("2022-01", "2024-12")


def book(lines: int = LINES, accounts: int = ACCOUNTS, seed: int = 7) -> pd.DataFrame:
    """A generated contract ledger of ``lines`` rows, the columns the ledger reads.

    Terms of one to twenty-four months start anywhere in three years; one line in
    ten stops early, one in twenty is open-ended, one in fifty is a credit.
    """
    draw = np.random.default_rng(seed)
    day = np.timedelta64(1, "D")
    starts = np.datetime64("2022-01-01", "us") + draw.integers(0, 1096, lines) * day
    ends = starts + draw.integers(30, 731, lines) * day
    early = draw.random(lines) < 0.10
    ended = np.where(early, starts + (ends - starts) // 2, np.datetime64("NaT", "us"))
    ends[draw.random(lines) < 0.05] = np.datetime64("NaT", "us")
    cents = draw.integers(1_000, 5_000_000, lines)
    frame = pd.DataFrame(
        {
            "line_id": np.char.mod("L%06d", np.arange(lines)),
            "account_id": np.char.mod("A%06d", draw.integers(0, accounts, lines)),
            "starts_on": starts,
            "ends_on": ends,
            "ended_on": ended,
            "arr": np.where(draw.random(lines) < 0.02, -cents // 4, cents),
        }
    )
    return frame.astype({"line_id": "str", "account_id": "str"})


@bench(
    "ledger_200k_lines",
    must="<= 12",
    aim="<= 6",
    against="DuckDB GROUP BY account_id over the same Parquet",
)
def ledger_200k_lines() -> Measured:
    """Read the file, ARR at 36 month closes, movements between them: median seconds of five."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contract_lines.parquet"
        book().to_parquet(path, index=False)

        def ours() -> pd.DataFrame:
            return movements(balances(pd.read_parquet(path), MONTHS, "UTC"), MONTHS)

        def peer() -> list[tuple[str, int]]:
            return duckdb.read_parquet(str(path)).aggregate("account_id, sum(arr)").fetchall()

        seconds, bare = race(ours, peer)
    return Measured(seconds, "s", bare)
