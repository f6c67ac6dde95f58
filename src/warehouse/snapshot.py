"""A snapshot: the admitted tables of one moment, and the only way to read them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa

from warehouse import layout, news
from warehouse.connect import database
from warehouse.contract import TABLES
from warehouse.ledger import TableLedger
from warehouse.mapping import Company
from warehouse.months import opens, shift


@dataclass(frozen=True)
class Snapshot:
    """The admitted tables of one moment, unchangeable.

    ``watermark`` is the newest instant any row became known (naive UTC);
    ``ledger`` says what became of each raw row; ``news`` has for each table the digest of
    what became known in each month.
    """

    id: str
    folder: Path
    company: Company
    ledger: tuple[TableLedger, ...]
    watermark: datetime
    news: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def tables(self) -> frozenset[str]:
        """The tables of the contract this company has."""
        return frozenset(n for n in TABLES if self.files(n))

    def has(self, table: str) -> bool:
        """Whether the company has ``table``."""
        return table in self.tables

    def recorded(self, table: str) -> frozenset[str]:
        """The columns of ``table`` the company keeps; the others are empty in every row."""
        for entry in self.ledger:
            if entry.table == table:
                return frozenset(entry.columns)
        return frozenset(TABLES[table].key)

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB that can read this snapshot and nothing else."""
        return database(self.folder)

    def files(
        self, table: str, since: datetime | None = None, until: datetime | None = None
    ) -> list[Path]:
        """The Parquet files of ``table``; of one kept by month, those that can hold news.

        The news of ``[since, until)`` (naive UTC): what became known in that time.
        """
        paths = layout.files(self.folder.resolve(), TABLES[table])
        if not TABLES[table].by_month:
            return paths
        zone = self.company.timezone
        told = [
            path
            for path in paths
            if (until is None or opens(path.stem, zone) < until)
            and (since is None or opens(shift(path.stem, 1), zone) > since)
        ]
        return told or paths[:1]

    def scan(
        self,
        table: str,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        news: bool = False,
    ) -> nw.LazyFrame[Any]:
        """The rows of ``files``, lazily. Features and metrics use ``asof`` instead.

        With ``news``, of a table kept by month, the column ``news`` is the number of the
        month whose news a row is: 202610.
        """
        rows = layout.rows(self.files(table, since, until), news=news)
        return nw.from_native(self.connection.sql(f"SELECT * FROM {rows}"))

    def lend(self, rows: pa.Table) -> nw.LazyFrame[Any]:
        """A small table of the caller's own, lazily, to be joined with those of ``scan``."""
        return nw.from_native(self.connection.from_arrow(rows))

    def knew(self, table: str, as_of: datetime) -> str:
        """A digest of all that was known of ``table`` before ``as_of`` (naive UTC).

        It stays the same while nothing known before then changes, whatever comes after.
        """
        if table not in self.news:
            return self.id
        told = news.until(self.news[table], as_of, self.company.timezone)
        return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def frame(self, table: str) -> pd.DataFrame:
        """All rows of ``table`` as pandas, ordered by its key; text is ``str`` even where empty."""
        ordered = self.scan(table).sort(*TABLES[table].key)
        frame: pd.DataFrame = ordered.collect("pandas").to_native()
        words = [c.name for c in TABLES[table].columns if c.kind in ("id", "text", "category")]
        return frame.astype(dict.fromkeys(words, "str"))
