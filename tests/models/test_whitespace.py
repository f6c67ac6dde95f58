"""Whitespace: gaps by hand, what look-alikes own, and chances in worlds with a known cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import history
from models.lookalikes import bought, cells, firsts, lookalikes, popularity, products, related
from models.train import TooFewEvents
from models.whitespace import METHODS, Whitespace, asked, learn, measured, ships, whitespace
from perennial.workspace import at
from tests.company import snapshot
from tests.perennial.examples import place
from warehouse.contract import TABLES
from warehouse.errors import InputMissing
from warehouse.freeze import freeze
from warehouse.months import between
from warehouse.snapshot import Snapshot

MONTH = "2024-12"
CAMPS = (("a1", "a2", "a3"), ("b1", "b2", "b3"))
FAR = "2030-01-01"


def line(account: str, product: str, start: str, **more: object) -> dict[str, object]:
    """A line of 100.00 a year and ten seats, signed as it starts, that ends in the far future."""
    row = {"account_id": account, "product": product, "starts_on": start, "ends_on": FAR}
    return {**row, "arr": 100_00, "seats": 10, "signed_at": start, "known_at": start, **more}


def table(*rows: dict[str, object]) -> pd.DataFrame:
    """Contract lines with all columns of the contract."""
    frame = pd.DataFrame(list(rows)).reindex(columns=list(TABLES["contract_lines"].names))
    frame["line_id"] = [f"l{i:05d}" for i in range(len(frame))]
    for column in TABLES["contract_lines"].columns:
        if column.kind == "instant":
            frame[column.name] = frame[column.name].astype("datetime64[us]")
    return frame.astype({"account_id": "str", "product": "str", "arr": "int64"})


def company(folder: Path, lines: pd.DataFrame, **more: pd.DataFrame) -> Snapshot:
    accounts = pd.DataFrame({"account_id": sorted(lines["account_id"].unique())})
    tables = {"accounts": accounts.assign(created_at="2020-01-01", known_at="2020-01-01"), **more}
    whole = {name: rows.reindex(columns=list(TABLES[name].names)) for name, rows in tables.items()}
    return snapshot(whole | {"contract_lines": lines}, folder)


def world(accounts: int = 160, pull: float = 0.07) -> pd.DataFrame:
    """Lines of two camps: every month each product of the own camp is bought with ``pull``."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(accounts):
        account, camp = f"A{number:04d}", number % 2
        every = [*CAMPS[camp], *CAMPS[1 - camp]]
        owned = {every[rng.integers(0, 3)]}
        rows.append(line(account, "core", "2021-06-01", arr=1000_00))
        rows += [line(account, product, "2021-06-01") for product in owned]
        for month in between("2022-06", MONTH):
            for nth, product in enumerate(every):
                if product not in owned and rng.random() < (pull if nth < 3 else 0.002):
                    owned.add(product)
                    rows.append(line(account, product, f"{month}-{rng.integers(1, 28):02d}"))
    return table(*rows)


def alike(lines: pd.DataFrame) -> pd.DataFrame:
    """Features of accounts of one size and age."""
    accounts = pd.Index(sorted(lines["account_id"].unique()), name="account_id")
    return pd.DataFrame({"arr_now": 1000.0, "tenure": 900.0}, index=accounts)


@pytest.fixture(scope="module")
def camps(tmp_path_factory: pytest.TempPathFactory) -> Whitespace:
    lines = world()
    made = company(tmp_path_factory.mktemp("camps"), lines)
    return whitespace(made, MONTH, dict.fromkeys(between("2022-06", MONTH), alike(lines)))


# Gaps


def looked(lines: pd.DataFrame, gap_days: int = 30) -> pd.DataFrame:
    """The cells of ``lines``, of accounts of one size and age, by account and product."""
    return cells(lines, MONTH, alike(lines), "UTC", gap_days).set_index(["account_id", "product"])


def crowd(*names: str, owners: int = 5) -> list[dict[str, object]]:
    """Accounts that own all of ``names``, so that these count as sold."""
    return [line(f"z{i}", name, "2022-01-01") for i in range(owners) for name in names]


def test_what_is_agreed_or_just_ended_is_no_gap() -> None:
    lines = table(
        *crowd("x", "y"),
        *crowd("rare", owners=4),
        line("a", "x", "2023-01-01", arr=70_00),
        *(line(name, "x", "2023-01-01") for name in ("agreed", "late", "former", "free")),
        line("agreed", "y", "2025-02-01", signed_at="2024-12-01"),
        line("late", "y", "2023-12-15", ends_on="2024-12-15"),
        line("former", "y", "2022-12-15", ends_on="2023-12-15"),
        line("free", "y", "2025-02-01", arr=0),
    )
    found = looked(lines)
    assert set(found.index.get_level_values("product")) == {"x", "y"}  # four owners are too few
    state = found["state"]
    assert state[("a", "x")] == "owned"
    assert found.loc[("a", "x"), "arr"] == 70_00
    assert looked(lines, gap_days=10)["state"][("late", "y")] == "gap"
    assert [state[(name, "y")] for name in ("a", "agreed", "late", "former", "free")] == [
        "gap", "pipeline", "pipeline", "gap", "gap"
    ]  # fmt: skip


def test_a_purchase_began_within_six_months_and_was_known_by_then() -> None:
    base = [*crowd("x", "y"), *(line(n, "x", "2022-06-01") for n in "abcde")]
    then = looked(table(*base)).reset_index()
    later = table(
        *base,
        line("a", "y", "2025-01-01", arr=30_00),  # the window's first instant
        line("a", "y", "2025-01-01", arr=20_00),
        line("a", "y", "2025-03-01", arr=99_00),  # more of it, later
        line("b", "y", "2025-07-01"),  # the first instant after it
        line("c", "y", "2025-02-01", arr=0),
        line("d", "y", "2025-06-30"),
    )
    rows = bought(then, later, MONTH, "UTC").set_index("account_id")
    assert set(rows["product"]) == {"y"}
    assert rows["outcome"].to_dict() == {"a": 1, "b": 0, "c": 0, "d": 1, "e": 0}
    assert rows["amount"].to_dict() == {"a": 50_00, "b": 0, "c": 0, "d": 100_00, "e": 0}


def test_products_are_those_of_most_owners_in_order_of_name() -> None:
    held = pd.DataFrame({"product": ["p"] * 5 + ["b"] * 6 + ["few"] * 4})
    assert products(held) == ["b", "p"]
    many = pd.DataFrame({"product": [f"p{i:02d}" for i in range(45) for _ in range(5 + i)]})
    assert products(many) == [f"p{i:02d}" for i in range(5, 45)]


# Look-alikes


def test_the_nearest_own_the_same_and_the_product_asked_about_is_left_out() -> None:
    # Product 2 is asked about: 21 accounts own 0 alone, two thirds of them 2 as well; 20 own 1.
    owns = np.array([[1, 0, 0]] + [[1, 0, 1]] * 14 + [[1, 0, 0]] * 6 + [[0, 1, 1]] * 20, dtype=bool)
    similar, owning = lookalikes(owns, np.array(["g"] * len(owns), dtype=object))
    assert (similar[0, 2], owning[0, 2]) == (20, 14)
    assert (similar[0, 0], owning[0, 0]) == (0, 0)  # its own
    # Of product 1 the like are again those 20; nobody beyond them is asked.
    assert (similar[0, 1], owning[0, 1]) == (20, 0)
    # Nineteen are not enough, and the next most alike are heard as well.
    similar, owning = lookalikes(owns[[0, *range(2, 41)]], np.array(["g"] * 40, dtype=object))
    assert (similar[0, 2], owning[0, 2]) == (39, 33)
    # Whoever is as alike as the last of the nearest is heard too.
    many = np.array([[1, 0]] * 31 + [[1, 1]] * 9, dtype=bool)
    similar, owning = lookalikes(many, np.array(["g"] * 40, dtype=object))
    assert (set(similar[:31, 1]), set(owning[:31, 1])) == ({39}, {9})


def test_accounts_are_like_those_of_their_group_alone_unless_it_is_everybody() -> None:
    owns = np.array([[1, 0]] * 4 + [[1, 1]] * 6, dtype=bool)
    group = np.array(["a"] * 3 + ["all"] + ["b"] * 6, dtype=object)
    similar, owning = lookalikes(owns, group)
    assert (similar[0, 1], owning[0, 1]) == (2, 0)
    assert (similar[3, 1], owning[3, 1]) == (9, 6)
    share = popularity(owns, group)
    assert (share[0, 1], share[3, 1], share[9, 1]) == (0, 0.6, 1)


def test_related_products_are_bought_by_the_same_accounts() -> None:
    owns = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=bool)
    score = related(owns)
    assert score[2, 1] == pytest.approx(1.0)  # it owns all that is bought with product 1
    assert score[3, 0] == 0
    assert (score[:, 2] == 0).all()  # nothing is bought with product 2


def test_what_a_purchase_brings_is_by_the_seat_at_the_accounts_own_prices() -> None:
    buyers = [line(f"b{i}", "x", "2022-01-01") for i in range(5)]
    more = [line(f"b{i}", "y", "2023-01-01", arr=20_00) for i in range(5)]
    dear = line("a", "x", "2022-01-01", arr=600_00) | {"seats": 30}  # twice what a seat costs
    rows = table(*buyers, *more, dear)
    found = looked(rows)
    assert found.loc[("a", "y"), "expected"] == 30 * 2_00 * 2
    assert found.drop(("a", "y"))["expected"].isna().all()
    # Without seats it is the median of what owners have.
    none = looked(rows.assign(seats=np.nan))
    assert none.loc[("a", "y"), "expected"] == 20_00


def test_what_an_account_began_with_is_no_further_purchase() -> None:
    rows = table(
        line("a", "x", "2022-01-01"),
        line("a", "y", "2022-01-01"),
        line("a", "z", "2022-05-01", arr=5_00),
        line("a", "z", "2023-05-01", arr=9_00),
        line("a", "w", "2026-01-01"),
    )
    first = firsts(rows, pd.Timestamp("2025-01-01").to_pydatetime())
    assert first[["product", "arr"]].to_numpy().tolist() == [["z", 5_00]]


# Chances


def test_what_the_camp_buys_is_told_by_look_alikes(camps: Whitespace) -> None:
    assert camps.by == "chance"
    assert camps.chance is not None
    by = camps.chance.rehearsed.groupby("method")[["auc", "recall", "ndcg"]].mean()
    assert set(by.index) == set(METHODS)
    for measure in ("auc", "recall", "ndcg"):
        assert by.loc[camps.chance.method, measure] > by.loc["popularity", measure] + 0.1
    gaps = camps.table[camps.table["state"] == "gap"]
    own = gaps["account_id"].str[1:].astype(int) % 2 == gaps["product"].str[0].eq("b")
    assert gaps.loc[own, "chance"].mean() > 4 * gaps.loc[~own, "chance"].mean()
    assert camps.said.startswith(camps.chance.method)


def test_every_account_and_product_has_a_row_and_gaps_their_reason(camps: Whitespace) -> None:
    rows = camps.table
    assert len(rows) == 160 * 7
    assert rows[["account_id", "product"]].apply(tuple, axis=1).is_monotonic_increasing
    gap = rows["state"] == "gap"
    gaps = rows[gap]
    assert gaps["chance"].between(0, 1).all()
    assert (gaps["expected"] == 100_00).all()
    first = gaps.iloc[0]
    owning = round(first["lookalike"] * first["similar"])
    assert first["reason"] == f"{owning} of {first['similar']} similar accounts own it"
    others = rows.loc[~gap, ["similar", "lookalike", "chance", "expected"]]
    assert others.isna().all(axis=None)
    assert set(rows.loc[~gap, "reason"]) == {""}
    assert rows["pipeline"].isna().all()  # there is no table of opportunities


def test_the_past_is_not_told_by_what_came_after(tmp_path: Path) -> None:
    lines = world(accounts=120)
    lines.loc[lines.index % 3 == 0, "known_at"] += pd.Timedelta(days=40)  # booked late
    made = company(tmp_path / "made", lines)
    month, edge = "2024-06", pd.Timestamp("2024-07-01")
    wanted = asked(history.lived(made, month, 24), month)
    matrices = history.matrices(made, wanted, tmp_path / "kept")
    early = company(tmp_path / "early", lines[lines["known_at"] < edge])
    late, then = (whitespace(each, month, matrices) for each in (made, early))
    pd.testing.assert_frame_equal(late.table, then.table)
    assert late.said == then.said


def test_too_few_purchases_leave_the_look_alikes(tmp_path: Path) -> None:
    lines = world(accounts=60, pull=0.005)
    made = company(tmp_path, lines)
    found = whitespace(made, MONTH, dict.fromkeys(between("2023-06", MONTH), alike(lines)))
    assert found.by == "lookalike"
    assert found.chance is None
    assert "products were bought" in found.said
    assert found.table["chance"].isna().all()
    assert found.table.loc[found.table["state"] == "gap", "lookalike"].notna().all()
    with pytest.raises(TooFewEvents, match=r"^0 products"):
        learn(None, MONTH, "UTC")
    months = ["2023-06", "2023-09", "2023-12", "2024-03", "2024-06"]
    rows = [
        {"account_id": f"a{i}", "month": m, "outcome": i < 9} for m in months for i in range(30)
    ]
    with pytest.raises(TooFewEvents, match=r"^45 products.*at least 50"):
        learn(pd.DataFrame(rows), MONTH, "UTC")


def test_open_opportunities_are_told_by_account(tmp_path: Path) -> None:
    lines = table(*crowd("x", "y"), line("a", "x", "2023-01-01"))
    at_ = {"identified_at": "2024-11-01", "known_at": "2024-11-01"}
    chances = [
        {"account_id": "a", "kind": "cross_sell", **at_},
        {"account_id": "a", "kind": "cross_sell", **at_, "closed_at": "2025-03-01"},
        {"account_id": "a", "kind": "cross_sell", **at_, "closed_at": "2024-12-01"},
        {"account_id": "a", "kind": "expansion", **at_},
        {"account_id": "a", "kind": "cross_sell", **at_, "known_at": "2025-01-01"},
    ]
    opened = pd.DataFrame(chances).assign(opportunity_id=list("12345"), won=None, amount=None)
    made = company(tmp_path, lines, opportunities=opened)
    rows = whitespace(made, MONTH, {MONTH: alike(lines)}).table.set_index(["account_id", "product"])
    assert rows.loc["a", "pipeline"].to_list() == [2, 2]
    assert rows.loc["z0", "pipeline"].to_list() == [0, 0]
    reason = rows.loc[("a", "y"), "reason"]
    assert reason == "5 of 5 similar accounts own it; 2 opened to sell it something more"


def test_the_months_learnt_from_are_over_and_three_apart() -> None:
    lived = between("2023-09", "2024-12")
    assert asked(lived, MONTH) == ["2023-09", "2023-12", "2024-03", "2024-06", MONTH]
    assert asked([], MONTH) == [MONTH]


# Measures


def held_out(**said: list[float]) -> pd.DataFrame:
    """Two accounts with four gaps each; a bought its second, b its first and fourth."""
    rows = pd.DataFrame({"account_id": list("aaaabbbb"), "product": list("pqrs") * 2})
    rows = rows.assign(fold=0, month=MONTH, outcome=[0.0, 1, 0, 0, 1, 0, 0, 1])
    rows = rows.assign(amount=[0, 10, 0, 0, 20, 0, 0, 70], expected=1)
    return rows.assign(**{name: said.get(name.replace("-", "_"), [0.5] * 8) for name in METHODS})


def test_ranks_are_measured_by_hand() -> None:
    # By trees a's purchase comes second; b's come first and last.
    rows = measured(held_out(trees=[0.9, 0.8, 0.1, 0.2, 0.95, 0.5, 0.4, 0.3])).set_index("method")
    assert list(rows.index) == list(METHODS)
    trees, flat = rows.loc["trees"], rows.loc["popularity"]
    assert trees["recall"] == pytest.approx((1 + 1 / 2) / 2)
    two = 1 + 1 / np.log2(3)
    assert trees["ndcg"] == pytest.approx((1 / np.log2(3) + 1 / two) / 2)
    assert trees["capture"] == pytest.approx(30 / 100)
    # One in ten of eight gaps is one: b's first.
    assert trees["recall_list"] == pytest.approx(1 / 3)
    assert trees["capture_list"] == pytest.approx(20 / 100)
    # All alike: three of four places each, whatever the order.
    assert flat["recall"] == pytest.approx(3 / 4)
    assert flat["capture"] == pytest.approx(3 / 4)
    assert flat["recall_list"] == pytest.approx(1 / 8)
    three = two + 1 / 2
    assert flat["ndcg"] == pytest.approx((three / 4 + three / 2 / two) / 2)
    assert flat["auc"] == 0.5


def test_captures_rank_by_the_money_to_expect() -> None:
    rows = held_out(trees=[0.9, 0.8, 0.1, 0.2, 0.95, 0.5, 0.4, 0.3])
    trees = measured(rows.assign(expected=[1] * 7 + [9])).set_index("method").loc["trees"]
    assert (trees["capture"], trees["capture_list"]) == (1, pytest.approx(70 / 100))
    assert trees["recall_list"] == pytest.approx(1 / 3)


def test_the_simplest_within_a_standard_error_ships() -> None:
    rng = np.random.default_rng(29)
    outcome = (rng.random(400) < 0.3).astype(float)
    good, noise = outcome + rng.normal(size=400), rng.normal(size=400)
    rows = pd.DataFrame({"account_id": [f"a{i}" for i in range(400)], "fold": 0, "month": MONTH})
    rows = rows.assign(product="p", outcome=outcome, amount=1, expected=1)
    said = dict.fromkeys(METHODS, noise) | {"item-kNN": good, "logistic": good}
    near = rows.assign(**said | {"trees": good + 0.3 * rng.normal(size=400)})
    area = measured(near).set_index("method")["auc"]
    assert area["trees"] > area["item-kNN"]  # a lead, and no more than luck
    assert ships(near, measured(near)) == "item-kNN"
    far = rows.assign(**dict.fromkeys(METHODS, noise) | {"trees": good})
    assert ships(far, measured(far)) == "trees"


# Refusals


def test_a_company_of_one_product_or_none_named_is_refused(tmp_path: Path) -> None:
    made = company(tmp_path, table(*crowd("x"), *crowd("y", owners=4)))
    with pytest.raises(InputMissing, match=r"one product \(x\).*needs two.*similar accounts"):
        whitespace(made, MONTH, {})
    plain = [replace(each, columns=("line_id", "account_id")) for each in made.ledger]
    with pytest.raises(InputMissing, match="contract_lines has no product"):
        whitespace(replace(made, ledger=tuple(plain)), MONTH, {})


def test_a_real_ledger_of_invoices_names_no_product(tmp_path: Path, samples: Path) -> None:
    home = at(place(tmp_path, "displayr", samples))
    with pytest.raises(InputMissing, match="contract_lines has no product"):
        whitespace(freeze(home.settings, home.root), "2016-01", {})
