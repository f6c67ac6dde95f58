"""Support: how much is asked, how soon it is answered, and how well."""

from __future__ import annotations

from metrics.entry import Entry

_OPENED = "tickets opened in the three months up to the close"
_REPLIED = "tickets first replied to in the three months up to the close"
_RESOLVED = "tickets resolved in the three months up to the close"
_PAUSES = "time spent waiting for the customer is in it"
_BUSINESS = "business hours on the company's wall clock"


def _wait(name: str, title: str, formula: str, policy: str, example: str) -> Entry:
    reply = name.startswith("first")
    return Entry(
        name,
        title,
        purpose=(
            "Say how long a customer is left without a word."
            if reply
            else "Say how long a customer lives with its problem."
        ),
        formula=formula,
        unit="hours",
        policy=policy,
        owner="support",
        decision=(
            "Move shifts, or add people, where the wait is."
            if reply
            else "Find the kind of ticket that takes longest, and mend its cause."
        ),
        example=example,
    )


def _count(
    name: str,
    title: str,
    purpose: str,
    formula: str,
    policy: str,
    decision: str,
    example: str,
) -> Entry:
    return Entry(
        name,
        title,
        purpose=purpose,
        formula=formula,
        unit="count",
        policy=policy,
        owner="support",
        decision=decision,
        example=example,
    )


SUPPORT: tuple[Entry, ...] = (
    _count(
        "tickets_opened",
        "Tickets opened",
        "Say how much help customers ask for.",
        "tickets opened",
        "in the month",
        "Staff support; look for the cause of a surge.",
        "210 + 34 = 244",
    ),
    _count(
        "tickets_resolved",
        "Tickets resolved",
        "Say whether support keeps up.",
        "tickets resolved, whenever they were opened",
        "in the month",
        "Add hands when fewer are resolved than opened, month after month.",
        "198 + 40 = 238",
    ),
    _count(
        "ticket_backlog",
        "Ticket backlog",
        "Say how many customers are still waiting.",
        "tickets that were never resolved",
        "at the close; a ticket opened again after its resolution is counted apart",
        "Clear the oldest of the most urgent first.",
        "51 + 244 - 238 = 57",
    ),
    Entry(
        "sla_compliance",
        "SLA compliance",
        purpose="Say how often the promised first reply is kept.",
        formula="first replies in time / (in time + late, or missing past their time)",
        unit="share",
        policy=(
            f"{_OPENED}; unanswered inside the promise, closed inside it, or without a promise: "
            f"not counted; {_PAUSES}"
        ),
        owner="support",
        decision="Answer for each breach, the largest accounts first.",
        example="190 / (190 + 10) = 0.95",
        target=0.95,
    ),
    _wait(
        "first_reply_hours",
        "First reply, by the clock",
        "median of the hours from opening to the first human reply",
        _REPLIED,
        "(1.5 + 2.5) / 2 = 2",
    ),
    _wait(
        "first_reply_business_hours",
        "First reply, in business hours",
        "median of the business hours from opening to the first human reply",
        f"{_REPLIED}; {_BUSINESS}",
        "(17 - 16) + (10 - 9) = 2",
    ),
    _wait(
        "resolution_hours",
        "Resolution, by the clock",
        "median of the hours from opening to resolution",
        f"{_RESOLVED}; {_PAUSES}",
        "(20 + 28) / 2 = 24",
    ),
    _wait(
        "resolution_business_hours",
        "Resolution, in business hours",
        "median of the business hours from opening to resolution",
        f"{_RESOLVED}; {_PAUSES}; {_BUSINESS}",
        "8 + (11 - 9) = 10",
    ),
    Entry(
        "reopen_rate",
        "Reopen rate",
        purpose="Say how often a problem was called solved and was not.",
        formula="resolved tickets that were opened again / resolved tickets",
        unit="share",
        policy=f"{_RESOLVED}; opened again before the close",
        owner="support",
        decision="Review what is closed too early.",
        example="12 / 240 = 0.05",
    ),
    Entry(
        "support_csat",
        "Satisfaction with support",
        purpose="Say what customers think of the help they got.",
        formula="ratings of 4 or 5 / ratings, on a scale of 1 to 5",
        unit="share",
        policy="ratings of tickets given in the three months up to the close; silence not counted",
        owner="support",
        decision="Call those who gave a 1 or a 2; coach where they gather.",
        example="72 / 80 = 0.9",
        target=0.90,
    ),
    Entry(
        "support_csat_response",
        "Response to the support survey",
        purpose="Say how many customers the satisfaction speaks for.",
        formula="resolved tickets that were rated / resolved tickets",
        unit="share",
        policy=f"{_RESOLVED}; each taken to have been asked; rated before the close",
        owner="support",
        decision="Trust the satisfaction, or ask in another way.",
        example="80 / 240 = 0.333",
    ),
)
