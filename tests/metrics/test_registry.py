from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from metrics.entry import Entry
from metrics.policy import Policy
from metrics.registry import REGISTRY, BadFigure, Unregistered, entry, figure

ASKED = {
    "arr",
    "nrr",
    "grr",
    "logo_retention",
    "new_arr",
    "expansion_arr",
    "contraction_arr",
    "churned_arr",
    "reactivation_arr",
    "customers",
    "renewals_due",
    "arr_due",
    "arr_at_risk",
    "expected_loss",
    "accounts_not_scored",
    "arr_not_scored",
}
SUMS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def worth(node: ast.expr) -> float:
    """The value of a sum written out in an example."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.BinOp):
        return SUMS[type(node.op)](worth(node.left), worth(node.right))
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return {"max": max, "min": min}[node.func.id](worth(arg) for arg in node.args)


def test_what_the_reports_print_is_registered() -> None:
    assert set(REGISTRY) >= ASKED
    assert all(name == each.name for name, each in REGISTRY.items())


@pytest.mark.parametrize("each", REGISTRY.values(), ids=lambda each: each.name)
def test_an_entry_says_everything_and_its_example_adds_up(each: Entry) -> None:
    said = {k: v for k, v in asdict(each).items() if k != "target"}
    assert all(isinstance(v, str) and v.strip() for v in said.values())
    left, right = each.example.split(" = ")
    places = len(right.partition(".")[2])
    assert round(worth(ast.parse(left, mode="eval").body), places) == float(right)
    assert re.fullmatch(r"[a-z_]+", each.name)


def test_targets_are_those_of_the_field_and_can_be_a_companys_own() -> None:
    assert [entry(n).target for n in ("nrr", "grr", "logo_retention")] == [1.10, 0.90, 0.90]
    assert entry("nrr", {"nrr": 1.02, "grr": 0.8}).target == 1.02
    assert entry("arr", {"nrr": 1.02}).target is None
    with pytest.raises(Unregistered, match="'nrrr'"):
        entry("nrr", {"nrrr": 1.0})


def test_a_number_without_an_entry_cannot_be_printed() -> None:
    with pytest.raises(Unregistered, match="did you mean churned_arr") as refusal:
        figure("churn_arr", 1, 1)
    assert refusal.value.code == 64


def test_a_figure_carries_its_rule_and_definition() -> None:
    found = figure("nrr", 0.93, np.int64(6), low=0.9, high=1.0, policy=Policy(months=6))
    assert asdict(found) == {
        "value": 0.93,
        "unit": "share",
        "n": 6,
        "policy": "closed cohort, point to point, 6 months",
        "definition": REGISTRY["nrr"].formula,
        "low": 0.9,
        "high": 1.0,
    }
    assert figure("nrr", None, 0).value is None


def test_money_is_whole_cents_of_plain_type() -> None:
    found = figure("arr", np.int64(12345), 3)
    assert (found.value, type(found.value)) == (12345, int)
    assert type(figure("grr", 1, 3).value) is float


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("arr", 10.5, 1), "whole cents"),
        (("expected_loss", np.float64(10.0), 1), "whole cents"),
        (("customers", 3.5, 1), "a whole number"),
        (("nrr", float("nan"), 1), "give None"),
        (("nrr", float("inf"), 1), "give None"),
        (("nrr", 0.9, -1), "n is -1"),
        (("nrr", 0.9, 1, 0.95, 0.85), "above its high bound"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(BadFigure, match=says) as refusal:
        figure(*arguments)
    assert refusal.value.code == 70
