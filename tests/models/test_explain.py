"""Reasons: one an idea, in words, largest first, and adding up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models import explain
from warehouse.errors import InputMissing


@pytest.fixture(scope="module")
def now(frame) -> pd.DataFrame:
    return frame[frame["month"] == "2023-08"].set_index("account_id")


@pytest.fixture(scope="module")
def then(frame) -> pd.DataFrame:
    return frame[frame["month"] == "2023-05"].set_index("account_id").iloc[5:]


def parts_of(trained, rows: pd.DataFrame, **weights: float) -> pd.DataFrame:
    """Contributions as given, the same for each row; nothing for the rest."""
    parts = pd.DataFrame(0.0, index=rows.index, columns=[*trained.names, "bias"])
    return parts.assign(**weights)


def said(trained, rows, then, **weights: float):
    parts = parts_of(trained, rows, **weights)
    return explain.reasons(trained, rows, then, catalogue(), grounds=[parts])


def test_windows_of_one_idea_are_one_reason(trained, now, then) -> None:
    found = said(
        trained, now, then, tickets_opened_28d=0.3, tickets_opened_90d=0.4, usage_trend=0.5
    )
    first = found["reasons"].iloc[0]
    assert [(r["idea"], r["contribution"]) for r in first] == [
        ("tickets_opened", 0.7),
        ("usage_trend", 0.5),
    ]
    assert first[0]["feature"] == "tickets_opened_90d"
    assert first[0]["family"] == "support load"


def test_reasons_on_the_account_s_side_of_the_average_come_first(trained, now, then) -> None:
    risky = said(trained, now, then, usage_trend=0.9, nps_last=0.2, arr_now=-0.6)
    assert [r["idea"] for r in risky["reasons"].iloc[0]] == ["usage_trend", "nps_last", "arr_now"]
    assert [r["direction"] for r in risky["reasons"].iloc[0]] == ["raises", "raises", "lowers"]
    safe = said(trained, now, then, usage_trend=0.4, nps_last=0.2, arr_now=-0.9)
    assert [r["idea"] for r in safe["reasons"].iloc[0]] == ["arr_now", "usage_trend", "nps_last"]


def test_a_reason_says_now_then_and_typical_and_claims_no_cause(trained, now, then) -> None:
    rows = now.assign(tickets_opened_28d=np.arange(float(len(now))))
    past = rows.assign(tickets_opened_28d=4.0).iloc[5:]
    found = said(trained, rows, past, tickets_opened_28d=0.7).set_index("account_id")["reasons"]
    assert found["a0013"][0]["text"] == (
        "Tickets opened, last 28 days: 13 tickets (was 4, typical 60); "
        "associated with higher risk of churn"
    )
    assert "was" not in found["a0001"][0]["text"]  # not a customer then
    assert not any("because" in r["text"] for told in found for r in told)


def test_typical_is_the_median_of_accounts_of_similar_arr_and_age(trained, now, then) -> None:
    small = np.arange(len(now)) < 75
    rows = now.assign(
        tickets_opened_28d=np.where(small, 2.0, 30.0),
        arr_now=np.where(small, 5_000_00.0, 500_000_00.0),
        tenure=800.0,
    )
    parts = parts_of(trained, rows, tickets_opened_28d=0.7)
    found = explain.reasons(trained, rows, then, catalogue(), grounds=[parts])
    assert "typical 2)" in found["reasons"].iloc[0][0]["text"]
    assert "typical 30)" in found["reasons"].iloc[-1][0]["text"]


def test_ideas_of_one_driver_are_one_reason_said_by_the_one_that_weighs_most(
    trained, now, then
) -> None:
    found = said(trained, now, then, seats_used=0.3, usage_trend=0.5, tickets_opened_90d=-0.6)
    first = found["reasons"].iloc[0]
    assert [(r["driver"], r["feature"], r["contribution"]) for r in first] == [
        ("adoption", "usage_trend", 0.8),
        ("product quality", "tickets_opened_90d", -0.6),
    ]
    mixed = said(trained, now, then, seats_used=-0.9, usage_trend=1.0)["reasons"].iloc[0]
    assert [(r["feature"], r["direction"]) for r in mixed] == [("usage_trend", "raises")]


def test_a_reason_not_every_model_gives_is_said_to_be_unsteady(trained, now, then) -> None:
    models = [parts_of(trained, now, usage_trend=w, tickets_opened_28d=0.3) for w in (0.9, -0.1)]
    first = explain.reasons(trained, now, then, catalogue(), grounds=models)["reasons"].iloc[0]
    assert [r["seen"] for r in first] == [[1, 2], [2, 2]]
    assert first[0]["contribution"] == pytest.approx(0.4)
    assert first[0]["text"].endswith("risk of churn (in 1 of 2 models: unsteady)")
    assert first[1]["text"].endswith("risk of churn")


def test_what_people_say_is_never_a_reason_and_p_is_that_of_the_drivers(trained, now, then) -> None:
    assert "nps_last" in trained.names
    grounds = list(trained.grounds(now))
    assert len(grounds) == len(trained.drivers)
    assert all((each["nps_last"] == 0).all() for each in grounds)
    found = explain.reasons(trained, now, then, catalogue())
    margin = sum(each.sum(axis=1) for each in grounds) / len(grounds)
    assert found["p"].to_numpy() == pytest.approx(1 / (1 + np.exp(-margin)), abs=1e-6)
    assert not {r["family"] for each in found["reasons"] for r in each} & {"sentiment"}


def test_what_moves_nothing_is_no_reason(trained, now, then) -> None:
    assert said(trained, now, then, usage_trend=0.04)["reasons"].iloc[0] == []


def test_real_contributions_make_reasons_of_the_planted_cause(trained, now, then) -> None:
    found = explain.reasons(trained, now, then, catalogue(), top=2)
    risky = trained.predict(now).to_numpy().argsort()[-10:]
    named = {r["idea"] for told in found["reasons"].iloc[risky] for r in told}
    assert {"usage_trend", "tickets_opened"} <= named
    assert found["reasons"].map(len).max() <= 2
    assert found["account_id"].to_list() == now.index.to_list()


def test_families_add_up_to_the_log_odds(trained, now) -> None:
    parts = trained.contributions(now)
    by_family = explain.families(trained, parts, catalogue())
    assert set(by_family.columns) == {catalogue().by_name[n].family for n in trained.names}
    whole = by_family.sum(axis=1) + parts["bias"]
    assert whole.to_numpy() == pytest.approx(parts.sum(axis=1).to_numpy(), abs=1e-9)


def test_expected_loss_is_shared_by_what_raises_it_to_the_cent() -> None:
    by_family = pd.DataFrame(
        {"adoption": [0.6, -0.2, 0.3], "support": [0.2, -0.1, 0.3], "billing": [-0.9, 0.0, 0.3]},
        index=["a", "b", "c"],
    )
    p = pd.Series([0.5, 0.1, 0.1], index=["a", "b", "c"])
    arr = pd.Series([1000, 500, 101], index=["a", "b", "c"])
    found = explain.expected_loss(by_family, p, arr)
    # a: 500, three to one; b: 50, nothing raises it; c: 10.1, in thirds. In all 560.1.
    assert found.to_dict() == {
        "adoption": 378,
        "support": 129,
        explain.NO_DRIVER: 50,
        "billing": 3,
    }
    assert found.sum() == 560


def test_a_feature_no_longer_declared_is_refused(trained, now, then) -> None:
    from features.catalogue import Catalogue

    fewer = Catalogue(tuple(f for f in catalogue().features if f.name != "usage_trend"))
    with pytest.raises(InputMissing, match="no longer declared: usage_trend; train again"):
        explain.reasons(trained, now, then, fewer)
