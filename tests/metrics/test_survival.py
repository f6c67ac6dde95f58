from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.survival import Estimate, survival
from tests.metrics.ledgers import thorough
from tests.metrics.test_oracles import oracle
from warehouse.errors import Usage

NOTHING = Estimate(None, None, None)


def test_the_telephone_company(samples: Path) -> None:
    file = samples / "telco21" / "Telco-Customer-Churn.csv"
    if not file.is_file():
        pytest.skip(f"{file} does not exist: the IBM Telco sample is not there")
    told, rows = oracle(27), pd.read_csv(file)
    some = rows[(rows["Contract"] == "Month-to-month") & (rows["InternetService"] != "No")]
    found = survival(some["tenure"], some["Churn"] == "Yes")
    assert (found.n, found.events.sum()) == (told["input"]["n"], told["input"]["events"])
    assert found.median().value == told["expected"]["km_median_months"]


def test_a_textbook_curve() -> None:
    # Ten fan belts, in thousands of miles: Conover, Practical nonparametric statistics, page 91.
    broken, whole = [77, 47, 81, 56, 80], [62, 60, 43, 71, 37]
    found = survival(broken + whole, [True] * 5 + [False] * 5)
    assert found.times.tolist() == sorted(broken + whole)
    assert found.share.tolist() == pytest.approx([1, 1, 0.875] + [0.75] * 4 + [0.5, 0.25, 0])
    assert found.at_risk.tolist() == list(range(10, 0, -1))
    assert found.events.tolist() == [0, 0, 1, 1, 0, 0, 0, 1, 1, 1]
    assert found.median().value == 77
    assert found.quantile(0.25).value == 56
    assert found.quantile(0.76).value == 81


def test_the_band_by_hand() -> None:
    found = survival([1, 2, 3, 4, 5], [True, False, True, False, False])
    share = 4 / 5 * 2 / 3
    spread = np.sqrt(1 / (5 * 4) + 1 / (3 * 2)) / abs(np.log(share))
    low, high = (share ** np.exp(sign * 1.959964 * spread) for sign in (1, -1))
    assert found.at(3) == pytest.approx((share, low, high))
    assert found.at(4.9) == found.at(3)


def test_ties_and_one_whose_watch_ends_at_an_event() -> None:
    found = survival([2, 2, 2, 2, 3], [True, True, False, False, False])
    assert found.at_risk.tolist() == [5, 1]
    assert found.share.tolist() == pytest.approx([0.6, 0.6])


def test_what_happens_at_once_counts_at_nought() -> None:
    found = survival([0, 0, 3, 4], [True, False, True, True])
    assert found.times.tolist() == [0, 3, 4]
    assert found.at(0).value == 0.75
    assert survival([0, 0], [True, True]).median().value == 0


def test_nothing_that_happened_says_how_long_at_least() -> None:
    found = survival([1, 2, 2], [False] * 3)
    assert found.at(2) == Estimate(1.0, None, None)
    assert found.at(2.1) == NOTHING
    assert found.median() == NOTHING
    assert found.events.sum() == 0


def test_past_the_longest_watch_only_nobody_left_is_known() -> None:
    assert survival([1, 5], [True, False]).at(5.1) == NOTHING
    assert survival([1, 5], [True, True]).at(5.1).value == 0
    assert survival([1, 5], [True, True]).at(0.5) == Estimate(1.0, None, None)


def test_nobody_gives_nothing() -> None:
    found = survival([], [])
    assert (found.n, len(found.times)) == (0, 0)
    assert (found.at(1), found.median()) == (NOTHING, NOTHING)


def test_an_interval_of_the_median_holds_it_and_may_be_open_above() -> None:
    times = np.arange(1, 101)
    low, high = survival(times, np.full(100, True)).median()[1:]
    assert low is not None
    assert high is not None
    assert 35 < low < 50 < high < 65
    late = survival(times, times <= 55).median()
    assert late.value == 50
    assert late.low == low
    assert late.high is None
    assert survival([3], [True]).median() == Estimate(3, 3, None)


def test_a_share_is_reached_whatever_the_rounding() -> None:
    # One of ten is left from time 9 on, and 1 - 0.9 is a little less than a tenth.
    found = survival(np.arange(1, 11), [True] * 9 + [False])
    assert 1 - 0.9 < 0.1
    assert found.quantile(0.9).value == 9


@pytest.mark.parametrize("wrong", [[-1.0], [np.nan], [np.inf]])
def test_what_is_no_duration_is_refused(wrong: list[float]) -> None:
    with pytest.raises(Usage, match="not a duration"):
        survival(wrong, [True])
    with pytest.raises(Usage, match="one end to each"):
        survival([1.0, 2.0], [True])
    with pytest.raises(Usage, match="between 0 and 1"):
        survival([1.0], [True]).quantile(1.0)


@thorough
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40))
def test_the_product_of_what_is_left_at_each_step(rows: list[tuple[int, bool]]) -> None:
    found = survival([t for t, _ in rows], [happened for _, happened in rows])
    left, by_hand = 1.0, []
    for time in sorted({t for t, _ in rows}):
        risk = sum(t >= time for t, _ in rows)
        left *= 1 - sum(t == time and happened for t, happened in rows) / risk
        by_hand.append(left)
    assert found.share.tolist() == pytest.approx(by_hand)
    inside = (found.share > 0) & (found.share < 1)
    assert (found.low[inside] <= found.share[inside]).all()
    assert (found.high[inside] >= found.share[inside]).all()
    assert np.isnan(found.low[~inside]).all()
