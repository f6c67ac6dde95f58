"""How much an account grows: told apart, adding up, robust, the same twice, plain data."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models import amounts
from models.amounts import CLASSES, ENOUGH, Amounts, Floats, fit
from warehouse.errors import InputMissing

NAMES = ("arr_now", "main_product", "nps_last", "seats_used", "usage_trend")
MONTHS = ("2024-01", "2024-02", "2024-03", "2024-04")


def grown(accounts: int = 500, seed: int = 3, cause: float = 0.8) -> pd.DataFrame:
    """Rows in which accounts short of seats grow by more, and one in three grows."""
    rng = np.random.default_rng(seed)
    size = accounts * len(MONTHS)
    seats = rng.normal(size=size)
    base = np.exp(rng.normal(13.5, 1.2, size)).astype(np.int64)
    share = np.exp(-2 + cause * np.clip(seats, -2, 2) + 0.5 * rng.normal(size=size))
    outcome = (rng.random(size) < 1 / 3).astype(float)
    return pd.DataFrame(
        {
            "account_id": np.tile([f"a{i:05d}" for i in range(accounts)], len(MONTHS)),
            "month": np.repeat(MONTHS, accounts),
            "arr_now": base.astype(float),
            "seats_used": np.where(rng.random(size) < 0.05, np.nan, seats),
            "usage_trend": rng.normal(size=size),
            "nps_last": np.nan,
            "main_product": pd.array(rng.choice(["core", "plus"], size), dtype="str"),
            "outcome": np.where(rng.random(size) < 0.1, np.nan, outcome),
            "base": base,
            "amount": (outcome * np.maximum(share * base, 0.011 * base)).astype(np.int64),
        }
    )


@pytest.fixture(scope="module")
def taught() -> pd.DataFrame:
    return grown()


@pytest.fixture(scope="module")
def learnt(taught: pd.DataFrame) -> Amounts:
    return fit(taught, NAMES)


def of_those_that_grew(frame: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """The rows that grew, and by what share."""
    rows = frame[frame["outcome"] == 1]
    return rows, (rows["amount"] / rows["base"]).to_numpy(np.float64)


def test_those_short_of_seats_are_told_to_grow_by_more_also_later(learnt: Amounts) -> None:
    rows, share = of_those_that_grew(grown(seed=4))
    told = learnt.growth(rows)
    usual = rows["amount"].sum() / rows["base"].sum()
    assert np.corrcoef(np.log(told), np.log(share))[0, 1] > 0.7
    assert np.abs(told - share).mean() < 0.8 * np.abs(usual - share).mean()


def test_money_told_of_the_past_is_what_it_came_to_in_each_size_class(
    taught: pd.DataFrame, learnt: Amounts
) -> None:
    rows, share = of_those_that_grew(taught)
    assert len(learnt.edges) == len(rows) // amounts.CLASS - 1 == 1
    where = np.searchsorted(learnt.edges, rows["arr_now"], side="right")
    kept = np.clip(share, learnt.low, learnt.high)
    told = learnt.growth(rows)
    for each in range(len(learnt.scale)):
        here = where == each
        money = rows["base"].to_numpy()[here]
        assert (told[here] * money).sum() == pytest.approx((kept[here] * money).sum(), rel=0.01)
    # Without the scale it would fall short: the mean of logarithms is not the log of the mean.
    assert min(learnt.scale) > 1.05


def test_there_are_never_more_classes_than_that() -> None:
    assert len(fit(grown(accounts=2_000), NAMES).scale) == CLASSES


def test_one_account_that_took_in_another_does_not_move_the_rest(
    taught: pd.DataFrame, learnt: Amounts
) -> None:
    wild = taught.copy()
    first = wild.index[wild["outcome"] == 1][0]
    wild.loc[first, "amount"] = 100 * wild.loc[first, "base"]
    before, after = learnt.growth(taught), fit(wild, NAMES).growth(taught)
    assert after.mean() == pytest.approx(before.mean(), rel=0.02)
    assert after.max() < 1.5


def test_no_more_and_no_less_is_told_than_was_seen(taught: pd.DataFrame, learnt: Amounts) -> None:
    _, share = of_those_that_grew(taught)
    assert np.quantile(share, amounts.EXTREMES) == pytest.approx((learnt.low, learnt.high))
    told = replace(learnt, low=0.1, high=0.2).growth(taught)
    assert (told.min(), told.max()) == (0.1, 0.2)


def test_the_same_rows_in_any_order_are_the_same_bytes(
    taught: pd.DataFrame, learnt: Amounts
) -> None:
    again = fit(taught.sample(frac=1, random_state=5), NAMES[::-1])
    assert again.raw == learnt.raw
    assert again.to_dict() == learnt.to_dict()


def test_rows_that_did_not_grow_or_are_not_answered_teach_nothing(
    taught: pd.DataFrame, learnt: Amounts
) -> None:
    other = taught.copy()
    other.loc[other["outcome"] != 1, ["amount", "base", "seats_used"]] = 1
    assert fit(other, NAMES).raw == learnt.raw


def test_it_is_plain_data_and_tells_the_same_once_read_back(
    taught: pd.DataFrame, learnt: Amounts
) -> None:
    told = json.loads(json.dumps(learnt.to_dict(), allow_nan=False))
    again = Amounts.from_dict(told, learnt.raw)
    assert again.growth(taught).tolist() == learnt.growth(taught).tolist()
    assert again.to_dict() == learnt.to_dict()


def test_features_never_known_and_words_are_left_out_and_a_missing_one_is_refused(
    taught: pd.DataFrame, learnt: Amounts
) -> None:
    assert learnt.names == ("arr_now", "seats_used", "usage_trend")
    with pytest.raises(InputMissing, match=r"from 3 features, and 1 of them .* first seats_used"):
        learnt.growth(taught.drop(columns="seats_used"))
    unknown = learnt.growth(taught.assign(arr_now=np.nan, seats_used=np.nan))
    assert np.isfinite(unknown).all()
    # Of unknown size is among the smallest.
    large = replace(learnt, scale=(0.0, 1.0), low=0.0)
    assert (large.growth(taught.assign(arr_now=np.nan)) == 0).all()
    assert (large.growth(taught.assign(arr_now=1e9)) > 0).all()


def test_too_few_expansions_are_one_growth_for_everybody_and_it_is_said(
    taught: pd.DataFrame,
) -> None:
    rows, _ = of_those_that_grew(taught)
    few = rows.head(ENOUGH - 1)
    found = fit(few, NAMES)
    share = (few["amount"] / few["base"]).clip(found.low, found.high)
    usual = (share * few["base"]).sum() / few["base"].sum()
    assert found.growth(taught) == pytest.approx(np.full(len(taught), usual))
    assert found.raw == b""
    assert found.said == (
        f"the same growth for everybody, {usual:.1%}: it takes 50 past expansions, and something "
        "known of them, to tell large from small; there are 49"
    )
    assert Amounts.from_dict(found.to_dict()).growth(taught)[0] == pytest.approx(usual)
    assert fit(rows.head(ENOUGH), NAMES).said == "learnt from 50 past expansions"
    assert "something known of them" in fit(rows, ["nps_last"]).said


def test_nobody_has_grown_yet(taught: pd.DataFrame) -> None:
    found = fit(taught[taught["outcome"] != 1], NAMES)
    assert (found.growth(taught) == 0).all()
    assert found.said == "no account has grown yet, so no gain is told"
    assert len(found.growth(taught.head(0))) == 0


def test_where_nothing_tells_sizes_apart_little_is_made_of_it() -> None:
    found = fit(grown(cause=0.0), NAMES)
    rows, share = of_those_that_grew(grown(seed=6, cause=0.0))
    told = found.growth(rows)
    assert told.std() < 0.35 * share.std()
    usual = rows["amount"].sum() / rows["base"].sum()
    assert np.average(told, weights=rows["base"]) == pytest.approx(usual, rel=0.15)
