from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from metrics import capacity
from metrics.arr import at
from metrics.capacity import (
    Engagement,
    Scenario,
    accounts_held,
    ahead,
    book,
    breakeven,
    load,
    lorenz,
    needed,
    overload,
    per_csm,
    productive_hours,
    scenarios,
)
from metrics.definitions.coverage import COVERAGE
from metrics.facts import Facts
from metrics.policy import Policy
from metrics.registry import REGISTRY
from tests.metrics.ledgers import frame, line
from tests.metrics.test_oracles import oracle
from warehouse.errors import Usage

MODEL = {"gold": Engagement(touches=3, hours=4), "basic": Engagement(touches=1, hours=0.5)}
LABELS = pd.DataFrame(
    {
        "account_id": list("ABCDEF"),
        "csm": ["Ann", "Ann", "Ann", "Bob", None, "Bob"],
        "tier": ["gold", "gold", "basic", "gold", "basic", None],
    }
).astype("str")
LINES = frame([line(a, "2024-01-01", None, 100 * (i + 1)) for i, a in enumerate("ABCDEF")])


@pytest.fixture
def held() -> pd.DataFrame:
    return book(at(LINES, datetime(2024, 6, 1)), LABELS)


def test_a_csm_of_a_published_calculator() -> None:
    given, expected = oracle(22)["input"], oracle(22)["expected"]
    hours = productive_hours(
        given["hours_week"], given["weeks"], given["utilisation"], given["admin"]
    )
    assert hours == pytest.approx(expected["productive_hours"])
    each = Engagement(given["touches"], given["hours_touch"])
    assert accounts_held(hours, each) == pytest.approx(expected["accounts"])
    assert round(accounts_held(hours, Engagement(4, 8)), 2) == 10.36


def test_a_tier_that_is_given_nothing_has_no_limit() -> None:
    assert math.isinf(accounts_held(331.5, Engagement(0, 8)))


def test_who_looks_after_whom(held: pd.DataFrame) -> None:
    assert held["csm"].tolist() == ["Ann", "Ann", "Ann", "Bob", "unassigned", "Bob"]
    assert held["tier"].tolist() == ["gold", "gold", "basic", "gold", "basic", "not known"]
    told = load(held)
    assert told[["csm", "tier"]].to_numpy().tolist() == [
        ["Ann", "basic"],
        ["Ann", "gold"],
        ["Bob", "gold"],
        ["Bob", "not known"],
        ["unassigned", "basic"],
    ]
    assert (told["accounts"].sum(), told["arr"].sum()) == (6, 2100)


def test_accounts_and_arr_a_csm(held: pd.DataFrame) -> None:
    table = per_csm(held).set_index("tier")
    assert table.index.tolist() == ["basic", "gold", "not known", "all"]
    # E has no CSM, so it is in no tier's count.
    assert table["csms"].tolist() == [1, 2, 1, 2]
    assert table["accounts"].tolist() == [1, 3, 1, 5]
    assert table["accounts_per_csm"].tolist() == [1, 1.5, 1, 2.5]
    assert table["arr_per_csm"].tolist() == [300, 350, 600, 800]
    assert table["arr_per_csm"].dtype == "int64"
    assert table["most_accounts"].tolist() == [1, 2, 1, 3]
    assert table.loc["all", ["accounts_spread", "arr_spread"]].tolist() == [3 / 2.5, 1000 / 800]


def test_hours_needed_against_hours_there_are(held: pd.DataFrame) -> None:
    table = needed(held, MODEL, 20, {"gold": 1.5, "basic": 0.5}).set_index("tier")
    assert table.index.tolist() == ["basic", "gold", "not known", "all"]
    assert table["accounts"].tolist() == [2, 3, 1, 5]
    nan = float("nan")
    assert table["hours_needed"].tolist() == pytest.approx([1, 36, nan, 37], nan_ok=True)
    assert table["hours_available"].tolist() == [10, 30, 0, 40]
    assert table["load"].tolist() == pytest.approx([0.1, 1.2, nan, 37 / 40], nan_ok=True)
    assert table["gap"].tolist() == pytest.approx([0.05 - 0.5, 0.3, nan, 1.85 - 2], nan_ok=True)


def test_people_who_are_not_counted_are_not_nobody(held: pd.DataFrame) -> None:
    table = needed(held, MODEL, 20)
    assert table["people_needed"].iloc[-1] == pytest.approx(1.85)
    assert table[["people", "hours_available", "load", "gap"]].isna().all().all()
    with pytest.raises(Usage, match="more than 0"):
        needed(held, MODEL, 0)


def test_scenarios_move_accounts_and_touches(held: pd.DataFrame) -> None:
    cases = {"base": Scenario(), "growth": Scenario(accounts=1.5), "risk": Scenario(touches=2)}
    table = scenarios(held, MODEL, 20, {"gold": 2}, cases)
    whole = table[table["tier"] == "all"]
    assert whole["scenario"].tolist() == ["base", "growth", "risk"]
    assert whole["hours_needed"].tolist() == pytest.approx([37, 55.5, 74])
    assert whole["accounts"].tolist() == pytest.approx([5, 7.5, 5])
    assert whole["gap"].tolist() == pytest.approx([-0.15, 0.775, 1.7])


def test_a_year_in_which_nobody_is_hired() -> None:
    table = ahead(40, 20, people=2, growth=0.1)
    assert table["month"].tolist() == list(range(13))
    assert table["gap"].iloc[0] == 0
    assert table["gap"].iloc[12] == pytest.approx(2 * 1.1**12 - 2)


def test_the_most_loaded_csm_first(held: pd.DataFrame) -> None:
    table = overload(held, MODEL, 20, {"Bob": 0.5})
    assert table["csm"].tolist() == ["Ann", "Bob"]
    assert table["accounts"].tolist() == [3, 2]
    assert table["planned"].tolist() == [3, 1]
    assert table["load"].tolist() == pytest.approx([24.5 / 20, 12 / 10])
    assert overload(held, MODEL, 20, {"Ann": 2.0})["csm"].tolist() == ["Ann", "Bob"]
    assert overload(held, MODEL, 20, {"Bob": 0.25})["csm"].tolist() == ["Bob", "Ann"]


def test_hours_beside_what_is_at_stake(held: pd.DataFrame) -> None:
    hours = pd.Series({"A": 3.0, "B": 1.0, "E": 6.0})
    stake = pd.Series({"A": 300, "B": 500, "C": 200})
    table = lorenz(held, hours, stake)
    # C: money, no hours. B and A: 0.002 and 0.01 an hour per cent. D and F: neither. E: hours only.
    assert table["account_id"].tolist() == ["C", "B", "A", "D", "E", "F"]
    assert table["hours_share"].tolist() == pytest.approx([0, 0.1, 0.4, 0.4, 1, 1])
    assert table["stake_share"].tolist() == pytest.approx([0.2, 0.7, 1, 1, 1, 1])
    empty = lorenz(held, pd.Series(dtype="float64"), pd.Series(dtype="float64"))
    assert empty[["hours_share", "stake_share"]].isna().all().all()


def test_when_a_role_pays_for_itself() -> None:
    assert breakeven(5, 100_000, 100_000) == pytest.approx(0.2)


def test_nobody_and_nothing(held: pd.DataFrame) -> None:
    none = held[:0]
    assert per_csm(none).empty
    assert overload(none, MODEL, 20).empty
    assert lorenz(none, pd.Series(dtype="float64"), pd.Series(dtype="float64")).empty
    assert needed(none, MODEL, 20)["hours_needed"].tolist() == [0]
    assert np.isfinite(needed(none, MODEL, 20)["people_needed"]).all()


def test_the_figures_of_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {each.name: each for each in COVERAGE}
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **entries})

    def told(lines: pd.DataFrame, today: pd.DataFrame) -> dict[str, tuple[object, int]]:
        facts = Facts("2024-06", "UTC", Policy(), {"contract_lines": lines}, today)
        return {name: (f.value, f.n) for name, f in capacity.figures(facts).items()}

    assert told(LINES, LABELS) == {"accounts_per_csm": (2.5, 2), "arr_per_csm": (800, 2)}
    nobody = {"accounts_per_csm": (None, 0), "arr_per_csm": (None, 0)}
    assert told(LINES, LABELS.assign(csm=pd.Series([None] * 6, dtype="str"))) == nobody
    assert told(LINES, pd.DataFrame()) == nobody
    assert told(frame([]), LABELS) == nobody
    assert capacity.figures(Facts("2024-06", "UTC", Policy(), {}, LABELS)) == {}
    # The last day counts: what begins at the next month's first instant does not.
    ends = frame([line("A", "2024-01-01", "2024-07-01", 5), line("B", "2024-07-01", None, 7)])
    assert told(ends, LABELS)["arr_per_csm"] == (5, 1)
