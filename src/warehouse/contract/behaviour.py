"""What accounts do and say: use, tickets, answers, touches, onboarding."""

from __future__ import annotations

import narwhals as nw

from warehouse.contract.columns import NEVER, Column, Rule, Table, account, known, late

USAGE = Table(
    "usage",
    "one account's use of one product on one day",
    key=("account_id", "product", "day"),
    happened="day",
    by_month=True,
    columns=(
        account(),
        Column("product", "category", "The product or module used.", default="subscription"),
        Column("day", "instant", "The day of use.", required=True),
        Column("active_users", "integer", "People who used it that day.", unit="people", low=0),
        Column("events", "integer", "Things done that day.", unit="events", low=0),
        Column("minutes", "integer", "Minutes of use that day.", unit="minutes", low=0),
        Column("errors", "integer", "Errors met that day.", unit="errors", low=0),
        known("day"),
    ),
)

TICKETS = Table(
    "tickets",
    "one support ticket",
    key=("ticket_id",),
    happened="opened_at",
    columns=(
        Column("ticket_id", "id", "The ticket's own id.", required=True),
        account(),
        Column("opened_at", "instant", "When it was opened.", required=True),
        Column(
            "priority",
            "category",
            "Severity when opened.",
            choices=("low", "normal", "high", "urgent"),
        ),
        Column("product", "category", "The product it is about."),
        Column("reply_due_at", "instant", "When the first reply is promised by."),
        late("replied_at", "First human reply."),
        late("resolved_at", "When it was resolved."),
        late("reopened_at", "When it was opened again."),
        late("rated_at", "When the customer rated it."),
        Column("rating", "number", "The rating, 1 to 5.", late="rated_at", low=1, high=5),
        known("opened_at"),
    ),
    rules=(
        Rule(
            "reply follows opening",
            nw.col("replied_at") >= nw.col("opened_at"),
            "the reply is before the opening",
            "replied_at",
        ),
        Rule(
            "resolution follows opening",
            nw.col("resolved_at") >= nw.col("opened_at"),
            "the resolution is before the opening",
            "resolved_at",
        ),
        Rule(
            "a rating has its date",
            nw.col("rating").is_null() | ~nw.col("rated_at").is_null(),
            "rating is given without rated_at, so nobody can say when it became known",
            "rated_at",
        ),
    ),
)

INCIDENTS = Table(
    "incidents",
    "one failure of a product that struck an account",
    key=("incident_id",),
    happened="started_at",
    columns=(
        Column("incident_id", "id", "The row's own id.", required=True),
        account(),
        Column("product", "category", "The product that failed."),
        Column(
            "severity",
            "category",
            "How bad it was.",
            choices=("minor", "major", "critical"),
        ),
        Column("started_at", "instant", "When it began.", required=True),
        late("resolved_at", "When it was over."),
        known("started_at"),
    ),
    rules=(
        Rule(
            "over after it began",
            nw.col("resolved_at") >= nw.col("started_at"),
            "it was over before it began",
            "resolved_at",
        ),
    ),
)

SURVEYS = Table(
    "surveys",
    "one question put to one person",
    key=("survey_id",),
    happened="sent_at",
    columns=(
        Column("survey_id", "id", "The invitation's own id.", required=True),
        account(),
        Column(
            "kind",
            "category",
            "Which question: NPS 0 to 10, CSAT 1 to 5, CES 1 to 7.",
            choices=("nps", "csat", "ces"),
            default="nps",
        ),
        Column("contact_id", "id", "Who was asked."),
        Column("sent_at", "instant", "When it was sent.", required=True),
        late("answered_at", "When it was answered; empty: silence."),
        Column("score", "number", "The answer.", late="answered_at", low=0, high=10),
        Column("comment", "text", "Words given.", late="answered_at", personal="personal"),
        known("sent_at"),
    ),
    rules=(
        Rule(
            "answer follows question",
            nw.col("answered_at") >= nw.col("sent_at"),
            "answered before it was sent",
            "answered_at",
        ),
        Rule(
            "an answer has its date",
            nw.col("score").is_null() | ~nw.col("answered_at").is_null(),
            "score is given without answered_at, so nobody can say when it became known",
            "answered_at",
        ),
    ),
)

TOUCHES = Table(
    "touches",
    "one contact between the company and the account",
    key=("touch_id",),
    happened="touched_at",
    columns=(
        Column("touch_id", "id", "The touch's own id.", required=True),
        account(),
        Column("touched_at", "instant", "When it took place.", required=True),
        Column(
            "kind",
            "category",
            "What it was.",
            choices=("email", "call", "meeting", "review", "training"),
        ),
        Column("started_by", "category", "Who began it.", choices=("vendor", "customer")),
        Column("minutes", "integer", "How long it took.", unit="minutes", low=0),
        late("replied_at", "When the other side replied."),
        Column("csm", "text", "Who made it.", known=NEVER, personal="internal"),
        known("touched_at"),
    ),
)

MILESTONES = Table(
    "milestones",
    "one step of an account's onboarding",
    key=("account_id", "milestone"),
    happened="started_at",
    columns=(
        account(),
        Column(
            "milestone",
            "category",
            "The step; first_value is the one that counts.",
            required=True,
        ),
        Column("started_at", "instant", "When the clock started.", required=True),
        Column("planned_on", "instant", "When it was planned for."),
        late("reached_at", "When it was reached; empty: not yet."),
        known("started_at"),
    ),
    rules=(
        Rule(
            "reached after start",
            nw.col("reached_at") >= nw.col("started_at"),
            "reached before its clock started",
            "reached_at",
        ),
    ),
)
