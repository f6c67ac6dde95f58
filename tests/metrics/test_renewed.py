from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from metrics.definitions.renewed import RENEWED as ENTRIES
from metrics.facts import Facts
from metrics.intervals import proportion
from metrics.policy import Policy
from metrics.registry import REGISTRY
from metrics.renewal_bases import total_base
from metrics.renewal_outcomes import MONEY, PARTS, outcomes
from metrics.renewals import due
from metrics.renewed import bases, booked, figures, rates, rates_by, renewals
from tests.metrics.ledgers import thorough
from tests.metrics.renewing import END, NOW, START, book, books, term
from tests.metrics.test_oracles import oracle

OLD = term("A", "2023-08-01", "2024-08-01", 100)


def after(arr: int, **rest: Any) -> dict[str, Any]:
    return term("A", "2024-08-01", "2025-08-01", arr, **rest)


def test_the_outcome_is_where_most_of_the_money_is_and_a_renewal_has_one() -> None:
    rows = [
        OLD,
        after(30, signed_at="2024-06-01"),
        after(60, signed_at="2024-08-10"),
        term("A", "2023-08-01", "2024-08-01", 500, product="more"),
        term("B", "2023-08-01", "2024-08-01", 500),
        term("C", "2023-09-20", "2024-09-20", 7),
    ]
    table = outcomes(book(*rows), START, END, datetime(2024, 10, 1))
    assert table["outcome"].tolist() == ["late", "lost", "lost", "open"]
    each = renewals(table)
    assert each[["account_id", "lines", "outcome"]].to_numpy().tolist() == [
        ["A", 2, "late"],
        ["B", 1, "lost"],
        ["C", 1, "open"],
    ]
    found = rates(table)
    assert (found.due, found.renewed, found.arr, found.kept) == (3, 1, 1107, 90)
    named = {part: n for part, n in found.counts.items() if n}
    assert named == {"late": 1, "contracted": 1, "lost": 1, "open": 1}
    assert found.logo == pytest.approx(1 / 3)
    assert found.gross == pytest.approx(90 / 1107)


def test_rates_by_group() -> None:
    table = outcomes(
        book(OLD, after(120), term("B", "2023-08-01", "2024-08-01", 50)), START, END, NOW
    )
    found = rates_by(table, pd.Series({"A": "Ann"}))
    assert found["group"].tolist() == ["", "Ann"]
    assert found["gross"].tolist() == [0.0, 1.0]
    assert found["net"].tolist() == [0.0, 1.2]
    assert tuple(found.loc[1, ["low", "high"]]) == proportion(1, 1)
    assert rates_by(table.iloc[:0], pd.Series({"A": "Ann"})).empty
    assert rates_by(table, pd.Series(dtype="str"))["due"].tolist() == [2]


def test_a_renewal_rate_is_not_a_retention_rate() -> None:
    told, expected = oracle(5)["input"], oracle(5)["expected"]
    exposed, renewed = told["exposed_arr"], told["renewed_arr"]
    lines = book(
        term("later", "2023-07-01", "2026-07-01", told["base_arr"] - exposed),
        term("stays", "2023-08-15", "2024-08-15", renewed),
        term("stays", "2024-08-15", "2025-08-15", renewed),
        term("leaves", "2023-08-15", "2024-08-15", exposed - renewed),
    )
    found = bases(total_base(lines, START, END), rates(outcomes(lines, START, END, END))).set_index(
        "basis"
    )
    assert found["gross"].to_dict() == pytest.approx(
        {"total": expected["retention_rate"], "available to renew": expected["renewal_rate"]}
    )
    assert found["arr"].tolist() == [told["base_arr"], exposed]


def test_what_was_booked_is_split_by_when_it_was_due() -> None:
    told, expected = oracle(6)["input"], oracle(6)["expected"]
    early, late = told["of_which_early_from_next_q"], told["of_which_late_from_prev_q"]
    inside = told["booked"] - early - late

    def renewed(account: str, on: str, arr: int, signed: str) -> list[dict[str, Any]]:
        day = pd.Timestamp(on)
        ends, starts = (str((day + pd.DateOffset(years=by)).date()) for by in (1, -1))
        return [
            term(account, starts, on, arr),
            term(account, on, ends, arr, signed_at=signed),
        ]

    lines = book(
        *renewed("inside", "2024-08-15", inside, "2024-08-01"),
        term("leaves", "2023-09-15", "2024-09-15", told["expiring"] - inside),
        *renewed("next", "2024-10-15", early, "2024-09-15"),
        *renewed("last", "2024-06-20", late, "2024-07-05"),
    )
    found = booked(lines, START, END)
    assert found["kept"].to_dict() == {
        "before": late,
        "within": inside,
        "after": early,
        "mid_term": 0,
    }
    assert found["renewals"].tolist() == [1, 1, 1, 0]
    expiring = due(lines, START, END)["arr"].sum()
    assert expiring == told["expiring"]
    assert found["kept"].sum() / expiring == pytest.approx(expected["booked_over_expiring"])
    assert found.loc["within", "kept"] / expiring == pytest.approx(expected["in_quarter_rate"])


def test_a_line_replaced_long_before_its_due_date_never_came_up() -> None:
    swap = {"ended_on": "2024-08-20", "cancelled_at": "2024-08-20"}
    lines = book(
        term("A", "2023-08-01", "2025-08-01", 100, **swap),
        term("A", "2024-08-20", "2026-08-20", 150),
    )
    assert booked(lines, START, END)["kept"].to_dict() == {
        "before": 0,
        "within": 0,
        "after": 0,
        "mid_term": 100,
    }
    assert booked(book(), START, END).to_numpy().sum() == 0


def test_nothing_due_has_no_rate() -> None:
    none, some = (outcomes(book(*rows), START, END, NOW) for rows in ([], [OLD]))
    assert dict(none.dtypes) == dict(some.dtypes)
    found = rates(none)
    assert (found.gross, found.net, found.logo, found.due) == (None, None, None, 0)
    base = total_base(book(), START, END)
    assert (base.nrr, base.grr) == (None, None)
    assert bases(base, found)["gross"].isna().all()


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **{e.name: e for e in ENTRIES}})


def facts(lines: pd.DataFrame, **tables: pd.DataFrame) -> Facts:
    return Facts("2024-09", "UTC", Policy(), {"contract_lines": lines, **tables}, pd.DataFrame())


@pytest.mark.usefixtures("_registered")
def test_the_registered_numbers() -> None:
    lines = book(
        OLD,
        after(90),
        term("B", "2023-07-10", "2024-07-10", 40, cancelled_at="2024-06-01"),
        term("C", "2023-09-20", "2024-09-20", 60),
        term("D", "2023-08-01", "2024-08-01", 50),
        term("D", "2024-08-01", "2025-08-01", 80, signed_at="2024-06-01"),
        term("E", "2022-09-01", "2025-09-01", 1000, uplift=0.05),
        term("E", "2024-09-01", "2025-09-01", 50, uplift=0.05),
    )
    found = figures(facts(lines))
    values = {name: each.value for name, each in found.items()}
    assert values == pytest.approx(
        {
            "renewal_rate_gross": 140 / 250,
            "renewal_rate_net": 170 / 250,
            "renewal_rate_logo": 2 / 4,
            "renewals_on_time_share": 1 / 4,
            "renewals_early_share": 1 / 4,
            "renewals_late_share": 0.0,
            "arr_renewed": 140,
            "arr_contracted_at_renewal": 10,
            "arr_lost_at_renewal": 40,
            "arr_open_past_end": 60,
            "escalator_arr": 50,
        }
    )
    logo = found["renewal_rate_logo"]
    assert (logo.low, logo.high) == proportion(2, 4)
    assert logo.n == 4
    assert found["escalator_arr"].n == 5


@pytest.mark.usefixtures("_registered")
def test_rates_of_money_have_bounds_where_there_are_enough_renewals() -> None:
    rows = [
        each
        for i in range(20)
        for each in (
            term(f"A{i:02d}", "2023-08-01", "2024-08-01", 100),
            term(f"A{i:02d}", "2024-08-01", "2025-08-01", 10 if i == 7 else 110),
        )
    ]
    found = figures(facts(book(*rows)))
    gross, net = found["renewal_rate_gross"], found["renewal_rate_net"]
    assert (gross.value, net.value) == pytest.approx((0.955, 1.05))
    assert (net.low, net.high) == pytest.approx((1.05 - 1.96 * 0.05, 1.05 + 1.96 * 0.05), abs=1e-3)
    assert gross.low == pytest.approx(0.955 - 1.96 * 0.045, abs=1e-3)
    assert gross.high == 1.0


@pytest.mark.usefixtures("_registered")
def test_a_company_without_lines_has_numbers_without_value() -> None:
    found = figures(facts(book()))
    assert found["renewal_rate_gross"].value is None
    assert found["renewal_rate_logo"].low is None
    assert found["arr_lost_at_renewal"].value == 0
    assert all(each.n == 0 for each in found.values())


@thorough
@given(books())
def test_the_outcomes_partition_the_arr_due(lines: pd.DataFrame) -> None:
    table = outcomes(lines, START, END, NOW)
    listed = due(lines, START, END)
    assert table["line_id"].tolist() == listed["line_id"].tolist()
    assert table["arr"].tolist() == listed["arr"].tolist()
    assert (table[PARTS].sum(axis=1) == table["arr"]).all()
    assert (table[MONEY] >= 0).all(axis=None)
    found = rates(table)
    assert sum(n for part, n in found.counts.items() if part != "contracted") == found.due
    if found.gross is not None and found.net is not None:
        assert 0 <= found.gross <= min(1, found.net)
    unsigned = listed["state"].to_numpy() != "signed"
    assert not table.loc[unsigned, "kept"].any()


@thorough
@given(books())
def test_the_order_of_rows_does_not_matter(lines: pd.DataFrame) -> None:
    turned = lines.sample(frac=1, random_state=7)
    pd.testing.assert_frame_equal(
        outcomes(turned, START, END, NOW), outcomes(lines, START, END, NOW)
    )
    pd.testing.assert_frame_equal(booked(turned, START, END), booked(lines, START, END))
