"""The store of features: read back equal, made anew when anything changed, never half a month."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import engine
from features import store as stored
from features.catalogue import catalogue
from features.engine import features
from tests import company
from warehouse.errors import CannotWrite
from warehouse.freeze import Snapshot

MARCH = datetime(2025, 3, 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return company.snapshot(company.frames(seed=5, rows=60), tmp_path_factory.mktemp("whole"))


def files(store: Path) -> list[str]:
    return sorted(str(p.relative_to(store)) for p in store.rglob("*") if p.is_file())


MONTH = "as_of=2025-03-01"
TINY = pd.DataFrame(
    {"tenure": [1.5, np.nan], "arr_now": [0.1 + 0.2, 1e300]},
    index=pd.Index(["007", "A"], name="account_id", dtype="str"),
)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The snapshots for which a (tiny) matrix was computed, in order."""
    asked: list[str] = []

    def compute(snapshot: Snapshot, as_of: datetime) -> pd.DataFrame:
        asked.append(snapshot.id)
        return TINY

    monkeypatch.setattr(engine, "_compute", compute)
    return asked


def test_a_month_is_computed_once_and_read_back_equal(
    whole: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = features(whole, MARCH, tmp_path)
    assert files(tmp_path) == [f"{MONTH}/features.parquet", f"{MONTH}/made-from.json"]
    monkeypatch.setattr(engine, "_compute", None)
    again = features(whole, MARCH, tmp_path)
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert (again.index.name, again.index.dtype) == ("account_id", "str")


def test_another_snapshot_catalogue_engine_or_instant_is_another_matrix(
    whole: Snapshot, tmp_path: Path, computed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    features(whole, MARCH, tmp_path)
    features(whole, MARCH, tmp_path)
    assert computed == ["made"]
    other = Snapshot("other", whole.folder, whole.company, whole.ledger, whole.watermark)
    features(other, MARCH, tmp_path)
    features(other, MARCH + timedelta(hours=1), tmp_path)
    assert computed == ["made", "other", "other"]
    monkeypatch.setattr(stored, "code", lambda: "another")
    features(other, MARCH + timedelta(hours=1), tmp_path)
    assert len(computed) == 4
    fewer = replace(catalogue(), features=catalogue().features[:-1])
    monkeypatch.setattr(engine, "catalogue", lambda: fewer)
    features(other, MARCH + timedelta(hours=1), tmp_path)
    assert len(computed) == 5


class Killed(BaseException):
    """A stand-in for the end of the process."""


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("there", [False, True], ids=["first", "again"])
def test_a_kill_leaves_a_whole_month_or_none(
    whole: Snapshot,
    tmp_path: Path,
    computed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    there: bool,
) -> None:
    """Before and between the two files; with and without an older month in place."""
    if there:
        older = Snapshot("older", whole.folder, whole.company, whole.ledger, whole.watermark)
        features(older, MARCH, tmp_path)
    renames: list[str] = []
    replaced = Path.replace

    def killing(draft: Path, target: Path) -> Path:
        if len(renames) == after:
            raise Killed
        renames.append(target.name)
        return replaced(draft, target)

    monkeypatch.setattr(Path, "replace", killing)
    with pytest.raises(Killed):
        features(whole, MARCH, tmp_path)
    assert not (tmp_path / MONTH / "made-from.json").exists()
    monkeypatch.setattr(Path, "replace", replaced)
    pd.testing.assert_frame_equal(features(whole, MARCH, tmp_path), TINY, check_exact=True)
    assert computed[-2:] == ["made", "made"]
    assert files(tmp_path) == [f"{MONTH}/features.parquet", f"{MONTH}/made-from.json"]


def test_a_damaged_month_is_computed_anew(
    whole: Snapshot, tmp_path: Path, computed: list[str]
) -> None:
    features(whole, MARCH, tmp_path)
    file, note = tmp_path / MONTH / "features.parquet", tmp_path / MONTH / "made-from.json"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    pd.testing.assert_frame_equal(features(whole, MARCH, tmp_path), TINY, check_exact=True)
    note.write_text(note.read_text()[:-9])
    pd.testing.assert_frame_equal(features(whole, MARCH, tmp_path), TINY, check_exact=True)
    assert len(computed) == 3
    assert json.loads(note.read_text())["snapshot"] == "made"


@pytest.mark.usefixtures("computed")
def test_a_month_is_named_by_the_date_of_the_company(whole: Snapshot, tmp_path: Path) -> None:
    """In Oslo the first of March begins on the last of February in UTC."""
    oslo = whole.company.model_copy(update={"timezone": "Europe/Oslo"})
    made = Snapshot("oslo", whole.folder, oslo, whole.ledger, whole.watermark)
    features(made, datetime(2025, 2, 28, 23), tmp_path)
    assert files(tmp_path)[0] == f"{MONTH}/features.parquet"


@pytest.mark.usefixtures("computed")
def test_a_store_that_cannot_be_written(whole: Snapshot, tmp_path: Path) -> None:
    (tmp_path / MONTH).write_text("a file where a folder should be")
    with pytest.raises(CannotWrite, match="as_of=2025-03-01 cannot be written"):
        features(whole, MARCH, tmp_path)
