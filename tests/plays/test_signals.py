from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from plays.signals import COLUMNS, Signal, fired, signals, tally


def rule(name: str, words: str, *when: tuple[str, str, float]) -> Signal:
    keys = ("feature", "comparison", "threshold")
    conditions = [dict(zip(keys, each, strict=True)) for each in when]
    told = {"name": name, "title": name, "family": "adoption", "when": conditions, "words": words}
    return Signal.model_validate(told)


MATRIX = pd.DataFrame(
    {"trend": [0.9, 0.4, np.nan, 0.1], "days": [10.0, 10.0, 10.0, np.nan]},
    index=pd.Index(["B", "A", "C", "D"], name="account_id"),
)


def test_a_rule_fires_where_all_its_conditions_hold() -> None:
    both = rule("both", "{trend:.0%} with {days:.0f} days", ("trend", "<", 0.5), ("days", "<=", 10))
    table = fired(MATRIX, [both])
    assert list(table.columns) == COLUMNS
    assert table.to_dict("split")["data"] == [
        ["both", "both", "adoption", "fired", "A", "40 % with 10 days"]
    ]


def test_the_unknown_never_fires_in_any_direction() -> None:
    for comparison in ("<", "<=", ">", ">=", "=="):
        found = fired(MATRIX, [rule("r", "x", ("trend", comparison, 0.2))])
        assert "C" not in found["account_id"].tolist()


@pytest.mark.parametrize(
    ("comparison", "accounts"),
    [("<", ["D"]), ("<=", ["A", "D"]), (">", ["B"]), (">=", ["A", "B"]), ("==", ["A"])],
)
def test_each_comparison_at_its_threshold(comparison: str, accounts: list[str]) -> None:
    found = fired(MATRIX, [rule("r", "x", ("trend", comparison, 0.4))])
    assert found["account_id"].tolist() == accounts


def test_each_rule_is_listed_though_quiet_or_not_available() -> None:
    rules = [
        rule("absent", "{nps:.0f}", ("trend", "<", 0.5), ("nps", "<=", 6), ("csat", "<=", 2)),
        rule("quiet", "x", ("trend", "<", 0.0)),
        rule("loud", "x", ("days", ">", 0)),
    ]
    table = fired(MATRIX, rules)
    assert table.loc[table["signal"] == "absent", ["status", "words"]].to_numpy().tolist() == [
        ["not available", "Needs nps, csat"]
    ]
    assert tally(table)[["signal", "status", "accounts"]].to_numpy().tolist() == [
        ["absent", "not available", 0],
        ["quiet", "quiet", 0],
        ["loud", "fired", 3],
    ]


def test_no_accounts_and_no_rules() -> None:
    table = fired(MATRIX.iloc[:0], signals())
    assert set(table["status"]) == {"not available"}
    assert fired(MATRIX, []).empty
    assert tally(fired(MATRIX, [])).empty


def test_the_rules_that_come_with_the_product_read_features_there_are() -> None:
    declared = catalogue().by_name
    for each in signals():
        for feature in each.features:
            assert feature in declared, f"{each.name} reads {feature}"
        families = {declared[feature].family for feature in each.features}
        assert each.family in families
