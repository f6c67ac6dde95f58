"""Whom the company knows at an account, and what its own people think of it."""

from __future__ import annotations

import narwhals as nw

from warehouse.contract.columns import NEVER, Column, Rule, Table, account, known, late

CONTACTS = Table(
    "contacts",
    "one person at an account",
    key=("contact_id",),
    happened="added_at",
    columns=(
        Column("contact_id", "id", "The contact's own id.", required=True),
        account(),
        Column("name", "text", "The person's name.", known=NEVER, personal="personal"),
        Column(
            "role",
            "category",
            "What the person is to the company.",
            choices=("champion", "sponsor", "admin", "user"),
        ),
        Column("added_at", "instant", "When the person was first recorded.", required=True),
        late("left_at", "When the person's departure was recorded."),
        known("added_at"),
    ),
    rules=(
        Rule(
            "leaves after being added",
            nw.col("left_at") >= nw.col("added_at"),
            "the person left before being added",
            "left_at",
        ),
    ),
)

PULSES = Table(
    "pulses",
    "one opinion a CSM gave of an account",
    key=("account_id", "given_at"),
    happened="given_at",
    columns=(
        account(),
        Column("given_at", "instant", "When it was given.", required=True),
        Column("score", "number", "The opinion, 1 (bad) to 5 (good).", low=1, high=5),
        Column("csm", "text", "Who gave it.", known=NEVER, personal="internal"),
        known("given_at"),
    ),
)
