"""Contracts that come up: how many, for how much, and where each stands."""

from __future__ import annotations

from metrics.entry import Entry

_TERM = "contracted terms ending in the three months after the close, as known at it"
_FOLLOWED = "a following line of the same product within {gap_days} days of the end"

RENEWALS: tuple[Entry, ...] = (
    Entry(
        "renewals_due",
        "Renewals due",
        purpose="Say how many decisions customers are about to take.",
        formula="ends of contracted term in the three months; lines that end together are one",
        unit="count",
        policy=_TERM,
        owner="CS leader",
        decision="Start each conversation before its notice date.",
        example="12 + 3 = 15",
    ),
    Entry(
        "arr_due",
        "ARR due",
        purpose="Say what those decisions are worth.",
        formula="sum of ARR of the lines whose contracted term ends in the three months",
        unit="money",
        policy=_TERM,
        owner="CS leader",
        decision="Order the quarter's work by money.",
        example="200000 + 30000 + 20000 = 250000",
    ),
    Entry(
        "arr_due_signed",
        "ARR due, signed",
        purpose="Take off the list what is already decided well.",
        formula="ARR due of the lines that a known line carries on",
        unit="money",
        policy=_FOLLOWED,
        owner="CS leader",
        decision="Stop chasing these.",
        example="250000 - 30000 - 20000 = 200000",
    ),
    Entry(
        "arr_due_cancelled",
        "ARR due, cancelled",
        purpose="Say what is already decided badly.",
        formula="ARR due of the lines with notice to stop and no following line",
        unit="money",
        policy=_FOLLOWED,
        owner="CS leader",
        decision="Try to win back by price, scope or sponsor, or plan without it.",
        example="250000 - 200000 - 20000 = 30000",
    ),
    Entry(
        "arr_due_open",
        "ARR due, open",
        purpose="Say what can still go either way.",
        formula="ARR due of the lines with neither a following line nor notice",
        unit="money",
        policy=_FOLLOWED,
        owner="CS leader",
        decision="Name an owner and a date for each.",
        example="250000 - 200000 - 30000 = 20000",
    ),
)
