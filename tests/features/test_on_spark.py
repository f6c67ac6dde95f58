"""The same features on a real Spark of several processes as on DuckDB, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from features import catalogue as listed
from features.engine import matrices
from tests import company
from warehouse.snapshot import Snapshot
from warehouse.spark import SparkSnapshot, on_spark

pytestmark = pytest.mark.services
MASTER = "local-cluster[2,1,2048]"
CUTOFFS = [datetime(2024, 9, 1), datetime(2025, 3, 1)]
WHOLE = ("people", "tickets", "invoices", "products", "lines", "touches", "answers", "payments")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return company.snapshot(company.frames(seed=5, accounts=30), tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def there(whole: Snapshot) -> Iterator[SparkSnapshot]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")  # where the machine stands is of no matter
        with on_spark(whole, MASTER) as spark:
            yield spark


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def both(
    whole: Snapshot, there: SparkSnapshot, store: Path
) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    here = dict(matrices(whole, CUTOFFS))
    return [(here[cutoff], matrix) for cutoff, matrix in matrices(there, CUTOFFS, store)]


def test_executors_are_processes_of_their_own(
    there: SparkSnapshot, both: list[tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    # A launcher that has ended but is not yet reaped has no command line to ask for.
    ours = {child.pid for child in psutil.Process().children(recursive=True)}
    running = {p.pid: " ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])}
    executors = {pid for pid in ours if "CoarseGrainedExecutorBackend" in running.get(pid, "")}
    assert len(executors) == 2
    assert there.scan("usage").implementation.is_pyspark()


def test_every_cell_is_the_same(both: list[tuple[pd.DataFrame, pd.DataFrame]]) -> None:
    by_name = listed.catalogue().by_name
    cells = 0
    for here, there in both:
        assert list(here) == list(there) == list(by_name)
        pd.testing.assert_index_equal(here.index, there.index)
        for name in here:
            if by_name[name].unit == "word":
                assert here[name].equals(there[name]), name
                continue
            exact = by_name[name].unit in WHOLE and by_name[name].table is not None
            np.testing.assert_allclose(
                there[name], here[name], rtol=0 if exact else 1e-9, atol=0, err_msg=name
            )
            cells += here[name].notna().sum()
    assert cells > 10_000


def test_the_comparison_would_notice(both: list[tuple[pd.DataFrame, pd.DataFrame]]) -> None:
    here, there = both[-1]
    other = there["usage_events_365d"] * (1 + 1e-8)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(other, here["usage_events_365d"], rtol=1e-9, atol=0)


def test_what_is_kept_serves_either_engine(
    whole: Snapshot, both: list[tuple[pd.DataFrame, pd.DataFrame]], store: Path
) -> None:
    """A month computed on the cluster is read back on this machine."""
    for (_, there), (_, again) in zip(both, matrices(whole, CUTOFFS, store), strict=True):
        pd.testing.assert_frame_equal(there, again, check_exact=True)
