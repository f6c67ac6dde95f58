"""A month's rows: money by multiplication, and nothing invented where a model is missing."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from features.catalogue import catalogue
from models import artefacts, health
from models.amounts import Amounts
from models.scores import COLUMNS
from models.scoring import score


@pytest.fixture(scope="module")
def now(frame) -> pd.DataFrame:
    return frame[frame["month"] == "2023-08"].set_index("account_id").sort_index(ascending=False)


@pytest.fixture(scope="module")
def arr(now) -> pd.Series:
    return pd.Series(range(100_00, 100_00 + len(now)), index=now.index)


@pytest.fixture(scope="module")
def expansion(trained):
    quarter = Amounts((), (), (0.25,), 0.0, 1.0, 0, "a quarter for everybody")
    return replace(trained, question=replace(trained.question, kind="expansion"), amounts=quarter)


def test_money_follows_from_the_probabilities(trained, expansion, now, arr) -> None:
    found = score(arr, now, now, catalogue(), trained, expansion)
    assert list(found.columns) == list(COLUMNS)
    assert found["account_id"].is_monotonic_increasing
    p, q = found["p_churn"], found["p_expansion"]
    assert found["arr"].to_list() == arr.sort_index().to_list()
    assert found["expected_loss"].to_list() == (p * found["arr"]).round().to_list()
    gain = ((1 - p) * q * 0.25 * found["arr"]).round()
    assert found["expected_gain"].to_list() == gain.to_list()
    assert (found["expected_change"] == found["expected_gain"] - found["expected_loss"]).all()
    assert found["score"].equals(health.score(p, trained.base_rate))
    assert found["band"].to_list() == health.bands(p, trained.base_rate).to_list()


def test_a_row_carries_its_reasons_and_what_made_it(trained, expansion, now, arr) -> None:
    found = score(arr, now, now, catalogue(), trained, expansion)
    assert set(found["churn_model"]) == {f"2023-08 {artefacts.digest(trained)}"}
    told = [json.loads(text) for text in found["reasons"]]
    assert all("risk of churn" in reason["text"] for reasons in told for reason in reasons)
    grown = [json.loads(text) for text in found["expansion_reasons"]]
    assert all("odds of expansion" in reason["text"] for reasons in grown for reason in reasons)
    assert set(json.loads(found["families"].iloc[0])) == {
        catalogue().by_name[name].family for name in trained.names
    }


def test_without_a_churn_model_nothing_is_scored(expansion, now, arr) -> None:
    found = score(arr, now, now, catalogue(), None, expansion)
    assert set(found["band"]) == {health.NOT_SCORED}
    money = ["score", "p_churn", "expected_loss", "expected_gain", "expected_change"]
    assert found[money].isna().all().all()
    assert set(found["churn_model"]) == {""}
    assert set(found["reasons"]) == {"[]"}


def test_without_an_expansion_model_no_gain_is_expected(trained, now, arr) -> None:
    found = score(arr, now, now, catalogue(), trained, None)
    assert (found["expected_gain"] == 0).all()
    assert (found["expected_change"] == -found["expected_loss"]).all()
    assert found["p_expansion"].isna().all()
