"""Small invoices and attempts to collect them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

AS_OF = datetime(2025, 7, 1)
DATES = ("issued_at", "due_on", "failed_at", "paid_at")
BLANK: dict[str, Any] = {
    "account_id": "A",
    "issued_at": "2025-05-01",
    "due_on": "2025-05-01",
    "amount": 100,
    "failed_at": None,
    "paid_at": None,
}


def invoices(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Invoices I0, I1 ... from rows that name only what matters."""
    filled = [{"invoice_id": f"I{i}", **BLANK, **row} for i, row in enumerate(rows)]
    table = pd.DataFrame(filled, columns=["invoice_id", *BLANK])
    words = {"invoice_id": "str", "account_id": "str"}
    return table.astype({**words, **dict.fromkeys(DATES, "datetime64[us]")})


def payments(*rows: tuple[str | None, str, str | None]) -> pd.DataFrame:
    """Attempts P0, P1 ... from invoice_id, attempted_at and outcome."""
    table = pd.DataFrame(rows, columns=["invoice_id", "attempted_at", "outcome"])
    table.insert(0, "payment_id", [f"P{i}" for i in range(len(rows))])
    words = dict.fromkeys(("payment_id", "invoice_id", "outcome"), "str")
    return table.astype({**words, "attempted_at": "datetime64[us]"})
