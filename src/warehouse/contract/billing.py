"""What is asked for, and each attempt to collect it."""

from __future__ import annotations

from warehouse.contract.columns import Column, Table, account, known, late

INVOICES = Table(
    "invoices",
    "one invoice",
    key=("invoice_id",),
    happened="issued_at",
    columns=(
        Column("invoice_id", "id", "The invoice's own id.", required=True),
        account(),
        Column("issued_at", "instant", "When it was issued.", required=True),
        Column("due_on", "instant", "When it falls due.", default="issued_at"),
        Column("amount", "money", "What it asks for.", unit="reporting currency"),
        Column("currency", "category", "Currency of the amount."),
        late("failed_at", "First failed attempt to collect."),
        late("paid_at", "When it was paid in full."),
        known("issued_at"),
    ),
)

PAYMENTS = Table(
    "payments",
    "one attempt to collect an invoice",
    key=("payment_id",),
    happened="attempted_at",
    columns=(
        Column("payment_id", "id", "The attempt's own id.", required=True),
        account(),
        Column("invoice_id", "id", "The invoice it is for."),
        Column("attempted_at", "instant", "When it was tried.", required=True),
        Column("outcome", "category", "What came of it.", choices=("paid", "failed")),
        known("attempted_at"),
    ),
)
