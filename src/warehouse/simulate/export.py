"""What an export taken at one instant holds: nothing that was recorded later.

Derived from the contract, so it holds for every table and every column: a row is there
if it had happened and was known before the instant, and a column that is filled later
is empty unless its clock had passed.
"""

from __future__ import annotations

import numpy as np

from warehouse.contract import ROW, Table
from warehouse.simulate.arrays import Instants
from warehouse.simulate.columns import Columns, blank, take


def as_exported(table: Table, columns: Columns, export: np.datetime64) -> Columns:
    """The rows and cells of ``columns`` an export taken at ``export`` has, in the same order."""
    there = (_clock(columns, table.happened) < export) & (_clock(columns, table.known) < export)
    kept = dict(columns) if there.all() else take(columns, np.flatnonzero(there))
    unfilled = {
        column.late: ~(_clock(kept, column.late) < export)
        for column in table.columns
        if column.late is not None
    }
    for column in table.columns:
        if column.late is not None and column.known == ROW and unfilled[column.late].any():
            kept[column.name] = blank(kept[column.name], unfilled[column.late])
    return kept


def _clock(columns: Columns, name: str) -> Instants:
    """The instants of the clock ``name``."""
    return np.asarray(columns[name], dtype="datetime64[us]")
