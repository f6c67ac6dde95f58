"""Onboarding: how soon accounts come to value, and how many are on their way."""

from __future__ import annotations

from metrics.entry import Entry

_STARTS = (
    "accounts whose first value began in the twelve months up to the close; from the start of "
    "its clock, signature unless said otherwise; days of the company's calendar"
)
_WATCHED = (
    f"{_STARTS}; Kaplan-Meier: who is not there yet counts up to the close, "
    "who has left up to the end of its last contract"
)
_OPEN = (
    "at the close; onboarding: first value not reached, a step recorded, not gone "
    "(gap up to {gap_days} days continues)"
)


def _within(word: str, days: int, example: str, target: float | None = None) -> Entry:
    return Entry(
        f"first_value_in_{word}",
        f"First value by day {days}",
        purpose=f"Say how many customers come to value within {days} days.",
        formula=f"reached within {days} days / began at least {days} days before the close",
        unit="share",
        policy=f"{_STARTS}; younger ones are not counted yet, those who left first are",
        owner="onboarding",
        decision="Mend the step at which most are held up.",
        example=example,
        target=target,
    )


ONBOARDING: tuple[Entry, ...] = (
    Entry(
        "time_to_value_median",
        "Time to first value, median",
        purpose="Say how long a customer waits for what it bought.",
        formula="days by which half of the accounts have come to first value",
        unit="days",
        policy=_WATCHED,
        owner="onboarding",
        decision="Shorten onboarding, or promise what it takes.",
        example="(18 + 24) / 2 = 21",
    ),
    Entry(
        "time_to_value_upper_quartile",
        "Time to first value, upper quartile",
        purpose="Say how long the slower customers wait; the median hides them.",
        formula="days by which three quarters of the accounts have come to first value",
        unit="days",
        policy=_WATCHED,
        owner="onboarding",
        decision="Give the slow ones more help, from the step where they fall behind.",
        example="21 + 37 = 58",
    ),
    _within("thirty", 30, "66 / 120 = 0.55"),
    _within("sixty", 60, "84 / 112 = 0.75"),
    _within("ninety", 90, "90 / 100 = 0.9", target=0.90),
    Entry(
        "onboarding_open",
        "Accounts onboarding",
        purpose="Say how many customers are still on their way to first value.",
        formula="accounts with a step recorded, first value not reached, and not gone",
        unit="count",
        policy=_OPEN,
        owner="onboarding",
        decision="Staff onboarding.",
        example="41 + 9 - 12 - 1 = 37",
    ),
    Entry(
        "onboarding_stalled",
        "Accounts held up in onboarding",
        purpose="Find friction before the customer names it.",
        formula="accounts onboarding with a step that takes longer than three quarters took",
        unit="count",
        policy=f"{_OPEN}; against the upper quartile of the days of all that passed the step",
        owner="onboarding",
        decision="Call these first, about that step.",
        example="37 - 28 = 9",
    ),
    Entry(
        "onboarding_without_plan",
        "Onboarding without a date",
        purpose="Say how many are on their way to nowhere in particular.",
        formula=(
            "accounts onboarding without a planned date of first value, or new and without any "
            "step / accounts onboarding, and new ones without any step"
        ),
        unit="share",
        policy=f"{_OPEN}; new: first contract began in the 90 days up to the close",
        owner="onboarding",
        decision="Agree a date with each of them.",
        example="(5 + 3) / (37 + 3) = 0.2",
    ),
)
