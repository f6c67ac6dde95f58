"""Whitespace against popularity: who buys a product next, in a simulated company.

3,000 accounts over 30 months, one seed. Every method is rehearsed on the same later closes; what
ships is held against how popular a product is in the account's peer group. All products beyond
the core sell alike there, so within one account nothing can be told: what can is where to begin
in the list of all accounts and products, of which somebody looks at the first tenth.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.settled import settled
from models import history
from models.whitespace import asked, whitespace
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at

ACCOUNTS, MONTHS, SEED = 3_000, 30, 11


@cache
def rehearsed() -> pd.Series[float]:
    """Recall in the first tenth of all gaps, mean of the folds: of what ships, and popularity."""
    return of(settled(ACCOUNTS, MONTHS, SEED))


def of(home: Path) -> pd.Series[float]:
    """What `rehearsed` returns, for the company simulated into the workspace ``home``."""
    place = at(home)
    month = newest(place)
    snapshot = closed(place, month)
    wanted = asked(history.lived(snapshot, month, place.settings.model.history), month)
    known = history.matrices(snapshot, wanted, place.features)
    found = whitespace(snapshot, month, known, place.settings.policy.gap_days)
    assert found.chance is not None, found.said
    recall = found.chance.rehearsed.groupby("method")["recall_list"].mean()
    return pd.Series({"ships": recall[found.chance.method], "popularity": recall["popularity"]})


@bench(
    "whitespace_recall",
    must=">= 1.5",
    aim=">= 2",
    against="popularity in the account's peer group",
)
def whitespace_recall() -> Measured:
    """Share of what was bought within six months that the first tenth of all gaps holds."""
    found = rehearsed()
    return Measured(float(found["ships"]), "share", float(found["popularity"]))
