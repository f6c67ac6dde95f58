"""Changes: the parts of a change in probability add up, and stand under the right name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models import changes
from models.changes import TOLD, changed, portfolio
from models.trained import Trained
from warehouse.errors import InputMissing, Usage


def month(rows: pd.DataFrame, which: str) -> pd.DataFrame:
    return rows[rows["month"] == which].set_index("account_id")


@pytest.fixture(scope="module")
def later(fit, make_world) -> Trained:
    """A model of another world, which asks for a feature fewer and one more."""
    rows = make_world(seed=11).drop(columns="nps_last")
    return fit(rows)


@pytest.fixture(scope="module")
def earlier(fit, frame) -> Trained:
    return fit(frame.drop(columns="seats_used"))


@pytest.fixture(scope="module")
def then(frame) -> pd.DataFrame:
    return month(frame, "2023-05").iloc[:-6]


@pytest.fixture(scope="module")
def now(frame) -> pd.DataFrame:
    return month(frame, "2023-08").iloc[4:]


def parts(found: pd.DataFrame) -> pd.DataFrame:
    return found.drop(columns=list(TOLD))


def test_the_parts_add_up_with_values_that_come_and_go_and_another_model(
    earlier, later, then, now
) -> None:
    found = changed(earlier, later, then, now.sample(frac=1, random_state=1), catalogue())
    assert found.index.to_list() == sorted(set(then.index) | set(now.index))
    stayed = found[found["status"] == "stayed"]
    assert len(stayed) == 110
    assert stayed["p_before"].equals(earlier.predict(then.loc[stayed.index]).rename("p_before"))
    assert stayed["p_after"].to_numpy() == pytest.approx(later.predict(now.loc[stayed.index]))
    gap = parts(stayed).sum(axis=1) - (stayed["p_after"] - stayed["p_before"])
    assert gap.abs().max() < 1e-9
    assert (parts(stayed).abs().mean() > 1e-4).all()  # no part is there for show


def test_accounts_of_one_month_are_listed_and_not_split(trained, then, now) -> None:
    found = changed(trained, trained, then, now, catalogue())
    new, gone = found[found["status"] == "new"], found[found["status"] == "gone"]
    assert new.index.to_list() == now.index[-6:].to_list()
    assert gone.index.to_list() == then.index[:4].to_list()
    assert new["p_before"].isna().all()
    assert new["p_after"].notna().all()
    assert gone["p_after"].isna().all()
    assert gone["p_before"].notna().all()
    alone = found[found["status"] != "stayed"]
    assert parts(alone).isna().all(axis=None)
    assert alone["change"].isna().all()


def test_a_change_of_one_family_stands_under_it(trained, then) -> None:
    known = then.dropna()
    worse = known.assign(
        tickets_opened_28d=known["tickets_opened_28d"] + 2,
        tickets_opened_90d=known["tickets_opened_90d"] + 2,
    )
    split = parts(changed(trained, trained, known, worse, catalogue())).abs().sum()
    assert split["support load"] > 0.8 * split.sum()
    assert split["model"] < 1e-6
    assert split["coverage"] < 1e-6
    rise = changed(trained, trained, known, worse, catalogue())["support load"]
    assert rise.mean() > 0.05


def test_values_that_become_unknown_are_coverage(trained, then) -> None:
    known = then.dropna()
    blind = known.assign(usage_trend=np.nan)
    for first, second in ((known, blind), (blind, known)):
        split = parts(changed(trained, trained, first, second, catalogue())).abs().sum()
        assert split["coverage"] > 0.5 * split.sum()


def test_a_feature_only_the_later_model_has_is_coverage(trained, earlier, then) -> None:
    known = then.dropna()
    moved = known.assign(seats_used=known["seats_used"].to_numpy()[::-1])
    split = parts(changed(earlier, trained, known, moved, catalogue())).abs().sum()
    assert split["coverage"] > 0
    without = changed(earlier, trained, known.drop(columns="seats_used"), known, catalogue())
    assert parts(without)["coverage"].abs().sum() > 0
    assert parts(without)["model"].abs().sum() > 0


def test_a_change_of_model_alone_is_all_under_model(earlier, later, then) -> None:
    found = changed(earlier, later, then, then, catalogue())
    assert found["change"].abs().mean() > 0.01
    assert found["model"].to_numpy() == pytest.approx(found["change"].to_numpy(), abs=1e-12)
    assert (parts(found).drop(columns="model") == 0).all(axis=None)


def test_nothing_changed_is_nothing(trained, then) -> None:
    found = changed(trained, trained, then, then, catalogue())
    assert (found["change"] == 0).all()
    assert (parts(found) == 0).all(axis=None)


def test_parts_that_cancel_are_shown_at_the_slope() -> None:
    """0.4 up and 0.4 down at even odds: a quarter of it in points each, and no change."""
    given = np.array([[0.4, -0.4, 0.0], [0.4, -0.4 + 1e-8, 0.0]])
    found = changes._points(given, np.zeros(2), np.array([0.0, 1e-8]))
    assert found == pytest.approx(np.array([[0.1, -0.1, 0.0]] * 2), abs=1e-6)


def test_models_of_two_questions_are_refused(trained, fit, frame, then, now) -> None:
    with pytest.raises(Usage, match="two questions"):
        changed(trained, fit(frame, kind="expansion"), then, now, catalogue())


@pytest.mark.parametrize("which", ["then", "now"])
def test_a_lost_feature_is_refused(trained, then, now, which: str) -> None:
    months = {"then": then, "now": now}
    months[which] = months[which].drop(columns="usage_trend")
    with pytest.raises(InputMissing, match="usage_trend"):
        changed(trained, trained, months["then"], months["now"], catalogue())


def random_changes(seed: int) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    rng = np.random.default_rng(seed)
    index = pd.Index([f"a{i:03d}" for i in range(60)], name="account_id")
    status = rng.choice(["stayed", "new", "gone"], p=[0.8, 0.1, 0.1], size=60)
    before = np.where(status == "new", np.nan, rng.random(60))
    after = np.where(status == "gone", np.nan, rng.random(60))
    split = rng.normal(size=(60, 4))
    split[:, 3] += after - before - split.sum(axis=1)
    split[status != "stayed"] = np.nan
    told = pd.DataFrame(
        {"status": status, "p_before": before, "p_after": after, "change": after - before},
        index=index,
    )
    told[["adoption", "billing", "coverage", "model"]] = split
    arr = [pd.Series(rng.integers(0, 90_000_00, 60), index=index) for _ in "ab"]
    return told, arr[0][status != "new"], arr[1][status != "gone"]


def test_the_bridge_sums_to_the_cent() -> None:
    for seed in range(40):
        told, arr_then, arr_now = random_changes(seed)
        found = portfolio(told, arr_then.sample(frac=1, random_state=2), arr_now)
        amount = found["amount"]
        assert amount.dtype == "int64"
        assert amount.iloc[:-1].sum() == amount.iloc[-1]
        assert amount.iloc[0] == round(float((told["p_before"] * arr_then).sum()))
        assert amount.iloc[-1] == round(float((told["p_after"] * arr_now).sum()))


def test_each_step_of_the_bridge_is_what_it_says() -> None:
    told = pd.DataFrame(
        {
            "status": ["stayed", "new", "gone"],
            "p_before": [0.10, np.nan, 0.50],
            "p_after": [0.30, 0.20, np.nan],
            "change": [0.20, np.nan, np.nan],
            "adoption": [0.25, np.nan, np.nan],
            "coverage": [0.0, np.nan, np.nan],
            "model": [-0.05, np.nan, np.nan],
        },
        index=["a", "b", "c"],
    )
    arr_then, arr_now = pd.Series({"a": 1000, "c": 400}), pd.Series({"a": 2000, "b": 700})
    found = portfolio(told, arr_then, arr_now)
    assert list(found.itertuples(index=False, name=None)) == [
        ("expected loss then", "total", 300),
        ("new accounts", "accounts", 140),
        ("gone accounts", "accounts", -200),
        ("ARR of the same accounts", "arr", 200),  # 1000 more at 20 %
        ("adoption", "family", 375),  # 25 points of 1500
        ("coverage", "coverage", 0),
        ("model", "model", -75),
        ("expected loss now", "total", 740),
    ]


def test_a_cent_of_rounding_goes_to_a_step_that_is_there() -> None:
    for money in ([0.0, 0.0, 10.0, -3.0, 0.0], [0.0, 0.0, 10.4, -3.4, 0.0]):
        for total in (6, 7, 8):
            cents = changes._cents(np.array(money), total)
            assert cents[[0, 1, 4]].tolist() == [0, 0, 0]
            assert cents.sum() == total


def test_real_changes_make_a_bridge(earlier, later, then, now) -> None:
    told = changed(earlier, later, then, now, catalogue())
    arr_then = pd.Series(100_01, index=then.index)
    arr_now = pd.Series(133_37, index=now.index)
    found = portfolio(told, arr_then, arr_now)
    assert found["amount"].iloc[:-1].sum() == found["amount"].iloc[-1]
    assert found["kind"].to_list()[-3:] == ["coverage", "model", "total"]


def test_an_account_without_arr_is_refused() -> None:
    told, arr_then, arr_now = random_changes(1)
    with pytest.raises(InputMissing, match="1 accounts scored now"):
        portfolio(told, arr_then, arr_now.iloc[1:])
