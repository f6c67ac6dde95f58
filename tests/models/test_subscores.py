"""Sub-scores: every family speaks once, and an account that is average in all has one score."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from features.declare import CONTEXT
from models import health
from models.subscores import GROUPS, subscores

BASE = 0.05


def rows(*told: dict[str, float], bias: float = -3.0) -> pd.DataFrame:
    margins = np.array([bias + sum(each.values()) for each in told])
    return pd.DataFrame(
        {"p_churn": 1 / (1 + np.exp(-margins)), "families": [json.dumps(each) for each in told]}
    )


def test_every_family_but_the_frame_is_in_one_group() -> None:
    grouped = [family for families in GROUPS.values() for family in families]
    assert len(grouped) == len(set(grouped))
    assert {f.family for f in catalogue().features} == {*grouped, CONTEXT}
    assert len(GROUPS) == 6


def test_one_group_speaks_alone() -> None:
    every = {family: 0.0 for families in GROUPS.values() for family in families}
    found = subscores(rows(every | {"adoption": 1.5, CONTEXT: 0.4}), BASE).iloc[0]
    frame = pd.Series(1 / (1 + np.exp([3.0 - 0.4, 3.0 - 1.9])))
    still, moved = health.score(frame, BASE)
    assert found["use"] == moved
    assert set(found.drop("use")) == {still}
    assert moved < still


def test_a_group_is_the_sum_of_its_families_and_the_frame_adds_to_all() -> None:
    one = subscores(rows({"billing": 0.5, "contract": 0.4, "sentiment": 0.0}), BASE).iloc[0]
    other = subscores(rows({"billing": 0.9, "contract": 0.0, "sentiment": 0.0}), BASE).iloc[0]
    assert one["commercial"] == other["commercial"]


def test_what_is_not_in_the_model_or_not_scored_has_none() -> None:
    told = rows({"adoption": 0.3})
    found = subscores(told, BASE).iloc[0]
    assert found["use"] is not pd.NA
    assert found.drop("use").isna().all()
    silent = told.assign(p_churn=np.nan, families="{}")
    assert subscores(silent, BASE).isna().all(axis=None)


def test_a_family_that_one_account_lacks_is_not_measured_there() -> None:
    found = subscores(rows({"adoption": 0.3, "sentiment": 0.2}, {"adoption": 0.3}), BASE)
    assert found["voice"].isna().to_list() == [False, True]


def test_an_account_of_one_group_has_its_health_score_there_and_more_risk_never_scores_higher() -> (
    None
):
    every = {family: 0.0 for families in GROUPS.values() for family in families}
    told = rows(*({**every, "adoption": push} for push in np.linspace(-5, 8, 400)))
    found = subscores(told, BASE)["use"]
    assert found.to_list() == health.score(told["p_churn"], BASE).to_list()
    assert found.is_monotonic_decreasing
    assert found.iloc[0] > 90 > 10 > found.iloc[-1]
