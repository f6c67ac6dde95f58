from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.concentration import by_group, concentration, figures, lorenz
from metrics.definitions.lifetime import LIFETIME
from metrics.facts import Facts
from metrics.policy import Policy
from metrics.registry import REGISTRY
from tests.metrics.ledgers import frame, line, thorough

amounts = st.lists(st.integers(1, 10**9), min_size=1, max_size=60)


def accounts(*arr: int) -> pd.Series[int]:
    return pd.Series(arr, index=[f"A{i:03d}" for i in range(len(arr))], dtype="int64", name="arr")


def test_three_accounts_by_hand() -> None:
    found = concentration(accounts(25, 50, 25))
    assert (found.n, found.arr) == (3, 100)
    assert (found.top_one, found.top_five, found.top_ten) == (0.5, 1, 1)
    assert found.herfindahl == pytest.approx(0.375)
    assert found.effective == pytest.approx(8 / 3)
    # Half of the mean difference between any two, relative to the mean: (25 + 25) / (9 x 100 / 3).
    assert found.gini == pytest.approx(50 / 300)
    assert found.top_decile == 50


def test_the_largest_tenth_rounds_up_to_whole_accounts() -> None:
    assert concentration(accounts(*range(1, 21))).top_decile == 20 + 19
    assert concentration(accounts(*range(1, 22))).top_decile == 21 + 20 + 19
    eleven = concentration(accounts(*[100] * 11))
    assert (eleven.top_one, eleven.top_five, eleven.top_ten) == (1 / 11, 5 / 11, 10 / 11)


def test_all_alike_and_one_with_everything() -> None:
    alike = concentration(accounts(*[700] * 40))
    assert alike.effective == pytest.approx(40)
    assert alike.gini == pytest.approx(0)
    one = concentration(accounts(5))
    assert (one.herfindahl, one.effective, one.gini, one.top_decile) == (1, 1, 0, 5)
    great = concentration(accounts(10**12, *[1] * 99))
    assert great.effective == pytest.approx(1)
    assert great.gini == pytest.approx(0.99)


def test_without_arr_nothing_is_concentrated() -> None:
    for none in (accounts(), accounts(0, 0)):
        found = concentration(none)
        assert (found.n, found.arr, found.top_decile) == (0, 0, 0)
        assert found.top_one is found.top_ten is found.effective is found.gini is None
        assert lorenz(none).empty


@thorough
@given(amounts)
def test_what_holds_of_any_book(arr: list[int]) -> None:
    found = concentration(accounts(*arr))
    assert found.top_one is not None
    assert found.top_five is not None
    assert found.top_ten is not None
    assert found.effective is not None
    assert found.gini is not None
    assert 0 < found.top_one <= found.top_five <= found.top_ten <= 1
    # The largest share bounds the effective number from below, the count from above.
    assert 1 / found.top_one <= found.effective * (1 + 1e-9)
    assert found.effective <= len(arr) * (1 + 1e-9)
    assert -1e-9 <= found.gini <= (len(arr) - 1) / len(arr) + 1e-9
    points = lorenz(accounts(*arr))
    area = np.trapezoid(points["arr"], points["accounts"])
    assert found.gini == pytest.approx(1 - 2 * area, abs=1e-9)
    assert len(points) == len(arr) + 1
    assert points.iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert (points["arr"] <= points["accounts"] + 1e-9).all()
    twice = concentration(accounts(*(2 * each for each in reversed(arr))))
    assert twice.gini == pytest.approx(found.gini)
    assert twice.effective == pytest.approx(found.effective)


def test_groups_are_of_their_own_arr() -> None:
    labels = pd.DataFrame({"account_id": ["A000", "A001", "A003"], "segment": ["big", "big", None]})
    found = by_group(accounts(300, 100, 7, 8), labels, "segment").set_index("segment")
    assert found.index.tolist() == ["", "big"]
    assert found["arr"].tolist() == [15, 400]
    assert found.loc["big", "top_one"] == 0.75
    assert by_group(accounts(), labels, "segment").empty
    nobody = by_group(accounts(1), labels.assign(segment=np.nan), "segment")
    assert nobody["segment"].tolist() == [""]


def test_the_figures_of_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {**REGISTRY, **{each.name: each for each in LIFETIME}}
    monkeypatch.setattr("metrics.registry.REGISTRY", everything)
    rows = [line(f"A{i:02d}", "2024-01-01", None, 100) for i in range(20)]
    # Stops with the month: at its close it is there.
    rows.append(line("great", "2024-01-01", "2024-07-01", 2000))
    facts = Facts("2024-06", "UTC", Policy(), {"contract_lines": frame(rows)}, pd.DataFrame())
    found = figures(facts)
    assert found["top_ten_share"].value == (2000 + 900) / 4000
    assert found["effective_customers"].value == pytest.approx(1 / (0.25 + 20 * 0.025**2))
    assert {each.n for each in found.values()} == {21}
    none = Facts("2024-06", "UTC", Policy(), {"contract_lines": frame([])}, pd.DataFrame())
    assert {(each.value, each.n) for each in figures(none).values()} == {(None, 0)}
    assert figures(Facts("2024-06", "UTC", Policy(), {}, pd.DataFrame())) == {}
