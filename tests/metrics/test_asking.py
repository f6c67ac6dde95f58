from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from metrics.answers import unhappy
from metrics.asking import answered_back, asked, last_asked, rated, response, ripe, weekday
from metrics.intervals import proportion
from tests.metrics.heard import AS_OF, surveys

YEAR = datetime(2024, 7, 1)


def test_an_invitation_counts_when_it_is_thirty_days_old() -> None:
    days = ["2024-06-30", "2024-07-01", "2025-06-01", "2025-06-01T00:00:01"]
    found = ripe(surveys(*({"sent_at": at} for at in days)), YEAR, AS_OF)
    assert found["survey_id"].tolist() == ["S001", "S002"]
    assert found["answered"].tolist() == [False, False]


def test_an_answer_counts_within_thirty_days_with_a_score_or_without() -> None:
    waits = ["2025-05-01", "2025-05-30T23:59:59", "2025-05-31", None]
    rows = surveys(*({"sent_at": "2025-05-01", "answered_at": at} for at in waits))
    assert ripe(rows, YEAR, AS_OF)["answered"].tolist() == [True, True, False, False]


def test_response_by_kind_and_group() -> None:
    rows = surveys(
        {"answered_at": "2025-05-02"},
        {},
        {"account_id": "B"},
        {"account_id": "A", "kind": "csat", "answered_at": "2025-05-02"},
    )
    table = response(ripe(rows, YEAR, AS_OF)).set_index("kind")
    assert table.loc["nps", ["asked", "answered"]].tolist() == [3, 1]
    assert table.loc["nps", ["rate", "low", "high"]].tolist() == [1 / 3, *proportion(1, 3)]
    labels = rows["account_id"].map({"A": "SMB"})
    split = response(ripe(rows, YEAR, AS_OF), labels)
    assert split[["kind", "group", "asked", "answered"]].to_numpy().tolist() == [
        ["csat", "SMB", 1, 1],
        ["nps", "SMB", 2, 1],
        ["nps", "not known", 1, 0],
    ]


def test_a_rate_over_nobody_is_empty() -> None:
    table = rated(pd.DataFrame({"hits": [0, 2], "n": [0, 4]}), "hits", "n")
    assert table["rate"].isna().tolist() == [True, False]
    assert response(ripe(surveys(), YEAR, AS_OF)).empty


def test_the_weekday_is_that_of_the_companys_clock() -> None:
    rows = surveys({"sent_at": "2025-06-01T20:00"})
    assert weekday(rows).tolist() == ["7 Sunday"]
    assert weekday(rows, "Australia/Sydney").tolist() == ["1 Monday"]


def test_silent_is_who_was_asked_long_enough_ago_and_answered_nothing() -> None:
    rows = surveys(
        {"account_id": "quiet"},
        {"account_id": "quiet", "kind": "csat", "sent_at": "2025-06-20"},
        {"account_id": "late", "answered_at": "2025-06-30"},
        {"account_id": "spoke"},
        {"account_id": "spoke", "kind": "ces", "sent_at": "2025-06-20", "score": 1},
        {"account_id": "fresh", "sent_at": "2025-06-20"},
        {"account_id": "long ago", "sent_at": "2024-06-30"},
        {"account_id": "gone"},
    )
    arr = pd.Series({"quiet": 70, "late": 80, "spoke": 60, "fresh": 5, "long ago": 5})
    table = asked(rows, arr, YEAR, AS_OF)
    assert table["account_id"].tolist() == ["late", "quiet", "spoke"]
    assert table["asked"].tolist() == [1, 2, 2]
    assert table.loc[table["answered"] == 0, "account_id"].tolist() == ["quiet"]
    assert table["last_asked"].iloc[1] == pd.Timestamp("2025-06-20")


def test_nobody_is_asked_again_too_soon() -> None:
    rows = surveys(
        {"contact_id": "K", "sent_at": "2025-06-21"},
        {"contact_id": "K", "sent_at": "2024-01-01"},
        {"contact_id": "L", "sent_at": "2025-06-30"},
        {},
    )
    table = last_asked(rows, AS_OF)
    assert table["contact_id"].tolist() == ["L", "K"]
    assert table["days"].tolist() == [1, 10]
    assert table["asks"].tolist() == [1, 1]


def test_the_loop_is_closed_by_a_touch_of_ours_within_a_week() -> None:
    rows = surveys(
        *({"account_id": a, "score": 2, "answered_at": "2025-06-10"} for a in "ABCDE"),
        {"account_id": "F", "score": 2, "answered_at": "2025-06-25"},
    )
    touches = pd.DataFrame(
        [
            ("A", "2025-06-17", "vendor"),
            ("A", "2025-06-12", "vendor"),
            ("B", "2025-06-17T00:00:01", "vendor"),
            ("C", "2025-06-12", "customer"),
            ("D", "2025-06-10", "vendor"),
            ("F", "2025-06-26", "vendor"),
        ],
        columns=["account_id", "touched_at", "started_by"],
    ).astype({"account_id": "str", "touched_at": "datetime64[us]", "started_by": "str"})
    listed = unhappy(rows, pd.Series({"A": 1}), AS_OF)
    found = answered_back(listed, touches, AS_OF).set_index("account_id")
    assert found["closed"].to_dict() == dict.fromkeys("BCDE", False) | {"A": True}
    assert found.loc["A", "back_at"] == pd.Timestamp("2025-06-12")
    assert np.mean(found["closed"]) == pytest.approx(0.2)
