"""Grades against a ledger small enough to do by hand."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from models import grades, health, scores
from models.outcomes import Question

CHURN = Question("churn")
EXPANSION = Question("expansion")
NOW = datetime(2024, 9, 1)  # 2024-03 is the newest certain month: 2024-08-01 and 30 days

# account: ARR in cents, when it leaves, and what was said of it in each month
BOOK = {
    "a": (100_00, "2024-05-10", {"2024-01": 0.40, "2024-02": 0.30, "2024-03": 0.20}),
    "b": (200_00, None, {"2024-01": 0.10, "2024-02": 0.10, "2024-03": 0.10}),
    "c": (400_00, "2024-04-20", {"2024-01": 0.01, "2024-02": 0.08, "2024-03": 0.50}),
    "d": (800_00, None, {"2024-01": 0.02, "2024-02": 0.35, "2024-03": 0.03}),
}
BASE = 0.05  # watch from .075, at risk from .15


@pytest.fixture
def workspace(tmp_path):
    for month in ("2024-01", "2024-02", "2024-03", "2024-04"):
        p = pd.Series([said.get(month, 0.5) for _, _, said in BOOK.values()])
        arr = pd.Series([arr for arr, _, _ in BOOK.values()])
        rows = pd.DataFrame({"account_id": list(BOOK), "arr": arr, "p_churn": p}).assign(
            p_expansion=[0.5, 0.25, np.nan, 0.1],
            p_drivers=np.nan,
            expected_loss=(p * arr).round().astype("Int64"),
            expected_gain=pd.array([1_00, 2_00, 0, 4_00], dtype="Int64"),
            expected_change=pd.array([0] * 4, dtype="Int64"),
            score=health.score(p, BASE),
            band=health.bands(p, BASE),
            subscores="{}",
            expert=[20.0, 80.0, 60.0, np.nan],
            reasons=f'["{month}"]',
            expansion_reasons="[]",
            families="{}",
            churn_model="m",
            expansion_model="m",
        )
        scores.write(tmp_path, month, rows)
    return tmp_path


@pytest.fixture
def history(line, lines) -> pd.DataFrame:
    rows = [line(name, "2023-01-01", end, arr) for name, (arr, end, _) in BOOK.items()]
    # b doubles in June 2024: inside the expansion window of 2024-02 and 2024-03.
    return lines(*rows, line("b", "2024-06-10", None, 200_00))


def test_churn_is_graded_by_hand(workspace, history) -> None:
    found = grades.grade(workspace, history, NOW, CHURN, "UTC", 30).set_index("month")
    # 2024-01 asks about March and April: c left (April 20), a not yet (May 10).
    # 2024-03 asks about May to July: a left; c had left before, and is in no column.
    assert found.index.to_list() == ["2024-01", "2024-02", "2024-03"]
    assert found["n"].to_list() == [4, 4, 3]
    assert found["events"].to_list() == [2, 2, 1]
    first = found.loc["2024-01"]
    assert first["expected"] == pytest.approx(0.53)
    assert first["expected_arr"] == 40_00 + 20_00 + 4_00 + 16_00
    assert first["observed_arr"] == 500_00
    # Events said .40 and .01 against .10 and .02: two of four pairs in order.
    assert first["auc"] == 0.5
    assert first["brier"] == pytest.approx((0.6**2 + 0.99**2 + 0.1**2 + 0.02**2) / 4)
    assert [first["n_at_risk"], first["n_watch"], first["n_healthy"]] == [1, 1, 2]
    assert [first["rate_at_risk"], first["rate_watch"], first["rate_healthy"]] == [1, 0, 0.5]
    last = found.loc["2024-03"]
    assert last["auc"] == 1
    assert last["observed_arr"] == 100_00
    assert last["expected_arr"] == 20_00 + 20_00 + 24_00
    assert [last["n_at_risk"], last["n_watch"], last["n_healthy"]] == [1, 1, 1]


def test_expansion_is_graded_on_those_that_stayed_and_the_money_on_all(workspace, history) -> None:
    found = grades.grade(workspace, history, NOW, EXPANSION, "UTC", 30).set_index("month")
    assert found.index.to_list() == ["2024-01", "2024-02", "2024-03", "2024-04"]
    row = found.loc["2024-02"]  # asks about April to June; a and c left, c had no probability
    assert row["n"] == 2
    assert row["events"] == 1
    assert row["expected"] == pytest.approx(0.35)
    assert row["expected_arr"] == 7_00
    assert row["observed_arr"] == 200_00
    assert found.loc["2024-01", "observed_arr"] == 0
    assert np.isnan(found.loc["2024-01", "auc"])


def test_months_not_certain_yet_are_not_graded(workspace, history) -> None:
    early = grades.grade(workspace, history, datetime(2024, 8, 30, 23), CHURN, "UTC", 30)
    assert early["month"].to_list() == ["2024-01", "2024-02"]
    none = grades.grade(workspace, history, datetime(2024, 5, 1), CHURN, "UTC", 30)
    assert none.empty
    assert "rate_at_risk" in none.columns


def test_who_left_and_whether_we_had_said_so(workspace, history) -> None:
    found = grades.churned(workspace, history, NOW, CHURN, "UTC", 30).set_index("account_id")
    assert found.index.to_list() == ["c", "a"]  # by ARR
    assert found.loc["a", "ended"] == pd.Timestamp("2024-05-10")
    assert found.loc["a", "first_flagged"] == "2024-01"
    assert found.loc["a", "months_scored"] == 3
    assert found.loc["a", "highest_p"] == 0.4
    assert found["flagged"].to_list() == [False, True]
    # c was flagged at 2024-03, three weeks before it left: too late to act on.
    assert found.loc["c", "first_flagged"] == ""
    assert found.loc["c", "last_band"] == "watch"
    assert found.loc["c", "last_reasons"] == '["2024-02"]'


def test_surprises_are_those_we_had_not(workspace, history) -> None:
    found = grades.surprises(workspace, history, NOW, CHURN, "UTC", 30)
    assert found["account_id"].to_list() == ["c"]
    assert found["arr"].sum() == 400_00


def test_an_empty_ledger_has_no_grades_and_no_surprises(tmp_path, history) -> None:
    assert grades.grade(tmp_path, history, NOW, CHURN, "UTC", 30).empty
    assert grades.surprises(tmp_path, history, NOW, CHURN, "UTC", 30).empty


def test_what_a_verdict_is_made_of(workspace, history) -> None:
    found = grades.answered(workspace, history, NOW, CHURN, "UTC", 30)
    first = found[found["month"] == "2024-01"].set_index("account_id")
    assert first["outcome"].to_dict() == {"a": 1, "b": 0, "c": 1, "d": 0}
    assert first["risk"].to_dict() == {"a": 0.40, "b": 0.10, "c": 0.01, "d": 0.02}
    assert first["band"].to_list() == ["at risk", "watch", "healthy", "healthy"]
    # The experts get one at risk and one on watch as well; whom they do not know has no band.
    assert first["expert_band"].to_list() == ["at risk", "healthy", "watch", "not scored"]
    assert len(found) == 11
