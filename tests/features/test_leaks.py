"""No feature changes when everything not yet known is poisoned, and the poisons work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any

import narwhals as nw
import pandas as pd
import pytest

from features import catalogue as listed
from features import engine, spine
from features.engine import features
from tests import company
from tests.poison import POISONS
from warehouse import asof
from warehouse.contract import NEVER, TABLES

CUTOFFS = (datetime(2024, 9, 1), datetime(2025, 3, 1))


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    return company.frames(seed=3)


@pytest.fixture(scope="module")
def clean(
    tables: company.Frames, tmp_path_factory: pytest.TempPathFactory
) -> dict[datetime, pd.DataFrame]:
    whole = company.snapshot(tables, tmp_path_factory.mktemp("clean"))
    return {cutoff: features(whole, cutoff) for cutoff in CUTOFFS}


def changed(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """The columns that differ in any bit; ``accounts`` if the spine itself does."""
    if not before.index.equals(after.index):
        return ["accounts"]
    return [name for name in before if not before[name].equals(after[name])]


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
@pytest.mark.parametrize("name", POISONS)
def test_nothing_unknown_reaches_a_feature(
    name: str,
    cutoff: datetime,
    tables: company.Frames,
    clean: dict[datetime, pd.DataFrame],
    tmp_path: Path,
) -> None:
    poisoned = company.snapshot(POISONS[name](tables, cutoff), tmp_path)
    assert changed(clean[cutoff], features(poisoned, cutoff)) == []


def test_the_company_exercises_every_feature(clean: dict[datetime, pd.DataFrame]) -> None:
    matrix = clean[CUTOFFS[1]]
    assert list(matrix) == [f.name for f in listed.catalogue().features]
    assert [name for name in matrix if matrix[name].nunique() < 2] == []


MUTANTS: dict[str, tuple[str, str]] = {
    "happened at the cutoff counts": (
        "nw.col(declared.happened) < edge",
        "nw.col(declared.happened) <= edge",
    ),
    "known at the cutoff counts": (
        "nw.col(declared.known) < edge",
        "nw.col(declared.known) <= edge",
    ),
    "when a row was known is forgotten": (", nw.col(declared.known) < edge", ""),
    "when a row happened is forgotten": ("nw.col(declared.happened) < edge, ", ""),
    "filled in at the cutoff counts": (
        "nw.when(nw.col(c.late) < edge)",
        "nw.when(nw.col(c.late) <= edge)",
    ),
    "a late column is shown at once": ("if c.late\n", "if False\n"),
    "only clocks are masked": ("if c.late\n", "if c.late == c.name\n"),
    "only values are masked": ("if c.late\n", "if c.late and c.late != c.name\n"),
}


@pytest.fixture
def mutate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Run the features on a version of ``asof`` with one piece of its source exchanged."""

    def apply(old: str, new: str) -> None:
        source = getsource(asof)
        assert source.count(old) == 1, f"asof no longer reads {old!r}: mend the mutant"
        mutant = ModuleType("mutant")
        exec(compile(source.replace(old, new), "mutant", "exec"), mutant.__dict__)
        for module in (engine, spine):
            monkeypatch.setattr(module, "known", mutant.known)

    return apply


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_poisons_catch_a_leak_in_time(
    mutant: str,
    mutate: Callable[[str, str], None],
    tables: company.Frames,
    tmp_path: Path,
) -> None:
    mutate(*MUTANTS[mutant])
    cutoff = CUTOFFS[1]
    leaky = features(company.snapshot(tables, tmp_path / "clean"), cutoff)
    caught = (
        name
        for name in ("boundary", "cell", "late", *POISONS)
        if changed(
            leaky,
            features(company.snapshot(POISONS[name](tables, cutoff), tmp_path / name), cutoff),
        )
    )
    assert next(caught, None), f"no poison noticed that {mutant}"


def test_every_declared_column_has_an_availability() -> None:
    for table in TABLES.values():
        names = set(table.names)
        assert {table.happened, table.known, *table.key} <= names
        for column in table.columns:
            assert column.known in ("row", NEVER)
            assert column.late is None or column.late in names
            if column.late:
                assert table.column(column.late).late == column.late


def test_a_feature_of_one_account_ignores_all_others(
    tables: company.Frames, clean: dict[datetime, pd.DataFrame], tmp_path: Path
) -> None:
    fewer = {n: f[f["account_id"] < "A020"] for n, f in tables.items()}
    part = features(company.snapshot(fewer, tmp_path), CUTOFFS[1])
    whole = clean[CUTOFFS[1]]
    pd.testing.assert_frame_equal(part, whole[whole.index < "A020"], check_exact=True)


def test_row_order_changes_nothing(
    tables: company.Frames, clean: dict[datetime, pd.DataFrame], tmp_path: Path
) -> None:
    shuffled = {n: f.sample(frac=1, random_state=1) for n, f in tables.items()}
    again = features(company.snapshot(shuffled, tmp_path), CUTOFFS[1])
    pd.testing.assert_frame_equal(again, clean[CUTOFFS[1]], check_exact=True)


def test_state_columns_and_clocks_are_out_of_reach(tables: company.Frames, tmp_path: Path) -> None:
    whole = company.snapshot(tables, tmp_path)
    for table in TABLES.values():
        seen: Any = asof.known(whole, table.name, CUTOFFS[1]).collect_schema().names()
        hidden = {c.name for c in table.columns if c.known == NEVER} | {table.known}
        assert not hidden & set(seen)
    assert isinstance(asof.known(whole, "usage", CUTOFFS[1]), nw.LazyFrame)
