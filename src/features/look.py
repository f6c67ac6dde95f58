"""A look at a table whose rows may be filled in later: all its features at one cutoff.

What such a row says depends on when it is looked at, so each cutoff has a look of its
own, at the rows and values known then. One pass serves all windows: a window is a
condition inside the aggregate.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.declare import Aggregate, Feature, Rows, Source
from features.rows import DAY
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.engines import collect
from warehouse.snapshot import Snapshot


def looked(
    snapshot: Snapshot, table: str, told: Sequence[Feature], as_of: datetime, index: pd.Index[str]
) -> tuple[dict[str, pd.Series[Any]], datetime | None]:
    """The ``told`` features of ``table`` at ``as_of``, one value an account of ``index``.

    float64, or text for words; unknown where ``empty`` does not say otherwise. Beside
    them, when the table begins as far as known: ``None`` if nothing is.
    """
    declared = TABLES[table]
    rows = known(snapshot, table, as_of)
    begins = collect(rows.select(nw.col(declared.happened).min().alias("first")))
    windows = [f.window for f in told]
    if all(windows):
        longest = max(w for w in windows if w)
        rows = rows.filter(nw.col(declared.happened) >= nw.lit(as_of - timedelta(days=longest)))
    made = {f.name: f.compute(Rows(Source(table), as_of)) for f in told}
    inside = {f.name: _inside(f, declared.happened, as_of) for f in told}
    picks: dict[str, nw.Expr] = {}
    for feature in told:
        if made[feature.name].statistic != "latest":
            picks |= _picks(feature.name, made[feature.name], inside[feature.name])
    found: dict[str, pd.Series[Any]] = {}
    if picks:
        found |= _aligned(rows.group_by("account_id").agg(**picks), index)
    order = [declared.happened, *(k for k in declared.key if k != "account_id")]
    for feature in told:
        if made[feature.name].statistic == "latest":
            last = _latest(rows, made[feature.name], inside[feature.name], order)
            found[feature.name] = _aligned(last, index)["value"]
    values = {f.name: _finish(f, made[f.name], found, as_of) for f in told}
    return values, begins["first"][0].as_py()


def _inside(feature: Feature, happened: str, as_of: datetime) -> nw.Expr | None:
    """Whether a row lies in the feature's window ``[as_of - n days, as_of)``."""
    if feature.window is None:
        return None
    return nw.col(happened) >= nw.lit(as_of - timedelta(days=feature.window))


def _all(*conditions: nw.Expr | None) -> nw.Expr | None:
    held = [c for c in conditions if c is not None]
    return nw.all_horizontal(*held, ignore_nulls=False) if held else None


def _picks(name: str, made: Aggregate, inside: nw.Expr | None) -> dict[str, nw.Expr]:
    """The aggregates a feature is finished from, by name."""
    where = _all(made.where, inside)
    if made.statistic == "count":
        counted = nw.len() if where is None else nw.when(where).then(nw.lit(1)).sum()
        picks = {name: counted}
    else:
        value = made.value if where is None else nw.when(where).then(made.value)
        picks = {name: _statistic(made, value)}
        if made.statistic in ("sum", "mean"):
            picks[f"{name}|n"] = nw.when(~value.is_null()).then(nw.lit(1)).sum()
    if made.over is not None:
        held = made.over if inside is None else made.over & inside
        picks[f"{name}|over"] = nw.when(held).then(nw.lit(1)).sum()
    if made.per is not None:
        per = made.per if inside is None else nw.when(inside).then(made.per)
        picks[f"{name}|over"] = per.sum()
    return picks


def _statistic(made: Aggregate, value: nw.Expr) -> nw.Expr:
    if made.statistic == "distinct":
        return value.n_unique() - value.is_null().cast(nw.Int64).max()
    # A mean is finished from a sum and a count: a sum is exact, and the same on every engine.
    name = "sum" if made.statistic == "mean" else made.statistic
    if name == "median":
        value = value.cast(nw.Float64)
    expression: nw.Expr = getattr(value, name)()
    return expression


def _latest(
    rows: nw.LazyFrame[Any], made: Aggregate, inside: nw.Expr | None, order: Sequence[str]
) -> nw.LazyFrame[Any]:
    """The value of each account's last row."""
    where = _all(made.where, inside)
    kept = rows if where is None else rows.filter(where)
    kept = kept.with_columns(made.value.alias("value"))
    keys = list(order)
    if made.by is not None:
        kept = kept.with_columns(made.by.alias("by")).filter(~nw.col("by").is_null())
        keys.insert(0, "by")
    last = kept.unique(["account_id"], keep="last", order_by=keys)
    return last.select("account_id", "value")


def _aligned(frame: nw.LazyFrame[Any], index: pd.Index[str]) -> dict[str, pd.Series[Any]]:
    """The columns of a frame with one row an account, as numbers (or text) along ``index``."""
    table = collect(frame)
    accounts = pd.Index(table["account_id"].to_pandas().astype("str"))
    place = accounts.get_indexer(index)
    columns = {}
    for name in table.column_names:
        if name != "account_id":
            columns[name] = _taken(table[name], place, index)
    return columns


def _taken(column: pa.ChunkedArray, place: Any, index: pd.Index[str]) -> pd.Series[Any]:
    if pa.types.is_string(column.type):
        words = pa.concat_arrays([column.combine_chunks(), pa.nulls(1, pa.string())])
        told = words.take(pa.array(np.where(place < 0, len(words) - 1, place)))
        return pd.Series(told.to_pandas().to_numpy(), index=index, dtype="str")
    if pa.types.is_timestamp(column.type):
        instants = np.append(column.to_numpy().astype("datetime64[us]"), np.datetime64("NaT"))
        return pd.Series(instants[place], index=index)
    numbers = pc.cast(column, pa.float64()).to_numpy().astype(np.float64)
    return pd.Series(np.append(numbers, np.nan)[place], index=index)


def _finish(
    feature: Feature, made: Aggregate, found: dict[str, pd.Series[Any]], as_of: datetime
) -> pd.Series[Any]:
    value = found[feature.name]
    if feature.unit == "word":
        return value
    if made.since:
        value = (pd.Timestamp(as_of) - value).dt.total_seconds() / DAY * made.since
    if made.statistic == "mean":
        value = value / found[f"{feature.name}|n"].where(lambda n: n > 0)
    elif made.statistic == "sum":
        # The sum of nothing is taken for 0; here nothing known is nothing said.
        value = value.where(found[f"{feature.name}|n"] > 0)
    if made.over is not None or made.per is not None:
        whole = found[f"{feature.name}|over"]
        value = (value.fillna(0) / whole).where(whole > 0)
    value = value.astype("float64")
    return value if feature.empty is None else value.fillna(feature.empty)
