"""Permutation controls: chance where there is nothing to learn, and a leak seen for what it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from features.declare import Feature
from models import controls
from models.controls import ACCOUNT, ROW, Control
from models.measures import Interval
from models.outcomes import Question

MONTH = "2023-08"
CHURN = Question("churn")


@pytest.fixture(scope="module")
def leaky(frame: pd.DataFrame) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A column with hundreds of values, replaced by the event rate of each: before the split."""
    value = np.random.default_rng(3).integers(0, 600, len(frame))

    def encode(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(arr_now=rows["outcome"].groupby(value).transform("mean"))

    return encode


def test_training_finds_nothing_where_there_is_nothing(
    frame: pd.DataFrame, features: list[Feature]
) -> None:
    told = controls.controls(CHURN, frame, features, MONTH, rounds=25)
    assert [control.name for control in told] == [ROW, ACCOUNT]
    for control in told:
        assert control.clear, control.said
        assert control.auc.error < 0.05  # it says something


def test_the_same_check_catches_an_encoding_made_before_the_split(
    frame: pd.DataFrame,
    features: list[Feature],
    leaky: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    rows, accounts = controls.controls(CHURN, frame, features, MONTH, rounds=25, prepare=leaky)
    for control in (rows, accounts):
        assert control.auc.value > 0.7
        assert not control.clear
    assert "the answers it is tested on reach what it learns from" in rows.said


def test_a_procedure_that_knows_accounts_by_heart_fails_by_account_only(
    frame: pd.DataFrame, features: list[Feature]
) -> None:
    """An account's number in a column, and answers that an account keeps giving."""
    number = pd.factorize(frame["account_id"])[0].astype(float)
    loyal = np.random.default_rng(5).random(120) < 0.8
    told = np.where(loyal, 0.0, 1.0)[number.astype(int)]
    kept = frame.assign(outcome=np.where(frame["outcome"].isna(), np.nan, told), arr_now=number)
    rows, accounts = controls.controls(CHURN, kept, features[:1], MONTH, rounds=100)
    assert rows.clear, rows.said
    assert not accounts.clear, accounts.said
    assert "by heart" in accounts.said


@pytest.mark.parametrize("permute", [controls.by_row, controls.by_account])
def test_answers_move_and_nothing_else(
    frame: pd.DataFrame, permute: Callable[..., pd.DataFrame]
) -> None:
    rows = frame.assign(amount=np.arange(len(frame)))
    rows.loc[rows["month"] > "2023-05", "outcome"] = np.nan
    mixed = permute(rows, 1)
    still = rows.columns.difference(controls.ANSWER)
    pd.testing.assert_frame_equal(mixed[still], rows[still])
    pd.testing.assert_series_equal(mixed["outcome"].isna(), rows["outcome"].isna())
    answered = rows["outcome"].notna()
    assert sorted(mixed.loc[answered, "amount"]) == sorted(rows.loc[answered, "amount"])
    assert (mixed.loc[answered, "amount"] != rows.loc[answered, "amount"]).mean() > 0.9
    before = rows.set_index("amount")["outcome"]
    after = mixed[answered].set_index("amount")["outcome"]
    pd.testing.assert_series_equal(after, before.loc[after.index])  # an answer stays whole
    shuffled = permute(rows.sample(frac=1, random_state=2), 1)
    pd.testing.assert_frame_equal(shuffled.loc[rows.index], mixed)  # in any order of rows


def test_an_accounts_history_goes_to_one_other_whole_and_in_order(frame: pd.DataFrame) -> None:
    whose = pd.factorize(frame["account_id"])[0]
    months = pd.factorize(frame["month"], sort=True)[0]
    mixed = controls.by_account(frame.assign(base=whose, amount=months), 1)
    assert (mixed["amount"] == months).all()
    pairs = mixed.groupby("account_id")["base"].agg(["nunique", "first"])
    assert (pairs["nunique"] == 1).all()
    assert pairs["first"].is_unique


def test_the_months_of_one_decision_go_on_sharing_an_answer(frame: pd.DataFrame) -> None:
    """Three months a decision, of twenty: the last has two; so have those that begin later."""
    month = pd.factorize(frame["month"], sort=True)[0]
    odd = pd.factorize(frame["account_id"])[0] % 2 == 1
    rows = frame.assign(ends_on=month // 3)[~odd | (month > 3)]
    rows["amount"] = rows.groupby(["account_id", "ends_on"]).ngroup()
    mixed = controls.by_account(rows, 1).groupby(["account_id", "ends_on"])["amount"]
    assert (mixed.nunique() == 1).all()
    assert sorted(mixed.first()) == sorted(rows["amount"].unique())


@pytest.mark.parametrize(
    ("area", "errors", "clear"), [(0.40, -5, False), (0.60, 5, False), (0.46, -2, True)]
)
def test_below_chance_is_as_wrong_as_above(area: float, errors: float, clear: bool) -> None:
    control = Control(ROW, Interval(area, area - 0.04, area + 0.04, 0.02))
    assert control.errors == pytest.approx(errors)
    assert control.clear == clear
    assert ("reach what it learns from" in control.said) != clear
