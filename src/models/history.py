"""The past as it was known: each month's features, and what then happened.

Every month is seen with only what was known at its close, by the same engine
that serves the newest one.
"""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import pandas as pd
from tqdm import tqdm

from features import engine
from metrics.arr import balances
from models import decisions
from models.outcomes import Question, outcomes
from warehouse.asof import known
from warehouse.contract import TABLES
from warehouse.errors import InputMissing
from warehouse.months import as_of, between, month_of, shift
from warehouse.snapshot import Snapshot

FEWEST = 20  # accounts at a month's close; with fewer there is nothing to learn from it


def lines(snapshot: Snapshot, month: str) -> pd.DataFrame:
    """The contract lines as known at the close of ``month``, ordered by line_id."""
    return seen(snapshot, "contract_lines", month)


def seen(snapshot: Snapshot, table: str, month: str) -> pd.DataFrame:
    """The rows of ``table`` as known at the close of ``month``, ordered by their key.

    ``InputMissing`` where the company has no such table.
    """
    if table not in snapshot.tables:
        raise InputMissing(f"this company has no table {table}; admit it, or ask something else")
    rows = known(snapshot, table, as_of(month, snapshot.company.timezone))
    frame: pd.DataFrame = rows.sort(*TABLES[table].key).collect("pandas").to_native()
    return frame


def lived(snapshot: Snapshot, month: str, most: int) -> list[str]:
    """The last ``most`` months up to ``month`` that there is something to learn from.

    They closed with at least ``FEWEST`` accounts, and half of the company's tables had
    begun by then: what was not recorded yet looks like silence, and teaches that.
    Raises ``InputMissing`` if ``month`` itself closed without any account.
    """
    seen = lines(snapshot, month)
    zone = snapshot.company.timezone
    if seen.empty:
        raise InputMissing(f"no contract line was known at the close of {month}")
    first = month_of(seen["starts_on"].min().to_pydatetime(), zone)
    count = balances(seen, between(min(first, month), month), zone).groupby("month").size()
    if month not in count:
        raise InputMissing(
            f"no account had recurring revenue at the close of {month}; the months that had "
            f"are {count.index.min()} to {count.index.max()}"
        )
    first = max(shift(month, 1 - most), begun(snapshot, month))
    enough = [m for m in count.index if count[m] >= FEWEST and m >= first]
    return sorted(enough) or [month]


def begun(snapshot: Snapshot, month: str) -> str:
    """The month by which half of the tables that record events had begun, as known at ``month``."""
    zone = snapshot.company.timezone
    starts = []
    for table in sorted(snapshot.tables - {"accounts"}):
        happened = TABLES[table].happened
        first = known(snapshot, table, as_of(month, zone)).select(nw.col(happened).min())
        starts += first.collect("pandas").to_native()[happened].dropna().tolist()
    return month_of(sorted(starts)[(len(starts) - 1) // 2].to_pydatetime(), zone)


def matrices(
    snapshot: Snapshot, months: list[str], store: Path, progress: bool = False
) -> dict[str, pd.DataFrame]:
    """The feature matrix of each month at its own close, kept in ``store``."""
    zone = snapshot.company.timezone
    lived = engine.matrices(snapshot, [as_of(month, zone) for month in months], store)
    shown = tqdm(
        lived, "features", len(set(months)), unit="month", leave=False, disable=not progress
    )
    found = dict(shown)
    return {month: found[as_of(month, zone)] for month in months}


def answers(
    snapshot: Snapshot, question: Question, spines: dict[str, pd.DataFrame], now: str, gap_days: int
) -> pd.DataFrame:
    """What happened to each account of each month, as far as it was known at the close of ``now``.

    ``spines`` is what ``matrices`` returned; the result is that of ``outcomes``, or, where
    renewals are asked about, of ``decisions.answers``.
    """
    if question.kind == "renewal":
        known = {month: lines(snapshot, month) for month in spines}
        zone = snapshot.company.timezone
        return decisions.answers(known, lines(snapshot, now), as_of(now, zone), zone, gap_days)
    spine = pd.concat(
        [
            pd.DataFrame({"account_id": frame.index.astype("str"), "month": month})
            for month, frame in sorted(spines.items())
        ],
        ignore_index=True,
    )
    zone = snapshot.company.timezone
    return outcomes(question, lines(snapshot, now), spine, as_of(now, zone), zone, gap_days)
