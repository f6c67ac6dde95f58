"""Rehearsals of the past: nothing learned that was not yet certain."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from models.folds import TRAIN_MONTHS, Fold, folds, split
from models.outcomes import Question
from warehouse.months import as_of, between

MONTHS = between("2021-01", "2023-12")


def made(months=MONTHS, kind="churn", now="2023-12", **more):
    return folds(months, Question(kind), as_of(now), 30, "UTC", **more)


@pytest.mark.parametrize("kind", ["churn", "expansion"])
def test_a_fold_learns_every_month_certain_at_its_origin_and_no_other(kind) -> None:
    question = Question(kind)
    for fold in made(kind=kind):
        assert fold.as_of == as_of(fold.origin)
        certain = [m for m in MONTHS if question.knowable(m, "UTC", 30) <= fold.as_of]
        assert list(fold.train_months) == certain
        assert max(certain) < min(fold.test_months)


def test_the_embargo_is_the_window_and_the_gap() -> None:
    # Asked at 2022-12 the window ends 2023-05-01; the 30 days of the gap end 2023-05-31.
    newest = {fold.origin: fold.train_months[-1] for fold in made()}
    assert newest["2023-05"] == "2022-12"
    without_gap = {fold.origin: fold.train_months[-1] for fold in made(kind="expansion")}
    assert without_gap["2023-06"] == "2023-02"


def test_six_quarters_are_tested_each_month_once_and_the_newest_among_them() -> None:
    found = made()
    tested = [month for fold in found for month in fold.test_months]
    assert len(found) == 6
    assert tested == between("2022-02", "2023-07")  # 2023-07 is certain at the end of 2023


def test_a_short_history_gives_fewer_folds_and_a_shorter_one_none() -> None:
    assert len(made(MONTHS[-20:])) == 2
    assert made(MONTHS[-9:]) == []
    assert all(len(fold.train_months) >= TRAIN_MONTHS for fold in made(MONTHS[-20:]))


def test_months_not_certain_now_are_never_tested() -> None:
    assert made(now="2023-01")[-1].test_months[-1] == "2022-08"


def test_accounts_never_learned_from_are_marked() -> None:
    fold = made()[0]
    rows = pd.DataFrame(
        {
            "account_id": ["a", "a", "b", "c", "a"],
            "month": [*["2021-01"], *[fold.origin] * 3, "2021-11"],
            "outcome": [0.0, 1.0, 0.0, float("nan"), 1.0],
        }
    )
    train, test, unseen = split(rows, fold)
    assert train.tolist() == [True, False, False, False, False]  # 2021-11 is in the embargo
    assert test.tolist() == [False, True, True, False, False]
    assert unseen.tolist() == [False, False, True, False, False]


def test_where_rows_say_when_they_are_certain_a_fold_learns_from_those_alone() -> None:
    fold = Fold(("2024-01", "2024-02", "2024-03"), ("2024-09",), datetime(2024, 10, 1))
    frame = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "month": ["2024-02", "2024-08", "2024-08", "2024-09"],
            "outcome": 0.0,
            "certain": pd.to_datetime(["2024-11-01", "2024-10-01", "2024-10-02", "2024-09-15"]),
        }
    )
    train, test, unseen = split(frame, fold)
    assert train.tolist() == [False, True, False, False]
    assert test.tolist() == unseen.tolist() == [False, False, False, True]
    assert split(frame.drop(columns="certain"), fold)[0].tolist() == [True, False, False, False]
