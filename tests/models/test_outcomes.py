"""The edges of an answer: when the window opens and closes, and when it can be known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from models.outcomes import Question, outcomes
from warehouse.errors import Usage

# Asked at the close of 2024-02: as_of is 2024-03-01, the window [2024-04-01, 2024-07-01).
SPINE = pd.DataFrame({"account_id": ["a"], "month": ["2024-02"]}).astype("str")
LATER = datetime(2025, 1, 1)


def ask(found: pd.DataFrame, kind="churn", now=LATER, timezone="UTC", gap_days=30, spine=SPINE):
    return outcomes(Question(kind), found, spine, now, timezone, gap_days)


def churn(found: pd.DataFrame, **more) -> float:
    return float(ask(found, **more)["outcome"].iloc[0])


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("2024-03-01", None),  # left as the question was asked
        ("2024-03-31 23:59:59.999999", None),  # left before the window opens
        ("2024-04-01", 1.0),  # on its first instant
        ("2024-06-30 23:59:59.999999", 1.0),  # on its last
        ("2024-07-01", 0.0),  # the end is exclusive
        (None, 0.0),
    ],
)
def test_churn_is_an_end_inside_the_half_open_window(line, lines, end, said) -> None:
    found = churn(lines(line("a", "2023-01-01", end)))
    assert pd.isna(found) if said is None else found == said


def test_a_known_early_stop_and_a_known_extension_move_the_end(line, lines) -> None:
    assert churn(lines(line("a", "2023-01-01", "2025-01-01", ended="2024-05-05"))) == 1
    assert churn(lines(line("a", "2023-01-01", "2024-05-05", ended="2025-01-01"))) == 0


@pytest.mark.parametrize(("back", "said"), [("2024-06-14", 0.0), ("2024-06-14 00:00:01", 1.0)])
def test_a_return_within_the_gap_is_continuation(line, lines, back, said) -> None:
    left = line("a", "2023-01-01", "2024-05-15")
    assert churn(lines(left, line("a", back, None))) == said


def test_an_account_that_keeps_another_line_has_not_left(line, lines) -> None:
    assert churn(lines(line("a", "2023-01-01", "2024-05-15"), line("a", "2023-06-01", None))) == 0


def test_churn_is_unknown_until_the_window_and_the_gap_have_passed(line, lines) -> None:
    left = lines(line("a", "2023-01-01", "2024-04-02"))
    certain = datetime(2024, 7, 31)  # 2024-07-01 and 30 days
    assert churn(left, now=certain) == 1
    found = ask(left, now=certain - timedelta(microseconds=1))
    assert pd.isna(found["outcome"].iloc[0])
    assert found["amount"].iloc[0] == 0


def test_an_account_that_was_not_served_has_no_answer(line, lines) -> None:
    assert pd.isna(churn(lines(line("a", "2023-01-01", "2023-06-01"))))
    assert pd.isna(churn(lines(line("b", "2023-01-01", None))))


def test_windows_are_counted_on_the_company_s_own_months(line, lines) -> None:
    late = lines(line("a", "2023-01-01", "2024-03-31 22:30"))  # 00:30 on the 1st in Berlin
    assert pd.isna(churn(late))
    assert churn(late, timezone="Europe/Berlin") == 1


def test_churn_counts_the_arr_at_the_close_of_the_month(line, lines) -> None:
    found = ask(
        lines(
            line("a", "2023-01-01", "2024-05-15", arr=100_00),
            line("a", "2023-01-01", "2024-03-01", arr=40_00),
            line("a", "2024-03-01", "2024-05-15", arr=7_00),
        )
    )
    assert found[["outcome", "base", "amount"]].iloc[0].to_list() == [1, 140_00, 140_00]
    assert found["amount"].dtype == "int64"


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("2024-03-31 23:59:59.999999", 0.0),  # had grown before the window
        ("2024-04-01", 1.0),
        ("2024-06-30 23:59:59.999999", 1.0),
        ("2024-07-01", 0.0),
    ],
)
def test_expansion_is_growth_inside_the_half_open_window(line, lines, start, said) -> None:
    held = lines(line("a", "2023-01-01", None, 100_00), line("a", start, None, 50_00))
    found = ask(held, "expansion")
    assert found["outcome"].iloc[0] == said
    assert found["amount"].iloc[0] == said * 50_00


@pytest.mark.parametrize(("more", "said"), [(1_00, 0.0), (1_01, 1.0), (-20_00, 0.0)])
def test_one_per_cent_or_less_and_shrinking_are_not_expansion(line, lines, more, said) -> None:
    held = lines(line("a", "2023-01-01", None, 100_00), line("a", "2024-05-01", None, more))
    found = ask(held, "expansion")
    assert found["outcome"].iloc[0] == said
    assert found["amount"].iloc[0] == (more if said else 0)
    assert found["base"].iloc[0] == 100_00


def test_an_account_that_left_neither_expanded_nor_failed_to(line, lines) -> None:
    assert pd.isna(
        ask(lines(line("a", "2023-01-01", "2024-06-01")), "expansion")["outcome"].iloc[0]
    )
    # Back after a gap over the window's start: there is no ARR to grow from.
    back = lines(line("a", "2023-01-01", "2024-03-20"), line("a", "2024-04-10", None))
    assert pd.isna(ask(back, "expansion")["outcome"].iloc[0])


def test_expansion_is_known_when_the_window_ends(line, lines) -> None:
    held = lines(line("a", "2023-01-01", None))
    end = datetime(2024, 7, 1)
    assert ask(held, "expansion", now=end)["outcome"].iloc[0] == 0
    early = ask(held, "expansion", now=end - timedelta(microseconds=1))
    assert pd.isna(early["outcome"].iloc[0])


def test_rows_come_back_by_month_and_account_whatever_order_they_came_in(line, lines) -> None:
    spine = pd.DataFrame(
        {"account_id": ["b", "a", "b", "a"], "month": ["2024-02", "2024-02", "2024-01", "2024-01"]}
    ).astype("str")
    held = lines(line("b", "2023-01-01", "2024-04-15"), line("a", "2023-01-01", "2024-03-10"))
    found = ask(held, spine=spine)
    assert found[["month", "account_id"]].agg(" ".join, axis=1).to_list() == [
        "2024-01 a",
        "2024-01 b",
        "2024-02 a",
        "2024-02 b",
    ]
    assert found["outcome"].fillna(-1).to_list() == [1, 1, -1, 1]


@pytest.mark.parametrize(("lead", "horizon"), [(3, 3), (-1, 4)])
def test_a_question_without_a_window_is_refused(lead, horizon) -> None:
    with pytest.raises(Usage, match="leave no window"):
        Question("churn", lead, horizon)


def test_an_unknown_question_is_refused() -> None:
    with pytest.raises(Usage, match="'upgrade' is not a question"):
        Question("upgrade")


def test_an_account_merged_into_another_did_not_leave(line, lines) -> None:
    left = lines(line("a", "2023-01-01", "2025-01-01", ended="2024-05-05"))
    assert churn(left) == 1
    assert churn(left.assign(end_reason="voluntary")) == 1
    assert pd.isna(churn(left.assign(end_reason="merged")))
    # Before it was merged it stayed, like any other.
    assert churn(lines(line("a", "2023-01-01", "2024-08-05")).assign(end_reason="merged")) == 0
