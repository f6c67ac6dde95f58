"""The engine: one pass over each table's known rows, every window at once.

For one ``as_of`` each table is read once; a window is a condition inside the
aggregate. A month that was computed from the same snapshot and the same
declarations is read back, not computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from features import store as stored
from features.catalogue import DOMAINS, catalogue
from features.declare import Aggregate, Domain, Feature, Finished, Rows
from features.spine import spine
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.freeze import Snapshot

DAY = 86_400
SLACK = timedelta(days=7)  # a table may begin with a quiet week


def features(snapshot: Snapshot, as_of: datetime, store: Path | None = None) -> pd.DataFrame:
    """The feature matrix at ``as_of``, from what was known before it.

    Index ``account_id`` (sorted; the accounts with ARR at the close), one float64
    column a feature, NaN where unknown. Features that read a table or column the
    company does not keep are left out. With ``store`` (``data/features``) the month is
    kept there, in a folder named by the company's own date.
    """
    if store is None:
        return _compute(snapshot, as_of)
    folder = stored.folder(store, as_of, snapshot.company.timezone)
    made_from = {
        "snapshot": snapshot.id,
        "catalogue": catalogue().digest,
        "engine": stored.code(),
        "as_of": as_of.isoformat(),
    }
    kept = stored.read(folder, made_from)
    if kept is None:
        kept = _compute(snapshot, as_of)
        stored.write(folder, kept, made_from)
    return kept


def _compute(snapshot: Snapshot, as_of: datetime) -> pd.DataFrame:
    index = spine(snapshot, as_of)
    columns: dict[str, pd.Series[float]] = {}
    for domain in DOMAINS:
        if snapshot.has(domain.source.table):
            columns |= _aggregated(snapshot, domain, as_of, index)
    for domain in DOMAINS:
        for feature in domain.features:
            if feature.table is None:
                value = _derived(feature, columns)
                if value is not None:
                    columns[feature.name] = value
    order = [f.name for f in catalogue().features if f.name in columns]
    return pd.DataFrame({name: columns[name] for name in order}, index=index)


def _derived(feature: Feature, columns: dict[str, pd.Series[float]]) -> pd.Series[float] | None:
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            value: pd.Series[float] = feature.compute(Finished(columns))
    except KeyError:
        return None
    return value.astype("float64").replace([np.inf, -np.inf], np.nan)


def _aggregated(
    snapshot: Snapshot, domain: Domain, as_of: datetime, index: pd.Index[str]
) -> dict[str, pd.Series[float]]:
    table = TABLES[domain.source.table]
    rows = known(snapshot, table.name, as_of)
    recorded = snapshot.recorded(table.name)
    told = [f for f in domain.features if f.table is not None and f.reads <= recorded]
    if not told:
        return {}
    begins = _begins(rows, table.happened)
    windows = [f.window for f in told]
    if all(windows):
        longest = max(w for w in windows if w)
        rows = rows.filter(nw.col(table.happened) >= nw.lit(as_of - timedelta(days=longest)))
    made = {f.name: f.compute(Rows(domain.source, as_of)) for f in told}
    plain = {f.name: f for f in told if made[f.name].statistic != "latest"}
    picks: dict[str, nw.Expr] = {}
    for name, feature in plain.items():
        inside = _inside(feature, table.happened, as_of)
        picks[name] = _expression(made[name], inside)
        if made[name].over is not None:
            picks[f"{name}|over"] = _count(made[name].over, inside)
    out = _collect(rows, picks, index)
    for feature in told:
        if feature.name not in plain:
            keys = [table.happened, *(k for k in table.key if k != "account_id")]
            out[feature.name] = _latest(
                rows, made[feature.name], _inside(feature, table.happened, as_of), keys, index
            )
    finished = {}
    for feature in told:
        value = _finish(feature, made[feature.name], out, as_of)
        unseen = feature.window and begins > as_of - timedelta(days=feature.window) + SLACK
        finished[feature.name] = value * np.nan if unseen else value
    return finished


def _begins(rows: nw.LazyFrame[Any], happened: str) -> datetime:
    """When the table begins, as far as known: a window from before it says nothing, not zero."""
    first = rows.select(nw.col(happened).min()).collect("pandas").to_native().iloc[0, 0]
    return datetime.max if pd.isna(first) else pd.Timestamp(first).to_pydatetime()


def _inside(feature: Feature, happened: str, as_of: datetime) -> nw.Expr | None:
    """Whether a row lies in the feature's window ``[as_of - n days, as_of)``."""
    if feature.window is None:
        return None
    return nw.col(happened) >= nw.lit(as_of - timedelta(days=feature.window))


def _all(*conditions: nw.Expr | None) -> nw.Expr | None:
    held = [c for c in conditions if c is not None]
    return nw.all_horizontal(*held, ignore_nulls=False) if held else None


def _count(where: nw.Expr | None, inside: nw.Expr | None) -> nw.Expr:
    condition = _all(where, inside)
    return nw.len() if condition is None else nw.when(condition).then(nw.lit(1)).sum()


def _expression(made: Aggregate, inside: nw.Expr | None) -> nw.Expr:
    if made.statistic == "count":
        return _count(made.where, inside)
    condition = _all(made.where, inside)
    value = made.value if condition is None else nw.when(condition).then(made.value)
    if made.statistic == "distinct":
        return value.n_unique() - value.is_null().any().cast(nw.Int64)
    expression: nw.Expr = getattr(value, made.statistic)()
    if made.statistic == "sum":
        # Narwhals takes the sum of nothing for 0; here nothing known is nothing said.
        return nw.when(value.count() > 0).then(expression)
    return expression


def _collect(
    rows: nw.LazyFrame[Any], picks: dict[str, nw.Expr], index: pd.Index[str]
) -> dict[str, pd.Series[float]]:
    if not picks:
        return {}
    frame = rows.group_by("account_id").agg(**picks).collect("pandas").to_native()
    frame = frame.set_index("account_id").reindex(index)
    return {name: frame[name] for name in frame.columns}


def _latest(
    rows: nw.LazyFrame[Any],
    made: Aggregate,
    inside: nw.Expr | None,
    order: Sequence[str],
    index: pd.Index[str],
) -> pd.Series[float]:
    condition = _all(made.where, inside)
    kept = rows if condition is None else rows.filter(condition)
    last = kept.group_by("account_id").agg(made.value.last(order_by=order).alias("value"))
    frame: pd.DataFrame = last.collect("pandas").to_native()
    return frame.set_index("account_id")["value"].reindex(index)


def _finish(
    feature: Feature, made: Aggregate, out: dict[str, pd.Series[float]], as_of: datetime
) -> pd.Series[float]:
    value = out[feature.name]
    if made.since:
        value = (pd.Timestamp(as_of) - pd.to_datetime(value)).dt.total_seconds() / DAY * made.since
    value = pd.to_numeric(value, errors="coerce").astype("float64")
    if made.over is not None:
        whole = pd.to_numeric(out[f"{feature.name}|over"]).astype("float64")
        value = (value.fillna(0) / whole).where(whole > 0)
    return value if feature.empty is None else value.fillna(feature.empty)
