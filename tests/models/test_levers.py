"""Levers: the family that would lower the risk most, never one that would raise it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models import levers as module
from models.levers import NO_LEVER, best, levers, said
from warehouse.errors import InputMissing, Usage


@pytest.fixture(scope="module")
def now(frame) -> pd.DataFrame:
    return frame[frame["month"] == "2023-08"].set_index("account_id").fillna(0.0)


def test_the_planted_cause_is_the_best_lever(trained, now) -> None:
    """Thirty accounts are as all others but for tickets, thirty but for use."""
    flat = now[list(trained.names)] * 0.0
    tickets = flat.index[:30]
    usage = flat.index[-30:]
    flat.loc[tickets, ["tickets_opened_28d", "tickets_opened_90d"]] = 2.5
    flat.loc[usage, "usage_trend"] = -2.5
    found = best(levers(trained, flat, catalogue()))
    assert set(found.loc[tickets, "family"]) == {"support load"}
    assert set(found.loc[usage, "family"]) == {"adoption"}
    assert (found.loc[tickets, "drop"] > 0.05).all()
    assert (found["family"].iloc[30:-30] == "").all()


def test_a_lever_is_the_drop_with_the_family_at_the_median(trained, now) -> None:
    """All worse than typical: what `levers` says is what the model says of such rows."""
    rows = now.copy()
    worse = rows["usage_trend"] < rows["usage_trend"].median()
    better_seats = rows["seats_used"] > rows["seats_used"].median()
    at = rows.assign(
        usage_trend=rows["usage_trend"].clip(lower=rows["usage_trend"].median()),
        seats_used=rows["seats_used"].clip(lower=rows["seats_used"].median()),
    )
    drop = (trained.predict(rows) - trained.predict(at)).clip(lower=0.0)
    found = levers(trained, rows, catalogue())
    assert found["adoption"].to_numpy() == pytest.approx(drop.to_numpy(), abs=1e-12)
    assert found["adoption"][worse].mean() > 0.02
    assert (found["adoption"][~worse & better_seats] == 0).all()


def test_no_lever_is_below_zero_and_frames_are_none(trained, now) -> None:
    found = levers(trained, now, catalogue())
    assert found.columns.to_list() == ["adoption", "support load"]
    assert (found >= 0).all(axis=None)
    assert (found > 0).any().any()
    assert (found == 0).any().any()


def test_peers_are_those_of_similar_arr_and_age(trained, now) -> None:
    """Tickets that are usual among large accounts are no lever there, and one among small."""
    large = np.arange(len(now)) < 70
    rows = (now[list(trained.names)] * 0.0).assign(
        arr_now=np.where(large, 500_000_00.0, 5_000_00.0),
        tenure=800.0,
        tickets_opened_28d=np.where(large, 2.5, 0.0),
        tickets_opened_90d=np.where(large, 2.5, 0.0),
    )
    rows.iloc[-1, rows.columns.get_indexer(["tickets_opened_28d", "tickets_opened_90d"])] = 2.5
    found = levers(trained, rows, catalogue())["support load"]
    assert (found[large] == 0).all()
    assert found.iloc[-1] > 0.05


def test_unknown_values_stay_unknown(trained, now) -> None:
    rows = now.assign(tickets_opened_28d=np.nan, tickets_opened_90d=np.nan)
    assert (levers(trained, rows, catalogue())["support load"] == 0).all()
    some = now.assign(usage_trend=now["usage_trend"].mask(np.arange(len(now)) < 10))
    some["seats_used"] = 0.0
    assert (levers(trained, some, catalogue())["adoption"].iloc[:10] == 0).all()


def test_only_known_values_on_the_risky_side_are_set() -> None:
    """More is riskier, less is riskier, and not said beforehand."""
    riskier = np.array([1, -1, 0])
    values = np.array([[5.0, 5.0, 5.0], [1.0, 1.0, 1.0], [np.nan] * 3, [9.0, 1.0, 9.0]])
    typical = np.array([[3.0] * 3] * 3 + [[np.nan] * 3])
    found = module._better(values, typical, riskier)
    expected = [[3.0, 5.0, 3.0], [1.0, 3.0, 3.0], [np.nan] * 3, [9.0, 1.0, 9.0]]
    np.testing.assert_array_equal(found, expected)


def test_batches_change_nothing(trained, now, monkeypatch) -> None:
    whole = levers(trained, now, catalogue())
    for cells in (1, 2 * now[list(trained.names)].size):
        monkeypatch.setattr(module, "CELLS", cells)
        assert levers(trained, now, catalogue()).equals(whole)


def test_best_takes_the_largest_and_says_no_cause() -> None:
    given = pd.DataFrame(
        {"adoption": [0.02, 0.003, 0.1], "billing": [0.0421, 0.0, 0.1]}, index=["a", "b", "c"]
    )
    found = best(given)
    assert found["family"].to_list() == ["billing", "", "adoption"]
    assert found["drop"].to_list() == [0.0421, 0.0, 0.1]
    assert found["text"].iloc[0] == (
        "billing no worse than at similar accounts: associated with 4.2 points less risk of churn"
    )
    assert found["text"].iloc[1] == NO_LEVER == said("", 0.0)
    assert not found["text"].str.contains("because").any()
    assert best(given[[]])["family"].to_list() == ["", "", ""]


def test_another_question_or_a_lost_feature_is_refused(trained, fit, frame, now) -> None:
    with pytest.raises(Usage, match="expansion"):
        levers(fit(frame, kind="expansion"), now, catalogue())
    with pytest.raises(InputMissing, match="usage_trend"):
        levers(trained, now.drop(columns="usage_trend"), catalogue())
