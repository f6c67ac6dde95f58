from __future__ import annotations

import pandas as pd
import pytest

from metrics.billing import collected, failures
from metrics.dunning import attempts, by_cause, difference, flags, leaving
from metrics.intervals import proportion
from metrics.overdue import overdue
from tests.metrics.bills import AS_OF, invoices, payments
from tests.metrics.ledgers import frame, held

NONE = frame([]).assign(end_reason=pd.Series(dtype="str"))


def events(*rows: tuple[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["account_id", "at"])
    return table.astype({"account_id": "str", "at": "datetime64[us]"})


def test_which_attempt_brings_the_money_in() -> None:
    bills = invoices(
        {"amount": 10}, {"amount": 20}, {"amount": 40}, {"paid_at": "2025-05-02", "amount": 80}
    )
    tried = payments(
        ("I0", "2025-05-04", "paid"),
        ("I0", "2025-05-02", "failed"),
        ("I1", "2025-05-02", "failed"),
        ("I1", "2025-05-03", "failed"),
        ("I1", "2025-05-04", "paid"),
        ("I2", "2025-05-02", "failed"),
        ("I2", "2025-05-03", "failed"),
        ("I2", "2025-05-04", None),
        ("I3", "2025-05-02", "paid"),
    )
    table = attempts(tried, failures(collected(bills, tried), NONE, AS_OF))
    assert table["tried"].tolist() == [3, 3, 1]
    assert table["paid"].tolist() == [0, 1, 1]
    assert table["amount"].tolist() == [0, 10, 20]
    assert table["rate"].tolist() == pytest.approx([0, 1 / 3, 1])
    assert table["low"].iloc[1] == proportion(1, 3)[0]
    assert table["so_far"].tolist() == pytest.approx([0, 1 / 3, 2 / 3])
    assert attempts(payments(), failures(collected(invoices()), NONE, AS_OF)).empty


def test_an_accounts_row_says_whether_it_pays() -> None:
    bills = invoices(
        {"account_id": "A", "failed_at": "2025-06-20", "amount": 5, "due_on": "2025-06-19"},
        {"account_id": "A", "failed_at": "2025-04-01", "paid_at": "2025-04-02", "amount": 6},
        {"account_id": "B", "failed_at": "2025-04-02", "paid_at": "2025-04-03"},
        {"account_id": "C", "amount": 8},
        {"account_id": "D", "paid_at": "2025-05-01"},
    )
    made = collected(bills)
    table = flags(failures(made, NONE, AS_OF), overdue(made, AS_OF), AS_OF)
    assert table.drop(columns="failed_at").to_numpy().tolist() == [
        ["A", 1, True, 5, 5],
        ["B", 1, False, 0, 0],
        ["C", 0, False, 0, 8],
    ]
    assert table["failed_at"].isna().tolist() == [False, False, True]
    none = collected(invoices())
    assert flags(failures(none, NONE, AS_OF), overdue(none, AS_OF), AS_OF).empty


def test_leaving_with_an_event_just_before_and_without() -> None:
    # Months from January; the closes before February, March and April are looked at.
    book = held({"A": [5, 0, 0, 0], "B": [7] * 4, "C": [1, 1, 0, 0], "D": [0, 0, 3, 3]})
    happened = events(("A", "2024-01-31T23:59"), ("B", "2024-02-01"), ("E", "2024-01-01"))
    table = leaving(book, happened, ["2024-02", "2024-03", "2024-04"])
    assert table["event"].tolist() == [True, False]
    # With: A before February, B before March and April.
    assert table["account_months"].tolist() == [3, 4]
    assert table["accounts"].tolist() == [2, 3]
    assert table["churned"].tolist() == [1, 1]
    assert table["churned_arr"].tolist() == [5, 1]
    assert table["arr"].tolist() == [5 + 7 + 7, 7 + 1 + 1 + 3]
    assert table["rate"].tolist() == pytest.approx([1 / 3, 1 / 4])
    assert table["high"].iloc[0] == proportion(1, 3)[1]


@pytest.mark.parametrize(("days", "seen"), [(90, 1), (29, 0)])
def test_an_event_is_recent_for_so_many_days(days: int, seen: int) -> None:
    happened = events(("A", "2024-01-02"))
    table = leaving(held({"A": [5, 5]}), happened, ["2024-02"], days=days)
    assert table["account_months"].tolist() == [seen, 1 - seen]


def test_the_difference_is_newcombes() -> None:
    # Newcombe 1998, table II, example (a): 56/70 less 48/80, method 10.
    rates = pd.DataFrame({"event": [False, True], "rate": [48 / 80, 56 / 70]})
    ends = [proportion(48, 80), proportion(56, 70)]
    told = rates.assign(low=[low for low, _ in ends], high=[high for _, high in ends])
    apart, low, high = difference(told)
    assert apart == pytest.approx(0.2)
    assert (low, high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
    nobody = leaving(held({"A": [5, 5]}), events(), ["2024-02"])
    assert difference(nobody) == (None, None, None)


def test_both_meanings_of_involuntary_stay_apart() -> None:
    churned = pd.DataFrame(
        {"account_id": list("ABCD"), "month": "2024-02", "arr": [10, 20, 30, 40]}
    ).astype({"account_id": "str", "month": "str"})
    why = pd.DataFrame(
        [
            ("A", "2024-02", "payment_failure", "in our hands"),
            ("B", "2024-02", "voluntary", "beyond control"),
            ("C", "2024-02", "voluntary", "beyond control"),
            ("D", "2024-03", "voluntary", "in our hands"),
        ],
        columns=["account_id", "month", "end_reason", "control"],
    ).astype("str")
    table = by_cause(churned, why)
    assert table.to_numpy().tolist() == [
        ["voluntary", "beyond control", 2, 50, 0.5],
        ["not recorded", "not recorded", 1, 40, 0.4],
        ["payment_failure", "in our hands", 1, 10, 0.1],
    ]
    assert table["arr"].sum() == churned["arr"].sum()
    assert by_cause(churned.head(0), why).empty
