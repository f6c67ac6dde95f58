"""Rehearsals: what ships, what is credited to whom, and who was a stranger."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import rehearsal
from models.rehearsal import ships, strangers, verdict


def two_folds() -> pd.DataFrame:
    """Two folds in which a quarter did it, and methods that say nothing of it."""
    rng = np.random.default_rng(2)
    said = {name: rng.normal(size=600) for name in ("trees", "logistic", "calendar")}
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(600)],
            "fold": np.repeat([0, 1], 300),
            "outcome": np.tile([1.0, 0, 0, 0], 150),
            **said,
        }
    )


def told(trees: float, logistic: float) -> pd.DataFrame:
    """`two_folds`, with trees and logistic regression that know so much of it."""
    held_out = two_folds().assign(
        trees=lambda rows: trees * rows["outcome"] + rows["trees"],
        logistic=lambda rows: logistic * rows["outcome"] + rows["logistic"],
    )
    return held_out.assign(model=held_out[ships(held_out)])


@pytest.mark.parametrize(
    ("trees", "logistic", "method", "said"),
    [
        (2.0, 0.5, "trees", "beats logistic regression by +"),
        (0.5, 2.0, "logistic", "is a logistic regression, for trees were no better than it: -"),
        (2.0, 1.85, "logistic", "is a logistic regression, for trees were no better than it: +"),
        (2.0, 1.65, "trees", "leads logistic regression, not beyond doubt: +"),
        (0.0, 0.0, "logistic", "no signal: AUC 0."),
    ],
)
def test_what_ships_and_the_verdict_in_words(
    trees: float, logistic: float, method: str, said: str
) -> None:
    held_out = told(trees, logistic)
    assert ships(held_out) == method
    assert verdict(held_out).startswith(said)
    assert verdict(held_out).endswith(("over 2 folds", "is not above chance"))


def test_what_the_calendar_tells_as_well_is_credited_to_it() -> None:
    held_out = told(0.0, 0.0).assign(calendar=lambda rows: 2 * rows["outcome"] + rows["calendar"])
    as_well = held_out.assign(model=held_out["calendar"] + 0.2 * held_out["model"])
    assert verdict(as_well).startswith("no better than calendar and size alone: ")
    better = held_out["calendar"] + 2 * held_out["outcome"]
    assert verdict(held_out.assign(model=better, trees=better)).startswith("beats logistic")


def test_a_third_of_the_accounts_are_strangers_and_always_the_same() -> None:
    accounts = pd.Series([f"a{i:05d}" for i in range(9_000)])
    found = strangers(accounts)
    assert found.mean() == pytest.approx(1 / 3, abs=0.02)
    assert (strangers(accounts[::-1].reset_index(drop=True)) == found[::-1]).all()


def test_strangers_are_asked_in_the_newest_folds_by_trees_that_never_met_them(trained) -> None:
    rows = trained.held_out
    newest = rows["fold"] > rows["fold"].max() - rehearsal.STRANGE_FOLDS
    asked = rows["stranger"].notna()
    assert (asked == newest & strangers(rows["account_id"])).all()
    assert not np.isclose(rows.loc[asked, "stranger"], rows.loc[asked, "trees"]).any()
    table = trained.folds[trained.folds["n_stranger"] > 0]
    assert table["n_stranger"].sum() == asked.sum()
    assert set(table["method"]) == {"trees"}
    assert table["auc_stranger"].between(0.6, 1).all()


def test_the_model_that_is_kept_is_the_one_that_was_rehearsed(fit, make_world) -> None:
    # Straight lines are all there is here, so the simpler model ships, and scores.
    found = fit(make_world(accounts=150, seed=3), rounds=3, seeds=(1,))
    assert found.logistic is not None
    assert found.method == "logistic regression"
    assert found.held_out["model"].equals(found.held_out["logistic"].rename("model"))
    assert found.golden_margins == pytest.approx(found.logistic.margins(found.golden))
