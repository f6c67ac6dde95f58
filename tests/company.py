"""A small company made from the contract itself: every table, every column, every clock.

It makes no business sense and needs none. Because it is derived from the
declarations, a new table or column is in the leak tests on the day it is added.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from warehouse import layout, news
from warehouse.contract import TABLES, Column, Table
from warehouse.ledger import TableLedger
from warehouse.mapping import Company
from warehouse.snapshot import Snapshot

START = datetime(2024, 1, 1)
DAYS = 540
TYPES = {
    "integer": "BIGINT",
    "money": "BIGINT",
    "number": "DECIMAL(18, 6)",
    "flag": "BOOLEAN",
    "instant": "TIMESTAMP",
}
Frames = dict[str, pd.DataFrame]


def frames(seed: int = 1, accounts: int = 30, rows: int = 400) -> Frames:
    """Every table of the contract with random rows; ids are text, instants whole minutes."""
    rng = np.random.default_rng(seed)
    names = np.array([f"A{i:03d}" for i in range(accounts)])
    return {
        table.name: _table(table, names, accounts if table.name == "accounts" else rows, rng)
        for table in TABLES.values()
    }


def _table(table: Table, names: np.ndarray, rows: int, rng: np.random.Generator) -> pd.DataFrame:
    happened = _after(np.full(rows, np.datetime64(START, "us")), DAYS, rng)
    made: dict[str, object] = {}
    for column in table.columns:
        if column.name == "account_id":
            made[column.name] = names if table.name == "accounts" else rng.choice(names, rows)
        elif column.name == table.happened:
            made[column.name] = happened
        elif column.name == table.known:
            made[column.name] = _after(happened, 8, rng)
        elif column.late == column.name:
            clock = _after(happened, 90, rng)
            made[column.name] = pd.Series(clock).mask(rng.random(rows) < 0.3)
        elif column.kind == "instant":
            made[column.name] = _after(happened, 400, rng)
        else:
            made[column.name] = _values(column, rows, rng)
    frame = pd.DataFrame(made)
    for column in table.columns:
        if column.late and column.late != column.name:
            frame[column.name] = frame[column.name].where(frame[column.late].notna())
    number = np.arange(len(frame))
    if table.name == "contract_lines":
        # Some begin later than they are signed, and some have no end.
        ahead = pd.to_timedelta(number % 60, unit="D").astype("timedelta64[us]")
        frame["starts_on"] = frame["signed_at"] + ahead
        frame["ends_on"] = frame["ends_on"].mask(number % 7 == 0)
        frame["arr"] = frame["arr"].abs() + 1
    if table.name == "invoices":
        frame["amount"] -= 100  # some are credits
    if table.name in ("payments", "surveys"):
        several = {"payments": "invoice_id", "surveys": "contact_id"}[table.name]
        frame[several] = frame[several].str[-1]  # one invoice is tried, one person asked, again
    return frame.drop_duplicates(list(table.key)).sort_values(list(table.key), ignore_index=True)


def _after(since: np.ndarray, days: int, rng: np.random.Generator) -> np.ndarray:
    return since + rng.integers(0, days * 1440, len(since)).astype("timedelta64[m]")


def _values(column: Column, rows: int, rng: np.random.Generator) -> object:
    if column.kind == "id":
        return [f"{column.name}-{i:05d}" for i in range(rows)]
    if column.kind in ("text", "category"):
        words = column.choices or ("first_value", "second", "third")
        return rng.choice(words, rows)
    if column.kind == "flag":
        return rng.random(rows) < 0.5
    low = column.low if column.low is not None else 0
    high = column.high if column.high is not None else 500
    drawn = rng.integers(int(low), max(int(high), int(low) + 1) + 1, rows)
    return drawn if column.kind in ("integer", "money") else drawn.astype("float64")


def snapshot(tables: Frames, folder: Path, timezone: str = "UTC") -> Snapshot:
    """``tables`` as a snapshot in ``folder``, as admission would have frozen them."""
    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    ledger, told = [], {}
    for name, frame in tables.items():
        table = TABLES[name]
        con.register("frame", frame)
        picks = ", ".join(
            f'CAST("{c.name}" AS {TYPES.get(c.kind, "VARCHAR")}) AS "{c.name}"'
            for c in table.columns
        )
        layout.write(con, f"SELECT {picks} FROM frame", table, folder, timezone)
        told[name] = news.digests(con, table, layout.files(folder, table), timezone)
        con.unregister("frame")
        n = len(frame)
        ledger.append(TableLedger(name, name, "", n, n, 0, 0, 0, n, "as recorded", table.names, ()))
    con.close()
    made = datetime(2026, 1, 1)
    return Snapshot(
        "made", folder, Company(name="Made", timezone=timezone), tuple(ledger), made, told
    )
