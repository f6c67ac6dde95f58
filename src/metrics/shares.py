"""Shares by group: how many of how many, and how far off that may be."""

from __future__ import annotations

import pandas as pd

from metrics.intervals import proportion

UNKNOWN = "not known"


def shares(counted: pd.DataFrame) -> pd.DataFrame:
    """``counted`` with share, low and high of its ``hits`` in its ``n``: Wilson, 95 %.

    One row a group, in the order given; NaN where ``n`` is 0. Rows are taken as independent.
    """
    hits, n = counted["hits"].astype("int64"), counted["n"].astype("int64")
    ends = [proportion(*pair) for pair in zip(hits.tolist(), n.tolist(), strict=True)]
    bounds = pd.DataFrame(ends, index=counted.index, columns=["low", "high"])
    return counted.assign(share=hits / n).join(bounds.astype("float64"))


def groups(table: pd.DataFrame, by: str) -> pd.Series[str]:
    """The group of each row of ``table``, from its column ``by``; ``not known`` where empty."""
    return table[by].astype("str").fillna(UNKNOWN).rename(by)
