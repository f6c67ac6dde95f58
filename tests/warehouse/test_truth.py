"""The truth stays shut: no path leads the pipeline to it, and nothing of it shows in the tables."""

from __future__ import annotations

import ast
import shutil
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from features.engine import features
from tests.warehouse.digests import digests
from warehouse.connect import origins
from warehouse.draft import found_files
from warehouse.errors import DataRefused
from warehouse.freeze import freeze
from warehouse.mapping import Mapping
from warehouse.simulate import simulate
from warehouse.simulate.default import DEFAULT

WORLDS = {"warehouse.simulate.worlds.named", "warehouse.simulate.worlds.WORLDS"}
SRC = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("truth") / "raw", 900, 24, 3)


@pytest.fixture
def workspace(company: Path, tmp_path: Path) -> Path:
    shutil.copytree(company, tmp_path / "data" / "raw")
    return tmp_path


def settings(source: str = "data/raw", **tables: str) -> Mapping:
    chosen = {name: {"from": file, "columns": {}} for name, file in tables.items()}
    return Mapping.model_validate(
        {
            "company": {"name": "Made", "currency": "USD"},
            "data": {"source": source},
            "rates": {code: rate / 100 for code, rate, _ in DEFAULT.currencies},
            "tables": chosen,
        }
    )


def renamed(workspace: Path) -> Mapping:
    (workspace / "elsewhere").symlink_to(workspace / "data" / "raw" / "truth")
    lines = workspace / "data" / "raw" / "truth" / "contract_lines.parquet"
    shutil.copy(workspace / "data" / "raw" / "contract_lines.parquet", lines)
    return settings("elsewhere")


def below(workspace: Path) -> Mapping:
    deeper = workspace / "data" / "raw" / "truth" / "copy"
    deeper.mkdir()
    shutil.copy(workspace / "data" / "raw" / "contract_lines.parquet", deeper)
    return settings("data/raw/truth/copy")


def database(workspace: Path) -> Mapping:
    file = workspace / "data" / "raw" / "truth" / "all.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("CREATE TABLE contract_lines AS SELECT 'A1' AS account_id")
    return settings("data/raw/truth/all.duckdb")


def viewed(workspace: Path, held: str, place: str = "all.duckdb") -> Mapping:
    """A DuckDB file whose lines are its own and whose usage is a view of ``held``."""
    lines = workspace / "data" / "raw" / "contract_lines.parquet"
    with duckdb.connect(str(workspace / place)) as con:
        con.execute(f"CREATE TABLE contract_lines AS SELECT * FROM '{lines}'")
        con.execute(f"CREATE VIEW usage AS SELECT * FROM {held}")
    return settings(place)


def linked(workspace: Path) -> Mapping:
    raw = workspace / "data" / "raw"
    (raw / "usage.parquet").unlink()
    (raw / "usage.parquet").symlink_to(raw / "truth" / "account_months.parquet")
    return settings()


@pytest.mark.parametrize(
    "ask",
    [
        lambda _workspace: settings("data/raw/truth"),
        lambda _workspace: settings("data/raw/../raw/truth"),
        lambda _workspace: settings(usage="truth/account_months.parquet"),
        lambda _workspace: settings(usage="../raw/truth/account_months.parquet"),
        renamed,
        below,
        database,
        linked,
    ],
)
def test_no_path_leads_to_it(workspace: Path, ask: Callable[[Path], Mapping]) -> None:
    with pytest.raises(DataRefused, match="truth of a simulated company"):
        freeze(ask(workspace), workspace)


@pytest.mark.parametrize("place", ["all.duckdb", "data/all.duckdb", "data/raw/all.duckdb"])
def test_no_view_of_a_database_leads_to_it(workspace: Path, place: str) -> None:
    file = workspace / "data" / "raw" / "truth" / "account_months.parquet"
    with pytest.raises(DataRefused, match=r"all\.duckdb:usage cannot be read: Permission Error"):
        origins(viewed(workspace, f"'{file}'", place), workspace)


def test_a_view_of_its_own_file_is_read(workspace: Path) -> None:
    found, _ = origins(viewed(workspace, "contract_lines"), workspace)
    assert {origin.table for origin in found} == {"usage", "contract_lines"}


def test_nor_is_it_drafted_from(workspace: Path) -> None:
    with pytest.raises(DataRefused, match="truth of a simulated company"):
        found_files(workspace / "data" / "raw" / "truth")


def test_what_is_read_and_computed_is_the_same_without_it(company: Path, tmp_path: Path) -> None:
    made = []
    for name in ("with", "without", "other"):
        place = tmp_path / name
        shutil.copytree(company, place / "data" / "raw")
        hidden = place / "data" / "raw" / "truth"
        if name == "without":
            shutil.rmtree(hidden)
        if name == "other":
            for file in hidden.glob("*.parquet"):
                file.write_bytes(b"not a table")
        snapshot = freeze(settings(), place)
        made.append((snapshot.id, features(snapshot, datetime(2024, 7, 1))))
    first, *others = made
    for identity, frame in others:
        assert identity == first[0]
        pd.testing.assert_frame_equal(frame, first[1])


def test_no_module_above_the_simulator_knows_it() -> None:
    own = SRC / "warehouse" / "simulate"
    for file in sorted(SRC.rglob("*.py")):
        if file.is_relative_to(own):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                named |= {each.name for each in node.names}
            if isinstance(node, ast.ImportFrom):
                named |= {f"{node.module}.{each.name}" for each in node.names}
        used = {name for name in named if name.startswith("warehouse.simulate")}
        allowed = {"warehouse.simulate.simulate", *WORLDS}
        if file == SRC / "reporting" / "company" / "lives.py":
            allowed |= {"warehouse.simulate.reveal.reveal", "warehouse.simulate.reveal.Revealed"}
        assert used <= allowed, (file, used - allowed)
        words = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        files = [word for word in words if isinstance(word, str) and word.startswith("truth/")]
        assert not files, file


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    rank = pd.Series(score).rank().to_numpy()
    ones, zeros = positive.sum(), (~positive).sum()
    return float((rank[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def test_names_numbers_and_order_carry_nothing(company: Path) -> None:
    accounts = pd.read_parquet(company / "accounts.parquet")
    traits = pd.read_parquet(company / "truth" / "traits.parquet")
    churns = pd.read_parquet(company / "truth" / "churns.parquet")
    churns = churns[churns["kind"] != "merged"]
    left = accounts["account_id"].isin(churns["account_id"]).to_numpy()
    number = accounts["account_id"].str[1:].astype(int).to_numpy()
    signs = {
        "number": number,
        "last digits": number % 100,
        "name": accounts["name"].rank().to_numpy(),
        "hash": np.array([zlib.crc32(name.encode()) for name in accounts["name"]]),
    }
    error = np.sqrt((1 / left.sum() + 1 / (~left).sum()) / 12)
    for name, sign in signs.items():
        assert auc(sign, left) == pytest.approx(0.5, abs=4 * error), name
        for trait in ("fit", "responsiveness", "adoption_level"):
            assert abs(np.corrcoef(sign, traits[trait])[0, 1]) < 4 / np.sqrt(len(sign)), name


def test_the_cause_is_drawn_as_often_as_its_share_says(company: Path) -> None:
    churns = pd.read_parquet(company / "truth" / "churns.parquet")
    chose = churns[churns["kind"].isin(["renewal", "monthly", "exit"])]
    drivers = [name.removeprefix("share_") for name in chose if name.startswith("share_")]
    assert chose["cause"].isin(drivers).all()
    for driver in drivers:
        share = chose[f"share_{driver}"]
        error = np.sqrt((share * (1 - share)).sum())
        assert abs((chose["cause"] == driver).sum() - share.sum()) < 4 * error + 1, driver
    assert chose["cause"].nunique() >= 12
    assert set(churns[churns["kind"] == "payment"]["cause"]) == {"payment"}


def test_the_seal_is_part_of_what_is_written(company: Path) -> None:
    assert "truth/.sealed" in digests(company)
