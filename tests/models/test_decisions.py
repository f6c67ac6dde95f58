"""Each term's end: whose decision it is, by when, what it became, and when that is certain."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from models import decisions

MONTH = "2024-02"  # closes as 2024-03-01 begins
LATER = datetime(2026, 1, 1)


def line(account: str, start: str, end: str | None, arr: int = 1_000_00, **more: object) -> dict:
    told = {
        "account_id": account,
        "product": "core",
        "starts_on": start,
        "ends_on": end,
        "arr": arr,
        "notice_days": 30,
        "auto_renew": True,
        "signed_at": start,
        "cancelled_at": None,
        "ended_on": None,
        "end_reason": None,
        "seats": 10,
        "discount": 0.0,
    }
    return told | more


def table(*rows: dict) -> pd.DataFrame:
    frame = pd.DataFrame(rows).assign(line_id=[f"l{n}" for n in range(len(rows))])
    instants = ["starts_on", "ends_on", "signed_at", "cancelled_at", "ended_on"]
    frame = frame.astype(dict.fromkeys(instants, "datetime64[us]"))
    return frame.astype(
        {"account_id": "str", "product": "str", "line_id": "str", "end_reason": "str"}
    )


def upcoming(lines: pd.DataFrame, month: str = MONTH) -> pd.DataFrame:
    return decisions.upcoming(lines, month, "UTC", 30)


def became(*rows: dict, now: datetime = LATER) -> str:
    """What became of the first line's term, asked about at the close of ``MONTH``."""
    lines = table(*rows)
    found = decisions.decided(upcoming(lines.iloc[:1]), lines, now, "UTC", 30)
    return str(found["became"].iloc[0])


def test_lead_counts_months_to_the_notice_deadline_not_to_the_end() -> None:
    found = upcoming(table(line("a", "2023-06-15", "2024-06-15", notice_days=60))).iloc[0]
    assert (found["decided_in"], found["due_in"], found["lead"]) == ("2024-04", "2024-06", 2)


def test_lines_that_end_together_are_one_decision_with_the_longest_notice() -> None:
    lines = table(
        line("a", "2023-06-15", "2024-06-15"),
        line("a", "2023-09-15", "2024-06-15", 500_00, product="more", notice_days=60),
        line("a", "2023-09-15", "2024-09-15", 700_00, product="third"),
    )
    found = upcoming(lines)
    assert found["arr"].to_list() == [1_500_00, 700_00]
    assert found["decided_in"].to_list() == ["2024-04", "2024-08"]
    assert decisions.asked(found)["arr"].to_list() == [1_500_00]


@pytest.mark.parametrize(
    "rows",
    [
        [line("a", "2024-02-10", "2024-03-10")],  # month to month
        [line("a", "2023-06-01", None)],  # open-ended
        [line("a", "2023-01-01", "2024-02-01")],  # over
        [line("a", "2024-03-01", "2025-03-01")],  # not yet begun
        [line("a", "2023-06-01", "2024-06-01", 0)],  # free
        [line("a", "2023-06-01", "2024-06-01", ended_on="2024-02-01")],  # stopped before
    ],
)
def test_what_is_no_decision_ahead(rows: list[dict]) -> None:
    assert upcoming(table(*rows)).empty


def test_what_is_settled_is_not_asked_about() -> None:
    ends = line("a", "2023-06-01", "2024-06-01")
    told = line("b", "2023-06-01", "2024-06-01", cancelled_at="2024-02-20")
    follows = line("a", "2024-06-01", "2025-06-01", signed_at="2024-02-01")
    found = upcoming(table(ends, told, follows))
    assert dict(zip(found["account_id"], found["state"], strict=True)) == {
        "a": "signed",
        "b": "cancelled",
    }
    assert decisions.asked(found).empty


def test_what_is_farther_off_than_four_months_is_not_asked_about_yet() -> None:
    lines = table(line("a", "2023-08-15", "2024-08-15"))  # decided in July
    assert decisions.asked(upcoming(lines, "2024-02")).empty
    assert len(decisions.asked(upcoming(lines, "2024-03"))) == 1


TERM = line("a", "2023-06-01", "2024-06-01")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ([], "lost"),
        ([line("a", "2024-06-01", "2025-06-01")], "renewed"),
        ([line("a", "2024-06-01", "2025-06-01", 1_010_00)], "renewed"),
        ([line("a", "2024-06-01", "2025-06-01", 1_020_00)], "expanded"),
        ([line("a", "2024-06-01", "2025-06-01", 980_00)], "contracted"),
        ([line("a", "2024-06-20", "2025-06-01")], "renewed"),  # signed late, within the gap
        ([line("a", "2024-08-01", "2025-06-01")], "lost"),  # came back later
        ([line("a", "2024-06-01", "2025-06-01", product="other")], "renewed"),  # moved
    ],
)
def test_what_became_of_a_term(after: list[dict], said: str) -> None:
    assert became(TERM, *after) == said


def test_a_failed_payment_is_no_choice_and_a_merger_no_decision() -> None:
    ended = {"ended_on": "2024-04-10", "cancelled_at": "2024-04-10"}
    assert became(TERM | ended | {"end_reason": "payment_failure"}) == "unpaid"
    assert became(TERM | ended | {"end_reason": "voluntary"}) == "lost"
    assert became(TERM | ended | {"end_reason": "merged"}) == ""


def test_an_answer_is_certain_a_gap_after_the_end_for_those_that_left_early_too() -> None:
    left = TERM | {"cancelled_at": "2024-04-10", "ended_on": "2024-04-20"}
    assert became(left, now=datetime(2024, 6, 30)) == ""
    assert became(left, now=datetime(2024, 7, 1)) == "lost"


def test_money_of_what_was_decided() -> None:
    lines = table(TERM, line("a", "2024-06-01", "2025-06-01", 750_00))
    found = decisions.decided(upcoming(lines.iloc[:1]), lines, LATER, "UTC", 30).iloc[0]
    assert (found["base"], found["amount"], found["change"]) == (1_000_00, 0, -250_00)
    assert found["outcome"] == 0.0


def test_no_term_at_all() -> None:
    lines = table(line("a", "2023-06-01", None))
    found = decisions.answers({MONTH: lines}, lines, LATER, "UTC", 30)
    assert found.empty
    assert {"outcome", "certain", "base", "amount"} <= set(found)
