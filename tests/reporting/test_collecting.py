"""What failed to be paid, in words and tables."""

from __future__ import annotations

import re

import pandas as pd

from reporting import collecting
from reporting.shown import Shown

CURVE = pd.DataFrame(
    {
        "attempts": [1, 2],
        "n": [40, 25],
        "recovered": [30, 10],
        "rate": [0.75, 0.4],
        "low": [0.6, 0.23],
        "high": [0.86, 0.59],
    }
)
DUE = pd.DataFrame(
    {
        "account_id": ["a", "b"],
        "arr": [100_000_00, 20_000_00],
        "attempts": [2, 1],
        "share": [0.4, 0.75],
        "expected": pd.array([40_000_00, 15_000_00], dtype="Int64"),
    }
)


def plain(shown: Shown) -> str:
    """The words without marks, and with every kind of space as one."""
    return " ".join(re.sub(r"<[^>]+>", "", shown.html).split())


def test_the_answer_is_what_hangs_on_it_and_what_is_usually_kept() -> None:
    told = plain(collecting.answer(DUE, CURVE, "USD"))
    assert "2 accounts" in told
    assert "$120k" in told
    assert "40 earlier failures, 75 %" in told
    assert "$55k" in told


def test_without_a_past_nothing_is_promised() -> None:
    told = plain(collecting.answer(DUE, CURVE.head(0), "USD"))
    assert "No payment has failed long enough ago" in told
    assert "$" not in told


def test_a_share_says_how_often_it_had_failed() -> None:
    told = plain(collecting.recovered(CURVE))
    assert "failed 1 time or more" in told
    assert "failed 2 times or more" in told
    assert "40.0 %" in told
    assert "59.0 %" in told


def test_who_owes_is_listed_with_what_can_be_kept() -> None:
    told = plain(collecting.owed(DUE, "USD"))
    assert "$40,000" in told
    assert "No failed payment is open." in plain(collecting.owed(DUE.head(0), "USD"))


def test_without_a_model_it_says_why_and_ranks_nobody() -> None:
    assert "3 events in 9 months" in plain(collecting.foreseen(None, "3 events in 9 months"))
    assert "nobody is ranked" in plain(collecting.likeliest(None, pd.DataFrame(), "USD"))
