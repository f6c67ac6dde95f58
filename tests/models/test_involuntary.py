"""Lost to a failed payment: what counts as that, who is likely to be, and what can be had back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pandas as pd
import pytest

from features.catalogue import catalogue
from metrics.intervals import proportion
from models import involuntary
from models.outcomes import Question
from models.train import TooFewEvents
from tests.metrics.bills import AS_OF, invoices, payments
from warehouse.errors import InputMissing

# Asked at the close of 2024-02: the window is [2024-04-01, 2024-07-01), certain 30 days later.
SPINE = pd.DataFrame({"account_id": ["a"], "month": ["2024-02"]}).astype("str")
LATER = datetime(2025, 1, 1)
UNPAID = "payment_failure"


def answer(found: pd.DataFrame, *why: str | None, now: datetime = LATER) -> pd.Series:
    told = found.assign(end_reason=pd.Series(why, index=found.index, dtype="str"))
    return involuntary.answers(Question("churn"), told, SPINE, now, "UTC", 30).iloc[0]


@pytest.mark.parametrize(
    ("end", "why", "said"),
    [
        ("2024-03-31 23:59:59.999999", UNPAID, None),  # gone before the window
        ("2024-04-01", UNPAID, 1.0),
        ("2024-06-30 23:59:59.999999", UNPAID, 1.0),
        ("2024-07-01", UNPAID, 0.0),  # the end is exclusive
        ("2024-05-05", "voluntary", 0.0),  # the competing outcome
        ("2024-05-05", None, 0.0),
        ("2024-05-05", "merged", None),
        (None, None, 0.0),
    ],
)
def test_only_an_end_for_a_failed_payment_inside_the_window_is_one(
    line, lines, end, why, said
) -> None:
    found = answer(lines(line("a", "2023-01-01", end)), why)
    assert pd.isna(found["outcome"]) if said is None else found["outcome"] == said
    assert found["amount"] == (120_000 if said == 1 else 0)


def test_nobody_has_an_answer_before_the_window_and_the_gap_have_passed(line, lines) -> None:
    left = lines(line("a", "2023-01-01", "2024-04-02"))
    assert pd.isna(answer(left, UNPAID, now=datetime(2024, 7, 30))["outcome"])
    assert answer(left, UNPAID, now=datetime(2024, 7, 31))["outcome"] == 1


def test_most_of_what_stops_at_the_end_decides_why_it_ended(line, lines) -> None:
    def both(unpaid: int) -> float:
        held = lines(
            line("a", "2023-01-01", "2024-05-05", unpaid),
            line("a", "2023-01-01", "2024-05-05", 50_00),
            line("a", "2023-01-01", "2024-04-05", 900_00),  # stopped before, and stays were left
        )
        return float(answer(held, UNPAID, "voluntary", "voluntary")["outcome"])

    assert both(51_00) == 1
    assert both(50_00) == 0


def test_what_ends_a_later_spell_does_not_count_for_this_one(line, lines) -> None:
    held = lines(line("a", "2023-01-01", "2024-04-02"), line("a", "2024-05-10", "2024-06-20"))
    assert answer(held, "voluntary", UNPAID)["outcome"] == 0
    assert answer(held, UNPAID, "voluntary")["outcome"] == 1


def test_rows_keep_their_places(line, lines) -> None:
    held = lines(line("a", "2023-01-01", "2024-05-05"), line("b", "2023-01-01", "2024-03-05"))
    held["end_reason"] = pd.Series([UNPAID, "voluntary"], dtype="str")
    asked = [
        ("a", "2024-05"),
        ("a", "2024-02"),
        ("b", "2024-02"),
        ("c", "2024-02"),
        ("a", "2024-03"),
    ]
    spine = pd.DataFrame(asked, columns=["account_id", "month"])
    found = involuntary.ends_unpaid(spine, held, "UTC", 30)
    assert found.tolist() == [False, True, False, False, True]


RENAMED = {"tickets_opened_28d": "attempts_failed_28d", "usage_trend": "days_since_failure"}
FEATURES = [
    catalogue().by_name[name]
    for name in ("arr_now", "attempts_failed_28d", "days_since_failure", "nps_last", "seats_used")
]


@pytest.fixture(scope="module")
def billed(make_world: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """A world in which failed attempts to collect raise the odds of the outcome."""
    return make_world(accounts=150).rename(columns=RENAMED)


def test_it_learns_from_billing_and_the_calendar_alone(billed) -> None:
    found = involuntary.learn(billed, FEATURES, "2023-08", rounds=25, seeds=(1, 2))
    assert found.names == ("arr_now", "attempts_failed_28d", "days_since_failure")
    area = found.folds.loc[found.folds["method"] == "model", "auc"].mean()
    assert area > 0.75
    newest = billed[billed["month"] == "2023-08"].set_index("account_id")
    told = found.predict(newest)
    failed = newest["attempts_failed_28d"].rank(pct=True)
    assert told[failed > 0.8].mean() > 3 * told[failed < 0.2].mean()
    # The world's causes are straight lines, so a straight line is what ships.
    assert found.method == "logistic regression"


def test_without_billing_or_with_few_losses_it_says_what_is_needed(billed) -> None:
    none = billed.drop(columns=list(RENAMED.values()))
    with pytest.raises(InputMissing, match="neither invoices nor payments were admitted"):
        involuntary.learn(none, FEATURES, "2023-08")
    few = billed.assign(outcome=billed["outcome"].where(billed["account_id"] < "a0010", 0.0))
    with pytest.raises(TooFewEvents, match=r"failed payments, as churn: \d+ events"):
        involuntary.learn(few, FEATURES, "2023-08")


PAID = {"failed_at": "2025-03-01", "paid_at": "2025-03-09", "account_id": "B"}
OLD = {"failed_at": "2025-03-01", "account_id": "C"}
FRESH = {"failed_at": "2025-06-20", "account_id": "A", "amount": 70_00}
SOON = {"failed_at": "2025-06-20", "paid_at": "2025-06-21", "account_id": "B"}


def bills(fresh: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """30 settled failures, 20 of them recovered; 20 failed twice, 10 of those recovered.

    And one recovered too lately to count, and ``fresh`` open ones of account A, failed twice.
    """
    rows = [PAID] * 20 + [OLD] * 10 + [SOON] + [FRESH] * fresh
    tries = [(f"I{i}", "2025-03-01", "failed") for i in range(30)]
    tries += [(f"I{i}", "2025-03-05", "failed") for i in range(10, 30)]
    tries += [
        (f"I{31 + i}", day, "failed") for i in range(fresh) for day in ("2025-06-20", "2025-06-23")
    ]
    return invoices(*rows), payments(*tries)


def held(line, lines) -> pd.DataFrame:
    return lines(
        line("A", "2024-01-01", None, 1_000_01),
        line("B", "2024-01-01", None),
        line("C", "2024-01-01", None),
    ).assign(end_reason=pd.Series([None] * 3, dtype="str"))


def test_the_recovery_curve_is_of_settled_failures_by_the_attempts_behind_them(line, lines) -> None:
    curve = involuntary.recovery(*bills(), held(line, lines), AS_OF)
    assert curve[["attempts", "n", "recovered"]].to_numpy().tolist() == [[1, 30, 20], [2, 20, 10]]
    assert curve["rate"].tolist() == [20 / 30, 0.5]
    assert curve["low"].iloc[1] == proportion(10, 20)[0]


def test_an_attempt_few_ever_came_to_has_no_row_of_its_own(line, lines) -> None:
    asked, tried = bills()
    third = tried[tried["invoice_id"].isin([f"I{i}" for i in range(19)])].drop_duplicates(
        "invoice_id"
    )
    more = pd.concat([tried, third.assign(attempted_at=pd.Timestamp("2025-03-07"))])
    curve = involuntary.recovery(asked, more, held(line, lines), AS_OF)
    # Nine had failed twice already and now did so three times: too few to be told apart.
    assert curve["attempts"].tolist() == [1, 2]


def test_what_can_be_recovered_is_arr_times_the_company_s_own_share(line, lines) -> None:
    found = involuntary.recoverable(*bills(2), held(line, lines), "2025-06")
    assert found["account_id"].tolist() == ["A"]
    row = found.iloc[0]
    assert (row["arr"], row["invoices"], row["amount"]) == (1_000_01, 2, 140_00)
    assert (row["attempts"], row["share"], row["n"]) == (2, 0.5, 20)
    assert row["expected"] == 500_00  # half a cent to the even one
    assert row["failed_at"] == pd.Timestamp("2025-06-20")


def test_an_account_that_tried_more_often_than_any_before_takes_the_last_share(line, lines) -> None:
    asked, tried = bills()
    often = payments(*[("I31", f"2025-06-2{n}", "failed") for n in range(4, 9)])
    found = involuntary.recoverable(asked, pd.concat([tried, often]), held(line, lines), "2025-06")
    assert found[["attempts", "share"]].iloc[0].tolist() == [7, 0.5]


def test_without_a_past_nothing_is_expected_and_who_left_has_nothing_at_stake(line, lines) -> None:
    asked, tried = invoices(FRESH), payments(("I0", "2025-06-20", "failed"))
    found = involuntary.recoverable(asked, tried, held(line, lines), "2025-06").iloc[0]
    assert found["arr"] == 1_000_01
    assert pd.isna(found["share"])
    assert pd.isna(found["expected"])
    assert found["n"] == 0
    gone = held(line, lines).assign(ended_on=pd.Timestamp("2025-06-25"))
    assert involuntary.recoverable(*bills(), gone, "2025-06")["expected"].tolist() == [0]
    none = involuntary.recoverable(invoices(), payments(), held(line, lines), "2025-06")
    assert none.empty


def test_a_table_that_is_not_there_is_asked_for_by_name(line, lines) -> None:
    asked, tried = bills()
    with pytest.raises(InputMissing, match="no table invoices; it would add what failed"):
        involuntary.recoverable(None, tried, held(line, lines), "2025-06")
    with pytest.raises(InputMissing, match="no table payments; it would add how often"):
        involuntary.recovery(asked, None, held(line, lines), AS_OF)
