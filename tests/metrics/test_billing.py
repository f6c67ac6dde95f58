from __future__ import annotations

import pandas as pd
import pytest

from metrics.billing import STATES, collected, dunning, failures, figures, funnel
from metrics.definitions.billing import BILLING
from metrics.intervals import proportion
from metrics.registry import REGISTRY
from tests.metrics.bills import AS_OF, invoices, payments
from tests.metrics.heard import known
from tests.metrics.ledgers import frame, line
from warehouse.months import between

MONTHS = between("2025-03", "2025-06")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = REGISTRY | {each.name: each for each in BILLING}
    monkeypatch.setattr("metrics.registry.REGISTRY", whole)


def stop(account: str, on: str, reason: str = "payment_failure") -> dict[str, object]:
    at = pd.Timestamp(on)
    rest = {"ended_on": at, "cancelled_at": at, "end_reason": reason}
    return line(account, "2024-01-01", None, 1200) | rest


def stopped(*rows: dict[str, object]) -> pd.DataFrame:
    reasons = pd.Series([row.get("end_reason") for row in rows], dtype="str")
    return frame(list(rows)).assign(end_reason=reasons)


def states(bills: pd.DataFrame, *lines: dict[str, object]) -> dict[str, str]:
    table = failures(collected(bills), stopped(*lines), AS_OF)
    return dict(zip(table["invoice_id"], table["state"], strict=True))


def test_what_became_of_a_failed_payment() -> None:
    bills = invoices(
        {"failed_at": "2025-05-03", "paid_at": "2025-06-30"},
        {"failed_at": "2025-05-02"},
        {"failed_at": "2025-05-02T00:00:01"},
        {"failed_at": "2025-06-20", "account_id": "stopped"},
        {"failed_at": "2025-06-20", "account_id": "left"},
        {"failed_at": "2025-06-20", "account_id": "back"},
        {"paid_at": "2025-05-01"},
    )
    lines = (stop("stopped", "2025-06-25"), stop("left", "2025-06-25", "voluntary"))
    assert states(bills, *lines, stop("back", "2025-02-01")) == {
        "I0": "recovered",
        "I1": "lost",
        "I2": "open",
        "I3": "lost",
        "I4": "open",
        "I5": "open",
    }


def test_attempts_say_what_the_invoice_does_not() -> None:
    bills = invoices({}, {"failed_at": "2025-05-01", "paid_at": "2025-05-03"}, {}, {"amount": -5})
    tried = payments(
        ("I0", "2025-05-04", "failed"),
        ("I0", "2025-05-02", "failed"),
        ("I0", "2025-05-09", "paid"),
        ("I1", "2025-05-02", "failed"),
        ("I2", "2025-05-02", "paid"),
        ("I2", "2025-05-03", "failed"),
        ("I3", "2025-05-03", "failed"),
        (None, "2025-05-03", "failed"),
    )
    table = collected(bills, tried).set_index("invoice_id")
    assert table["failed_at"].dt.day.fillna(0).to_dict() == {"I0": 2, "I1": 1, "I2": 0}
    assert table["paid_at"].dt.day.to_dict() == {"I0": 9, "I1": 3, "I2": 2}
    assert table["tries"].to_dict() == {"I0": 2, "I1": 1, "I2": 1}


def test_the_funnel_adds_up_by_the_month_of_first_failure() -> None:
    rows = [
        {"failed_at": "2025-02-28T23:59", "amount": 1},
        {"failed_at": "2025-03-01", "amount": 10},
        {"failed_at": "2025-03-31", "amount": 20, "paid_at": "2025-06-01"},
        {"failed_at": "2025-03-31", "amount": 30, "paid_at": "2025-04-01"},
        {"failed_at": "2025-06-30", "amount": 40},
        {"failed_at": "2025-06-30", "amount": 50, "paid_at": "2025-06-30T12:00"},
    ]
    table = funnel(failures(collected(invoices(*rows)), stopped(), AS_OF), MONTHS, AS_OF)
    assert table["month"].tolist() == MONTHS
    assert table["failed"].tolist() == [60, 0, 0, 90]
    assert table["recovered"].tolist() == [50, 0, 0, 50]
    assert table["lost"].tolist() == [10, 0, 0, 0]
    assert table["open"].tolist() == [0, 0, 0, 40]
    assert table["failed_n"].tolist() == [3, 0, 0, 2]
    assert (table["failed_n"] == table[[f"{s}_n" for s in STATES]].sum(axis=1)).all()
    # April's last failure is sixty-one days old, May's thirty.
    assert table["complete"].tolist() == [True, True, False, False]
    assert table.loc[0, ["rate", "low", "high"]].tolist() == [2 / 3, *proportion(2, 3)]
    assert table["rate"].isna().tolist() == [False, True, True, True]


def test_a_month_begins_by_the_companys_clock() -> None:
    bills = invoices({"failed_at": "2025-03-31T14:00"})
    table = funnel(failures(collected(bills), stopped(), AS_OF), MONTHS, AS_OF, "Australia/Sydney")
    assert table["failed"].tolist() == [0, 100, 0, 0]


def test_accounts_in_dunning_by_money_and_what_they_owe() -> None:
    bills = invoices(
        {"account_id": "A", "failed_at": "2025-06-21", "amount": 30},
        {"account_id": "A", "failed_at": "2025-06-11", "amount": 12},
        {"account_id": "B", "failed_at": "2025-06-29", "amount": 5},
        {"account_id": "C", "failed_at": "2025-06-29", "paid_at": "2025-06-30"},
        {"account_id": "gone", "failed_at": "2025-06-28"},
        {"account_id": "lost", "failed_at": "2025-03-28"},
    )
    tried = payments(("I0", "2025-06-21", "failed"), ("I0", "2025-06-22", "failed"))
    broken = failures(collected(bills, tried), stopped(), AS_OF)
    table = dunning(broken, pd.Series({"A": 10, "B": 900, "C": 1}))
    assert table.drop(columns="failed_at").to_dict("list") == {
        "account_id": ["B", "A", "gone"],
        "arr": [900, 10, 0],
        "invoices": [1, 2, 1],
        "amount": [5, 42, 100],
        "tries": [0, 2, 0],
        "days": [2, 20, 3],
    }
    assert table["amount"].sum() == funnel(broken, MONTHS, AS_OF)["open"].sum()


def test_the_figures_of_a_month() -> None:
    bills = invoices(
        {"failed_at": "2024-06-30", "amount": 7},
        {"failed_at": "2024-07-01", "amount": 1000, "paid_at": "2024-07-03"},
        {"failed_at": "2025-05-02", "amount": 200},
        {"failed_at": "2025-06-20", "amount": 30},
        {"failed_at": "2025-06-20", "amount": 4, "paid_at": "2025-06-21"},
        {"amount": 50_000, "due_on": "2025-07-01"},
        {"amount": 60_000, "due_on": "2025-06-30", "account_id": "B"},
    )
    lines = [line("A", "2024-01-01", None, 900), line("B", "2024-01-01", None, 80)]
    found = figures(known({"invoices": bills}, *lines))
    assert {name: (each.value, each.n) for name, each in found.items()} == {
        "payments_failed": (1234, 4),
        "payments_recovered": (1004, 4),
        "payments_lost": (200, 4),
        "payment_recovery_rate": (0.5, 2),
        "in_dunning": (1, 2),
        "in_dunning_arr": (900, 1),
        "overdue": (60_237, 4),
    }
    rate = found["payment_recovery_rate"]
    assert (rate.low, rate.high) == proportion(1, 2)
    assert set(found) == {each.name for each in BILLING}


def test_what_is_not_recorded_is_not_zero() -> None:
    assert figures(known({})) == {}
    unpaid = figures(known({"invoices": invoices({})}))
    assert {each.value for each in unpaid.values()} == {None}
    paid = figures(known({"invoices": invoices({"paid_at": "2025-05-01"})}))
    assert {n for n, each in paid.items() if each.value is not None} == {"overdue"}
    tried = {
        "invoices": invoices({"paid_at": "2025-05-01"}),
        "payments": payments(("I0", "2025-05-01", "paid")),
    }
    told = figures(known(tried))
    assert {n for n, each in told.items() if each.value is None} == {"payment_recovery_rate"}
    assert told["payments_failed"].value == 0


def test_empty_tables_and_amounts_do_no_harm() -> None:
    empty = figures(known({"invoices": invoices(), "payments": payments()}))
    assert {(each.value, each.n) for each in empty.values()} == {(None, 0)}
    some = figures(
        known({"invoices": invoices({"amount": None}, {"paid_at": "2025-05-02", "amount": 3.0})})
    )
    assert some["overdue"].value == 0
