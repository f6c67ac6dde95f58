"""Baselines learn from the past they are given and say something sensible of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models import baselines
from models.outcomes import Question


def named(*names: str):
    return [catalogue().by_name[name] for name in names]


@pytest.mark.parametrize(
    ("kind", "there", "chosen"),
    [
        ("churn", ("arr_now", "days_to_end", "usage_trend"), "usage_trend"),
        ("churn", ("arr_now", "seats_used", "days_to_end"), "days_to_end"),
        ("churn", ("tenure", "arr_now"), "tenure"),
        ("expansion", ("arr_now", "usage_trend", "seats_used"), "seats_used"),
        ("expansion", ("tenure", "arr_now"), "arr_now"),
    ],
)
def test_the_rule_looks_where_a_person_would(kind, there, chosen) -> None:
    assert baselines.column(Question(kind), named(*there)).name == chosen


def test_the_rule_says_the_rate_seen_at_similar_values() -> None:
    values = np.repeat([10.0, 50.0, np.nan], 400)
    outcome = np.concatenate([np.tile([1, 0, 0, 0], 100), np.zeros(400), np.tile([1, 0], 200)])
    past = pd.DataFrame({"days_to_end": values, "outcome": outcome})
    rule = baselines.Rule.fit(named("days_to_end")[0], past)
    said = rule.predict(pd.DataFrame({"days_to_end": [9.0, 60.0, np.nan]}))
    # 20 rows at the base rate of .25 are added to each class of 400.
    assert said == pytest.approx([0.25, 5 / 420, 205 / 420])
