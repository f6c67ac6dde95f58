"""What is counted from: the tables of a company as known at a month's close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from metrics.policy import Policy
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.freeze import Snapshot
from warehouse.months import as_of


@dataclass(frozen=True)
class Facts:
    """The tables known before ``as_of``, the first instant after ``month``.

    ``tables`` holds those the company has, by name, with the contract's columns and naive
    UTC instants; a column that is filled later is empty until it was. ``today`` has a row
    an account with what it is called now (name, segment, tier, region, csm, parent_id,
    merged_into): labels to group by, without a history.
    """

    month: str
    zone: str
    policy: Policy
    tables: Mapping[str, pd.DataFrame]
    today: pd.DataFrame

    @property
    def as_of(self) -> datetime:
        return as_of(self.month, self.zone)

    @property
    def lines(self) -> pd.DataFrame:
        return self.tables["contract_lines"]

    def has(self, *tables: str) -> bool:
        """Whether the company has all of ``tables``."""
        return all(name in self.tables for name in tables)


def facts(snapshot: Snapshot, month: str, policy: Policy, *tables: str) -> Facts:
    """What ``snapshot`` knew at the close of ``month``; of ``tables`` only, where some are named.

    Contract lines are always read. Each frame is ordered by its table's key.
    """
    zone = snapshot.company.timezone
    wanted = {"contract_lines", *(tables or TABLES)}
    read = {}
    for name in TABLES:
        if name in wanted and snapshot.has(name):
            rows = known(snapshot, name, as_of(month, zone)).sort(*TABLES[name].key)
            words = [c.name for c in TABLES[name].columns if c.kind in ("id", "text", "category")]
            frame: pd.DataFrame = rows.collect("pandas").to_native()
            read[name] = frame.astype({w: "str" for w in words if w in frame})
    return Facts(month, zone, policy, read, snapshot.frame("accounts"))
