"""The store of features: read back equal, computed anew where anything changed, never half."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import catalogue as listed
from features import engine, kept, keys
from features.catalogue import Catalogue, catalogue
from features.declare import Aggregate, Domain, Rows, Source
from features.engine import features, matrices
from tests import company
from warehouse.errors import CannotWrite
from warehouse.snapshot import Snapshot

MARCH, APRIL = datetime(2025, 3, 1), datetime(2025, 4, 1)
MONTH = "as_of=2025-03-01"


@pytest.fixture(autouse=True)
def fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two domains and what they read are enough to see what is kept."""
    domains = ("contract", "usage", "support")
    made = Catalogue(tuple(f for f in listed.catalogue().features if f.domain in domains))
    monkeypatch.setattr(engine, "catalogue", lambda: made)


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    return company.frames(seed=5, accounts=12, rows=120)


@pytest.fixture(scope="module")
def whole(tables: company.Frames, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return company.snapshot(tables, tmp_path_factory.mktemp("whole"))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was computed, in order: (table, features) looked at; ("tiles", months) counted."""
    done: list[tuple[str, Any]] = []
    looked, gathered = engine.looked, kept.gathered

    def look(snapshot: Any, table: str, told: Any, *rest: Any) -> Any:
        done.append((table, sorted(f.name for f in told)))
        return looked(snapshot, table, told, *rest)

    def count(snapshot: Any, table: str, parts: Any, pieces: Any, timeline: Any) -> Any:
        done.append(("tiles", ([p.month for p in pieces], len(list(parts)))))
        return gathered(snapshot, table, parts, pieces, timeline)

    monkeypatch.setattr(engine, "looked", look)
    monkeypatch.setattr(kept, "gathered", count)
    return done


def files(store: Path) -> list[str]:
    return sorted(str(p.relative_to(store)) for p in store.rglob("*") if p.is_file())


def test_a_month_is_computed_once_and_read_back_equal(
    whole: Snapshot, tmp_path: Path, work: list[Any]
) -> None:
    first = features(whole, MARCH, tmp_path)
    assert [name for name in files(tmp_path) if name.startswith("as_of")] == [
        f"{MONTH}/features.parquet",
        f"{MONTH}/made-from.json",
    ]
    done = len(work)
    assert done == 5  # four tables looked at, and the tiles
    again = features(whole, MARCH, tmp_path)
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert (again.index.name, again.index.dtype) == ("account_id", "str")
    assert len(work) == done
    pd.testing.assert_frame_equal(features(whole, MARCH), first, check_exact=True)


def test_the_next_month_counts_its_own_news_alone(
    whole: Snapshot, tmp_path: Path, work: list[Any]
) -> None:
    features(whole, MARCH, tmp_path)
    (earlier,) = [told[0] for kind, told in work if kind == "tiles"]
    assert earlier[-1] == "2025-02"
    work.clear()
    features(whole, APRIL, tmp_path)
    assert [told[0] for kind, told in work if kind == "tiles"] == [["2025-03"]]


def changed(monkeypatch: pytest.MonkeyPatch, name: str, body: Any, unit: str, table: str) -> None:
    """The catalogue with one feature that computes something else."""
    domain = Domain(catalogue().by_name[name].domain, Source(table), family="x")
    idea, window = name.rsplit("_", 1)
    body.__name__ = idea
    body.__doc__ = "Changed."
    domain.trailing(int(window[:-1]), unit=unit, empty=0)(body)
    (other,) = domain.features
    made = Catalogue(tuple(other if f.name == name else f for f in engine.catalogue().features))
    monkeypatch.setattr(engine, "catalogue", lambda: made)


def test_a_changed_feature_computes_itself_alone(
    whole: Snapshot, tmp_path: Path, work: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is derived from it; a better phrase computes nothing."""
    before = features(whole, MARCH, tmp_path)
    work.clear()

    def resolved(t: Rows) -> Aggregate:
        return t.count(where=~t.resolved_at.is_null())

    changed(monkeypatch, "tickets_opened_28d", resolved, "tickets", "tickets")
    after = features(whole, MARCH, tmp_path)
    assert work == [("tickets", ["tickets_opened_28d"])]
    differ = [name for name in before if not before[name].equals(after[name])]
    assert "tickets_opened_28d" in differ
    by_name = catalogue().by_name
    assert all(
        name == "tickets_opened_28d" or "tickets_opened_28d" in by_name[name].reads
        for name in differ
    )
    pd.testing.assert_frame_equal(features(whole, MARCH), after, check_exact=True)


def test_a_changed_feature_of_use_counts_its_own_part_alone(
    whole: Snapshot, tmp_path: Path, work: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    features(whole, MARCH, tmp_path)
    work.clear()

    def busy(t: Rows) -> Aggregate:
        return t.sum(t.events, where=t.minutes > 9)

    changed(monkeypatch, "usage_events_28d", busy, "events", "usage")
    after = features(whole, MARCH, tmp_path)
    ((kind, (months, parts)),) = work
    assert (kind, len(months) > 10, parts) == ("tiles", True, 1)
    pd.testing.assert_frame_equal(features(whole, MARCH), after, check_exact=True)


def test_words_and_phrases_are_in_no_key() -> None:
    feature = catalogue().by_name["tickets_opened_28d"]
    other = dataclasses.replace(feature, title="Tickets", family="x", riskier=-1)
    assert keys.own(other) == keys.own(feature)
    assert keys.own(dataclasses.replace(feature, window=29)) != keys.own(feature)
    assert keys.own(dataclasses.replace(feature, empty=None)) != keys.own(feature)


def test_what_comes_later_changes_no_closed_month(
    tables: company.Frames, whole: Snapshot, tmp_path: Path, work: list[Any]
) -> None:
    """The months of an earlier export are the months of a later one."""
    early = {
        name: rows[(rows["known_at"] < APRIL) | (name == "accounts")]
        for name, rows in tables.items()
    }
    store = tmp_path / "store"
    before = features(company.snapshot(early, tmp_path / "early"), MARCH, store)
    work.clear()
    after = features(whole, MARCH, store)
    pd.testing.assert_frame_equal(after, before, check_exact=True)
    assert work == []


@pytest.mark.parametrize(
    ("table", "column", "counted"), [("tickets", "priority", 0), ("usage", "events", 1)]
)
def test_a_restated_fact_computes_its_table_from_then_on(
    tables: company.Frames, tmp_path: Path, work: list[Any], table: str, column: str, counted: int
) -> None:
    store = tmp_path / "store"
    cutoffs = [datetime(2024, 12, 1), MARCH]
    dict(matrices(company.snapshot(tables, tmp_path / "was"), cutoffs, store))
    work.clear()
    rows = tables[table].copy()
    seen = rows[["known_at", {"tickets": "opened_at", "usage": "day"}[table]]].max(axis=1)
    one = seen.index[(seen >= datetime(2025, 1, 1)) & (seen < datetime(2025, 2, 1))][0]
    rows.loc[one, column] = {"tickets": "urgent", "usage": 77_777}[table]
    restated = company.snapshot(tables | {table: rows}, tmp_path / "restated")
    found = dict(matrices(restated, cutoffs, store))
    assert {kind for kind, _ in work} <= {table, "tiles"}
    assert [told[0] for kind, told in work if kind == "tiles"] == [["2025-01"]] * counted
    assert len(work) == 1
    for cutoff, matrix in found.items():
        pd.testing.assert_frame_equal(features(restated, cutoff), matrix, check_exact=True)


class Killed(BaseException):
    """A stand-in for the end of the process."""


@pytest.mark.parametrize("after", ["features.parquet", "made-from.json"])
def test_a_kill_leaves_a_whole_month_or_none(
    whole: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    replaced = Path.replace

    def killing(draft: Path, target: Path) -> Path:
        if target.name == after:
            raise Killed
        return replaced(draft, target)

    first = features(whole, MARCH)
    monkeypatch.setattr(Path, "replace", killing)
    with pytest.raises(Killed):
        features(whole, MARCH, tmp_path)
    assert not (tmp_path / MONTH / "made-from.json").exists()
    monkeypatch.setattr(Path, "replace", replaced)
    pd.testing.assert_frame_equal(features(whole, MARCH, tmp_path), first, check_exact=True)
    assert not [name for name in files(tmp_path) if "/." in name]


@pytest.fixture
def damaged(whole: Snapshot, tmp_path: Path) -> Iterator[tuple[Path, pd.DataFrame]]:
    first = features(whole, MARCH, tmp_path)
    yield tmp_path, first
    pd.testing.assert_frame_equal(features(whole, MARCH, tmp_path), first, check_exact=True)
    pd.testing.assert_frame_equal(features(whole, APRIL, tmp_path), features(whole, APRIL))


def test_a_damaged_month_is_computed_anew(damaged: tuple[Path, pd.DataFrame]) -> None:
    file = damaged[0] / MONTH / "features.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def test_a_damaged_note_is_written_anew(damaged: tuple[Path, pd.DataFrame]) -> None:
    note = damaged[0] / MONTH / "made-from.json"
    assert set(json.loads(note.read_text())) == {"columns", "sha256"}
    note.write_text(note.read_text()[:-9])


@pytest.mark.parametrize("cut", [0, 100, 400])
def test_damaged_tiles_are_counted_anew(damaged: tuple[Path, pd.DataFrame], cut: int) -> None:
    file = damaged[0] / "tiles" / "usage" / "2025-02.parquet"
    file.write_bytes(file.read_bytes()[: cut or None][: -cut or -1])


def test_a_month_is_named_by_the_date_of_the_company(whole: Snapshot, tmp_path: Path) -> None:
    """In Oslo the first of March begins on the last of February in UTC."""
    oslo = whole.company.model_copy(update={"timezone": "Europe/Oslo"})
    made = dataclasses.replace(whole, company=oslo)
    features(made, datetime(2025, 2, 28, 23), tmp_path)
    assert f"{MONTH}/features.parquet" in files(tmp_path)


def test_an_instant_within_a_month_is_no_month(whole: Snapshot, tmp_path: Path) -> None:
    """Its tiles are cut otherwise, so none are kept; its matrix is."""
    features(whole, MARCH + timedelta(hours=7), tmp_path)
    assert files(tmp_path) == [f"{MONTH}/features.parquet", f"{MONTH}/made-from.json"]
    pd.testing.assert_frame_equal(features(whole, MARCH, tmp_path), features(whole, MARCH))


def test_a_store_that_cannot_be_written(whole: Snapshot, tmp_path: Path) -> None:
    (tmp_path / MONTH).write_text("a file where a folder should be")
    with pytest.raises(CannotWrite, match="as_of=2025-03-01"):
        features(whole, MARCH, tmp_path)
