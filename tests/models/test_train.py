"""Training: the same twice, blind to what was not certain, honest about what it found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import artefacts
from models.folds import folds
from models.rehearsal import METHODS
from models.train import TooFewEvents, rows
from warehouse.errors import InputMissing
from warehouse.months import as_of


def test_two_trainings_of_the_same_rows_in_any_order_are_the_same_model(
    fit, frame, trained
) -> None:
    again = fit(frame.sample(frac=1, random_state=3))
    assert artefacts.digest(again) == artefacts.digest(trained)
    assert again.held_out.equals(trained.held_out)


def test_another_outcome_is_another_model(fit, frame, trained) -> None:
    changed = frame.copy()
    changed.loc[changed.index[0], "outcome"] = 1 - changed["outcome"].iloc[0]
    assert artefacts.digest(fit(changed)) != artefacts.digest(trained)


def test_answers_not_yet_certain_do_not_touch_the_model(fit, frame, trained) -> None:
    poisoned = frame.copy()
    poisoned.loc[poisoned["month"] > trained.through, "outcome"] = 1.0
    assert trained.through == "2023-03"  # its window and gap end 2023-08-31
    assert artefacts.digest(fit(poisoned)) == artefacts.digest(trained)


def test_a_fold_cannot_see_answers_that_came_after_its_origin(fit, frame, trained) -> None:
    first = folds(
        sorted(frame["month"].unique()), trained.question, as_of(trained.month), 30, "UTC"
    )
    poisoned = frame.copy()
    later = poisoned["month"] > max(first[0].train_months)  # the embargo, the test, all after it
    poisoned.loc[later, "outcome"] = 1 - poisoned.loc[later, "outcome"]
    before = trained.held_out[trained.held_out["fold"] == 0]
    after = fit(poisoned).held_out.query("fold == 0")
    # Which of two methods ships is decided by all folds, so "model" itself is not asked.
    for method in set(METHODS) - {"model"}:
        assert after[method].equals(before[method])


def test_each_fold_is_measured_beside_its_baselines(trained) -> None:
    table = trained.folds
    assert table["method"].to_list() == list(METHODS) * table["fold"].nunique()
    assert (table.loc[table["method"] == "base rate", "auc"] == 0.5).all()
    assert table.loc[table["method"] == "model", "auc"].mean() > 0.75
    assert (table["origin"] <= table["last"]).all()
    assert set(trained.verdict.split(":")[0].split(" by ")) & {
        "beats logistic regression",
        "is a logistic regression, for trees were no better than it",
    }


def test_shuffled_answers_teach_nothing_and_the_verdict_says_so(fit, make_world) -> None:
    areas = []
    for seed in range(2):
        shuffled = make_world(accounts=120, seed=seed)
        rng = np.random.default_rng(seed)
        shuffled["outcome"] = rng.permutation(shuffled["outcome"])
        found = fit(shuffled, rounds=20, seeds=(1,))
        areas.append(found.folds.query("method == 'model'")["auc"].mean())
        assert found.verdict.startswith("no signal")
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)


def test_a_model_that_only_remembers_accounts_is_shown_up_by_those_it_never_saw(
    fit, make_world
) -> None:
    # One random answer for life an account, and features that never change: nothing to learn.
    known = make_world(accounts=200)
    names = [name for name in known if name not in ("account_id", "month", "outcome")]
    first = known[known["month"] == "2022-01"].set_index("account_id")
    for name in names:
        known[name] = known["account_id"].map(first[name])
    luck = dict(zip(first.index, np.random.default_rng(0).random(200) < 0.3, strict=True))
    known["outcome"] = known["account_id"].map(luck).astype(float)
    newcomers = known["account_id"] >= "a0100"
    found = fit(known[~newcomers | (known["month"] >= "2022-12")], seeds=(1,)).folds
    newest = found[(found["method"] == "model") & (found["fold"] == found["fold"].max())].iloc[0]
    assert newest["n_unseen"] == 300
    assert newest["auc"] > 0.65
    assert newest["auc_unseen"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        (lambda f: f["outcome"] == 0, "0 events and"),
        (lambda f: f["account_id"] < "a0010", "a model needs at least 50 of each and 6 months"),
        (lambda f: f["month"] > "2022-06", "in 9 months"),
    ],
)
def test_too_little_is_refused_with_the_counts(fit, frame, keep, said) -> None:
    with pytest.raises(TooFewEvents, match=said) as refused:
        fit(frame[keep(frame)])
    assert refused.value.code == 65


def test_events_only_in_the_newest_months_cannot_be_tested_and_are_refused(fit, frame) -> None:
    late = frame.copy()
    late.loc[late["month"] < "2023-01", "outcome"] = 0.0
    with pytest.raises(TooFewEvents, match="could not be tested"):
        fit(late)


def test_columns_without_a_value_are_left_out_and_constants_do_no_harm(fit, frame) -> None:
    odd = frame.assign(nps_last=np.nan, seats_used=1.0)
    found = fit(odd, rounds=5, seeds=(1,))
    assert "nps_last" not in found.names
    assert "seats_used" in found.names
    names = list(found.names)
    with pytest.raises(InputMissing, match="no feature has a value"):
        fit(odd.assign(**dict.fromkeys(names, np.nan)))


def test_growth_is_what_was_gained_over_what_it_grew_from(fit, frame) -> None:
    expansion = fit(frame, kind="expansion", rounds=5, seeds=(1,))
    assert expansion.amounts.growth(frame) == pytest.approx(np.full(len(frame), 0.25))
    assert expansion.question.kind == "expansion"


def test_rows_join_features_to_answers_by_month_and_account() -> None:
    index = pd.Index(["a", "b"], name="account_id", dtype="str")
    known = {
        "2024-02": pd.DataFrame({"x": [3.0, 4.0]}, index=index),
        "2024-01": pd.DataFrame({"x": [1.0, 2.0], "y": [5.0, 6.0]}, index=index),
    }
    answers = pd.DataFrame(
        {
            "account_id": ["b", "a", "a"],
            "month": ["2024-01", "2024-02", "2024-01"],
            "outcome": [1.0, 0.0, np.nan],
        }
    ).astype({"account_id": "str"})
    found = rows(known, answers)
    assert found["account_id"].to_list() == ["a", "b", "a"]
    assert found["x"].to_list() == [1.0, 2.0, 3.0]
    assert found["y"].isna().to_list() == [False, False, True]
