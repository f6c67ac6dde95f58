"""A company as it was known at a month's close, ready to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import duckdb
import pandas as pd

from warehouse.asof import known, live
from warehouse.contract import TABLES
from warehouse.months import as_of
from warehouse.snapshot import Snapshot

LABELS = ("segment", "industry", "region", "tier", "name")


@dataclass(frozen=True)
class Company:
    """A snapshot read at the close of ``month``: only what was known then, but for labels.

    Segment, industry, region, tier and name are those of today; they label, no more.
    """

    snapshot: Snapshot
    month: str

    @property
    def currency(self) -> str:
        return self.snapshot.company.currency

    @property
    def edge(self) -> datetime:
        """The first instant after the month (naive UTC)."""
        return as_of(self.month, self.snapshot.company.timezone)

    def has(self, table: str, *columns: str) -> bool:
        """Whether the company keeps ``table``, and these columns of it."""
        return self.snapshot.has(table) and set(columns) <= self.snapshot.recorded(table)

    @cached_property
    def _con(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB with a view of every kept table as known then, and ``held``: the live lines."""
        con = self.snapshot.connection
        for table in TABLES:
            if self.snapshot.has(table) and table != "accounts":
                known(self.snapshot, table, self.edge).to_native().create_view(table)
        lines = known(self.snapshot, "contract_lines", self.edge)
        lines.filter(live(self.edge)).to_native().create_view("held")
        self._labels().create_view("accounts")
        return con

    def _labels(self) -> duckdb.DuckDBPyRelation:
        """Every account with its labels, empty where none are kept."""
        con = self.snapshot.connection
        if self.snapshot.has("accounts"):
            rows = self.snapshot.scan("accounts").select("account_id", *LABELS).to_native()
            relation: duckdb.DuckDBPyRelation = rows
            return relation
        empty = ", ".join(f"NULL::VARCHAR AS {name}" for name in LABELS)
        return con.sql(f"SELECT DISTINCT account_id, {empty} FROM contract_lines")

    def ask(self, sql: str) -> pd.DataFrame:
        """The answer to ``sql`` over the views; ``{edge}`` stands for the close."""
        said = sql.replace("{edge}", f"TIMESTAMP '{self.edge:%Y-%m-%d %H:%M:%S}'")
        frame: pd.DataFrame = self._con.cursor().execute(said).df()
        return frame


def met(snapshot: Snapshot, month: str) -> Company:
    """The company of ``snapshot`` as it was known at the close of ``month``."""
    return Company(snapshot, month)
