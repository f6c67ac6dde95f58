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
    assert gone[hazard.UNPAID].loc["weak", 12] == pytest.approx(0.43, abs=0.12)


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
