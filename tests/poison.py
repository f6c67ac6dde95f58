"""Poisons: ways to change everything that was not yet known, derived from the contract.

Features at a cutoff must not change by a bit under any of them. One that does
has read something it could not have known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd

from tests.company import Frames
from warehouse.contract import NEVER, TABLES, Column, Table

MOMENT = timedelta(microseconds=1)


def _unknown(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.Series:
    return (frame[table.happened] >= cutoff) | (frame[table.known] >= cutoff)


def _nonsense(column: Column, n: int) -> object:
    if column.kind in ("integer", "money", "number"):
        return [999_999] * n
    if column.kind == "flag":
        return [True] * n
    return ["nonsense"] * n


def _ghosts(table: Table, frame: pd.DataFrame, happened: datetime, known: datetime) -> pd.DataFrame:
    """New rows for old and new accounts, with the two clocks set."""
    ghosts = frame.head(60).copy()
    for column in table.columns:
        if column.kind == "id" and column.name != "account_id":
            ghosts[column.name] = [f"ghost-{i}" for i in range(len(ghosts))]
        elif column.kind != "instant" and column.name != "account_id":
            ghosts[column.name] = _nonsense(column, len(ghosts))
        elif column.late == column.name:
            ghosts[column.name] = happened
    ghosts[table.happened] = happened
    ghosts[table.known] = known
    if "starts_on" in ghosts:
        ghosts["starts_on"] = min(happened, known) - timedelta(days=3)
        ghosts["ends_on"] = happened + timedelta(days=500)
    ghosts.loc[ghosts.index[::3], "account_id"] = "A-new"
    return ghosts


def _each(change: Callable[[Table, pd.DataFrame, datetime], pd.DataFrame]) -> Poison:
    def poison(tables: Frames, cutoff: datetime) -> Frames:
        return {n: change(TABLES[n], f.copy(), cutoff) for n, f in tables.items()}

    return poison


Poison = Callable[[Frames, datetime], Frames]


def _delete(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    return frame[~_unknown(table, frame, cutoff)]


def _alter(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    later = _unknown(table, frame, cutoff)
    for column in table.columns:
        if column.name not in (*table.key, "account_id") and column.kind != "instant":
            frame[column.name] = frame[column.name].astype("object")
            frame.loc[later, column.name] = _nonsense(column, int(later.sum()))
    return frame


def _append(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    after = cutoff + timedelta(hours=12)
    return pd.concat([frame, _ghosts(table, frame, after, after)], ignore_index=True)


def _late(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    after = cutoff + timedelta(days=1)
    lately, long_ago = cutoff - timedelta(days=1), cutoff - timedelta(days=700)
    ghosts = [_ghosts(table, frame, lately, after)]
    # Other keys than the ghosts of lately have.
    older = _ghosts(table, frame.iloc[60:], long_ago, after)
    for column in table.columns:
        if column.kind == "id" and column.name != "account_id":
            older[column.name] = [f"older-{i}" for i in range(len(older))]
    return pd.concat([frame, *ghosts, older], ignore_index=True)


def _cell(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    clocks = {c.late for c in table.columns if c.late}
    unfilled = {c: frame[c].isna() | (frame[c] >= cutoff) for c in clocks}
    for column in table.columns:
        if column.late:
            frame[column.name] = frame[column.name].astype("object")
            later = unfilled[column.late]
            value = (
                [cutoff + timedelta(days=9)] * int(later.sum())
                if column.kind == "instant" and column.name in clocks
                else [datetime(2023, 1, 1)] * int(later.sum())
                if column.kind == "instant"
                else _nonsense(column, int(later.sum()))
            )
            frame.loc[later, column.name] = value
    for column in table.columns:
        if column.kind == "instant":
            frame[column.name] = pd.to_datetime(frame[column.name])
    return frame


def _state(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    for column in table.columns:
        if column.known == NEVER:
            frame[column.name] = _nonsense(column, len(frame))
    return frame


def _boundary(table: Table, frame: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    past = cutoff - timedelta(days=1)
    edges = [(cutoff, past), (past, cutoff), (cutoff + MOMENT, past), (past, cutoff + MOMENT)]
    ghosts = [_ghosts(table, frame, happened, known) for happened, known in edges]
    clocks = sorted({c.late for c in table.columns if c.late})
    for clock in clocks:
        for column in table.columns:
            if column.late == clock:
                later = frame[clock].isna() | (frame[clock] >= cutoff)
                if column.name != clock and column.kind != "instant":
                    frame[column.name] = frame[column.name].astype("object")
                    frame.loc[later, column.name] = _nonsense(column, int(later.sum()))
        frame.loc[frame[clock].isna() | (frame[clock] >= cutoff), clock] = cutoff
    return pd.concat([frame, *ghosts], ignore_index=True)


POISONS: dict[str, Poison] = {
    "delete": _each(_delete),
    "alter": _each(_alter),
    "append": _each(_append),
    "late": _each(_late),
    "cell": _each(_cell),
    "state": _each(_state),
    "boundary": _each(_boundary),
}
