from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from metrics.intervals import proportion
from metrics.support_after import affected, breaches, lost_by_breaches, lost_by_wait
from tests.metrics.ledgers import frame, line
from tests.metrics.test_support import tickets

START, TURN, END = datetime(2025, 7, 1), datetime(2026, 1, 1), datetime(2027, 1, 1)


def test_breaches_are_listed_with_what_their_accounts_are_worth() -> None:
    due = {"reply_due_at": "2026-12-31T20:00"}
    rows = [
        {**due, "account_id": "small", "replied_at": "2026-12-31T23:00"},
        {**due, "account_id": "large"},
        {**due, "account_id": "large", "replied_at": "2026-12-31T20:30"},
        {**due, "account_id": "gone"},
        {**due, "account_id": "large", "replied_at": "2026-12-31T20:00"},
        {"account_id": "large"},
    ]
    lines = frame(
        [
            line("small", "2026-01-01", "2027-01-01", 100),
            line("large", "2026-01-01", None, 700),
            line("large", "2026-01-01", None, 200, product="more"),
            line("large", "2027-01-01", None, 5000, product="later"),
            line("gone", "2026-01-01", "2026-12-01", 9000),
        ]
    )
    found = breaches(tickets(rows), lines, END)
    assert found["ticket_id"].tolist() == ["T001", "T002", "T000", "T003"]
    assert found["over"].tolist() == [4, 0.5, 3, 4]
    assert found["arr"].tolist() == [900, 900, 100, 0]
    assert affected(found) == 1000
    assert list(breaches(tickets([]), lines, END).columns) == list(found.columns)
    assert affected(breaches(tickets([]), frame([]), END)) == 0


def breach(account: str, due: str, replied: str | None = None) -> dict[str, str | None]:
    opened = str(pd.Timestamp(due) - pd.Timedelta(hours=1))
    return {"account_id": account, "opened_at": opened, "reply_due_at": due, "replied_at": replied}


def test_who_is_lost_after_how_many_breaches() -> None:
    lines = [line(name, "2025-01-01", None, 100) for name in ("none", "one", "edge", "five")]
    lines += [
        line("none, lost", "2025-01-01", "2026-06-01", 100),
        line("two, lost", "2025-01-01", "2026-06-01", 100),
        line("four, lost", "2025-01-01", "2026-01-01", 100),
        line("gone before", "2025-01-01", "2025-12-31", 100),
        line("came after", "2026-01-01", None, 100),
    ]
    rows = [
        breach("one", "2025-07-01"),
        breach("one", "2025-09-01", "2025-09-01"),  # kept
        breach("edge", "2025-06-30T23:59"),
        breach("edge", "2026-01-01"),
        *(breach("five", f"2025-0{month}-01") for month in (7, 7, 8, 8, 9)),
        *(breach("two, lost", "2025-12-31T23:59", "2026-02-01") for _ in range(2)),
        *(breach("four, lost", "2025-10-01") for _ in range(4)),
        *(breach("gone before", "2025-10-01") for _ in range(4)),
        breach("came after", "2025-12-30"),
    ]
    found = lost_by_breaches(tickets(rows), frame(lines), START, TURN, END)
    assert found["breaches"].tolist() == ["0", "1", "2", "3+"]
    assert found["n"].tolist() == [3, 1, 1, 2]
    assert found["hits"].tolist() == [1, 0, 1, 1]
    assert found["share"].tolist() == pytest.approx([1 / 3, 0, 1, 1 / 2])
    assert (found.loc[0, "low"], found.loc[0, "high"]) == proportion(1, 3)


def test_who_is_lost_after_waiting_how_long() -> None:
    urgent = {"priority": "urgent"}
    rows = [
        {"account_id": "short", "opened_at": "2025-12-25T00:01", **urgent},
        {"account_id": "week", "opened_at": "2025-12-25", **urgent},
        {"account_id": "week", "opened_at": "2025-12-31", **urgent},
        {"account_id": "month", "opened_at": "2025-12-02", "resolved_at": "2026-01-01", **urgent},
        {"account_id": "none", "opened_at": "2025-12-02", "resolved_at": "2025-12-31", **urgent},
        {"account_id": "none", "opened_at": "2025-12-02", "priority": "low"},
        {"account_id": "none", "opened_at": "2026-01-01", **urgent},
    ]
    ends = {"short": None, "week": "2026-03-01", "month": None, "none": None, "no ticket": None}
    lines = frame([line(name, "2025-01-01", end, 100) for name, end in ends.items()])
    found = lost_by_wait(tickets(rows), lines, TURN, END)
    assert found["waiting"].tolist() == ["none", "under 7 days", "7 to 30 days", "30 days or more"]
    assert found["n"].tolist() == [2, 1, 1, 1]
    assert found["hits"].tolist() == [0, 0, 1, 0]


def test_nobody_is_lost_where_nobody_was() -> None:
    for found in (
        lost_by_breaches(tickets([]), frame([]), START, TURN, END),
        lost_by_wait(tickets([]), frame([]), TURN, END),
    ):
        assert found["n"].tolist() == [0] * 4
        assert np.isnan(found["share"]).all()
