"""The engine: one pass over each table's known rows, every window at once.

For one ``as_of`` each table is read once; a window is a condition inside the
aggregate. A month that was computed from the same snapshot and the same
declarations is read back, not computed again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np
import pandas as pd

from features.catalogue import DOMAINS, catalogue
from features.declare import Aggregate, Domain, Feature, Finished, Rows
from features.spine import spine
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.errors import CannotWrite
from warehouse.freeze import Snapshot

DAY = 86_400
FILE, NOTE = "features.parquet", "made-from.json"
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
    zone = ZoneInfo(snapshot.company.timezone)
    folder = store / f"as_of={as_of.replace(tzinfo=UTC).astimezone(zone):%Y-%m-%d}"
    made_from = {
        "snapshot": snapshot.id,
        "catalogue": catalogue().digest,
        "engine": _code(),
        "as_of": as_of.isoformat(),
    }
    kept = _kept(folder, made_from)
    if kept is None:
        kept = _compute(snapshot, as_of)
        _keep(folder, kept, made_from)
    return kept


def _kept(folder: Path, made_from: dict[str, str]) -> pd.DataFrame | None:
    """The matrix in ``folder`` if it is whole and was made from ``made_from``."""
    try:
        note = json.loads((folder / NOTE).read_text("utf-8"))
        content = (folder / FILE).read_bytes()
    except (FileNotFoundError, ValueError):
        return None
    if note != {**made_from, "sha256": sha256(content).hexdigest()}:
        return None
    return pd.read_parquet(BytesIO(content))


def _keep(folder: Path, matrix: pd.DataFrame, made_from: dict[str, str]) -> None:
    """Write the matrix, then the note that vouches for it; a kill between leaves no note."""
    content = BytesIO()
    matrix.to_parquet(content)
    note = {**made_from, "sha256": sha256(content.getvalue()).hexdigest()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NOTE).unlink(missing_ok=True)
        _replace(folder / FILE, content.getvalue())
        _replace(folder / NOTE, json.dumps(note, sort_keys=True).encode())
    except OSError as error:
        raise CannotWrite(f"{folder} cannot be written: {error}") from error


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _code() -> str:
    """A hash of this floor's code: another way to compute is another matrix."""
    code = sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        code.update(file.read_bytes())
    return code.hexdigest()[:16]


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
