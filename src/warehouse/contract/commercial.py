"""Who the accounts are, what they bought, and what they might buy."""

from __future__ import annotations

import narwhals as nw

from warehouse.contract.columns import NEVER, Column, Rule, Table, account, known, late

ACCOUNTS = Table(
    "accounts",
    "one account",
    key=("account_id",),
    happened="created_at",
    required=True,
    columns=(
        account(),
        Column("name", "text", "What people call the account.", known=NEVER, personal="internal"),
        Column("segment", "category", "Commercial segment today.", known=NEVER),
        Column("industry", "category", "Industry today.", known=NEVER),
        Column("region", "category", "Region today.", known=NEVER),
        Column("tier", "category", "Service tier today.", known=NEVER),
        Column("csm", "text", "Who looks after it today.", known=NEVER, personal="internal"),
        Column("parent_id", "id", "The account it belongs to today.", known=NEVER),
        Column("merged_into", "id", "The account that took over its contracts.", known=NEVER),
        Column("created_at", "instant", "When the account was first recorded."),
        known("created_at"),
    ),
)

CONTRACT_LINES = Table(
    "contract_lines",
    "one product sold to one account for one term",
    key=("line_id",),
    happened="signed_at",
    required=True,
    columns=(
        Column("line_id", "id", "The line's own id.", required=True),
        account(),
        Column("product", "category", "What was sold.", default="subscription"),
        Column("starts_on", "instant", "First instant of the term.", required=True),
        Column("ends_on", "instant", "First instant after the contracted term; empty: open-ended."),
        Column(
            "arr",
            "money",
            "Annual recurring revenue of the line; negative: a credit over its term.",
            required=True,
            unit="reporting currency a year",
        ),
        Column("currency", "category", "Currency of the amount."),
        Column("seats", "integer", "Seats entitled.", unit="seats"),
        Column("billing", "category", "How often it is billed.", choices=("monthly", "annual")),
        Column("discount", "number", "Share off the list price.", unit="share", low=0, high=1),
        Column("uplift", "number", "Contracted yearly rise.", unit="share", low=-1, high=1),
        Column("auto_renew", "flag", "Renews unless someone says no."),
        Column("notice_days", "integer", "Notice before the end.", unit="days", low=0, high=400),
        Column("signed_at", "instant", "When it was agreed.", default="starts_on"),
        late("cancelled_at", "When notice to stop was recorded."),
        Column(
            "ended_on",
            "instant",
            "First instant no longer served, where that differs from the contracted end.",
            late="cancelled_at",
        ),
        Column(
            "end_reason",
            "category",
            "Why it stopped.",
            late="cancelled_at",
            choices=("voluntary", "payment_failure", "merged"),
        ),
        Column(
            "exit_reason", "category", "What the customer says made it leave.", late="cancelled_at"
        ),
        known("signed_at"),
    ),
    rules=(
        Rule(
            "term runs forward",
            nw.col("ends_on") > nw.col("starts_on"),
            "the line ends at or before its start",
            "ends_on",
        ),
        Rule(
            "stops after start",
            nw.col("ended_on") >= nw.col("starts_on"),
            "the line stopped before it started",
            "ended_on",
        ),
        Rule(
            "stop has a date of notice",
            nw.col("ended_on").is_null() | ~nw.col("cancelled_at").is_null(),
            "ended_on is given without cancelled_at, so nobody can say when it became known",
            "cancelled_at",
        ),
    ),
)

OPPORTUNITIES = Table(
    "opportunities",
    "one chance to sell more to an account",
    key=("opportunity_id",),
    happened="identified_at",
    columns=(
        Column("opportunity_id", "id", "The opportunity's own id.", required=True),
        account(),
        Column("kind", "category", "What for.", choices=("expansion", "cross_sell")),
        Column("source", "category", "Who found it.", choices=("cs", "sales", "product")),
        Column("identified_at", "instant", "When it was found.", required=True),
        late("handed_at", "When CS handed it over."),
        late("accepted_at", "When sales accepted it."),
        late("closed_at", "When it was won or lost."),
        Column("won", "flag", "Whether it was won.", late="closed_at"),
        Column(
            "amount",
            "money",
            "ARR won.",
            late="closed_at",
            unit="reporting currency a year",
        ),
        known("identified_at"),
    ),
    rules=(
        Rule(
            "an outcome has its date",
            nw.col("won").is_null() | ~nw.col("closed_at").is_null(),
            "won is given without closed_at, so nobody can say when it became known",
            "closed_at",
        ),
    ),
)
