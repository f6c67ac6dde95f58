from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from plays.reasons import Why, raising

TOLD = [
    {
        "text": "Seats: 90 %; associated with lower risk",
        "family": "adoption",
        "direction": "lowers",
    },
    {
        "text": "Tickets: 13 (was 4); associated with higher risk of churn",
        "family": "support load",
        "direction": "raises",
    },
    {"text": "Overdue: 2", "family": "billing", "direction": "raises"},
]
UP = [Why("Tickets: 13 (was 4)", "support load"), Why("Overdue: 2", "billing")]


@pytest.mark.parametrize("form", [TOLD, json.dumps(TOLD), np.array(TOLD, dtype=object)])
def test_the_ledgers_reasons_in_order_without_those_that_lower(form: Any) -> None:
    assert raising(form, '{"onboarding": 9}') == UP


@pytest.mark.parametrize(
    "families",
    [["support load", "billing"], '["support load", "billing"]', {"billing": 1, "support load": 2}],
)
def test_plain_texts_take_their_families_from_beside(families: Any) -> None:
    for reasons in (["Tickets: 13 (was 4)", "Overdue: 2"], "Tickets: 13 (was 4)\nOverdue: 2"):
        assert raising(reasons, families) == UP


def test_a_family_that_does_not_raise_is_no_reason() -> None:
    assert raising(["Overdue: 2"], '{"adoption": -1.0, "billing": 0.2}') == [
        Why("Overdue: 2", "billing")
    ]
    assert raising(["Overdue: 2"], {"adoption": -1.0}) == [Why("Overdue: 2", "")]
    assert raising([], {"billing": 0.2, "adoption": 0.1}) == [Why("", "billing")]


@pytest.mark.parametrize("nothing", [None, float("nan"), "", "[]", [], ["", None]])
def test_no_reason_is_no_reason(nothing: Any) -> None:
    assert raising(nothing) == []
