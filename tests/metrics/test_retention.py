from __future__ import annotations

import pytest
from hypothesis import given

from metrics.arr import balances
from metrics.retention import annual, trailing
from tests.metrics.ledgers import MONTHS, ZONE, held, ledgers, thorough


def test_growth_of_one_account_does_not_hide_the_loss_of_another() -> None:
    found = trailing(held({"A": [100, 50], "B": [100, 150]}), "2024-02", months=1)
    assert (found.nrr, found.grr, found.logo) == (1.0, 0.75, 1.0)


def test_who_came_in_between_is_in_neither_part() -> None:
    found = trailing(held({"A": [100, 100, 90], "B": [0, 500, 900]}), "2024-03", months=2)
    assert (found.n, found.opening, found.closing) == (1, 100, 90)
    assert (found.base, found.month) == ("2024-01", "2024-03")


def test_the_parts_of_a_cohort() -> None:
    found = trailing(
        held({"A": [100, 130], "B": [100, 70], "C": [50, 0], "D": [0, 40]}), "2024-02", months=1
    )
    assert (found.expansion, found.contraction, found.churn) == (30, 30, 50)
    assert (found.n, found.kept) == (3, 2)


def test_all_lost_is_nothing_kept_and_not_undefined() -> None:
    found = trailing(held({"A": [100, 0], "B": [0, 40]}), "2024-02", months=1)
    assert (found.nrr, found.grr, found.logo) == (0.0, 0.0, 0.0)


def test_rates_are_undefined_without_a_cohort() -> None:
    short = trailing(held({"A": [100, 100]}), "2024-02")
    assert (short.nrr, short.grr, short.logo, short.n) == (None, None, None, 0)
    assert trailing(held({"A": [0]}), "2024-06").nrr is None


@thorough
@given(ledgers())
def test_gross_lies_between_nothing_and_net(lines: object) -> None:
    found = trailing(balances(lines, MONTHS, ZONE), MONTHS[-1])  # type: ignore[arg-type]
    if found.nrr is None or found.grr is None:
        assert found.opening == 0
    else:
        assert 0 <= found.grr <= min(1, found.nrr)
        assert found.opening + found.expansion - found.contraction - found.churn == found.closing


def test_a_year_of_no_loss_loses_nothing() -> None:
    assert annual(0.0) == 0.0
    assert annual(1.0) == pytest.approx(1.0)
