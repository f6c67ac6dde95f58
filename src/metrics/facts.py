"""What is counted from: the tables of a company as known at a month's close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import narwhals as nw
import pandas as pd

from metrics.arr import history, span
from metrics.counted import counted
from metrics.policy import Policy
from metrics.rates import Dated, Fixed, Rates, rates
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.months import as_of
from warehouse.snapshot import Snapshot

USAGE_DAYS = 120


@dataclass(frozen=True)
class Facts:
    """The tables known before ``as_of``, the first instant after ``month``.

    ``tables`` holds those the company has, by name, with the contract's columns and naive
    UTC instants; a column that is filled later is empty until it was. ``today`` has a row
    an account with what it is called now (name, segment, tier, region, csm, parent_id,
    merged_into): labels to group by, without a history. ``dated`` and ``fixed`` are exchange
    rates (see `metrics.rates`).
    """

    month: str
    zone: str
    policy: Policy
    tables: Mapping[str, pd.DataFrame]
    today: pd.DataFrame
    dated: Dated = field(default_factory=dict)
    fixed: Fixed = field(default_factory=dict)

    @property
    def as_of(self) -> datetime:
        return as_of(self.month, self.zone)

    @property
    def lines(self) -> pd.DataFrame:
        return self.tables["contract_lines"]

    @cached_property
    def months(self) -> list[str]:
        """Every month from that of the first contract line to this one."""
        return span(self.lines, self.month, self.zone)

    def counted(self, policy: Policy) -> pd.DataFrame:
        """The contract lines as ``policy`` counts them."""
        return counted(self.lines, policy, self.today, self.month, self.zone)

    def rates(self, policy: Policy) -> Rates | None:
        """The rates by which ``policy`` values foreign lines; ``None``: each at its fixed one."""
        if policy.fx == "constant" or not self.dated:
            return None
        return rates(self.dated, self.fixed, self.months, policy.fx)

    def balances(self, policy: Policy) -> pd.DataFrame:
        """ARR by account and month of all history under ``policy`` (see `arr.balances`)."""
        return history(self.counted(policy), self.month, self.zone, self.rates(policy))

    @cached_property
    def held(self) -> pd.DataFrame:
        """ARR by account and month of all history under the policy in force."""
        return self.balances(self.policy)

    def lacks(self, policy: Policy) -> str:
        """Why these facts cannot tell what ``policy`` asks; empty where they can."""
        parents = self.today.get("parent_id", pd.Series(dtype="str"))
        asked = {
            "no notice to stop is recorded": policy.churn_date != "service"
            and not self.lines["cancelled_at"].notna().any(),
            "no rates by the month are given under [fx]": policy.fx != "constant"
            and not self.dated,
            "no account has a parent": policy.level == "parent" and not parents.notna().any(),
        }
        return "; ".join(words for words, lacking in asked.items() if lacking)

    def has(self, *tables: str) -> bool:
        """Whether the company has all of ``tables``."""
        return all(name in self.tables for name in tables)


def facts(
    snapshot: Snapshot,
    month: str,
    policy: Policy,
    *tables: str,
    dated: Dated | None = None,
    fixed: Fixed | None = None,
) -> Facts:
    """What ``snapshot`` knew at the close of ``month``; of ``tables`` only, where some are named.

    Contract lines are always read. Each frame is ordered by its table's key. Of usage, which
    may hold a hundred million rows, it is the last `USAGE_DAYS` days, and of what came before
    one row an account and product: the last day it was used.
    """
    zone = snapshot.company.timezone
    wanted = {"contract_lines", *(tables or TABLES)}
    read = {}
    for name in TABLES:
        if name in wanted and snapshot.has(name):
            rows = known(snapshot, name, as_of(month, zone))
            frame = _use(rows, as_of(month, zone)) if name == "usage" else _collected(rows)
            words = [c.name for c in TABLES[name].columns if c.kind in ("id", "text", "category")]
            frame = frame.astype({w: "str" for w in words if w in frame})
            read[name] = frame.sort_values(list(TABLES[name].key), ignore_index=True)
    today = snapshot.frame("accounts")
    return Facts(month, zone, policy, read, today, dated or {}, fixed or {})


def _collected(rows: nw.LazyFrame[Any]) -> pd.DataFrame:
    frame: pd.DataFrame = rows.collect("pandas").to_native()
    return frame


def _use(rows: nw.LazyFrame[Any], until: datetime) -> pd.DataFrame:
    """The use of the last days, and the last day of each account and product before them."""
    edge = nw.lit(until - timedelta(days=USAGE_DAYS))
    recent = _collected(rows.filter(nw.col("day") >= edge))
    before = rows.filter(nw.col("day") < edge, ~nw.col("active_users").is_null())
    last = before.group_by("account_id", "product").agg(nw.col("day", "active_users").max())
    return pd.concat([recent, _collected(last).reindex(columns=recent.columns)], ignore_index=True)
