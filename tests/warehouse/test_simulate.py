"""The simulated company keeps the contract, its own promises, and its secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.warehouse.digests import digests
from warehouse.contract import TABLES, Table
from warehouse.errors import CannotWrite, Usage
from warehouse.months import as_of, between, shift
from warehouse.simulate import simulate
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.default import DEFAULT
from warehouse.simulate.drivers import Action
from warehouse.simulate.kernel import draws, step
from warehouse.simulate.population import population
from warehouse.simulate.shocks import shocks
from warehouse.simulate.state import unborn
from warehouse.simulate.streams import Streams

ACCOUNTS, START, MONTHS = 600, "2023-01", 24
EXPORT = pd.Timestamp(as_of(shift(START, MONTHS - 1)))
ARROW = {
    "id": pa.string(),
    "text": pa.string(),
    "category": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "money": pa.decimal128(18, 2),
    "flag": pa.bool_(),
    "instant": pa.timestamp("us"),
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("world") / "company", ACCOUNTS, MONTHS, 7, start=START)


@pytest.fixture(scope="module")
def tables(company: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(company / f"{name}.parquet") for name in TABLES}


def truth(company: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(company / "truth" / f"{name}.parquet")


each_table = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


# The contract


@each_table
def test_columns_have_the_declared_names_and_types(company: Path, table: Table) -> None:
    schema = pq.read_schema(company / f"{table.name}.parquet")
    assert schema.names == list(table.names)
    assert list(schema.types) == [ARROW[column.kind] for column in table.columns]


@each_table
def test_keys_are_unique_and_in_order(tables: dict[str, pd.DataFrame], table: Table) -> None:
    frame = tables[table.name]
    assert len(frame) > 100
    above = np.zeros(len(frame) - 1, dtype=bool)
    level = ~above
    for name in table.key:
        row, before = frame[name].iloc[1:].array, frame[name].iloc[:-1].array
        above |= level & np.asarray(row > before, dtype=bool)
        level &= np.asarray(row == before, dtype=bool)
    assert above.all()


@each_table
def test_rules_of_the_contract_hold(company: Path, table: Table) -> None:
    rows = nw.from_native(pq.read_table(company / f"{table.name}.parquet"))
    for rule in table.rules:
        held = rows.select(held=rule.holds)["held"].to_list()
        assert False not in held, rule.says


@each_table
def test_values_are_within_bounds(tables: dict[str, pd.DataFrame], table: Table) -> None:
    for column in table.columns:
        values = tables[table.name][column.name].dropna()
        if column.required or column.name in (table.happened, table.known):
            assert len(values) == len(tables[table.name]), column.name
        if column.choices:
            assert set(values) <= set(column.choices)
        if column.low is not None:
            assert (values >= column.low).all()
        if column.high is not None:
            assert (values <= column.high).all()


@each_table
def test_nothing_is_known_before_it_happened_or_after_the_export(
    tables: dict[str, pd.DataFrame], table: Table
) -> None:
    frame = tables[table.name]
    assert (frame[table.known] >= frame[table.happened]).all()
    assert (frame[table.known] < EXPORT).all()
    for column in table.columns:
        if column.late is None:
            continue
        clock = frame[column.late]
        assert (clock.dropna() < EXPORT).all(), column.name
        assert frame.loc[clock.isna(), column.name].isna().all(), column.name


@each_table
def test_every_row_belongs_to_an_account(tables: dict[str, pd.DataFrame], table: Table) -> None:
    assert set(tables[table.name]["account_id"].unique()) <= set(tables["accounts"]["account_id"])


# Contracts


def test_lines_add_up_to_the_true_arr_at_each_close(
    company: Path, tables: dict[str, pd.DataFrame]
) -> None:
    lines = tables["contract_lines"]
    worth = {code: rate for code, rate, _ in DEFAULT.currencies}
    local = (lines["arr"].astype(float) * 100).round().astype("int64")
    cents = local * lines["currency"].map(worth) // 100
    assert (local * lines["currency"].map(worth) % 100 == 0).all()
    assert lines["currency"].nunique() == len(worth)
    stops = lines["ended_on"].fillna(lines["ends_on"])
    true = truth(company, "account_months")
    for month in between(START, shift(START, MONTHS - 2)):  # a late renewal of the last is not in
        close = pd.Timestamp(as_of(month)) - pd.Timedelta(microseconds=1)
        live = (lines["starts_on"] <= close) & (stops.isna() | (stops > close))
        expected = true[true["month"] == month].set_index("account_id")["arr"]
        found = cents[live].groupby(lines["account_id"][live]).sum()
        pd.testing.assert_series_equal(found, expected, check_names=False)


def test_contracts_end_as_the_truth_says(company: Path, tables: dict[str, pd.DataFrame]) -> None:
    lines = tables["contract_lines"]
    churns = truth(company, "churns")
    ended = lines[lines["end_reason"].notna()]
    for kind in ("renewal", "payment"):
        gone = churns[churns["kind"] == kind]
        assert len(gone) > 5
        mine = ended[ended["account_id"].isin(gone["account_id"])]
        stop = mine["ended_on"].fillna(mine["ends_on"])
        last = mine[stop.dt.strftime("%Y-%m") == mine["account_id"].map(
            gone.drop_duplicates("account_id", keep="last").set_index("account_id")["month"]
        )]  # fmt: skip
        assert last["account_id"].nunique() == gone["account_id"].nunique()
        if kind == "renewal":
            assert (last["end_reason"] == "voluntary").all()
            assert last["ended_on"].isna().all()
            assert (last["cancelled_at"] < last["ends_on"]).all()
        else:
            assert (last["end_reason"] == "payment_failure").all()
            assert (last["cancelled_at"] >= last["ended_on"]).all()


def test_there_are_contracts_of_every_shape(tables: dict[str, pd.DataFrame]) -> None:
    lines = tables["contract_lines"]
    years = ((lines["ends_on"] - lines["starts_on"]).dt.days / 365.25).round(1)
    assert lines["ends_on"].isna().any()
    assert {1.0, 2.0, 3.0} <= set(years.dropna())
    assert (years < 0.9).any(), "what is bought within a term ends with it"
    late = lines[lines["signed_at"] > lines["starts_on"]]
    assert 0 < len(late) < 0.05 * len(lines)
    assert (late["known_at"] - late["starts_on"]).dt.days.max() < 30


def test_unpaid_invoices_precede_a_stop_for_payment(
    company: Path, tables: dict[str, pd.DataFrame]
) -> None:
    churns = truth(company, "churns")
    lost = churns[churns["kind"] == "payment"]
    invoices = tables["invoices"]
    failed = invoices[invoices["failed_at"].notna() & invoices["paid_at"].isna()]
    failed = failed.assign(month=failed["issued_at"].dt.strftime("%Y-%m"))
    inside = lost[lost["decided"] >= START]
    found = inside.merge(
        failed, left_on=["account_id", "decided"], right_on=["account_id", "month"]
    )
    assert found["account_id"].nunique() == inside["account_id"].nunique()


def test_usage_is_known_the_next_day(tables: dict[str, pd.DataFrame]) -> None:
    usage = tables["usage"]
    assert (usage["known_at"] - usage["day"] == pd.Timedelta(hours=27)).all()


# What the company looks like


def test_base_rates_are_those_of_a_subscription_company(
    company: Path, tables: dict[str, pd.DataFrame]
) -> None:
    arr = truth(company, "account_months").pivot(index="account_id", columns="month", values="arr")
    arr = arr.fillna(0.0)
    months = list(arr.columns)
    opening, closing = arr[months[:-12]], arr[months[12:]].set_axis(months[:-12], axis=1)
    churn = ((opening > 0) & (closing == 0)).sum().sum() / (opening > 0).sum().sum()
    gross = np.minimum(opening, closing).sum().sum() / opening.sum().sum()
    net = closing.where(opening > 0, 0).sum().sum() / opening.sum().sum()
    kinds = truth(company, "churns")["kind"].value_counts(normalize=True)
    nps = tables["surveys"].query("kind == 'nps'")["score"].dropna()
    assert 0.08 < churn < 0.20
    assert 0.84 < gross < 0.95
    assert 0.98 < net < 1.15
    assert gross < net
    assert 0.08 < kinds["payment"] < 0.30
    assert 20 < 100 * ((nps >= 9).mean() - (nps <= 6).mean()) < 50
    assert 0.2 < tables["surveys"]["score"].notna().mean() < 0.45
    assert len(set(tables["accounts"]["name"])) == ACCOUNTS
    assert (arr > 0).sum().iloc[-1] > (arr > 0).sum().iloc[0]


def test_what_is_seen_moves_with_what_is_hidden(
    company: Path, tables: dict[str, pd.DataFrame]
) -> None:
    months = truth(company, "account_months")
    months["month"] = months["month"].astype("datetime64[s]")
    months = months.set_index(["account_id", "month"])

    def monthly(name: str, clock: str, value: str, how: str) -> pd.Series[float]:
        frame = tables[name]
        month = frame[clock].to_numpy().astype("datetime64[M]").astype("datetime64[s]")
        frame = frame.assign(month=month)
        return frame.groupby(["account_id", "month"])[value].agg(how).reindex(months.index)

    invoices = tables["invoices"]
    wait = (invoices["paid_at"] - invoices["due_on"]).dt.total_seconds()
    tables = {**tables, "invoices": invoices.assign(wait=wait)}
    tickets = monthly("tickets", "opened_at", "ticket_id", "count").fillna(0)
    usage = monthly("usage", "day", "active_users", "sum") / months["arr"]
    replied = monthly("touches", "touched_at", "replied_at", "count")
    reached = replied / monthly("touches", "touched_at", "touch_id", "count")
    late = monthly("invoices", "issued_at", "wait", "mean")
    expected = {
        "quality": (tickets, 1),
        "adoption": (usage, -1),
        "champion": (reached, -1),
        "budget": (late, 1),
    }
    for driver, (seen, sign) in expected.items():
        rank = seen.corr(months[f"stress_{driver}"], method="spearman")
        assert sign * rank > 0.1, (driver, rank)


def test_the_true_probability_sorts_those_who_decide(company: Path) -> None:
    months = truth(company, "account_months")
    asked = months[months["deciding"] & (months["months_to_turn"] <= 3)]
    churns = truth(company, "churns")
    gone = churns[churns["kind"].isin(["renewal", "monthly"])]
    keys = set(zip(gone["account_id"], gone["decided"], strict=True))
    left = np.array(
        [pair in keys for pair in zip(asked["account_id"], asked["month"], strict=True)]
    )
    rank = asked["probability"].rank().to_numpy()
    pairs = left.sum() * (~left).sum()
    area = (rank[left].sum() - left.sum() * (left.sum() + 1) / 2) / pairs
    assert area > 0.8
    resolved = asked["month"] < shift(START, MONTHS - 4)
    assert left[resolved].mean() == pytest.approx(asked["probability"][resolved].mean(), abs=0.03)


def test_csms_call_those_who_look_unwell(company: Path) -> None:
    months = truth(company, "account_months").sort_values(["account_id", "month"])
    before = months.groupby("account_id")["red"].shift(1, fill_value=False)
    assert 0.10 < months["red"].mean() < 0.25
    assert months["touches"][before].mean() > 1.3 * months["touches"][~before].mean()


# Secrets


def test_truth_is_a_folder_of_its_own(company: Path, tables: dict[str, pd.DataFrame]) -> None:
    assert {path.stem for path in company.glob("*.parquet")} == set(TABLES)
    assert {path.name for path in company.iterdir() if path.is_dir()} == {"truth"}
    shown = {column for table in TABLES.values() for column in table.names}
    hidden = {
        path.stem: truth(company, path.stem) for path in (company / "truth").glob("*.parquet")
    }
    dictionary = (company / "truth" / "README.md").read_text(encoding="utf-8")
    for name, frame in hidden.items():
        assert f"## {name}.parquet" in dictionary
        assert set(frame.columns) & shown <= {"account_id", "arr", "kind"}
        assert frame.notna().all().all()


# Determinism


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    one = digests(simulate(tmp_path / "one", 60, 6, 11))
    two = digests(simulate(tmp_path / "two", 60, 6, 11))
    other = digests(simulate(tmp_path / "other", 60, 6, 12))
    assert one == two
    changed = {name for name in one if one[name] != other[name]}
    assert changed == {name for name in one if name.endswith(".parquet")}


def test_a_company_is_the_beginning_of_a_larger_one(company: Path, tmp_path: Path) -> None:
    small = truth(simulate(tmp_path / "small", 100, MONTHS, 7, start=START), "account_months")
    large = truth(company, "account_months")
    large = large[large["account_id"] <= "A000100"].reset_index(drop=True)
    pd.testing.assert_frame_equal(small, large)


def test_another_start_moves_every_date(tmp_path: Path) -> None:
    folder = simulate(tmp_path / "late", 40, 3, 1, start="2031-11")
    usage = pd.read_parquet(folder / "usage.parquet")
    assert usage["day"].min() == pd.Timestamp("2031-11-01")
    assert usage["day"].max() == pd.Timestamp("2032-01-30"), "the last day is known a day later"


def test_more_than_one_block(tmp_path: Path) -> None:
    told: list[float] = []
    folder = simulate(
        tmp_path / "two", 1030, 1, 5, progress=lambda _what, share: told.append(share)
    )
    accounts = pd.read_parquet(folder / "accounts.parquet")
    assert list(accounts["account_id"]) == [f"A{number:06d}" for number in range(1, 1031)]
    assert accounts["name"].is_unique
    assert told == [0.0, 0.5, 1.0]


def test_a_step_is_a_pure_function() -> None:
    calendar, streams = Calendar(START, 6, DEFAULT.history), Streams(3, 0)
    people = population(DEFAULT, calendar, streams, 50)
    weather = shocks(DEFAULT, 3, calendar)
    idle = Action(np.zeros(50, dtype=np.int64), np.zeros(50, dtype=np.bool_))
    state = unborn(DEFAULT, people)
    for month in range(-DEFAULT.history, 6):
        before, rolls = flat(state), draws(DEFAULT, streams, month, people.place)
        after, events = step(DEFAULT, state, weather.at(month, people.industry), idle, rolls)
        again, same = step(DEFAULT, state, weather.at(month, people.industry), idle, rolls)
        assert flat(state) == before
        assert (flat(after), flat(events)) == (flat(again), flat(same))
        state = after
    assert state.live.any()


def flat(record: Any) -> list[bytes]:
    """Every array of a record, as bytes."""
    if is_dataclass(record):
        parts = (flat(getattr(record, field.name)) for field in fields(record))
        return [data for part in parts for data in part]
    return [np.asarray(record).tobytes()]


# Refusals


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda folder: simulate(folder, 0, 6, 1), "0 accounts"),
        (lambda folder: simulate(folder, 10**6, 6, 1), "1000000 accounts"),
        (lambda folder: simulate(folder, 10, -6, 1), "-6 months"),
        (lambda folder: simulate(folder, 10, 0, 1), "0 months"),
        (lambda folder: simulate(folder, 10, 6, -1), "seed"),
        (lambda folder: simulate(folder, 10, 6, 1, start="2023-13"), "2023-13"),
        (lambda folder: simulate(folder, 10, 6, 1, start="0001-01"), "year"),
        (lambda folder: simulate(folder, 10, 6, 1, world="flat"), "'flat'.*default"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, ask: Callable[[Path], Path], says: str) -> None:
    with pytest.raises(Usage, match=says):
        ask(tmp_path / "company")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CannotWrite, match="not empty; nothing was written"):
        simulate(tmp_path, 10, 2, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(CannotWrite, match="is a file"):
        simulate(tmp_path / "notes.txt", 10, 2, 1)
    with pytest.raises(CannotWrite, match="cannot be written"):
        simulate(tmp_path / "notes.txt" / "company", 10, 2, 1)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_filled_and_stays_what_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o750)
    before = folder.stat()
    assert simulate(folder, 10, 2, 1) == folder
    assert (folder / "usage.parquet").exists()
    assert (folder.stat().st_ino, folder.stat().st_mode) == (before.st_ino, before.st_mode)
    assert digests(folder) == digests(simulate(tmp_path / "new", 10, 2, 1))


def test_a_name_as_long_as_names_may_be_is_taken(tmp_path: Path) -> None:
    assert simulate(tmp_path / ("n" * 255), 5, 1, 1).is_dir()


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(CannotWrite, match="leads back to itself"):
        simulate(tmp_path / "loop" / "company", 5, 1, 1)


@pytest.mark.parametrize("place", ["company", "a/new/company"])
def test_what_is_stopped_half_way_leaves_nothing(tmp_path: Path, place: str) -> None:
    def stop(_what: str, share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / place, 10, 2, 1, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_whoever_comes_second_to_a_folder_leaves_the_first_alone(tmp_path: Path) -> None:
    def overtake(_what: str, share: float) -> None:
        if share == 0:
            simulate(tmp_path / "company", 10, 2, 1)

    with pytest.raises(CannotWrite, match="not empty"):
        simulate(tmp_path / "company", 20, 2, 1, progress=overtake)
    assert [path.name for path in tmp_path.iterdir()] == ["company"]
    assert digests(tmp_path / "company") == digests(simulate(tmp_path / "same", 10, 2, 1))
