"""What the ledger of ARR movements costs, over all the contract lines of a large company.

The peer is the least that any answer must do with the same lines: read them once and sort
them by account and start. The growth is that of ten times the accounts.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.harness import Measured, bench, race
from metrics.movements import parted
from warehouse.months import between
from warehouse.simulate import simulate

ACCOUNTS, FEW, MONTHS = 50_000, 5_000, 36
SPAN = between("2019-01", "2025-12")
COLUMNS = ["line_id", "account_id", "product", "starts_on", "ends_on", "ended_on"]


@cache
def lines() -> pd.DataFrame:
    """The contract lines of the whole history of a simulated company, money in cents."""
    with tempfile.TemporaryDirectory() as folder:
        place = simulate(Path(folder) / "company", ACCOUNTS, MONTHS, 7, world="usage-free")
        table = pq.read_table(place / "contract_lines.parquet")
    frame: pd.DataFrame = table.select([*COLUMNS, "seats", "uplift", "arr"]).to_pandas()
    return frame.assign(arr=(frame["arr"].astype("float64") * 100).round().astype("int64"))


@bench(
    "ledger",
    must="<= 6",
    aim="<= 3",
    against="DuckDB reads and sorts the same lines, to the same kind of frame",
)
def ledger() -> Measured:
    """Seconds of every movement of 50,000 accounts over 84 months, with what each is made of."""
    book = lines()

    def ours() -> pd.DataFrame:
        return parted(book, SPAN)

    def peer() -> pd.DataFrame:
        with duckdb.connect(":memory:") as con:
            con.register("book", book)
            rows = con.sql("SELECT * FROM book ORDER BY account_id, starts_on, line_id")
            found: pd.DataFrame = rows.to_arrow_table().to_pandas()
            return found

    seconds, bare = race(ours, peer)
    return Measured(seconds, "s", bare)


@bench("ledger_growth", must="<= 11", aim="<= 10", against="the same of 5,000 accounts")
def growth() -> Measured:
    """Seconds of the movements of 50,000 accounts."""
    book = lines()
    few = book[book["account_id"] <= f"A{FEW:06d}"].reset_index(drop=True)
    large, small = race(lambda: parted(book, SPAN), lambda: parted(few, SPAN))
    return Measured(large, "s", small)
