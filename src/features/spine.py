"""The spine: which accounts there are at an instant, and nothing else about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import narwhals as nw
import pandas as pd

from warehouse.asof import known, live
from warehouse.engines import collect
from warehouse.snapshot import Snapshot


def spine(snapshot: Snapshot, as_of: datetime) -> pd.Index[str]:
    """The accounts with recurring revenue at the close before ``as_of``, sorted.

    An account is one of them when the lines known and live then add up to more
    than nothing.
    """
    lines = known(snapshot, "contract_lines", as_of).filter(live(as_of))
    totals = lines.group_by("account_id").agg(nw.col("arr").sum())
    return _sorted(totals.filter(nw.col("arr") > 0))


def everyone(snapshot: Snapshot) -> pd.Index[str]:
    """Every account that ever has a contract line, sorted: the places in which to count."""
    return _sorted(snapshot.scan("contract_lines").select("account_id").unique())


def _sorted(frame: nw.LazyFrame[Any]) -> pd.Index[str]:
    names = collect(frame)["account_id"].to_pandas().astype("str")
    index: pd.Index[str] = pd.Index(names, name="account_id").sort_values()
    return index
