from __future__ import annotations

import pandas as pd
import pytest

from metrics.themes import by_month, by_theme, coverage, requests, samples, tagged
from metrics.wording import catalogue
from tests.metrics.heard import surveys

# What people at B2B companies write, in nobody's words in particular.
WRITTEN = {
    "We'd love an export of the whole report to Excel.": ("reporting", True),
    "Please add single sign-on, our auditors insist.": ("integration", True),
    "The mobile app crashes every other day": ("reliability", False),
    "Your pricing went up 30% in two years": ("price", False),
    "Nobody ever answers my tickets": ("support", False),
    "The UI is cluttered and unintuitive": ("usability", False),
    "Training was excellent": ("onboarding", False),
    "Loading a page takes forever": ("performance", False),
    "We are evaluating a competitor": ("competition", False),
    "The invoice arrived twice": ("contract", False),
    "I wish I could filter by region": ("reporting", True),
    "Data is often incorrect after the import": ("quality", False),
    "Missing a way to undo changes": ("features", True),
    "Too many bugs since the last release": ("quality", False),
    "Hard to see a return on what we spend": ("value", False),
    "Our new director wants to review all tools": ("people", False),
    "Two-factor login keeps locking me out": ("security", False),
    "Great product, the team loves it": ("praise", False),
    "I need the calendar to sync with our phones": ("integration", True),
}
CODES = catalogue(
    {
        "request": ["please"],
        "theme": [
            {"name": "bugs", "title": "Bugs", "stems": ["bug"]},
            {"name": "cost", "title": "Cost", "stems": ["pric"]},
        ],
    }
)


@pytest.mark.parametrize("comment", WRITTEN)
def test_everyday_comments_find_their_theme(comment: str) -> None:
    theme, request = WRITTEN[comment]
    found = tagged(surveys({"comment": comment, "score": 5}))
    assert theme in set(found["theme"])
    assert set(found["request"]) == {request}


def test_a_comment_has_each_theme_once_and_none_is_other() -> None:
    rows = surveys(
        {"comment": "Prices! Please fix bugs, bugs, bugs.", "answered_at": "2025-05-02"},
        {"comment": "Hm", "answered_at": "2025-05-01"},
        {"comment": "  ", "answered_at": "2025-05-01"},
        {"score": 5},
    )
    found = tagged(rows, CODES)
    assert found[["survey_id", "theme", "title", "request"]].to_numpy().tolist() == [
        ["S001", "other", "Other", False],
        ["S000", "bugs", "Bugs", True],
        ["S000", "cost", "Cost", True],
    ]
    assert coverage(found).share == 0.5
    assert requests(found)["theme"].tolist() == ["bugs", "cost"]


def test_each_account_stands_behind_a_theme_once() -> None:
    rows = surveys(
        {"account_id": "A", "comment": "bug", "score": 3, "answered_at": "2025-05-02"},
        {"account_id": "A", "comment": "a bug at this price", "score": 9},
        {"account_id": "B", "comment": "bugs", "kind": "csat", "score": 3},
        {"account_id": "gone", "comment": "pricy"},
    )
    arr, risk = pd.Series({"A": 100, "B": 20, "C": 7}), pd.Series({"A": 60})
    table = by_theme(tagged(rows, CODES), arr, risk)
    assert table.drop(columns=["first", "last"]).to_dict("list") == {
        "theme": ["bugs", "cost"],
        "title": ["Bugs", "Cost"],
        "mentions": [3, 2],
        "share": [0.75, 0.5],
        "accounts": [2, 2],
        "arr": [120, 100],
        "arr_at_risk": [60, 60],
        "unhappy": [1, 0],
    }
    assert table["first"].iloc[0] == pd.Timestamp("2025-05-02")
    assert "arr_at_risk" not in by_theme(tagged(rows, CODES), arr)


def test_a_month_without_a_mention_is_there() -> None:
    rows = surveys(
        {"comment": "bug", "answered_at": "2025-04-01", "score": 1},
        {"comment": "bug", "answered_at": "2025-06-30T23:00"},
        {"comment": "price", "answered_at": "2025-06-10"},
        {"comment": "bug", "answered_at": "2025-07-01"},
        {"comment": "bug", "answered_at": "2025-03-31T23:59"},
    )
    months = ["2025-04", "2025-05", "2025-06"]
    table = by_month(tagged(rows, CODES), months)
    bugs = table[table["theme"] == "bugs"]
    assert bugs["month"].tolist() == months
    assert bugs["mentions"].tolist() == [1, 0, 1]
    assert bugs["unhappy"].tolist() == [1, 0, 0]
    assert bugs["comments"].tolist() == [1, 0, 2]
    assert bugs["share"].fillna(-1).tolist() == [1, -1, 0.5]
    sydney = by_month(tagged(rows, CODES), months, "Australia/Sydney")
    assert sydney.loc[sydney["theme"] == "bugs", "mentions"].tolist() == [2, 0, 0]


def test_samples_are_the_newest_different_ones_cut() -> None:
    long = "bug " + "x" * 200
    texts = ["bug one", "bug  one", long, "bug two", "bug three"]
    rows = surveys(
        *({"comment": c, "answered_at": f"2025-05-{i + 1:02d}"} for i, c in enumerate(texts))
    )
    found = samples(tagged(rows, CODES), each=3)
    assert found["comment"].tolist() == ["bug three", "bug two", long[:119] + "…"]
    assert found["comment"].str.len().max() == 120
    every = samples(tagged(rows, CODES), each=9)
    assert every["comment"].tolist()[-1] == "bug one"
    assert every["answered_at"].iloc[-1] == pd.Timestamp("2025-05-02")


def test_nothing_written_is_nothing() -> None:
    found = tagged(surveys({"score": 5}))
    assert found.empty
    assert coverage(found).share is None
    assert by_theme(found, pd.Series({"A": 1})).empty
    assert by_month(found, ["2025-05"]).empty
    assert samples(requests(found)).empty
    assert tagged(surveys()).empty
