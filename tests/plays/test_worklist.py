from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from plays.playbooks import Play, choose, playbooks
from plays.worklist import NOBODY, worklist
from tests.plays.test_playbooks import play
from warehouse.errors import DataRefused, Usage

PLAYS = [play("review", (), 1, 0.05), play("pay", ("billing",), 2, 0.2)]


def why(*families: str) -> str:
    told = [{"text": f"about {f}", "family": f, "direction": "raises"} for f in families]
    return json.dumps(told)


def scores(rows: list[dict[str, Any]]) -> pd.DataFrame:
    blank = {"csm": "Ann", "arr": 100_000, "p_churn": 0.5, "band": "at risk", "reasons": "[]"}
    table = pd.DataFrame([{**blank, **row} for row in rows])
    return table.astype({"account_id": "str", "csm": "str", "reasons": "str"})


def test_a_row_says_all_a_csm_needs() -> None:
    table = worklist(
        scores(
            [
                {
                    "account_id": "A",
                    "name": "Acme",
                    "reasons": why("billing", "adoption"),
                    "days_to_renewal": 40.0,
                }
            ]
        ),
        PLAYS,
        10,
        datetime(2024, 11, 1),
    )
    assert table.to_dict("records") == [
        {
            "account_id": "A",
            "name": "Acme",
            "csm": "Ann",
            "arr": 100_000,
            "p_churn": 0.5,
            "band": "at risk",
            "reason_1": "about billing",
            "reason_2": "about adoption",
            "reason_3": "",
            "play": "pay",
            "first_step": "Do it",
            "hours": 2.0,
            "expected_saved": 10_000,
            "days_to_renewal": 40.0,
            "do_by": pd.Timestamp("2024-11-08"),
            "outcome": "",
        }
    ]


def test_ranked_by_what_is_saved_an_hour_and_ties_by_account() -> None:
    table = worklist(
        scores(
            [
                {"account_id": "tie2"},
                {"account_id": "tie1"},
                {"account_id": "more", "reasons": why("billing"), "arr": 60_000},
                {"account_id": "less", "reasons": why("billing"), "arr": 40_000},
            ]
        ),
        PLAYS,
        100,
    )
    # An hour saves 3,000 on "more" and 2,500 on the ties; "less" saves 4,000 but needs two.
    assert table["account_id"].tolist() == ["more", "tie1", "tie2", "less"]
    assert table["expected_saved"].tolist() == [6_000, 2_500, 2_500, 4_000]


def test_many_ties_stay_in_order() -> None:
    rows = [{"account_id": f"A{i:03d}"} for i in reversed(range(200))]
    found = worklist(scores(rows), PLAYS, 1000)["account_id"]
    assert found.tolist() == sorted(found)


def test_each_book_is_filled_until_nothing_fits() -> None:
    rows = [
        {"account_id": "a", "reasons": why("billing"), "arr": 900_000},
        {"account_id": "b", "reasons": why("billing"), "arr": 800_000},
        {"account_id": "c", "arr": 100_000},
        {"account_id": "d", "arr": 90_000},
        {"account_id": "e", "csm": "Bob", "arr": 10},
    ]
    table = worklist(scores(rows), PLAYS, {"Ann": 3, "Bob": 0.5})
    assert table["account_id"].tolist() == ["a", "c"]


def test_tenths_of_hours_add_up() -> None:
    plays = [play("short", (), 0.1, 0.1)]
    table = worklist(scores([{"account_id": str(i)} for i in range(5)]), plays, 0.3)
    assert len(table) == 3


def test_an_account_without_a_csm_is_in_a_book_of_its_own() -> None:
    rows = [{"account_id": "A", "csm": None}, {"account_id": "B"}]
    assert worklist(scores(rows), PLAYS, 5)["csm"].tolist() == [NOBODY, "Ann"]
    assert worklist(scores(rows), PLAYS, {"Ann": 5})["account_id"].tolist() == ["B"]
    assert len(worklist(scores(rows), PLAYS, {"Ann": 5, NOBODY: 5})) == 2


def test_who_is_not_scored_or_has_nothing_to_lose_is_not_listed() -> None:
    rows = [
        {"account_id": "A", "p_churn": np.nan, "band": "not scored"},
        {"account_id": "B", "p_churn": 0.0},
        {"account_id": "C", "arr": 0},
        {"account_id": "D"},
    ]
    assert worklist(scores(rows), PLAYS, 5)["account_id"].tolist() == ["D"]


def test_nothing_to_list_has_the_same_columns() -> None:
    full = worklist(scores([{"account_id": "A"}]), PLAYS, 5, datetime(2024, 11, 1))
    empty = worklist(
        scores([{"account_id": "A", "p_churn": np.nan}]), PLAYS, 5, datetime(2024, 11, 1)
    )
    assert empty.empty
    assert dict(empty.dtypes) == dict(full.dtypes)


def test_a_missing_name_is_the_account_id() -> None:
    table = worklist(
        scores([{"account_id": "A", "name": None}, {"account_id": "B", "name": "Bee"}]), PLAYS, 5
    )
    assert table["name"].tolist() == ["A", "Bee"]


@pytest.mark.parametrize(
    ("rows", "hours", "error", "says"),
    [
        ([{"account_id": "A"}, {"account_id": "A"}], 5, DataRefused, "account A is scored twice"),
        ([{"account_id": "A", "p_churn": 1.2}], 5, DataRefused, "account A has p_churn 1.2"),
        ([{"account_id": "A"}], {"Bob": 5}, Usage, "no hours are given for Ann, who has"),
        ([{"account_id": "A"}], {"Ann": -1}, Usage, "Ann has -1.0 hours"),
        ([{"account_id": "A"}], float("nan"), Usage, "Ann has nan hours"),
    ],
)
def test_what_cannot_be_ranked_is_refused(
    rows: list[dict[str, Any]], hours: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        worklist(scores(rows), PLAYS, hours)


FAMILIES = ["billing", "adoption", "sentiment", "unheard of"]
account = st.fixed_dictionaries(
    {
        "csm": st.sampled_from(["Ann", "Bob", None]),
        "arr": st.integers(0, 5_000_000),
        "p_churn": st.floats(0, 1) | st.just(np.nan),
        "reasons": st.lists(st.sampled_from(FAMILIES), max_size=3).map(lambda f: why(*f)),
    }
)


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
@given(st.lists(account, min_size=1, max_size=25), st.floats(0, 30), st.integers(0, 2**31))
def test_every_list_keeps_its_promises(
    rows: list[dict[str, Any]], budget: float, seed: int
) -> None:
    table = scores([{"account_id": f"A{i:02d}", **row} for i, row in enumerate(rows)])
    plays: tuple[Play, ...] = playbooks()
    found = worklist(table, plays, budget)
    assert found["account_id"].is_unique
    assert (found.groupby("csm")["hours"].sum() <= budget + 1e-6).all()
    effects = {each.name: each.prior_effect for each in plays}
    exact = found["p_churn"] * found["arr"] * found["play"].map(effects).astype("float64")
    assert (found["expected_saved"] == exact.round()).all()
    assert (-exact / found["hours"]).is_monotonic_increasing
    chosen = table.set_index("account_id").loc[found["account_id"], "reasons"].map(json.loads)
    first = [told[0]["family"] if told else "" for told in chosen]
    assert found["play"].tolist() == [choose(plays, family).name for family in first]
    # Whoever was left out did not fit what was left in the end, or had nothing to lose.
    left = budget - found.groupby("csm")["hours"].sum()
    for row in table[~table["account_id"].isin(found["account_id"])].itertuples():
        told = json.loads(row.reasons)
        needs = choose(plays, told[0]["family"] if told else "").hours
        csm = NOBODY if pd.isna(row.csm) else row.csm
        assert not (row.p_churn > 0 and row.arr > 0) or needs > left.get(csm, budget)
    mixed = table.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(worklist(mixed, plays, budget), found)
