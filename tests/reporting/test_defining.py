"""What counts as an outcome: each decision once, and no claim that was not counted."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from reporting import defining

END = pd.Timestamp("2024-05-31")
DECISIONS = pd.DataFrame(
    {
        "account_id": ["a", "a", "b", "c"],
        "month": ["2024-01", "2024-02", "2024-02", "2024-02"],
        "ends_on": [END, END, END, END + pd.Timedelta(days=60)],
        "became": ["lost", "lost", "renewed", ""],
        "arr": [1_000_00, 1_000_00, 3_000_00, 5_000_00],
    }
)
WINDOWED = pd.DataFrame(
    {
        "account_id": ["a", "b", "c", "d", "e"],
        "month": "2024-02",
        "outcome": [1.0, 0.0, float("nan"), 0.0, 0.0],
    }
)


def test_a_decision_counts_once_and_not_before_it_is_certain() -> None:
    said = defining.answer(DECISIONS, WINDOWED).text.replace("\u00a0", " ")
    assert "Of 2 decisions whose end is certain" in said
    assert "1 of 4 account-months left, 25.0 %" in said
    assert "only 50 % of them had a term to be decided within 4 months" in said
    assert "1 account-months have no answer yet" in said
    shown = defining.competing(DECISIONS, "USD").text
    row = next(line for line in shown.splitlines() if "2024Q2" in line)
    assert row.split()[:6] == ["2024Q2", "1", "0", "0", "1", "0"]
    assert "$4,000" in row
    assert "2024Q3" not in shown


def test_the_calendar_stands_beside_every_model_that_serves() -> None:
    folds = pd.DataFrame({"method": ["model", "model", "calendar"], "auc": [0.8, 0.9, 0.75]})
    served = SimpleNamespace(folds=folds)
    shown = defining.calendars({"churn": served, "renewal": None}).text
    row = next(line for line in shown.splitlines() if "churn" in line)
    assert row.split() == ["churn", "0.85", "0.75"]
    assert "renewal" not in shown
    assert "No model serves yet" in defining.calendars({"churn": None}).html
