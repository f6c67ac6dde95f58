"""How long things took, or have been waited for: days, rates within so many, and by group.

Days are those of the company's wall clock, so that ninety days from one midnight to another
are ninety whether or not the clocks changed between.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import datetime

import pandas as pd

from metrics.shares import groups, shares
from metrics.survival import survival

WITHIN = (30, 60, 90)
DAY = pd.Timedelta(days=1)


def local(instants: pd.Series[pd.Timestamp], zone: str) -> pd.Series[pd.Timestamp]:
    """Naive UTC ``instants`` on the wall clock of ``zone``, naive again; NaT stays NaT."""
    known = instants.astype("datetime64[us]").dt.tz_localize("UTC")
    return known.dt.tz_convert(zone).dt.tz_localize(None)


def clock(instant: datetime, zone: str) -> pd.Timestamp:
    """One naive UTC instant on the wall clock of ``zone``, naive again."""
    return pd.Timestamp(instant, tz="UTC").tz_convert(zone).tz_localize(None)


def timed(
    began: pd.Series[pd.Timestamp],
    happened: pd.Series[pd.Timestamp],
    watched: pd.Series[pd.Timestamp],
    now: pd.Timestamp,
) -> pd.DataFrame:
    """How long each thing took, or has been waited for; all instants on one wall clock.

    Columns, indexed as ``began``: began; days from it to ``happened``, or else to ``watched``;
    observed (it happened); age, days from ``began`` to ``now``; cohort, the quarter of
    ``began`` such as 2026-Q3; and cohort_age, days from that quarter's end to ``now``,
    negative while the quarter runs.
    """
    over = began.dt.to_period("Q").dt.end_time.dt.floor("D") + DAY
    year, number = began.dt.year.astype("str"), began.dt.quarter.astype("str")
    return pd.DataFrame(
        {
            "began": began,
            "days": ((happened.fillna(watched) - began) / DAY).clip(lower=0.0),
            "observed": happened.notna(),
            "age": (now - began) / DAY,
            "cohort": (year + "-Q" + number).astype("str"),
            "cohort_age": (now - over) / DAY,
        }
    )


def rates(table: pd.DataFrame, by: str = "cohort", within: Sequence[int] = WITHIN) -> pd.DataFrame:
    """The share it happened to within so many days, by group of ``table`` (see ``timed``).

    Columns: ``by``, days, started, n, hits, share, low, high (Wilson, 95 %), complete; ordered
    by the first two. ``n`` of the ``started`` began at least ``days`` ago; only they are in
    the share, and whoever left before is in it as not having got there. ``complete`` is true
    once the whole of each of the group's quarters began so long ago: until then it is open.
    With ``by="milestone"`` these are the rates of each stage.
    """
    group, parts = groups(table, by), []
    for days in within:
        old = table["age"] >= days
        counted = pd.DataFrame(
            {
                by: group,
                "started": 1,
                "n": old.astype("int64"),
                "hits": (old & table["observed"] & (table["days"] <= days)).astype("int64"),
            }
        )
        sums = counted.groupby(by, sort=True).sum()
        complete = table.groupby(group, sort=True)["cohort_age"].min() >= days
        parts.append(sums.assign(days=days, complete=complete.reindex(sums.index)).reset_index())
    found = shares(pd.concat(parts, ignore_index=True)).sort_values([by, "days"])
    columns = [by, "days", "started", "n", "hits", "share", "low", "high", "complete"]
    return found[columns].reset_index(drop=True)


def times(table: pd.DataFrame, by: str = "cohort") -> pd.DataFrame:
    """Median and upper-quartile days by group of ``table``, by Kaplan and Meier's estimate.

    Columns: ``by``, n, hits, median, median_low, median_high, p75, p75_low, p75_high; ordered
    by ``by``. NaN where too few have got there to say.
    """
    rows: list[tuple[Hashable, ...]] = []
    for name, part in table.groupby(groups(table, by), sort=True):
        curve = survival(part["days"], part["observed"])
        hits = int(part["observed"].sum())
        rows.append((name, curve.n, hits, *curve.median(), *curve.quantile(0.75)))
    ends = [f"{point}{end}" for point in ("median", "p75") for end in ("", "_low", "_high")]
    types = {by: "str", "n": "int64", "hits": "int64", **dict.fromkeys(ends, "float64")}
    return pd.DataFrame(rows, columns=[by, "n", "hits", *ends]).astype(types)
