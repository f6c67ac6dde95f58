"""The spine: which accounts there are at an instant, and nothing else about them."""

from __future__ import annotations

from datetime import datetime

import narwhals as nw
import pandas as pd

from warehouse.asof import known, live
from warehouse.freeze import Snapshot


def spine(snapshot: Snapshot, as_of: datetime) -> pd.Index[str]:
    """The accounts with recurring revenue at the close before ``as_of``, sorted.

    An account is one of them when the lines known and live then add up to more
    than nothing.
    """
    lines = known(snapshot, "contract_lines", as_of).filter(live(as_of))
    totals = lines.group_by("account_id").agg(nw.col("arr").sum())
    paying = totals.filter(nw.col("arr") > 0).select("account_id").sort("account_id")
    frame: pd.DataFrame = paying.collect("pandas").to_native()
    return pd.Index(frame["account_id"].astype("str"), name="account_id")
