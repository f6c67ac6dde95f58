"""Peers: the accounts of similar ARR and age, and the median among them.

Bands are fixed, so that which group an account is in depends on itself alone: a half
power of ten of ARR, and the first year apart. A group with few accounts says little;
its accounts are held against everybody.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

FEWEST = 12
YEAR = 365


def groups(arr: pd.Series[float], tenure: pd.Series[float]) -> pd.Series[str]:
    """The peer group of each account, from its ARR (cents) and days as a customer.

    ``all`` where the group would have fewer than ``FEWEST`` accounts.
    """
    band = np.floor(2 * np.log10(arr.clip(lower=1))).fillna(-1).astype("int64").astype("str")
    name = band + np.where(tenure < YEAR, " new", " old")
    size = name.map(name.value_counts())
    group: pd.Series[str] = name.where(size >= FEWEST, "all")
    return group


def medians(value: pd.Series[float], group: pd.Series[str]) -> pd.Series[float]:
    """The median of ``value`` in each account's group, of those where it is known."""
    typical = value.groupby(group).median()
    typical["all"] = value.median()
    return group.map(typical).astype("float64")
