"""Finished features by attribute: what a derived feature is made from.

``f.<name>`` is the account's own value, ``f.typical.<name>`` the median of the accounts
like it (`peers`), both as known at the same cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

Typical = Callable[["pd.Series[float]"], "pd.Series[float]"]


class Finished:
    """The finished features of one cutoff, and ``typical`` for those of an account's peers.

    ``read`` collects the names asked for, ``beside`` those asked of the peers.
    ``KeyError`` where there is none of that name.
    """

    def __init__(self, columns: Mapping[str, pd.Series[float]], medians: Typical) -> None:
        self._columns = columns
        self.read: set[str] = set()
        self.beside: set[str] = set()
        self.typical = _Typical(self, medians)

    def __getattr__(self, name: str) -> pd.Series[float]:
        if name.startswith("_"):
            raise AttributeError(name)
        self.read.add(name)
        return self._columns[name]


class _Typical:
    """The same names, each the median of the account's peers."""

    def __init__(self, finished: Finished, medians: Typical) -> None:
        self._finished, self._medians = finished, medians

    def __getattr__(self, name: str) -> pd.Series[float]:
        if name.startswith("_"):
            raise AttributeError(name)
        value: pd.Series[float] = getattr(self._finished, name)
        self._finished.beside.add(name)
        return self._medians(value)
