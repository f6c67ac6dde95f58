"""What was known at an instant: the one place where time is compared.

A row is seen if it happened before ``as_of`` and became known before ``as_of``,
both exclusive. A column that is filled in later is null until its own clock has
passed. A current state without history is not shown at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import narwhals as nw

from warehouse.contract import NEVER, TABLES, Table
from warehouse.snapshot import Snapshot


def known(snapshot: Snapshot, table: str, as_of: datetime) -> nw.LazyFrame[Any]:
    """The rows and values of ``table`` known before ``as_of`` (naive UTC, exclusive).

    The result has the contract's columns in order, without ``known_at`` and
    without those that are never known as of a past instant.
    """
    declared = TABLES[table]
    edge = nw.lit(as_of)
    seen = _seen(snapshot.scan(table, until=as_of), declared, edge)
    columns = [c for c in declared.columns if c.known != NEVER and c.name != declared.known]
    return seen.select(
        nw.when(nw.col(c.late) < edge).then(nw.col(c.name)).alias(c.name)
        if c.late
        else nw.col(c.name)
        for c in columns
    )


def news(snapshot: Snapshot, table: str, since: datetime, as_of: datetime) -> nw.LazyFrame[Any]:
    """The rows of ``table`` known before ``as_of`` that were not yet known before ``since``.

    For tables that are kept by month, whose rows never change once known: the news of
    one time after another is, together, what was known at the last. Columns as in
    ``known``, and ``news``: the number of the month whose news a row is (202610).
    """
    declared = TABLES[table]
    start = nw.lit(since)
    rows = _seen(snapshot.scan(table, since, as_of, news=True), declared, nw.lit(as_of)).filter(
        (nw.col(declared.happened) >= start) | (nw.col(declared.known) >= start)
    )
    return rows.select("news", *(c.name for c in declared.columns if c.name != declared.known))


def _seen(rows: nw.LazyFrame[Any], declared: Table, edge: nw.Expr) -> nw.LazyFrame[Any]:
    return rows.filter(nw.col(declared.happened) < edge, nw.col(declared.known) < edge)


def live(as_of: datetime) -> nw.Expr:
    """Whether a contract line runs at the close before ``as_of``.

    A line is live from ``starts_on`` up to, not including, its stop: where it
    really ended, or else where its term does. The close is the last instant
    before ``as_of``, so a line that stops at ``as_of`` still counts and one that
    starts at it does not yet.
    """
    edge = nw.lit(as_of)
    stop = nw.coalesce(nw.col("ended_on"), nw.col("ends_on"))
    return (nw.col("starts_on") < edge) & (stop.is_null() | (stop >= edge))
