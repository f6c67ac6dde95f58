"""What features of use cost, over a simulated company of 20 and of 100 million usage rows.

The limit is severe: one plain sum by account and month over the same files. Beside it
stand what is often written instead: a join of each row to each trailing window, the
rolling windows of Polars, and pandas month by month.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb
import pandas as pd

from benchmarks.harness import ROOT, Measured, bench, race
from features.catalogue import catalogue
from features.declare import Aggregate, Domain, Feature, Rows, Source
from features.spine import everyone
from features.windows import windowed
from warehouse import layout, news
from warehouse.connect import parquet
from warehouse.contract import TABLES, Column
from warehouse.mapping import Company
from warehouse.months import as_of, between
from warehouse.simulate import simulate
from warehouse.snapshot import Snapshot

SMALL, LARGE = 10_500, 52_000  # accounts ever: 20 and 102 million rows of usage
MONTHS = 37
WINDOWS = (7, 28, 90)
GIB = 2**30
PRINTED = ">= 0"  # a row that is there to be read beside the others


@cache
def snapshot(accounts: int) -> Snapshot:
    """The contract lines and usage of a simulated company, laid out as they are frozen."""
    home = Path(tempfile.mkdtemp(prefix="perennial-bench-"))
    raw = simulate(home / "raw", accounts, MONTHS, 7)
    folder = home / "frozen"
    folder.mkdir()
    told = {}
    con = duckdb.connect()
    con.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '3GiB'; SET temp_directory = '{home}'")
    for name in ("contract_lines", "usage"):
        table, file = TABLES[name], raw / f"{name}.parquet"
        held = set(con.sql(f"FROM {parquet(file)} LIMIT 0").columns)
        picks = ", ".join(_pick(column, held) for column in table.columns)
        layout.write(con, f"SELECT {picks} FROM {parquet(file)}", table, folder, "UTC")
        told[name] = news.digests(con, table, layout.files(folder, table), "UTC")
    con.close()
    shutil.rmtree(raw)
    watermark = as_of(between("2023-01", "2030-01")[MONTHS - 1])
    return Snapshot("bench", folder, Company(name="Bench"), (), watermark, told)


def _pick(column: Column, held: set[str]) -> str:
    if column.name not in held:
        return f'CAST(NULL AS VARCHAR) AS "{column.name}"'
    cents = f'CAST(round("{column.name}" * 100) AS BIGINT) AS "{column.name}"'
    return cents if column.kind == "money" else f'"{column.name}"'


def closes(whole: Snapshot) -> list[pd.Timestamp]:
    """The close of each of the months with news."""
    months = sorted(whole.news["usage"])[:MONTHS]
    return [pd.Timestamp(as_of(month)) for month in months]


def of_usage() -> list[Feature]:
    """Every feature that is counted from usage."""
    return [f for f in catalogue().features if f.table == "usage"]


def lived(whole: Snapshot, months: slice, store: Path | None = None) -> int:
    """Compute all usage features at the closes of ``months``; how many values."""
    cutoffs = [close.to_pydatetime() for close in closes(whole)[months]]
    found = windowed(whole, "usage", of_usage(), cutoffs, everyone(whole), store)
    return sum(len(column) for _, columns, _ in found for column in columns.values())


def bare(whole: Snapshot) -> object:
    """One sum by account and month, over the same files."""
    rows = layout.rows(whole.files("usage"))
    return whole.connection.sql(
        "SELECT count(*), sum(e) FROM (SELECT account_id, date_trunc('month', day) AS m, "
        f"sum(events) AS e FROM {rows} GROUP BY account_id, m)"
    ).fetchall()


def _against_bare(accounts: int) -> Measured:
    whole = snapshot(accounts)
    seconds, plain = race(lambda: lived(whole, slice(0, 36)), lambda: bare(whole))
    return Measured(seconds, "s", plain)


@bench(
    "usage_features_20m",
    must="<= 3",
    aim="<= 1.5",
    against="one sum by account and month over the same 20 million rows",
)
def usage_features_20m() -> Measured:
    """Seconds of all usage features at 36 month ends, 20 million rows."""
    return _against_bare(SMALL)


@bench(
    "usage_features_100m",
    must="<= 3",
    aim="<= 1.5",
    against="one sum by account and month over the same 102 million rows",
)
def usage_features_100m() -> Measured:
    """Seconds of all usage features at 36 month ends, 102 million rows."""
    return _against_bare(LARGE)


@bench(
    "usage_growth",
    must="<= 5.5",
    aim="<= 5.1",
    against="the same features over a fifth of the rows",
)
def usage_growth() -> Measured:
    """Seconds of all usage features at 36 month ends, five times the rows."""
    large, small = snapshot(LARGE), snapshot(SMALL)
    many, few = race(lambda: lived(large, slice(0, 36)), lambda: lived(small, slice(0, 36)))
    return Measured(many, "s", few)


@bench("usage_memory", must="<= 1", aim="<= .75", against="4 GiB")
def usage_memory() -> Measured:
    """The most memory a process takes for all usage features over 102 million rows."""
    code = (
        "import resource; from benchmarks import features as f; from pathlib import Path; "
        "from warehouse.snapshot import Snapshot; from warehouse.mapping import Company; "
        "import datetime, json, sys; told = json.loads(sys.argv[2]); "
        "whole = Snapshot('bench', Path(sys.argv[1]), Company(name='Bench'), (), "
        "datetime.datetime(2030, 1, 1), told); f.lived(whole, slice(0, 36)); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    )
    whole = snapshot(LARGE)
    told = json.dumps(whole.news)
    command = [sys.executable, "-c", code, str(whole.folder), told]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return Measured(int(said.stdout) / GIB, "GiB", 4)


@bench("usage_month", must="<= .05", aim="<= .04", against="all 36 months before it, kept")
def usage_month() -> Measured:
    """Seconds of the 37th month alone, where the 36 before it are kept."""
    whole = snapshot(LARGE)
    every, newest = [], []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as store:
            every.append(_seconds(whole, slice(0, 36), Path(store)))
            newest.append(_seconds(whole, slice(36, 37), Path(store)))
    return Measured(median(newest), "s", median(every))


def _seconds(whole: Snapshot, months: slice, store: Path) -> float:
    start = perf_counter()
    lived(whole, months, store)
    return perf_counter() - start


def _once(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return perf_counter() - start


@bench(
    "usage_naive_join",
    must=PRINTED,
    aim=PRINTED,
    against="one sum by account and month over the same 20 million rows",
)
def usage_naive_join() -> Measured:
    """Seconds of joining each row to each trailing window: two sums over 7 to 365 days."""
    whole = snapshot(SMALL)
    ends = ", ".join(f"(TIMESTAMP '{close}')" for close in closes(whole)[:36])
    inside = {w: f"day >= e - INTERVAL {w} DAY" for w in (*WINDOWS, 365)}
    sums = ", ".join(
        f"sum(CASE WHEN {inside[w]} THEN {c} END) AS {c}_{w}"
        for w in inside
        for c in ("events", "minutes")
    )
    query = (
        f"SELECT count(*), sum(events_365) FROM (SELECT account_id, e, {sums} "
        f"FROM {layout.rows(whole.files('usage'))} JOIN (VALUES {ends}) AS ends(e) "
        f"ON day < e AND known_at < e AND {inside[365]} GROUP BY account_id, e)"
    )
    seconds = _once(lambda: whole.connection.sql(query).fetchall())
    return Measured(seconds, "s", _once(lambda: bare(whole)))


few = Domain("few", Source("usage"), family="few")


@few.trailing(*WINDOWS, unit="events", empty=0)
def events(t: Rows) -> Aggregate:
    """Things done."""
    return t.sum(t.events)


@few.trailing(*WINDOWS, unit="minutes", empty=0)
def minutes(t: Rows) -> Aggregate:
    """Minutes of use."""
    return t.sum(t.minutes)


@few.trailing(*WINDOWS, unit="lines", empty=0)
def rows_of_use(t: Rows) -> Aggregate:
    """Rows of usage."""
    return t.count()


def _few(whole: Snapshot) -> int:
    """What a peer is asked for: two sums and a count over 7, 28 and 90 days."""
    cutoffs = [close.to_pydatetime() for close in closes(whole)[:36]]
    found = windowed(whole, "usage", few.features, cutoffs, everyone(whole))
    return sum(len(column) for _, columns, _ in found for column in columns.values())


@bench(
    "usage_polars",
    must="<= .1",
    aim="<= .05",
    against="Polars: rolling sums and counts by account, taken at the month ends",
)
def usage_polars() -> Measured:
    """Seconds of two sums and a count over 7, 28 and 90 days at 36 month ends, 20 million rows."""
    import polars as pl

    whole = snapshot(SMALL)
    ends = pl.DataFrame({"day": [c.to_pydatetime() for c in closes(whole)[:36]]})

    def peer() -> int:
        rows = pl.scan_parquet(whole.files("usage")).select(
            "account_id", "day", "events", "minutes"
        )
        marks = rows.select("account_id").unique().join(ends.lazy(), how="cross")
        every = pl.concat([rows, marks], how="diagonal").sort("account_id", "day")
        count = 0
        for window in WINDOWS:
            summed = every.rolling(
                "day",
                period=f"{window}d",
                offset=f"-{window}d",
                closed="left",
                group_by="account_id",
            ).agg(
                pl.col("events").sum(),
                pl.col("minutes").sum(),
                pl.col("minutes").count().alias("rows"),
            )
            count += len(summed.join(ends.lazy(), on="day").collect())
        return count

    theirs = _once(peer)
    ours = median(_once(lambda: _few(whole)) for _ in range(5))
    return Measured(ours, "s", theirs)


@bench(
    "usage_pandas",
    must="<= .1",
    aim="<= .05",
    against="pandas: for each month end and window, select the rows and group them",
)
def usage_pandas() -> Measured:
    """Seconds of two sums and a count over 7, 28 and 90 days at 36 month ends, 20 million rows."""
    whole = snapshot(SMALL)

    def sums() -> Iterator[pd.DataFrame]:
        named = ["account_id", "day", "known_at", "events", "minutes"]
        rows = pd.concat([pd.read_parquet(f, columns=named) for f in whole.files("usage")])
        rows["account_id"] = rows["account_id"].astype("category")
        for close in closes(whole)[:36]:
            known = rows[(rows["day"] < close) & (rows["known_at"] < close)]
            for window in WINDOWS:
                inside = known[known["day"] >= close - timedelta(days=window)]
                grouped = inside.groupby("account_id", observed=True)[named[3:]]
                yield grouped.agg(["sum", "count"])

    theirs = _once(lambda: sum(len(frame) for frame in sums()))
    ours = median(_once(lambda: _few(whole)) for _ in range(5))
    return Measured(ours, "s", theirs)
