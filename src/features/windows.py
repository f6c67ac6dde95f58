"""Windows put together from tiles, cutoff by cutoff, in the order the months were lived.

The tiles within reach are held as they are known so far. At a cutoff each window is its
tiles added up; windows lie inside each other, so each tile is added once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import kept
from features.daysets import DaySets
from features.declare import Feature
from features.held import Held, Inside
from features.parts import Made, made
from features.timeline import DAY, Timeline
from warehouse import news
from warehouse.snapshot import Snapshot

Floats = npt.NDArray[np.float64]
UNSURE = ("max", "min", "days")  # of these there may be no value at all


def windowed(
    snapshot: Snapshot,
    table: str,
    told: Sequence[Feature],
    cutoffs: Iterable[datetime],
    accounts: pd.Index[str],
    store: Path | None = None,
    windows: Iterable[int] = (),
) -> Iterator[tuple[datetime, dict[str, Floats], datetime | None]]:
    """For each of ``cutoffs``, ascending: itself, the features ``told``, when the table begins.

    Kept tiles are cut for these ``windows`` (days) too, so that they serve whoever has them.
    A feature is a value for each of ``accounts``. The beginning is the happening of the
    first row known at the cutoff, or an instant before every window; ``None`` if no row is.
    """
    asked = sorted(set(cutoffs))
    widths = {*windows, *(int(f.window or 0) for f in told)}
    timeline = Timeline.of(asked, widths, snapshot.company.timezone)
    features = [made(feature) for feature in told]
    parts = list({p.key: p for m in features for p in m.parts.values()}.values())
    held = Held(parts, accounts, timeline, asked)
    begins = _before(snapshot, table, timeline)
    for piece, tiles in kept.tiles(snapshot, table, parts, timeline, store):
        begins = min((b for b in (begins, tiles.first) if b is not None), default=None)
        held.forget(next(cutoff for cutoff in asked if cutoff >= piece.until))
        held.add(tiles)
        if piece.until in asked:
            yield piece.until, finished(features, held, piece.until), begins


def _before(snapshot: Snapshot, table: str, timeline: Timeline) -> datetime | None:
    """The first instant the timeline has, if there was news before it."""
    since = timeline.pieces[0].since
    return since if news.until(snapshot.news.get(table, {}), since, timeline.timezone) else None


def finished(features: Sequence[Made], held: Held, cutoff: datetime) -> dict[str, Floats]:
    """Every feature at ``cutoff``, the close of what was added to ``held`` last."""
    reach: dict[str, int] = {}
    for m in features:
        for part in m.parts.values():
            reach[part.key] = max(reach.get(part.key, 0), int(m.feature.window or 0))
    found: dict[str, Floats] = {}
    until, inside = cutoff, Inside(held, cutoff, reach)
    for window in sorted({int(m.feature.window or 0) for m in features}):
        since = cutoff - window * DAY
        inside.widen(since, until, [key for key, far in reach.items() if far >= window])
        until = since
        for m in features:
            if m.feature.window == window:
                found[m.feature.name] = _value(m, window, inside)
    return found


def _value(m: Made, window: int, inside: Inside) -> Floats:
    part = m.parts["value"]
    if part.kind == "days":
        value = _of_days(m.aggregate.statistic, window, inside.days[part.key])
    elif part.kind == "words":
        value = inside.words(part.key)
    else:
        value = inside.number(part)
    if "n" in m.parts or "over" in m.parts:
        below = inside.number(m.parts.get("over", m.parts.get("n", part)))
        below[below <= 0] = np.nan
        divides = "over" in m.parts or m.aggregate.statistic == "mean"
        value = value / below if divides else np.where(np.isnan(below), np.nan, value)
    if m.feature.empty is not None and ({"n", "over"} & m.parts.keys() or part.kind in UNSURE):
        value[np.isnan(value)] = m.feature.empty
    return value


def _of_days(statistic: str, window: int, days: DaySets) -> Floats:
    if statistic == "days":
        return days.count()
    if statistic == "weekend days":
        return days.at_weekends()
    if statistic == "weeks":
        return days.weeks(window)
    return days.longest_gap(window) if statistic == "longest gap" else days.since_last()
