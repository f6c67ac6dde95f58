from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from metrics.answers import FATES, accounts, answers, fates, judged, unhappy
from tests.metrics.heard import ids, surveys

START, END = datetime(2025, 4, 1), datetime(2025, 7, 1)


def said(contact: str | None, at: str, score: float | None = 9, **rest: Any) -> dict[str, Any]:
    return {
        "contact_id": contact,
        "answered_at": at,
        "score": score,
        "sent_at": "2025-01-01",
    } | rest


def test_the_window_is_half_open_on_the_answer() -> None:
    days = ["2025-03-31T23:59:59", "2025-04-01", "2025-06-30T23:59:59", "2025-07-01"]
    found = answers(surveys(*(said(f"K{i}", at) for i, at in enumerate(days))), START, END)
    assert found["contact_id"].tolist() == ["K1", "K2"]


def test_a_person_counts_once_a_quarter_by_the_last_answer() -> None:
    rows = surveys(
        said("K", "2025-06-01", 3),
        said("K", "2025-05-01", 9),
        said("K", "2025-05-02", 5, kind="csat"),
        said("K", "2025-03-31", 10),
        said("L", "2025-05-01", 8),
    )
    found = answers(rows, datetime(2025, 1, 1), END)
    assert found[["contact_id", "kind", "score"]].to_numpy().tolist() == [
        ["K", "nps", 10],
        ["L", "nps", 8],
        ["K", "csat", 5],
        ["K", "nps", 3],
    ]


def test_of_two_answers_at_one_instant_the_last_by_id_counts() -> None:
    rows = surveys(said("K", "2025-05-01", 9, survey_id="b"), said("K", "2025-05-01", 2))
    assert answers(rows, START, END)["score"].tolist() == [9]


def test_a_quarter_turns_by_the_companys_clock() -> None:
    rows = surveys(said("K", "2025-03-31T12:00"), said("K", "2025-03-31T14:00"))
    year = datetime(2025, 1, 1), END
    assert len(answers(rows, *year)) == 1
    # In Sydney 13:00 UTC is midnight.
    assert len(answers(rows, *year, zone="Australia/Sydney")) == 2


def test_who_is_no_contact_is_counted_apart() -> None:
    rows = surveys(said("K", "2025-05-01"), said("X", "2025-05-02"), said(None, "2025-05-03"))
    assert judged(rows, START, END)["fate"].tolist() == ["counted", "counted", "not a contact"]
    listed = judged(rows, START, END, ids(["K", "Z"]))
    assert listed["fate"].tolist() == ["counted", "not a contact", "not a contact"]


def test_where_nobody_is_a_contact_all_count_and_an_account_is_a_person() -> None:
    rows = surveys(
        said(None, "2025-05-01", 9),
        said(None, "2025-05-02", 4),
        said(None, "2025-05-02", 7, account_id="B"),
    )
    assert answers(rows, START, END)["score"].tolist() == [4, 7]
    named = surveys(said("X", "2025-05-01", 9), said("Y", "2025-05-02", 4))
    assert len(answers(named, START, END, ids(["K"]))) == 2


def test_what_is_off_its_scale_or_has_no_score_is_no_answer_and_hides_none() -> None:
    rows = surveys(
        said("K", "2025-05-01", 5, kind="csat"),
        said("K", "2025-05-02", 9, kind="csat"),
        said("K", "2025-05-03", None, kind="csat", comment="No idea"),
        said("L", "2025-05-01", 0, kind="ces"),
        said("L", "2025-05-02", 0),
    )
    found = judged(rows, START, END).set_index("survey_id")["fate"].to_dict()
    assert found == {
        "S000": "counted",
        "S001": "off its scale",
        "S002": "without a score",
        "S003": "off its scale",
        "S004": "counted",
    }


def test_fates_sum_to_the_answers() -> None:
    rows = surveys(said("K", "2025-05-01"), said("K", "2025-05-02"), said(None, "2025-05-03"))
    table = fates(judged(rows, START, END))
    assert len(table) == 3 * len(FATES)
    told = table[table["answers"] > 0].set_index("fate")["answers"].to_dict()
    assert told == {"counted": 1, "not a contact": 1, "earlier in its wave": 1}
    other = fates(judged(surveys(said("K", "2025-05-01", kind="other")), START, END))
    assert other[other["answers"] > 0].to_numpy().tolist() == [["other", "off its scale", 1, 1]]
    assert fates(judged(surveys(), START, END))["answers"].sum() == 0


def test_accounts_have_the_band_of_their_mean_and_their_arr_once() -> None:
    rows = surveys(
        said("1", "2025-05-01", 10),
        said("2", "2025-05-01", 6),
        said("3", "2025-05-01", 6, account_id="B"),
        said("4", "2025-05-01", 9, account_id="C"),
        said("5", "2025-05-01", 1, account_id="D", kind="csat"),
    )
    table = accounts(answers(rows, START, END), pd.Series({"A": 700, "B": 50}))
    assert table.to_dict("list") == {
        "account_id": ["A", "B", "C"],
        "answers": [2, 1, 1],
        "detractors": [1, 1, 0],
        "mean": [8, 6, 9],
        "band": ["passive", "detractor", "promoter"],
        "arr": [700, 50, 0],
    }


@pytest.mark.parametrize(("kind", "low"), [("nps", 6), ("csat", 2), ("ces", 3)])
def test_the_unhappy_are_listed_by_money_with_their_wait(kind: str, low: int) -> None:
    rows = surveys(
        said("1", "2025-06-30", low, kind=kind),
        said("2", "2025-06-29T12:00", low - 1, account_id="B", kind=kind),
        said("3", "2025-06-30", low + 1, account_id="C", kind=kind),
    )
    table = unhappy(answers(rows, START, END), pd.Series({"B": 9, "C": 99, "A": 1}), END)
    assert table["account_id"].tolist() == ["B", "A"]
    assert table["hours"].tolist() == [36, 24]
    assert table["arr"].tolist() == [9, 1]
