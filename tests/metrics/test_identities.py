"""Each identity, shown to fail on a ledger that is wrong in the way it guards against."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from metrics.identities import MetricIdentityError, check
from metrics.movements import ledger, movements
from tests.metrics.ledgers import held
from warehouse.months import between

MONTHS = between("2024-01", "2024-04")
BALANCES = held(
    {"A": [100, 150, 150, 90], "B": [80, 0, 0, 80], "C": [0, 40, 40, 0], "D": [70, 60, 65, 65]}
)


def walk() -> pd.DataFrame:
    return ledger(BALANCES, MONTHS).set_index("month")


def test_a_right_ledger_passes() -> None:
    check(walk().reset_index(), movements(BALANCES, MONTHS), BALANCES)


def _set(month: str, **terms: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        for name, by in terms.items():
            table.loc[month, name] += by
        return table

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_set("2024-02", expansion=1), "in 2024-02 opening plus movements"),
        (_set("2024-03", opening=-5, expansion=5), "in 2024-03 opening ARR"),
        (_set("2024-04", new=7, closing=7), "in 2024-04 closing ARR"),
        (_set("2024-02", new=-50, expansion=50), "a term of the ledger is negative"),
        (_set("2024-02", churn=900, expansion=900), "more ARR was lost than there was"),
    ],
)
def test_a_wrong_ledger_is_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], says: str
) -> None:
    with pytest.raises(MetricIdentityError, match=says) as refusal:
        check(change(walk()).reset_index(), movements(BALANCES, MONTHS), BALANCES)
    assert refusal.value.code == 70
    assert "not in your data" in str(refusal.value)


def test_a_return_taken_for_an_expansion_breaks_the_count_of_customers() -> None:
    moves = movements(BALANCES, MONTHS)
    moves.loc[moves["kind"] == "reactivation", "kind"] = "expansion"
    with pytest.raises(MetricIdentityError, match="in 2024-04 customers before"):
        check(walk().reset_index(), moves, BALANCES)


def test_an_account_counted_twice_in_a_month_is_refused() -> None:
    moves = movements(BALANCES, MONTHS)
    twice = pd.concat([moves, moves[moves["kind"] == "churn"]], ignore_index=True)
    with pytest.raises(MetricIdentityError, match="came and went in one net month"):
        check(walk().reset_index(), twice, BALANCES)
