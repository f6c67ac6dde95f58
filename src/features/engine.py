"""The engine: the feature matrix of each month, from what was known at its close.

A table kept by month is read once, and windows are put together from its tiles; any
other is looked at as it was known at each cutoff. A column that was computed from the
same facts and the same declaration is read back, not computed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import peers, store
from features.catalogue import catalogue
from features.declare import Feature, Source
from features.finished import Finished
from features.keys import keys
from features.look import looked
from features.spine import everyone, spine
from features.windows import windowed
from warehouse.snapshot import Snapshot

SLACK = timedelta(days=7)  # a table may begin with a quiet week
Columns = dict[str, "pd.Series[Any]"]


def features(snapshot: Snapshot, as_of: datetime, kept_in: Path | None = None) -> pd.DataFrame:
    """The feature matrix at ``as_of``, from what was known before it: one of ``matrices``."""
    (_, matrix) = next(matrices(snapshot, [as_of], kept_in))
    return matrix


def matrices(
    snapshot: Snapshot, cutoffs: Iterable[datetime], kept_in: Path | None = None
) -> Iterator[tuple[datetime, pd.DataFrame]]:
    """The feature matrix at each of ``cutoffs`` (naive UTC), ascending, as it is finished.

    Index ``account_id`` (sorted; the accounts with ARR at the close), one column a
    feature: float64, NaN where unknown, or text for words. Features that read a table or
    column the company does not keep are left out. With ``kept_in`` (``data/features``)
    months are kept there, in folders named by the company's own date.
    """
    asked = sorted(set(cutoffs))
    plans = [_Plan(snapshot, as_of, kept_in) for as_of in asked]
    tiled = {table: _tiled(table, snapshot, plans, kept_in) for table in _tables(plans)}
    for plan in plans:
        if plan.missing:
            columns = plan.columns()
            for table in sorted({f.table for f in plan.missing if f.table}):
                told = [f for f in plan.missing if f.table == table]
                if table in tiled:
                    columns |= next(tiled[table])
                else:
                    values, begins = looked(snapshot, table, told, plan.as_of, plan.index)
                    columns |= _begun(told, values, begins, plan.as_of)
            group = None
            if any(feature.peers for feature in plan.missing):
                group = peers.groups(columns["arr_now"], columns["tenure"])
            for feature in plan.missing:
                if feature.table is None:
                    columns[feature.name] = _derived(feature, columns, group)
            plan.finish(columns)
        yield plan.as_of, plan.matrix


class _Plan:
    """One cutoff: the columns there are, and the features that are missing."""

    def __init__(self, snapshot: Snapshot, as_of: datetime, kept_in: Path | None) -> None:
        self.as_of = as_of
        every = list(catalogue().features)
        self.keys = keys(every, snapshot, as_of)
        self._month = kept_in and store.folder(kept_in, as_of, snapshot.company.timezone)
        kept = store.read(self._month) if self._month else None
        still = kept.still(self.keys) if kept else []
        self.missing = [f for f in every if f.name in self.keys and f.name not in still]
        # Every key holds what decides which accounts there are.
        if kept is not None and still:
            self.index, self.matrix = kept.matrix.index, kept.matrix[still]
        else:
            self.index = spine(snapshot, as_of)
            self.matrix = pd.DataFrame(index=self.index)
        if not self.missing:
            self.matrix = self.matrix[self._order()]

    def _order(self) -> list[str]:
        return [f.name for f in catalogue().features if f.name in self.keys]

    def columns(self) -> Columns:
        """The finished columns by name."""
        return {str(name): self.matrix[name] for name in self.matrix}

    def finish(self, columns: Columns) -> None:
        """Put the matrix together, and keep it if it is to be kept."""
        chosen = {name: columns[name] for name in self._order()}
        self.matrix = pd.DataFrame(chosen, index=self.index)
        if self._month:
            store.write(self._month, store.Kept(self.matrix, self.keys))


def _tables(plans: list[_Plan]) -> list[str]:
    """The tiled tables of which any feature is missing."""
    tables = {f.table for plan in plans for f in plan.missing if f.table}
    return sorted(table for table in tables if Source(table).tiled)


def _tiled(
    table: str, snapshot: Snapshot, plans: list[_Plan], kept_in: Path | None
) -> Iterator[Columns]:
    """The columns of ``table`` for each plan that lacks any, in order."""
    lacking = {p.as_of: p for p in plans if any(f.table == table for f in p.missing)}
    names = {f.name for p in lacking.values() for f in p.missing}
    told = [f for f in catalogue().features if f.table == table and f.name in names]
    accounts = everyone(snapshot)
    # Tiles are cut for all windows there are, whichever are asked for: so they stay what they are.
    every = {f.window for f in catalogue().features if f.table == table and f.window}
    lived = windowed(snapshot, table, told, lacking, accounts, kept_in, every)
    for as_of, values, begins in lived:
        plan = lacking[as_of]
        place = accounts.get_indexer(plan.index)
        found = {n: pd.Series(v[place], index=plan.index) for n, v in values.items()}
        mine = [f for f in plan.missing if f.table == table]
        yield _begun(mine, {f.name: found[f.name] for f in mine}, begins, as_of)


def _begun(
    told: list[Feature], values: Columns, begins: datetime | None, as_of: datetime
) -> Columns:
    """``values``, unknown where the window begins before the table does.

    Such a window says nothing: what was not recorded yet looks like silence.
    """
    unseen = [
        f.name
        for f in told
        if f.window and (begins is None or begins > as_of - timedelta(days=f.window) + SLACK)
    ]
    return values | {name: values[name] * np.nan for name in unseen}


def _derived(feature: Feature, columns: Columns, group: pd.Series[str] | None) -> pd.Series[float]:
    def typical(value: pd.Series[float]) -> pd.Series[float]:
        assert group is not None
        return peers.medians(value, group)

    with np.errstate(divide="ignore", invalid="ignore"):
        value: pd.Series[float] = feature.compute(Finished(columns, typical))
    return value.astype("float64").replace([np.inf, -np.inf], np.nan)
