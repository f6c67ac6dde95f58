"""No feature changes when everything not yet known is poisoned, and the poisons work.

The mutants are versions of the floor with one piece exchanged, and features as they are
written elsewhere; each must be caught by a poison, so that "nothing changed" means something.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from features import catalogue as listed
from features import engine, kept, look, spine, tiles
from features.engine import features, matrices
from tests import company
from tests.poison import POISONS
from warehouse import asof, layout
from warehouse.contract import NEVER, TABLES
from warehouse.months import as_of
from warehouse.snapshot import Snapshot

KOLKATA = "Asia/Kolkata"
WHEN = {
    "at a close": (datetime(2025, 3, 1), "UTC"),
    "within a month": (datetime(2024, 9, 13, 11, 7), "UTC"),
    "at a close in Kolkata": (as_of("2024-12", KOLKATA), KOLKATA),
}
CUTOFF, LATER = datetime(2025, 3, 1), datetime(2025, 5, 1)


def made(seed: int) -> company.Frames:
    """A company with more use than the other tables have rows, by some of its accounts."""
    whole = company.frames(seed=seed, accounts=40, rows=400)
    used = company.frames(seed=seed + 1, accounts=40, rows=2400)["usage"]
    return whole | {"usage": used[(used["account_id"] > "A009") | (used.index % 16 == 0)]}


@pytest.fixture(scope="module")
def tables() -> company.Frames:
    return made(5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("leaks")


@pytest.fixture(scope="module")
def snapshots(tables: company.Frames, folder: Path) -> dict[str, Snapshot]:
    """The company at ``CUTOFF``: as it is, and under each poison."""
    poisoned = {name: poison(tables, CUTOFF) for name, poison in POISONS.items()}
    return {
        name: company.snapshot(frames, folder / name)
        for name, frames in {"clean": tables, **poisoned}.items()
    }


def changed(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """The columns that differ in any bit; ``accounts`` if the spine itself does."""
    if not before.index.equals(after.index):
        return ["accounts"]
    return [name for name in before if not before[name].equals(after[name])]


def batch(whole: Snapshot) -> pd.DataFrame:
    """The matrix at ``CUTOFF`` from a run that goes on to a later month."""
    return dict(matrices(whole, [CUTOFF, LATER]))[CUTOFF]


def alone(whole: Snapshot) -> pd.DataFrame:
    """The matrix at ``CUTOFF`` by itself."""
    return features(whole, CUTOFF)


@pytest.fixture(scope="module")
def clean(snapshots: dict[str, Snapshot]) -> pd.DataFrame:
    return features(snapshots["clean"], CUTOFF)


@pytest.mark.parametrize("name", POISONS)
def test_nothing_unknown_reaches_a_feature(
    name: str, snapshots: dict[str, Snapshot], clean: pd.DataFrame
) -> None:
    """Not even in a run over months of which later ones do know it."""
    assert changed(clean, batch(snapshots[name])) == []


@pytest.mark.parametrize(("seed", "when"), list(enumerate(WHEN, 1)))
def test_nothing_unknown_reaches_a_feature_of_another_company(
    seed: int, when: str, tmp_path: Path
) -> None:
    """All poisons one upon the other."""
    cutoff, zone = WHEN[when]
    whole = made(seed)
    told = ("alter", "state", "cell", "boundary", "late", "append")
    poisoned = reduce(lambda frames, name: POISONS[name](frames, cutoff), told, whole)
    before = features(company.snapshot(whole, tmp_path / "clean", zone), cutoff)
    after = features(company.snapshot(poisoned, tmp_path / "poisoned", zone), cutoff)
    assert len(before) > 20
    assert changed(before, after) == []


def test_the_company_exercises_every_feature(clean: pd.DataFrame) -> None:
    assert list(clean) == [f.name for f in listed.catalogue().features]
    flat = [name for name in clean if clean[name].nunique() < 2]
    assert flat == []


# A piece of a module, what stands there instead, and who calls what it defines.
Mutant = tuple[ModuleType, str, str, tuple[tuple[ModuleType, str], ...]]
ASOF = ((look, "known"), (spine, "known"), (tiles, "news"))
MUTANTS: dict[str, Mutant] = {
    "happened at the cutoff counts": (
        asof,
        "rows.filter(nw.col(declared.happened) < edge",
        "rows.filter(nw.col(declared.happened) <= edge",
        ASOF,
    ),
    "known at the cutoff counts": (
        asof,
        "nw.col(declared.known) < edge)",
        "nw.col(declared.known) <= edge)",
        ASOF,
    ),
    "when a row was known is forgotten": (asof, ", nw.col(declared.known) < edge)", ")", ASOF),
    "when a row happened is forgotten": (
        asof,
        "nw.col(declared.happened) < edge, ",
        "",
        ASOF,
    ),
    "filled in at the cutoff counts": (
        asof,
        "nw.when(nw.col(c.late) < edge)",
        "nw.when(nw.col(c.late) <= edge)",
        ASOF,
    ),
    "a late column is shown at once": (asof, "if c.late\n", "if False\n", ASOF),
    "only clocks are masked": (asof, "if c.late\n", "if c.late == c.name\n", ASOF),
    "only values are masked": (asof, "if c.late\n", "if c.late and c.late != c.name\n", ASOF),
    "accounts are those of today": (
        spine,
        'known(snapshot, "contract_lines", as_of)',
        'snapshot.scan("contract_lines")',
        (),
    ),
    "a table begins when it begins today": (
        look,
        "collect(rows.select(nw.col(declared.happened).min().alias",
        "collect(snapshot.scan(table).select(nw.col(declared.happened).min().alias",
        (),
    ),
    "news comes a month early": (
        tiles,
        "np.searchsorted(numbers, news_of)",
        "np.maximum(np.searchsorted(numbers, news_of) - 1, 0)",
        ((kept, "gathered"),),
    ),
    "a row is news when it happens": (
        layout,
        "greatest({quoted(table.happened)}, {quoted(table.known)})",
        "{quoted(table.happened)}",
        (),
    ),
}


@pytest.fixture
def mutate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mutant], None]:
    """Run the features on a version of a module with one piece of its source exchanged."""

    def apply(mutant: Mutant) -> None:
        module, old, new, callers = mutant
        source = getsource(module)
        assert source.count(old) == 1, f"{module.__name__} no longer reads {old!r}"
        other = ModuleType(module.__name__)
        other.__file__ = module.__file__
        monkeypatch.setitem(__import__("sys").modules, "mutant", other)
        exec(compile(source.replace(old, new), "mutant", "exec"), other.__dict__)
        for caller, name in callers or ((module, None),):
            if name is None:
                for each, value in vars(other).items():
                    if callable(value) and getattr(module, each, None) is not value:
                        monkeypatch.setattr(module, each, value)
            else:
                monkeypatch.setattr(caller, name, getattr(other, name))
        if module is spine:
            monkeypatch.setattr(engine, "spine", other.spine)
        if module is look:
            monkeypatch.setattr(engine, "looked", other.looked)

    return apply


ORDER = ("boundary", "cell", "late", *POISONS)
EARLY = datetime(2024, 10, 1)  # of the longest windows nothing is known yet


@pytest.mark.parametrize("name", MUTANTS)
def test_the_poisons_catch_a_leak_in_the_floor(
    name: str,
    mutate: Callable[[Mutant], None],
    tables: company.Frames,
    snapshots: dict[str, Snapshot],
    tmp_path: Path,
) -> None:
    mutate(MUTANTS[name])
    module = MUTANTS[name][0]

    def told(poison: str) -> pd.DataFrame:
        if module is look or module is layout:
            cutoff = EARLY if module is look else CUTOFF
            frames = POISONS[poison](tables, cutoff) if poison in POISONS else tables
            whole = company.snapshot(frames, tmp_path / poison)
            return features(whole, cutoff) if module is look else batch(whole)
        return (batch if module is tiles else alone)(snapshots[poison])

    leaky = told("clean")
    assert next((poison for poison in ORDER if changed(leaky, told(poison))), None), (
        f"no poison noticed that {name}"
    )


# Features as they are written where nothing keeps a leak out: SQL over the tables as they are.
EDGE = f"TIMESTAMP '{CUTOFF}'"
PLANTED: dict[str, str] = {
    "a day too many": f"SELECT account_id, sum(events) AS v FROM usage WHERE day <= {EDGE} "
    f"AND known_at < {EDGE} GROUP BY account_id",
    "late use counts": f"SELECT account_id, sum(events) AS v FROM usage WHERE day < {EDGE} "
    "GROUP BY account_id",
    "back-dated touches count": "SELECT account_id, count(*) AS v FROM touches WHERE "
    f"touched_at < {EDGE} GROUP BY account_id",
    "the table's newest row is the reference": "SELECT account_id, date_diff('minute', "
    f"max(opened_at), (SELECT max(opened_at) FROM tickets)) AS v FROM tickets WHERE opened_at < "
    f"{EDGE} AND known_at < {EDGE} GROUP BY account_id",
    "a rank over accounts to come": "SELECT account_id, rank() OVER (ORDER BY sum(arr)) AS v "
    "FROM contract_lines GROUP BY account_id",
    "against the mean of all time": "SELECT account_id, sum(events) FILTER (WHERE day < "
    f"{EDGE} AND known_at < {EDGE}) / (SELECT avg(events) FROM usage) AS v FROM usage "
    "GROUP BY account_id",
    "a total of all time": "SELECT account_id, sum(minutes) AS v FROM usage GROUP BY account_id",
    "an end nobody had announced": "SELECT account_id, count(ended_on) AS v FROM contract_lines "
    f"WHERE signed_at < {EDGE} AND known_at < {EDGE} GROUP BY account_id",
    "a resolution to come": "SELECT account_id, count(resolved_at) AS v FROM tickets WHERE "
    f"opened_at < {EDGE} AND known_at < {EDGE} GROUP BY account_id",
    "an invoice that will be paid": "SELECT account_id, count(paid_at) AS v FROM invoices WHERE "
    f"issued_at < {EDGE} AND known_at < {EDGE} GROUP BY account_id",
    "an answer not yet given": "SELECT account_id, sum(score) AS v FROM surveys WHERE sent_at < "
    f"{EDGE} AND known_at < {EDGE} GROUP BY account_id",
    "an opportunity not yet won": "SELECT account_id, count(*) FILTER (WHERE won) AS v FROM "
    f"opportunities WHERE identified_at < {EDGE} AND known_at < {EDGE} GROUP BY account_id",
    "today's segment": "SELECT account_id, length(segment) AS v FROM accounts WHERE "
    f"known_at < {EDGE}",
    "today's map of mergers": "SELECT account_id, length(merged_into) AS v FROM accounts WHERE "
    f"known_at < {EDGE}",
    "age by the clock on the wall": "SELECT account_id, date_diff('day', min(starts_on), {now}) "
    f"AS v FROM contract_lines WHERE signed_at < {EDGE} AND known_at < {EDGE} "
    "GROUP BY account_id",
}
SOUND = (
    f"SELECT account_id, sum(events) AS v FROM usage WHERE day < {EDGE} AND known_at < {EDGE} "
    "GROUP BY account_id"
)


def planted(query: str, whole: Snapshot, days: int = 0) -> list[Any]:
    """The feature ``query`` of each account of the clean spine, with the clock moved on."""
    con = whole.connection.cursor()
    for table in whole.tables:
        con.execute(f"CREATE TEMP VIEW {table} AS FROM {layout.rows(whole.files(table))}")
    now = f"TIMESTAMP '{LATER + timedelta(days=days)}'"
    told = con.execute(
        f"SELECT * FROM ({query.replace('{now}', now)}) WHERE account_id NOT LIKE '%new' "
        "ORDER BY account_id"
    ).fetchall()
    con.close()
    return told


def caught_by(query: str, snapshots: dict[str, Snapshot]) -> list[str]:
    before = planted(query, snapshots["clean"])
    found = [name for name in POISONS if planted(query, snapshots[name]) != before]
    return found + ["clock"] * (planted(query, snapshots["clean"], days=400) != before)


def test_the_poisons_catch_every_planted_feature(snapshots: dict[str, Snapshot]) -> None:
    """The kill matrix: of 15 planted leaks 15, each by the poison made for its kind."""
    matrix = {name: caught_by(query, snapshots) for name, query in PLANTED.items()}
    assert [name for name, by in matrix.items() if not by] == []
    assert matrix["a day too many"] == ["boundary"]
    assert matrix["age by the clock on the wall"] == ["clock"]
    assert "state" in matrix["today's segment"]
    assert "state" in matrix["today's map of mergers"]
    assert "cell" in matrix["a resolution to come"]
    assert "late" in matrix["back-dated touches count"]
    assert len(MUTANTS) + len(PLANTED) >= 18
    assert caught_by(SOUND, snapshots) == []


def test_every_declared_column_has_an_availability() -> None:
    for table in TABLES.values():
        names = set(table.names)
        assert {table.happened, table.known, *table.key} <= names
        for column in table.columns:
            assert column.known in ("row", NEVER)
            assert column.late is None or column.late in names
            if column.late:
                assert table.column(column.late).late == column.late
        # What is kept by month is read once: nothing in it may be filled in later.
        assert not table.by_month or not any(column.late for column in table.columns)


def test_a_feature_of_one_account_ignores_all_others(
    tables: company.Frames, clean: pd.DataFrame, tmp_path: Path
) -> None:
    """But for those that say they hold an account against its peers."""
    fewer = {n: f[f["account_id"] < "A020"] for n, f in tables.items()}
    part = features(company.snapshot(fewer, tmp_path), CUTOFF)
    beside = {f.name for f in listed.catalogue().features if f.peers}
    differ = changed(clean[clean.index < "A020"], part)
    assert set(differ) <= beside
    assert differ, "the peers are of some consequence"


def test_row_order_changes_nothing(
    tables: company.Frames, clean: pd.DataFrame, tmp_path: Path
) -> None:
    shuffled = {n: f.sample(frac=1, random_state=1) for n, f in tables.items()}
    again = features(company.snapshot(shuffled, tmp_path), CUTOFF)
    pd.testing.assert_frame_equal(again, clean, check_exact=True)


def test_how_rows_lie_in_files_and_batches_changes_nothing(
    tables: company.Frames, clean: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each month counted by itself, and with another company's empty months among them."""
    whole = company.snapshot(tables, tmp_path)
    monkeypatch.setattr(kept, "ROWS", 1)
    pd.testing.assert_frame_equal(features(whole, CUTOFF), clean, check_exact=True)
    pd.testing.assert_frame_equal(batch(whole), clean, check_exact=True)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=9), timedelta(days=100)])
def test_what_is_known_later_is_of_no_matter(
    later: timedelta, tables: company.Frames, clean: pd.DataFrame, tmp_path: Path
) -> None:
    """Truncated at any later instant, the data give the same features."""
    known = {n: known_by(n, rows, CUTOFF + later) for n, rows in tables.items()}
    again = features(company.snapshot(known, tmp_path), CUTOFF)
    pd.testing.assert_frame_equal(again, clean, check_exact=True)


def known_by(name: str, rows: pd.DataFrame, cutoff: datetime) -> pd.DataFrame:
    """The rows and cells of a table that were known before ``cutoff``, and no others."""
    table = TABLES[name]
    seen = rows[(rows[table.happened] < cutoff) & (rows[table.known] < cutoff)].copy()
    for clock in {c.late for c in table.columns if c.late}:
        blank = ~(seen[clock] < cutoff)
        for column in table.columns:
            if column.late == clock:
                seen[column.name] = seen[column.name].mask(blank)
    return seen


def test_living_each_month_gives_what_a_batch_gives(
    tables: company.Frames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefix replay: 24 months fed as they became known, each kept; then one run over all."""
    months = pd.date_range("2024-02-01", periods=24, freq="MS")
    counted: list[str] = []
    gathered = kept.gathered

    def count(snapshot: Any, table: str, parts: Any, pieces: Any, line: Any) -> Any:
        counted.extend(piece.month for piece in pieces)
        return gathered(snapshot, table, parts, pieces, line)

    monkeypatch.setattr(kept, "gathered", count)
    lived: dict[datetime, pd.DataFrame] = {}
    for number, close in enumerate(months):
        cutoff = close.to_pydatetime()
        known = {n: known_by(n, rows, cutoff) for n, rows in tables.items()}
        then = company.snapshot(known, tmp_path / f"{number}")
        lived[cutoff] = features(then, cutoff, tmp_path / "store")
    assert len(counted) == len(set(counted)), "a month's news was counted twice"
    whole = company.snapshot(tables, tmp_path / "whole")
    cells = 0
    for cutoff, matrix in matrices(whole, list(lived)):
        assert changed(lived[cutoff], matrix) == [], cutoff
        cells += matrix.size
    assert cells > 150_000
    for cutoff in list(lived)[6::6]:
        assert whole.knew("tickets", cutoff) != whole.knew("tickets", months[0].to_pydatetime())


def test_state_columns_and_clocks_are_out_of_reach(snapshots: dict[str, Snapshot]) -> None:
    for table in TABLES.values():
        seen: Any = asof.known(snapshots["clean"], table.name, CUTOFF).collect_schema().names()
        hidden = {c.name for c in table.columns if c.known == NEVER} | {table.known}
        assert not hidden & set(seen)
    told = asof.news(snapshots["clean"], "usage", datetime(2025, 1, 1), CUTOFF)
    assert "known_at" not in told.collect_schema().names()
