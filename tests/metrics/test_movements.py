from __future__ import annotations

import pandas as pd
import pytest

from metrics.identities import MetricIdentityError
from metrics.movements import ledger, movements
from tests.metrics.ledgers import held
from warehouse.errors import Usage
from warehouse.months import between


def test_each_kind_of_movement() -> None:
    balances = held({"A": [0, 100, 150, 150, 0, 0, 60], "B": [200, 200, 120, 120, 120, 120, 120]})
    moves = movements(balances, between("2024-01", "2024-07"))
    assert moves.to_dict("split")["data"] == [
        ["A", "2024-02", "new", 100],
        ["A", "2024-03", "expansion", 50],
        ["A", "2024-05", "churn", -150],
        ["A", "2024-07", "reactivation", 60],
        ["B", "2024-01", "new", 200],
        ["B", "2024-03", "contraction", -80],
    ]


def test_the_walk_of_a_month() -> None:
    walk = ledger(
        held({"A": [100, 150], "B": [80, 0], "C": [0, 40], "D": [70, 60]}), ["2024-01", "2024-02"]
    )
    assert list(walk.columns) == [
        "month",
        "opening",
        "new",
        "expansion",
        "reactivation",
        "contraction",
        "churn",
        "fx",
        "closing",
    ]
    assert walk.to_numpy().tolist() == [
        ["2024-01", 0, 250, 0, 0, 0, 0, 0, 250],
        ["2024-02", 250, 40, 50, 0, 10, 80, 0, 250],
    ]


def test_history_before_the_months_asked_decides_new_or_back() -> None:
    balances = held({"A": [100, 0, 0, 100], "B": [100, 100, 100, 100]})
    walk = ledger(balances, ["2024-04"])
    assert walk.loc[0, ["opening", "new", "reactivation"]].tolist() == [100, 0, 100]
    moves = movements(balances, ["2024-04"])
    assert moves.to_dict("split")["data"] == [["A", "2024-04", "reactivation", 100]]


def test_an_account_given_twice_in_a_month_is_refused_and_not_counted_once() -> None:
    balances = held({"A": [100, 100]})
    twice = pd.concat([balances, balances.tail(1)], ignore_index=True)
    with pytest.raises(MetricIdentityError, match="in 2024-02 customers before, plus new"):
        ledger(twice, ["2024-01", "2024-02"])


def test_a_month_without_any_arr_still_has_its_row() -> None:
    walk = ledger(held({"A": [100, 0, 0, 50]}), between("2024-01", "2024-04"))
    assert walk["closing"].tolist() == [100, 0, 0, 50]
    assert walk["churn"].tolist() == [0, 100, 0, 0]


def test_an_empty_ledger_is_a_ledger_of_zeros() -> None:
    empty = held({"A": [0]})
    walk = ledger(empty, ["2024-01", "2024-02"])
    assert walk.drop(columns="month").to_numpy().sum() == 0
    assert movements(empty, ["2024-01"]).empty
    full = held({"A": [1]})
    assert dict(walk.dtypes) == dict(ledger(full, ["2024-01"]).dtypes)
    assert dict(movements(empty, ["2024-01"]).dtypes) == dict(movements(full, ["2024-01"]).dtypes)


def test_later_balances_do_not_reach_an_earlier_month() -> None:
    balances = held({"A": [100, 120, 0, 0], "B": [0, 0, 0, 90]})
    early = balances[balances["month"] <= "2024-02"]
    months = ["2024-01", "2024-02"]
    pd.testing.assert_frame_equal(ledger(balances, months), ledger(early, months))


@pytest.mark.parametrize("months", [[], ["2024-01", "2024-03"], ["2024-02", "2024-01"]])
def test_months_with_holes_are_refused(months: list[str]) -> None:
    with pytest.raises(Usage, match="not consecutive months"):
        ledger(held({"A": [1, 1, 1]}), months)
