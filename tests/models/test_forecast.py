"""The forecast: sums that hold, ranges that are as wide as they say, a shock that is found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.forecast import (
    CAP,
    FLOOR,
    NOT_SCORED,
    PRIOR,
    attainable,
    certainty,
    forecast,
    quarter,
    shock,
)
from warehouse.errors import DataRefused, InputMissing, Usage


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
    assert by.loc["2026-Q4", "p50"] == pytest.approx(by.loc["2026-Q4", "expected"], rel=0.05)
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
    alone, shared = (row(forecast(rows, rho, draws=1_000), "lost") for rho in (0.0, 0.1))
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
    [
        {"p_lost": 1.2},
        {"p_lost": -0.1},
        {"p_lost": 0.8, "p_expanded": 0.3},
        {"p_contracted": float("nan")},
        {"contraction": 1.5},
        {"contraction": float("nan")},
        {"expansion": -0.5},
        {"expansion": float("nan")},
        {"arr": -5},
        {"p_lost": float("nan"), "arr": -5},
        {"due_in": "2026-13"},
    ],
)
def test_what_is_no_renewal_is_refused_by_name(wrong: dict[str, object]) -> None:
    rows = renewals(3)
    for name, value in wrong.items():
        rows.loc[1, name] = value
    with pytest.raises(DataRefused, match=r"the renewal of a00001 has .*at most 1.*; mend"):
        forecast(rows, 0.02)


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(InputMissing, match="no column expansion"):
        forecast(renewals(3).drop(columns="expansion"), 0.02)


@pytest.mark.parametrize("rho", [-0.1, 1.0, float("nan")])
def test_a_rho_there_is_not_is_refused(rho: float) -> None:
    with pytest.raises(Usage, match="0 <= rho < 1"):
        forecast(renewals(3), rho)


def test_what_has_no_probability_is_counted_apart() -> None:
    rows = renewals(60)
    rows.loc[:9, "p_lost"] = float("nan")
    table, scored = forecast(rows, 0.02), forecast(rows[10:], 0.02)
    apart = table[table["what"] == NOT_SCORED]
    money = apart[["due", "expected", "p10", "p50", "p90"]]
    assert (money == rows["arr"][:10].sum()).all(axis=None)
    assert apart["every"].to_list() == ["month", "quarter"]
    assert (apart["n"] == 10).all()
    told = table[table["what"] != NOT_SCORED].reset_index(drop=True)
    pd.testing.assert_frame_equal(told, scored)
    assert row(table, "lost")["due"] + apart["due"].iloc[0] == rows["arr"].sum()


def test_nobody_has_a_probability() -> None:
    rows = renewals(5).assign(p_lost=float("nan"), p_contracted=float("nan"))
    table = forecast(rows, 0.02)
    assert row(table, NOT_SCORED)["due"] == rows["arr"].sum()
    others = table[table["what"] != NOT_SCORED]
    assert (others[["n", "due", "expected", "p10", "p90"]] == 0).all(axis=None)


def test_one_renewal_is_lost_or_not() -> None:
    told = row(forecast(renewals(1).assign(p_lost=0.3, p_contracted=0.0, arr=50_000), 0.02), "lost")
    assert (told["p10"], told["p50"], told["p90"], told["expected"]) == (0, 0, 50_000, 15_000)


@pytest.mark.parametrize("share", [0.2, 0.8, 1.0])
def test_a_contraction_takes_its_share_on_average_and_never_more_than_all(share: float) -> None:
    rows = renewals(3_000).assign(arr=10_000, p_lost=0.0, p_contracted=1.0, p_expanded=0.0)
    told = row(forecast(rows.assign(contraction=share), 0.0, draws=300), "contracted")
    assert told["p50"] == pytest.approx(told["expected"], rel=0.01)
    assert told["p90"] <= told["due"]


def test_equal_terms_in_another_order_say_the_same() -> None:
    rng = np.random.default_rng(2)
    rows = renewals(40).assign(account_id="same", arr=100_000, p_lost=0.1, p_expanded=0.0)
    rows["p_contracted"], rows["contraction"] = rng.uniform(0, 0.5, 40), rng.uniform(0, 1, 40)
    again = rows.sample(frac=1, random_state=4)
    pd.testing.assert_frame_equal(forecast(rows, 0.02), forecast(again, 0.02))


def test_what_else_falls_due_changes_no_other_month() -> None:
    rows = renewals(50, 2, "2026-11")
    more = pd.concat([renewals(9, 3, "2026-08"), renewals(9, 4, "2026-10"), rows])
    alone, among = (forecast(each, 0.02).set_index(["period", "what"]) for each in (rows, more))
    pd.testing.assert_frame_equal(alone.loc[["2026-11"]], among.loc[["2026-11"]])


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


@pytest.mark.parametrize(
    ("rho", "said", "low", "high"),
    [(0.05, 0.05, 0.75, 0.85), (0.0, 0.0, 0.75, 0.85), (0.05, 0.0, 0.0, 0.72)],
)
def test_ranges_cover_what_they_say_if_the_shock_is_known(
    rho: float, said: float, low: float, high: float
) -> None:
    past = worlds(rho, 400, 100)
    number = past["period"].str[1:].astype("int64")
    past["due_in"] = [f"{2000 + n // 4}-{n % 4 * 3 + 1:02d}" for n in number]
    told = forecast(past, said, draws=400)
    told = told[(told["what"] == "lost") & (told["every"] == "quarter")].set_index("period")
    actual = (past["arr"] * past["lost"]).groupby(quarter(past["due_in"])).sum()
    inside = actual.between(told["p10"], told["p90"]).mean()
    assert low <= inside <= high


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


def test_with_the_attainable_number_nine_of_ten_futures_are_close() -> None:
    rows, rng = renewals(200, seed=9), np.random.default_rng(0)
    needed = attainable(rows["arr"], rows["p_lost"])

    def close(n: int) -> float:
        many = rows.loc[np.arange(n) % len(rows)]
        arr, p = many["arr"].to_numpy(np.float64), many["p_lost"].to_numpy()
        renewed = np.array([arr[rng.random(n) >= p].sum() for _ in range(3_000)])
        expected = (arr * (1 - p)).sum()
        return float(np.mean(np.abs(renewed - expected) <= 0.05 * expected))

    assert close(needed) == pytest.approx(0.9, abs=0.025)
    assert close(needed // 2) < 0.8


def test_more_is_needed_to_be_closer_surer_or_with_more_risk() -> None:
    arr, p = renewals()["arr"], renewals()["p_lost"]
    needed = attainable(arr, p)
    assert attainable(arr, p, within=0.025) == pytest.approx(4 * needed, abs=4)
    assert attainable(arr, p, confidence=0.95) > needed
    assert attainable(arr, p + 0.1) > needed
    assert attainable(arr, p * 0 + 1) == attainable(arr[:0], p[:0]) == 0


def test_what_has_no_probability_does_not_count_in_what_is_attainable() -> None:
    rows = renewals(100)
    rows.loc[:9, "p_lost"] = float("nan")
    arr, p = rows["arr"], rows["p_lost"]
    assert attainable(arr, p) == attainable(arr[10:], p[10:])
    assert certainty(arr, p) == certainty(arr[10:], p[10:])


@pytest.mark.parametrize(("name", "value"), [("lost", float("nan")), ("lost", 0.5), ("p_lost", 2)])
def test_a_shock_is_not_learnt_from_what_is_open_or_impossible(name: str, value: float) -> None:
    past = worlds(0.02, 4, 20)
    past.loc[7, name] = value
    with pytest.raises(DataRefused, match="a renewal of q000 has"):
        shock(past)


def test_a_bias_that_all_quarters_share_is_no_shock() -> None:
    past = worlds(0.0, 40)
    past["p_lost"] *= 0.6
    assert shock(past) < 0.03  # taken for luck, it would be the cap
    assert shock(past, floor=0.05) == 0.05


def test_a_large_book_of_equal_terms_has_the_quantiles_of_vasicek() -> None:
    rho, chances = 0.15, {"p_lost": 0.1, "p_contracted": 0.0, "p_expanded": 0.0}
    told = row(forecast(renewals(2_000).assign(arr=10_000, **chances), rho, draws=2_000), "lost")
    z = stats.norm.ppf([0.1, 0.5, 0.9])
    share = stats.norm.cdf((stats.norm.ppf(0.1) + np.sqrt(rho) * z) / np.sqrt(1 - rho))
    drawn = told[["p10", "p50", "p90"]].to_numpy(np.float64) / told["due"]
    assert drawn == pytest.approx(share, rel=0.06)
