from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from metrics.definitions.renewed import RENEWED as ENTRIES
from metrics.facts import Facts
from metrics.intervals import mean
from metrics.policy import Policy
from metrics.registry import REGISTRY
from metrics.renewal_timing import (
    BANDS,
    auto_renewals,
    figures,
    first_touches,
    price_by_touch,
    price_changes,
    touch_bands,
    unattended,
)
from metrics.renewals import due
from tests.metrics.ledgers import thorough
from tests.metrics.renewing import END, START, book, books, term

AUGUST = pd.Timestamp("2024-08-01")


def touched(*rows: tuple[str, Any, str], kind: str = "call") -> pd.DataFrame:
    """Touches from (account, when, who began it)."""
    table = pd.DataFrame(rows, columns=["account_id", "touched_at", "started_by"])
    kinds = {"account_id": "str", "touched_at": "datetime64[us]", "started_by": "str"}
    return table.assign(kind=kind).astype({**kinds, "kind": "str"})


def ahead(account: str, days: float, who: str = "vendor") -> tuple[str, pd.Timestamp, str]:
    return account, AUGUST - pd.Timedelta(days=days), who


def expiring(*accounts: str, arr: int = 100) -> pd.DataFrame:
    return due(book(*(term(a, "2023-08-01", "2024-08-01", arr) for a in accounts)), START, END)


@pytest.mark.parametrize(
    ("days", "band"),
    [
        (180, "120 days or more"),
        (120, "120 days or more"),
        (119.99, "90 to 119"),
        (90, "90 to 119"),
        (89.99, "60 to 89"),
        (60, "60 to 89"),
        (30, "30 to 59"),
        (29.99, "under 30"),
        (0.01, "under 30"),
        (0, "none"),
        (-1, "none"),
        (180.01, "none"),
    ],
)
def test_a_first_touch_falls_in_one_band(days: float, band: str) -> None:
    found = first_touches(expiring("A"), touched(ahead("A", days)))
    assert found["band"].tolist() == [band]
    assert found["first_touch"].notna().tolist() == [band != "none"]


def test_the_first_touch_counts_and_only_the_vendors() -> None:
    touches = touched(
        ahead("A", 40), ahead("A", 100), ahead("A", 150, "customer"), ahead("B", 10, "customer")
    )
    found = first_touches(expiring("A", "B", "C"), touches)
    assert found["band"].tolist() == ["90 to 119", "none", "none"]
    assert found["days_ahead"].iloc[0] == 100
    emails = pd.concat([touches, touched(ahead("A", 170), kind="email")])
    assert first_touches(expiring("A"), emails)["days_ahead"].tolist() == [170]
    assert first_touches(expiring("A"), emails, ["call"])["days_ahead"].tolist() == [100]


def test_the_arr_due_by_first_touch_adds_up() -> None:
    table = pd.concat([expiring("A", "B"), expiring("B", "C", arr=50)], ignore_index=True)
    found = touch_bands(first_touches(table, touched(ahead("A", 95), ahead("B", 5))))
    assert found.index.tolist() == BANDS
    assert found["arr"].to_dict() == dict.fromkeys(BANDS, 0) | {
        "90 to 119": 100,
        "under 30": 150,
        "none": 50,
    }
    assert found["renewals"].tolist() == [0, 1, 0, 0, 1, 1]
    assert found["share"].sum() == pytest.approx(1)


def test_without_touches_or_terms_there_are_empty_answers() -> None:
    assert touch_bands(first_touches(expiring("A"), touched()))["share"].iloc[-1] == 1.0
    nobody = touch_bands(first_touches(expiring(), touched(ahead("A", 5))))
    assert nobody["arr"].tolist() == [0] * 6
    assert nobody["share"].isna().all()
    assert price_by_touch(price_changes(book(), START, END), touched())["price_change"].isna().all()
    assert auto_renewals(expiring(), touched(), START).empty


def test_what_nobody_has_in_hand_is_listed_until_it_is_decided() -> None:
    told = {"cancelled_at": "2024-06-01"}
    lines = book(
        *(term(a, "2023-08-01", "2024-08-01", 100) for a in ("calm", "alone", "mute", "signed")),
        term("signed", "2024-08-01", "2025-08-01", 100),
        term("gone", "2023-08-01", "2024-08-01", 100, **told),
        term("far", "2023-12-28", "2024-12-28", 100),
    )
    today = pd.DataFrame(
        {"account_id": ["calm", "mute", "far", "alone"], "csm": ["Ann", "Ann", "Ann", None]}
    ).astype("str")
    touches = touched(ahead("calm", 100), ahead("alone", 100), ahead("mute", 200))
    found = unattended(lines, touches, today, START)
    assert found[["account_id", "no_touch", "no_owner"]].to_numpy().tolist() == [
        ["alone", False, True],
        ["mute", True, False],
    ]
    longer = unattended(lines, touches, today, START, days=181)
    assert longer["account_id"].tolist() == ["alone", "mute", "far"]
    assert unattended(lines, touches, today.iloc[:0], START)["no_owner"].all()


def test_auto_renewals_by_deadline() -> None:
    lines = book(
        term("A", "2023-08-01", "2024-08-01", 100, notice_days=20),
        term("B", "2023-08-10", "2024-08-10", 100, notice_days=90),
        term("C", "2023-08-01", "2024-08-01", 100, notice_days=None),
        term("D", "2023-08-01", "2024-08-01", 100, auto_renew=False),
        term("E", "2023-08-01", "2024-08-01", 100, auto_renew=None),
        term("F", "2023-08-01", "2024-08-01", 100, cancelled_at="2024-06-01"),
    )
    touches = touched(ahead("A", 50), ahead("A", 40, "customer"))
    found = auto_renewals(due(lines, START, END), touches, START)
    assert found["account_id"].tolist() == ["B", "A", "C"]
    assert found["days_to_notice"].tolist()[:2] == [-50, 11]
    assert found["last_touch"].tolist()[1] == AUGUST - pd.Timedelta(days=40)
    assert found["last_touch"].isna().tolist() == [True, False, True]


def test_the_price_of_a_seat_before_and_after() -> None:
    old = {"seats": 10, "discount": 0.1}
    lines = book(
        term("A", "2023-08-01", "2024-08-01", 1000, **old),
        term("A", "2024-02-01", "2024-08-01", 200, seats=0, discount=0.4),
        term("A", "2024-08-01", "2025-08-01", 1320, seats=12, discount=0.2),
        term("B", "2023-08-01", "2024-08-01", 1000, **old),
        term("B", "2024-08-01", "2025-08-01", 900),
        term("C", "2023-08-01", "2024-08-01", 1000, **old),
    )
    found = price_changes(lines, START, END)
    assert found["account_id"].tolist() == ["A", "B"]
    first = found.iloc[0]
    assert (first["price_before"], first["price_after"]) == (120, 110)
    assert first["price_change"] == pytest.approx(110 / 120 - 1)
    assert (first["discount_before"], first["discount_after"]) == (0.15, 0.2)
    assert first["discount_change"] == pytest.approx(0.05)
    assert found.loc[1, ["price_after", "price_change", "discount_change"]].isna().all()


def test_a_price_is_not_known_where_some_seats_are_not() -> None:
    lines = book(
        term("A", "2023-08-01", "2024-08-01", 100, seats=10),
        term("A", "2023-09-01", "2024-08-01", 100),
        term("A", "2024-08-01", "2025-08-01", 200, seats=20),
    )
    found = price_changes(lines, START, END)
    assert found["price_before"].isna().all()
    assert found["price_after"].tolist() == [10]


def test_seats_are_shared_with_the_money_that_buys_them() -> None:
    lines = book(
        term("A", "2023-08-01", "2024-08-01", 100, seats=10),
        term("A", "2023-08-10", "2024-08-10", 200, seats=20),
        term("A", "2024-08-01", "2025-08-01", 600, seats=40),
    )
    assert price_changes(lines, START, END)["price_after"].tolist() == pytest.approx([15, 15])


def test_what_haste_costs() -> None:
    rows = [
        each
        for account, now in (("A", 95), ("B", 85), ("C", 110), ("D", 80))
        for each in (
            term(account, "2023-08-01", "2024-08-01", 100, seats=1),
            term(account, "2024-08-01", "2025-08-01", now, seats=1),
        )
    ]
    touches = touched(ahead("A", 10), ahead("B", 20), ahead("C", 125))
    found = price_by_touch(price_changes(book(*rows), START, END), touches)
    assert found.index.tolist() == BANDS
    late = found.loc["under 30"]
    assert late["price_change"] == pytest.approx(-0.1)
    bounds = late[["price_change_low", "price_change_high"]].to_list()
    assert bounds == pytest.approx(list(mean(np.array([-0.05, -0.15]))))
    assert found["price_change_n"].tolist() == [1, 0, 0, 0, 2, 1]
    assert found["discount_after_n"].tolist() == [0] * 6
    assert found.loc["120 days or more", "price_change"] == pytest.approx(0.1)
    assert np.isnan(found.loc["120 days or more", "price_change_low"])


@pytest.fixture
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **{e.name: e for e in ENTRIES}})


@pytest.mark.usefixtures("_registered")
def test_the_registered_numbers_look_ahead() -> None:
    lines = book(
        term("A", "2023-08-01", "2024-08-01", 100),
        term("A", "2024-08-01", "2025-08-01", 100),
        term("B", "2023-08-01", "2024-08-01", 300),
        term("C", "2023-12-01", "2024-12-01", 70),
        term("D", "2024-02-01", "2025-02-01", 7000),
    )
    tables = {"contract_lines": lines}
    facts = Facts("2024-06", "UTC", Policy(), tables, pd.DataFrame())
    assert figures(facts) == {}
    tables["touches"] = touched(ahead("A", 90), ahead("B", 89))
    found = figures(facts)
    assert found["due_touched_early_share"].value == 0.25
    assert found["due_touched_early_share"].n == 2
    assert found["arr_due_untouched"].value == 70
    assert found["arr_due_untouched"].n == 2
    tables["contract_lines"] = lines.iloc[:0]
    assert figures(facts)["due_touched_early_share"].value is None


@thorough
@given(books())
def test_each_line_has_one_band_whatever_the_order(lines: pd.DataFrame) -> None:
    table = due(lines, START, END)
    days = [datetime(2024, 2, 1) + timedelta(days=17 * i) for i in range(14)]
    touches = touched(*(("AB"[i % 2], day, "vendor") for i, day in enumerate(days)))
    found = first_touches(table, touches)
    pd.testing.assert_frame_equal(found[table.columns], table)
    pd.testing.assert_frame_equal(found, first_touches(table, touches.iloc[::-1]))
    assert touch_bands(found)["arr"].sum() == table["arr"].sum()
