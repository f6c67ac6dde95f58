"""The dirty build is the same company: the same truth, and every stain counted and found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.warehouse.digests import digests
from warehouse.contract import TABLES
from warehouse.freeze import freeze
from warehouse.mapping import Mapping
from warehouse.signs import LOOKS, Sign, signs
from warehouse.simulate import simulate
from warehouse.simulate.default import DEFAULT
from warehouse.simulate.dirt import STAINS
from warehouse.snapshot import Snapshot

ACCOUNTS, MONTHS, SEED = 1100, 18, 9


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("builds")
    for name in ("clean", "dirty"):
        raw = place / name / "data" / "raw"
        simulate(raw, ACCOUNTS, MONTHS, SEED, dirty=name == "dirty")
    return {name: place / name for name in ("clean", "dirty")}


@pytest.fixture(scope="module")
def frozen(places: dict[str, Path]) -> dict[str, Snapshot]:
    rates = {code: rate / 100 for code, rate, _ in DEFAULT.currencies if code != "USD"}
    settings = Mapping.model_validate({"company": {"name": "Made"}, "rates": rates})
    return {name: freeze(settings, place) for name, place in places.items()}


def found(snapshot: Snapshot) -> dict[str, Sign]:
    return {sign.kind: sign for sign in signs(snapshot)}


def planted(places: dict[str, Path]) -> pd.Series[int]:
    dirt = pd.read_parquet(places["dirty"] / "data" / "raw" / "truth" / "dirt.parquet")
    return dirt.groupby("kind")["rows"].sum()


def test_the_truth_is_the_same_byte_for_byte(places: dict[str, Path]) -> None:
    clean, dirty = (digests(place / "data" / "raw" / "truth") for place in places.values())
    assert dirty.pop("dirt.parquet")
    assert dirty == clean


def test_dirt_does_not_depend_on_the_workers(places: dict[str, Path], tmp_path: Path) -> None:
    again = simulate(tmp_path / "raw", ACCOUNTS, MONTHS, SEED, dirty=True, workers=2)
    assert digests(again) == digests(places["dirty"] / "data" / "raw")


def test_every_kind_is_planted(places: dict[str, Path]) -> None:
    counts = planted(places)
    assert set(counts.index) == {*STAINS, "exit reasons wrong"}
    assert (counts > 0).all(), counts


def test_a_second_record_is_that_of_a_customer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.simulate.dirt._TWO_RECORDS", 0.5)
    monkeypatch.setattr("warehouse.simulate.dirt._STAFF", 0.5)
    clean, dirty = (
        simulate(tmp_path / name, 100, 6, SEED, dirty=name == "dirty", workers=1)
        for name in ("clean", "dirty")
    )
    names = pd.read_parquet(dirty / "accounts.parquet").set_index("account_id")["name"]
    second = names[names.index.str.startswith("D")]
    assert list(second) == list(names["A" + second.index.str[1:]])
    for table, key in (("tickets", "ticket_id"), ("touches", "touch_id")):
        owner, booked = (
            pd.read_parquet(place / f"{table}.parquet").set_index(key)["account_id"]
            for place in (clean, dirty)
        )
        moved = booked[booked.str.startswith("D")]
        assert len(moved) > 0
        assert list(owner[moved.index].str[1:]) == list(moved.str[1:])


def test_a_company_without_telemetry_gets_dirty_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.simulate.dirt._STAFF", 0.5)
    folder = simulate(tmp_path / "raw", 60, 3, SEED, world="usage-free", dirty=True)
    assert pd.read_parquet(folder / "accounts.parquet")["account_id"].str.startswith("Z").any()
    assert pd.read_parquet(folder / "usage.parquet").empty


def test_every_stain_is_found_and_no_other(
    places: dict[str, Path], frozen: dict[str, Snapshot]
) -> None:
    counts, seen = planted(places), found(frozen["dirty"])
    assert set(seen) == set(counts.index)
    lower = "exit reasons wrong"  # only those that contradict how the contract ended can be seen
    assert 0 < seen[lower].found < counts[lower]
    for kind in set(seen) - {lower}:
        assert seen[kind].found == counts[kind], kind


def test_a_clean_company_gives_no_alarm(frozen: dict[str, Snapshot]) -> None:
    assert found(frozen["clean"]) == {}


def test_a_sign_says_where_with_an_example(frozen: dict[str, Snapshot]) -> None:
    for sign in signs(frozen["dirty"]):
        assert sign.where.split(".")[0].split(",")[0] in TABLES
        assert sign.example
        assert sign.does.endswith(".")
        assert sign.remedy.endswith(".")


def columns() -> Iterator[tuple[str, str]]:
    for look in LOOKS:
        for table, names in look.needs.items():
            yield from ((table, name) for name in names)


@pytest.mark.parametrize(("table", "column"), sorted(set(columns())))
def test_what_is_looked_at_is_in_the_contract(table: str, column: str) -> None:
    assert column in TABLES[table].names


def test_what_is_not_kept_is_not_looked_at(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "contract_lines.csv").write_text(
        "line_id,account_id,starts_on,arr\nL1,A1,2024-01-01,5\n"
    )
    settings = Mapping.model_validate({"company": {"name": "Made"}})
    assert found(freeze(settings, tmp_path)) == {}
