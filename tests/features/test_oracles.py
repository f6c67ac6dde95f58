"""Every feature against a reckoning of its own words in naive pandas, at two cutoffs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import peers
from features.catalogue import catalogue
from features.declare import Feature
from features.engine import features
from tests import company
from tests.features import arithmetic_a, oracle_a, oracle_b
from warehouse.contract import TABLES

CUTOFFS = (datetime(2024, 8, 15, 13, 30), datetime(2025, 3, 1))
DAY = timedelta(days=1)
AGGREGATED: dict[str, tuple[str, Any]] = oracle_a.AGGREGATED | oracle_b.AGGREGATED
DERIVED: dict[str, Any] = arithmetic_a.DERIVED | oracle_b.DERIVED
Split = dict[str, dict[str, pd.DataFrame]]


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    """The test company, with more use by some, days without any, and outcomes unknown."""
    made = company.frames(seed=5, accounts=40, rows=400)
    used = company.frames(seed=6, accounts=40, rows=2400)["usage"]
    used["events"] = used["events"].mask(used.index % 3 == 0, 0)
    made["usage"] = used[(used["account_id"] > "A009") | (used.index % 16 == 0)]
    payments = made["payments"]
    payments["outcome"] = payments["outcome"].mask(payments.index % 4 == 0)
    return made


@pytest.fixture(scope="module", autouse=True)
def few_are_enough() -> Iterator[None]:
    """Among forty accounts a group of peers is small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peers, "FEWEST", 4)
        yield


@pytest.fixture(scope="module")
def matrices(
    few_are_enough: None, tables: company.Frames, tmp_path_factory: pytest.TempPathFactory
) -> dict[datetime, pd.DataFrame]:
    whole = company.snapshot(tables, tmp_path_factory.mktemp("whole"))
    return {cutoff: features(whole, cutoff) for cutoff in CUTOFFS}


@pytest.fixture(scope="module")
def pasts(tables: company.Frames) -> dict[datetime, company.Frames]:
    return {
        cutoff: {name: past(tables, name, cutoff) for name in TABLES if name != "accounts"}
        for cutoff in CUTOFFS
    }


@pytest.fixture(scope="module")
def splits(pasts: dict[datetime, company.Frames]) -> dict[datetime, Split]:
    return {
        cutoff: {n: {str(a): r for a, r in f.groupby("account_id")} for n, f in frames.items()}
        for cutoff, frames in pasts.items()
    }


def past(tables: company.Frames, name: str, cutoff: datetime) -> pd.DataFrame:
    """The rows of a table as known at the cutoff, reckoned without the warehouse."""
    table, rows = TABLES[name], tables[name]
    rows = rows[(rows[table.happened] < cutoff) & (rows[table.known] < cutoff)].copy()
    passed = {c.late: rows[c.late] < cutoff for c in table.columns if c.late}
    for column in table.columns:
        if column.late:
            rows[column.name] = rows[column.name].where(passed[column.late])
    return rows


def unseen(rows: pd.DataFrame, feature: Feature, cutoff: datetime) -> bool:
    """Whether the window began more than a week before the table itself did."""
    begins = rows[TABLES[str(feature.table)].happened].min()
    return feature.window is not None and begins > cutoff - feature.window * DAY + 7 * DAY


def test_every_feature_is_reckoned_anew() -> None:
    """Two windows of each idea at least, and each by somebody who only read its words."""
    aggregated = [f for f in catalogue().features if f.table]
    has = Counter(f.idea for f in aggregated)
    told = Counter(f.idea for f in aggregated if f.name in AGGREGATED)
    assert {idea: told[idea] for idea, n in has.items() if told[idea] < min(n, 2)} == {}
    assert {f.name for f in catalogue().features if not f.table} == set(DERIVED)
    assert set(AGGREGATED) <= {f.name for f in aggregated}
    assert len(AGGREGATED) + len(DERIVED) == len(AGGREGATED | DERIVED)


@pytest.mark.parametrize("name", AGGREGATED)
def test_a_feature_is_what_it_says(
    name: str,
    matrices: dict[datetime, pd.DataFrame],
    pasts: dict[datetime, company.Frames],
    splits: dict[datetime, Split],
) -> None:
    feature = catalogue().by_name[name]
    table, reckon = AGGREGATED[name]
    assert feature.table == table
    for cutoff, matrix in matrices.items():
        rows, split = pasts[cutoff][table], splits[cutoff][table]
        told = [reckon(split.get(account, rows[:0]), cutoff) for account in matrix.index]
        if feature.unit == "word":
            assert matrix[name].tolist() == told
            continue
        naive = pd.Series(told, index=matrix.index, name=name, dtype="float64")
        if feature.empty is not None:
            naive = naive.fillna(feature.empty)
        if unseen(rows, feature, cutoff):
            naive[:] = np.nan
        pd.testing.assert_series_equal(matrix[name], naive, rtol=1e-12)
    assert matrices[CUTOFFS[1]][name].nunique() > 1, "the test company says nothing of it"


@pytest.mark.parametrize("name", DERIVED)
def test_a_derived_feature_is_arithmetic(name: str, matrices: dict[datetime, pd.DataFrame]) -> None:
    for matrix in matrices.values():
        naive = DERIVED[name](matrix).reindex(matrix.index).rename(name)
        naive = naive.astype("float64").replace([np.inf, -np.inf], np.nan)
        pd.testing.assert_series_equal(matrix[name], naive, rtol=1e-9, atol=1e-12)
    assert matrices[CUTOFFS[1]][name].nunique() > 1, "the test company says nothing of it"


def test_the_peers_are_not_everybody(matrices: dict[datetime, pd.DataFrame]) -> None:
    """Otherwise a median of all accounts would pass for one of the peers."""
    for matrix in matrices.values():
        group = peers.groups(matrix["arr_now"], matrix["tenure"])
        assert group.nunique() > 1
