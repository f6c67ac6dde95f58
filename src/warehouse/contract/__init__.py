"""The contract: every table Perennial reads, declared once.

Parsing, admission, the data dictionary, the simulator's output check and the
leak tests are derived from these declarations, so a new column cannot dodge
them. Each column says when its value becomes known:

- ``ROW``      with its row, at the table's ``known`` clock;
- ``late=c``   later than its row, at the instant in column ``c``; null until then;
- ``NEVER``    a current state without history: it may label an account on a
  page, and is never shown to a feature.
"""

from __future__ import annotations

from warehouse.contract.behaviour import (
    INCIDENTS,
    MILESTONES,
    SURVEYS,
    TICKETS,
    TOUCHES,
    USAGE,
)
from warehouse.contract.billing import INVOICES, PAYMENTS
from warehouse.contract.columns import NEVER, ROW, Column, Kind, Rule, Table
from warehouse.contract.commercial import ACCOUNTS, CONTRACT_LINES, OPPORTUNITIES
from warehouse.contract.people import CONTACTS, PULSES

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ACCOUNTS,
        CONTRACT_LINES,
        CONTACTS,
        USAGE,
        INCIDENTS,
        TICKETS,
        SURVEYS,
        INVOICES,
        PAYMENTS,
        TOUCHES,
        PULSES,
        MILESTONES,
        OPPORTUNITIES,
    )
}

__all__ = ["NEVER", "ROW", "TABLES", "Column", "Kind", "Rule", "Table"]
