"""The forecast: sums that hold, ranges that are as wide as they say, a shock that is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.forecast import CAP, FLOOR, PRIOR, attainable, certainty, forecast, quarter, shock
from warehouse.errors import DataRefused


def renewals(n: int = 200, seed: int = 1, month: str = "2026-10") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 7, n)
    return pd.DataFrame(
        {
            "account_id": [f"a{i:05d}" for i in range(n)],
            "due_in": month,
            "arr": (rng.lognormal(10, 1, n) * 100).astype("int64"),
            "p_lost": p,
            "p_contracted": (1 - p) * 0.1,
            "p_expanded": (1 - p) * 0.3,
            "contraction": 0.2,
            "expansion": 0.1,
        }
    )


def row(table: pd.DataFrame, what: str, every: str = "quarter") -> pd.Series:
    return table[(table["what"] == what) & (table["every"] == every)].iloc[0]


def test_months_lie_in_calendar_quarters() -> None:
    months = pd.Series(["2026-01", "2026-03", "2026-04", "2026-12"])
    assert quarter(months).to_list() == ["2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4"]


def test_what_is_due_is_renewed_lost_or_contracted() -> None:
    rows = pd.concat([renewals(), renewals(50, 2, "2026-11"), renewals(30, 3, "2027-01")])
    table = forecast(rows, 0.02)
    for _, part in table.groupby("period"):
        expected = part.set_index("what")["expected"]
        assert expected[["renewed", "lost", "contracted"]].sum() == part["due"].iloc[0]
    by = table[table["what"] == "renewed"].set_index("period")
    months = ["2026-10", "2026-11"]
    assert by.loc["2026-Q4", "due"] == by.loc[months, "due"].sum() == rows["arr"][:250].sum()
    assert by.loc["2026-Q4", "n"] == 250
    assert set(by.index) >= {"2027-01", "2027-Q1"}


def test_expectations_are_those_of_the_probabilities() -> None:
    rows = renewals(4_000)
    table = forecast(rows, 0.05, draws=1_000)
    lost = (rows["arr"] * rows["p_lost"]).sum()
    more = (rows["arr"] * rows["p_expanded"] * rows["expansion"]).sum()
    assert row(table, "lost")["expected"] == round(lost)
    assert row(table, "expanded")["expected"] == round(more)
    middle = row(table, "expanded")["p50"]
    assert middle == pytest.approx(more, rel=0.02)  # the draws agree with the formula


def test_without_a_shock_the_range_is_that_of_independent_draws() -> None:
    rows = renewals(4_000)
    told = row(forecast(rows, 0.0, draws=4_000), "lost")
    spread = np.sqrt((rows["arr"].astype(float) ** 2 * rows["p_lost"] * (1 - rows["p_lost"])).sum())
    assert told["p90"] - told["p10"] == pytest.approx(2 * 1.2816 * spread, rel=0.08)


def test_a_shock_widens_the_range_of_a_quarter_more_than_chance_would() -> None:
    rows = pd.concat([renewals(2_000, m, f"2026-{m}") for m in (10, 11, 12)])
    alone, shared = (row(forecast(rows, rho), "lost") for rho in (0.0, 0.1))
    assert shared["p90"] - shared["p10"] > 3 * (alone["p90"] - alone["p10"])


def test_the_order_of_rows_does_not_matter() -> None:
    rows = renewals()
    again = rows.sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(forecast(rows, 0.02), forecast(again, 0.02))


def test_what_is_settled_does_not_move() -> None:
    rows = renewals(2).assign(p_lost=[0.0, 1.0], p_contracted=0.0, p_expanded=0.0)
    told = row(forecast(rows, 0.1), "lost")
    assert told["p10"] == told["p90"] == told["expected"] == rows["arr"].iloc[1]


def test_nothing_due() -> None:
    assert forecast(renewals(0), 0.02).empty


@pytest.mark.parametrize(
    "wrong",
    [{"p_lost": 1.2}, {"p_lost": float("nan")}, {"p_lost": 0.8, "p_expanded": 0.3}, {"arr": -5}],
)
def test_what_is_no_probability_is_refused_by_name(wrong: dict[str, float]) -> None:
    rows = renewals(3)
    for name, value in wrong.items():
        rows.loc[1, name] = value
    with pytest.raises(DataRefused, match=r"the renewal of a00001 has .*add up to at most 1"):
        forecast(rows, 0.02)


def worlds(rho: float, quarters: int, n: int = 400, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(quarters):
        rows = renewals(n, seed=1000 + number)
        z = rng.standard_normal()
        t = stats.norm.ppf(rows["p_lost"])
        chance = stats.norm.cdf((t + np.sqrt(rho) * z) / np.sqrt(1 - rho))
        lost = (rng.random(n) < chance).astype(float)
        parts.append(rows.assign(period=f"q{number:03d}", lost=lost))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("rho", [0.02, 0.08])
def test_a_shock_is_found_again(rho: float) -> None:
    assert shock(worlds(rho, 300)) == pytest.approx(rho, rel=0.3)


def test_no_shock_is_the_floor_an_absurd_one_the_cap_and_a_short_past_the_prior() -> None:
    assert shock(worlds(0.0, 100)) <= 2 * FLOOR
    assert shock(worlds(0.6, 40)) == CAP
    assert shock(worlds(0.1, 3)) == PRIOR


def test_ranges_cover_what_they_say_under_a_known_shock() -> None:
    rho, inside = 0.05, []
    for _, each in worlds(rho, 200, 200).groupby("period"):
        told = row(forecast(each, rho, draws=600), "lost")
        actual = (each["arr"] * each["lost"]).sum()
        inside.append(told["p10"] <= actual <= told["p90"])
    assert 0.74 <= np.mean(inside) <= 0.86
    # The same ranges without the shock are too narrow, so the test can tell them apart.
    narrow = []
    for _, each in worlds(rho, 60, 200).groupby("period"):
        told = row(forecast(each, 0.0, draws=600), "lost")
        narrow.append(told["p10"] <= (each["arr"] * each["lost"]).sum() <= told["p90"])
    assert np.mean(narrow) < 0.74


def test_how_many_renewals_five_per_cent_takes() -> None:
    rows = renewals(500)
    arr, p = rows["arr"], rows["p_lost"]
    needed = attainable(arr, p)
    many = pd.concat([rows] * 20)
    assert attainable(many["arr"], many["p_lost"]) == pytest.approx(needed, abs=1)
    share = needed / len(rows)
    equal = pd.Series(np.full(1000, 100_00)), pd.Series(np.full(1000, 0.1))
    assert attainable(*equal) == int(np.ceil((1.6449 / 0.05) ** 2 * 0.1 / 0.9))
    assert certainty(*equal) > 0.999 > certainty(arr, p)
    assert (certainty(arr, p) >= 0.9) == (share <= 1)


def test_certainty_is_that_of_many_futures() -> None:
    rows = renewals(300, seed=9)
    rng = np.random.default_rng(0)
    lost = rng.random((4000, 300)) < rows["p_lost"].to_numpy()
    renewed = (~lost * rows["arr"].to_numpy()).sum(axis=1)
    expected = (rows["arr"] * (1 - rows["p_lost"])).sum()
    close = np.mean(np.abs(renewed - expected) <= 0.05 * expected)
    assert certainty(rows["arr"], rows["p_lost"]) == pytest.approx(close, abs=0.05)
