from __future__ import annotations

from datetime import datetime

import pytest

from metrics.billing import collected
from metrics.overdue import at_renewal, by_age, lateness, overdue
from metrics.renewals import due
from tests.metrics.bills import AS_OF, invoices
from tests.metrics.ledgers import frame, line

YEAR = datetime(2024, 7, 1)


def test_overdue_is_unpaid_past_its_day_by_age() -> None:
    days = ["2025-07-01", "2025-06-30T23:59", "2025-06-01T00:01", "2025-06-01", "2025-05-02"]
    rows = [{"due_on": at, "amount": 10**i} for i, at in enumerate([*days, "2025-04-02"])]
    rows += [{"due_on": "2025-01-01", "paid_at": "2025-06-30"}, {"amount": -1}, {"amount": 0}]
    late = overdue(collected(invoices(*rows)), AS_OF)
    assert late["invoice_id"].tolist() == ["I5", "I4", "I3", "I2", "I1"]
    assert by_age(late).to_dict("list") == {
        "bucket": ["under 30 days", "30 to 59 days", "60 to 89 days", "90 days or more"],
        "invoices": [2, 1, 1, 1],
        "accounts": [1, 1, 1, 1],
        "amount": [110, 1000, 10_000, 100_000],
    }
    assert by_age(overdue(collected(invoices()), AS_OF))["amount"].sum() == 0


def test_how_late_money_comes_in() -> None:
    bills = invoices(
        {"issued_at": "2024-07-01", "due_on": "2024-08-01", "paid_at": "2024-08-11"},
        {"issued_at": "2024-06-30", "due_on": "2024-07-30", "paid_at": "2024-07-28", "amount": 9},
        {"issued_at": "2025-06-01", "due_on": "2025-06-15", "amount": 50},
        {"issued_at": "2025-06-20", "due_on": "2025-07-20", "amount": 50},
        {"issued_at": "2024-01-01", "due_on": "2024-01-15", "amount": 999},
        {"issued_at": "2024-01-01", "due_on": "2024-01-15", "paid_at": "2024-06-30"},
    )
    found = lateness(collected(bills), YEAR, AS_OF)
    assert (found.billed, found.overdue, found.n) == (200, 50, 2)
    assert found.days_sales_late == pytest.approx(50 / 200 * 365)
    assert (found.mean, found.late) == (4, 0.5)
    assert found.low is not None
    nothing = lateness(collected(invoices()), YEAR, AS_OF)
    assert (nothing.days_sales_late, nothing.mean, nothing.late) == (None, None, None)


def test_renewals_of_those_who_owe() -> None:
    lines = frame(
        [
            line("A", "2024-08-01", "2025-07-15", 100),
            line("A", "2024-08-01", "2025-07-15", 20, product="more"),
            line("A", "2024-08-01", "2025-07-20", 3, product="most"),
            line("B", "2024-08-01", "2025-08-15", 50),
            line("C", "2024-08-01", "2025-07-15", 7),
            line("D", "2024-08-01", "2025-06-30", 9),
        ]
    )
    bills = invoices(
        {"account_id": "A", "due_on": "2025-06-01", "amount": 11},
        {"account_id": "A", "due_on": "2025-05-01", "amount": 22},
        {"account_id": "C", "due_on": "2025-06-20"},
        {"account_id": "D", "due_on": "2025-01-20"},
    )
    listed = due(lines, datetime(2025, 6, 1), datetime(2026, 1, 1))
    table = at_renewal(overdue(collected(bills), AS_OF), listed, AS_OF)
    told = table.set_index(["ends_in", "owes"])
    assert told.loc[("under 30 days", True)].tolist() == [2, 1, 123, 33]
    assert told.loc[("under 30 days", False)].tolist() == [1, 1, 7, 0]
    assert told.loc[("30 to 59 days", False)].tolist() == [1, 1, 50, 0]
    assert len(table) == 8
    assert table["arr"].sum() == 180
    none = at_renewal(overdue(collected(invoices()), AS_OF), listed.head(0), AS_OF)
    assert none["arr"].sum() == 0
