"""The level: followed where all risks rise at once, left alone where nothing changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.level import SPREAD, level, offset

FOLDS, ACCOUNTS = 6, 400


def rehearsed(turn: int, rise: float) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Six quarters of what was said; from fold ``turn`` on the odds are ``rise`` (log) higher.

    A fold is told what came of all but the one before it.
    """
    draw = np.random.default_rng(5)
    parts = []
    for fold in range(FOLDS):
        for month in range(3):
            margin = draw.normal(-2.0, 0.8, ACCOUNTS)
            true = margin + (rise if fold >= turn else 0.0)
            parts.append(
                pd.DataFrame(
                    {
                        "account_id": [f"a{i:03d}" for i in range(ACCOUNTS)],
                        "month": f"202{fold}-{month + 1:02d}",
                        "fold": fold,
                        "outcome": (draw.random(ACCOUNTS) < 1 / (1 + np.exp(-true))) * 1.0,
                        "trees": 1 / (1 + np.exp(-margin)),
                    }
                )
            )
    rows = pd.concat(parts, ignore_index=True)
    return rows, [(rows["fold"] < fold - 1).to_numpy() for fold in range(FOLDS)]


def test_a_rise_of_all_risks_is_followed_once_answers_have_come() -> None:
    rows, learnt = rehearsed(turn=2, rise=0.7)
    found = level(rows, "trees", learnt)
    assert found.saved > found.error > 0
    assert found.now == pytest.approx(0.7, abs=0.12)
    off = pd.Series(found.p - rows["outcome"]).groupby(rows["fold"]).mean()
    assert off[[2, 3]].max() < -0.05  # nobody knows yet
    assert off[[4, 5]].abs().max() < 0.02
    assert "multiplied by 2." in found.said
    assert "above" in found.said


def test_a_fold_is_corrected_by_nothing_that_was_not_certain_when_it_was_asked() -> None:
    rows, learnt = rehearsed(turn=2, rise=0.7)
    told = level(rows, "trees", learnt).p
    other = rows.assign(outcome=rows["outcome"].where(rows["fold"] < 3, 1.0))
    again = level(other, "trees", learnt).p
    assert (told == again)[rows["fold"] <= 4].all()
    assert not (told == again)[rows["fold"] == 5].any()


def test_where_nothing_changes_the_model_is_left_alone() -> None:
    rows, learnt = rehearsed(turn=FOLDS, rise=0.0)
    found = level(rows, "trees", learnt)
    assert found.now == 0.0
    assert found.said == ""
    assert (found.p == rows["trees"]).all()


def test_one_fold_shows_a_level_and_cannot_show_that_it_helps() -> None:
    rows, _ = rehearsed(turn=0, rise=0.7)
    rows = rows[rows["fold"] == 0]
    found = level(rows, "trees", [np.zeros(len(rows), dtype=bool)])
    assert np.isnan(found.saved)
    assert found.seen == pytest.approx(0.7, abs=0.15)
    assert found.now == 0.0


def test_an_offset_is_pulled_to_nothing_where_little_is_seen() -> None:
    assert offset(np.zeros(0), np.zeros(0)) == 0.0
    few = offset(np.full(10, -2.0), np.ones(10))
    many = offset(np.full(10_000, -2.0), np.repeat([0.0, 1.0], 5_000))
    assert 0 < few < 4 * SPREAD
    assert many == pytest.approx(2.0, abs=0.01)
