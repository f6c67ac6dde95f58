"""Time to churn: known hazards are found again, and what nobody can know yet is no survival."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models import hazard, hazard_rehearsal
from models.train import TooFewEvents
from warehouse.errors import InputMissing
from warehouse.months import as_of, between, shift

MONTHS = between("2022-01", "2023-12")
NOW = "2023-12"
RATES = {0.2: 0.15, 0.8: 0.02}  # the monthly chance of leaving, by seats used
FEATURES = [catalogue().by_name["seats_used"]]


def world(accounts: int = 900, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame and the contract lines of accounts that leave by `RATES`, replaced as they go."""
    rng = np.random.default_rng(seed)
    used = np.where(rng.random(accounts) < 0.5, 0.2, 0.8)
    lasts = [int(rng.geometric(RATES[u])) for u in used]  # whole months of service
    begins = [str(MONTHS[int(i)]) for i in rng.integers(0, 18, accounts)]
    names = [f"a{i:04d}" for i in range(accounts)]
    lines = pd.DataFrame(
        {
            "line_id": names,
            "account_id": names,
            "starts_on": [pd.Timestamp(as_of(shift(m, -1))) for m in begins],
            "ends_on": pd.NaT,
            "ended_on": [
                pd.Timestamp(as_of(shift(m, n - 1))) for m, n in zip(begins, lasts, strict=True)
            ],
            "arr": 100_00,
            "end_reason": "voluntary",
        }
    )
    lines["ended_on"] -= pd.Timedelta(days=9)  # what ends on an edge was there at that close
    now = pd.Timestamp(as_of(NOW))
    lines["ended_on"] = lines["ended_on"].where(lines["ended_on"] <= now)
    lines = lines.astype(
        {"ends_on": "datetime64[us]", "starts_on": "datetime64[us]", "ended_on": "datetime64[us]"}
    )
    rows = [
        (name, shift(m, k), u)
        for name, m, n, u in zip(names, begins, lasts, used, strict=True)
        for k in range(n - 1)
        if shift(m, k) <= NOW
    ]
    return pd.DataFrame(rows, columns=["account_id", "month", "seats_used"]), lines


@pytest.fixture(scope="module")
def lived() -> tuple[pd.DataFrame, pd.DataFrame]:
    frame, lines = world()
    return frame, hazard.periods(frame, lines, NOW, "UTC", 30)


def test_what_is_not_certain_yet_is_no_row_and_nothing_follows_an_end(lived) -> None:
    _, asked = lived
    assert (asked["certain"] <= pd.Timestamp(as_of(NOW))).all()
    last = asked.groupby(["account_id", "month"])["ahead"].transform("max")
    assert (asked.loc[asked["ends"] == 1, "ahead"] == last[asked["ends"] == 1]).all()
    # At the close of September three months ahead end in December: with the gap, not yet known.
    assert asked.loc[asked["month"] == "2023-09", "ahead"].max() == 2
    assert set(asked["ends"]) == {0.0, 1.0}


def test_known_hazards_are_found_again_and_no_curve_rises(lived) -> None:
    frame, asked = lived
    model = hazard.fit(frame, asked, FEATURES, NOW)
    rows = pd.DataFrame({"seats_used": [0.2, 0.8]}, index=["weak", "strong"])
    left = hazard.survival(model, rows, NOW)
    assert list(left.columns) == list(range(1, 13))
    for name, rate in zip(rows.index, RATES.values(), strict=True):
        for k in (1, 3, 6, 12):
            assert left.loc[name, k] == pytest.approx((1 - rate) ** k, abs=0.06)
    assert (np.diff(left.to_numpy(), axis=1) <= 0).all()
    assert hazard.months_left(left).to_dict()["strong"] == hazard.BEYOND
    assert int(hazard.months_left(left)["weak"]) in (4, 5, 6)
    said = hazard.words(model, rows, NOW)
    assert said["weak"].startswith("half of accounts like it are gone in ")
    assert said["strong"].startswith("more than half of accounts like it are still there")


def test_to_take_the_unknown_for_staying_would_flatter(lived) -> None:
    """The rows that are not certain, filled with nought, would lower the hazard."""
    frame, asked = lived
    keys = asked[["account_id", "month"]].drop_duplicates()
    every = keys.merge(pd.DataFrame({"ahead": range(1, 13)}), how="cross")
    filled = every.merge(asked, how="left").fillna({"ends": 0.0, "unpaid": False})
    filled["certain"] = filled["certain"].fillna(pd.Timestamp(as_of("2023-01")))
    rows = pd.DataFrame({"seats_used": [0.2]}, index=["weak"])
    right, wrong = (
        hazard.survival(hazard.fit(frame, each, FEATURES, NOW), rows, NOW).loc["weak", 12]
        for each in (asked, filled.astype({"unpaid": bool}))
    )
    assert right == pytest.approx(0.85**12, abs=0.06)
    assert wrong > right + 0.15


def test_causes_compete_and_add_up(lived) -> None:
    frame, asked = lived
    unpaid = (asked["ends"] == 1) & (asked["account_id"].str[-1].isin(list("02468")))
    model = hazard.fit(frame, asked.assign(unpaid=unpaid), FEATURES, NOW)
    assert set(model.boosters) == {hazard.VOLUNTARY, hazard.UNPAID}
    rows = pd.DataFrame({"seats_used": [0.2, 0.8]}, index=["weak", "strong"])
    gone = hazard.incidence(model, rows, NOW)
    whole = gone[hazard.VOLUNTARY] + gone[hazard.UNPAID] + hazard.survival(model, rows, NOW)
    assert whole.to_numpy() == pytest.approx(np.ones((2, 12)))
    for cause in gone.values():  # every other end, whichever the cause
        assert cause.loc["weak", 12] == pytest.approx(0.43, abs=0.12)


def test_rehearsed_it_beats_a_curve_that_knows_terms_only(lived) -> None:
    frame, asked = lived
    found = hazard_rehearsal.rehearse(frame, asked, FEATURES, NOW).set_index(["horizon", "method"])
    assert (found["n"] > 50).all()
    for horizon in found.index.unique("horizon"):
        ours, theirs = (found.loc[(horizon, name)] for name in ("model", "kaplan-meier"))
        assert ours["brier"] < theirs["brier"]
        assert ours["concordance"] > 0.65
        assert ours["said"] == pytest.approx(ours["seen"], abs=0.08)


def test_too_little_is_refused_in_words(lived) -> None:
    frame, asked = lived
    few = asked[asked["account_id"] < "a0020"]
    with pytest.raises(TooFewEvents, match=r"time to churn: \d+ ends of service in \d+ months"):
        hazard.fit(frame, few, FEATURES, NOW)
    with pytest.raises(InputMissing, match="no feature has a value"):
        hazard.fit(frame.assign(seats_used=np.nan), asked, FEATURES, NOW)
    model = hazard.fit(frame, asked, FEATURES, NOW, rounds=5)
    with pytest.raises(InputMissing, match="are not there: seats_used"):
        hazard.survival(model, pd.DataFrame({"arr_now": [1.0]}), NOW)


def asked_of(*rows: tuple[str, str | None], now: str = "2024-12") -> pd.DataFrame:
    """The periods of accounts that began in 2023, each with its end and the reason of it."""
    lines = pd.DataFrame(
        {
            "line_id": [f"l{i}" for i in range(len(rows))],
            "account_id": [f"a{i}" for i in range(len(rows))],
            "starts_on": pd.Timestamp("2023-01-01"),
            "ends_on": [pd.Timestamp(end) for end, _ in rows],
            "ended_on": pd.NaT,
            "arr": 100_00,
            "end_reason": pd.Series([why for _, why in rows], dtype="str"),
        }
    ).astype(dict.fromkeys(("starts_on", "ends_on", "ended_on"), "datetime64[us]"))
    spine = lines[["account_id"]].assign(month="2024-02")
    return hazard.periods(spine, lines, now, "UTC", 30).set_index(["account_id", "ahead"])


def test_an_end_is_in_its_month_for_its_cause_and_a_merger_is_none() -> None:
    asked = asked_of(
        ("2024-05-10", "voluntary"), ("2024-05-10", "payment_failure"), ("2024-05-10", "merged")
    )
    assert asked.loc["a0", "ends"].to_dict() == {1: 0.0, 2: 0.0, 3: 1.0}
    assert asked.loc["a1", "ends"].to_dict() == {1: 0.0, 2: 0.0, 3: 1.0}
    assert asked.loc["a2", "ends"].to_dict() == {1: 0.0, 2: 0.0}
    assert asked.index[asked["unpaid"]].tolist() == [("a1", 3)]
    assert asked.loc[("a0", 3), "certain"] == pd.Timestamp("2024-07-01")


@pytest.mark.parametrize(("end", "ahead"), [("2024-03-31 23:59", 1), ("2024-04-01", 2)])
def test_an_end_on_the_edge_of_a_month_is_in_the_month_that_begins(end: str, ahead: int) -> None:
    ends = asked_of((end, "voluntary"))["ends"]
    assert ends.index[ends == 1].tolist() == [("a0", ahead)]
    days = (pd.Timestamp(end) - pd.Timestamp("2024-03-01")) / pd.Timedelta(days=1)
    rows = pd.DataFrame({"month": ["2024-02"], "days_to_end": [days]})
    assert hazard.until(rows, "days_to_end", "UTC").tolist() == [ahead]


def test_months_to_an_end_are_those_of_the_company_s_own_clock() -> None:
    # Midnight of 1 April in Berlin, one hour short of 31 days after that of 1 March.
    rows = pd.DataFrame({"month": ["2024-02", "2024-02"], "days_to_end": [31 - 1 / 24, np.nan]})
    found = hazard.until(rows, "days_to_end", "Europe/Berlin")
    assert found[0] == 2
    assert np.isnan(found[1])


def test_the_same_rows_in_any_order_give_the_same_bytes_and_drawn_months_are_whole(lived) -> None:
    frame, asked = lived
    model = hazard.fit(frame, asked, FEATURES, NOW, most=3_000, rounds=5)
    mixed = frame.sample(frac=1, random_state=1)
    again = hazard.fit(
        mixed, asked.sample(frac=1, random_state=2), FEATURES, NOW, most=3_000, rounds=5
    )
    assert again.boosters == model.boosters
    assert model.rows == pytest.approx(3_000, rel=0.1)


def terms(accounts: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts on terms of six months, of which one in two is not renewed, and nothing between."""
    rng = np.random.default_rng(5)
    lines, rows = [], []
    for i in range(accounts):
        start = shift("2022-01", int(rng.integers(0, 12)))
        for n in range(4):
            first = shift(start, 6 * n)
            begins, ends = (pd.Timestamp(as_of(m)) for m in (first, shift(first, 6)))
            lines.append((f"l{i:03d}{n}", f"a{i:03d}", begins, ends))
            for month in between(shift(first, 1), shift(first, 6)):
                left = (ends - pd.Timestamp(as_of(month))) / pd.Timedelta(days=1)
                rows.append((f"a{i:03d}", month, left))
            if rng.random() < 0.5:
                break
    told = pd.DataFrame(lines, columns=["line_id", "account_id", "starts_on", "ends_on"])
    told = told.assign(ended_on=pd.NaT, arr=100_00, end_reason="voluntary")
    told = told.astype(dict.fromkeys(("starts_on", "ends_on", "ended_on"), "datetime64[us]"))
    frame = pd.DataFrame(rows, columns=["account_id", "month", "days_to_end"])
    return frame[frame["month"] <= NOW], told


def test_the_month_in_which_a_term_ends_is_named() -> None:
    frame, lines = terms()
    asked = hazard.periods(frame, lines, NOW, "UTC", 30)
    model = hazard.fit(
        frame, asked, [catalogue().by_name["days_to_end"]], NOW, most=20_000, rounds=350
    )
    ends = pd.Timestamp("2024-04-01") - pd.Timestamp(as_of(NOW))
    rows = pd.DataFrame({"days_to_end": [ends / pd.Timedelta(days=1)]}, index=["a"])
    left = hazard.survival(model, rows, NOW).loc["a"]
    assert left[3] > 0.9
    assert left[4] == pytest.approx(0.5, abs=0.1)
    assert left[9] == pytest.approx(left[4], abs=0.06)
    assert left[10] < 0.35
    said = hazard.words(model, rows, NOW)["a"]
    assert "most likely to leave in 2024-04 (" in said
    assert said.endswith("\u00a0%), when its term ends")
