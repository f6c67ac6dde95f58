"""Small surveys to test on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from metrics.facts import Facts
from metrics.policy import Policy
from tests.metrics.ledgers import frame

AS_OF = datetime(2025, 7, 1)
BLANK: dict[str, Any] = {
    "account_id": "A",
    "kind": "nps",
    "contact_id": None,
    "sent_at": "2025-05-01",
    "answered_at": None,
    "score": None,
    "comment": None,
}


def surveys(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Surveys from rows that name only what matters; an answer without a date is of 2025-05-10."""
    filled = [{"survey_id": f"S{i:03d}", **BLANK, **row} for i, row in enumerate(rows)]
    for row in filled:
        if row["score"] is not None and row["answered_at"] is None:
            row["answered_at"] = "2025-05-10"
    table = pd.DataFrame(filled, columns=["survey_id", *BLANK])
    words = dict.fromkeys(("survey_id", "account_id", "kind", "contact_id", "comment"), "str")
    types = {**words, **dict.fromkeys(("sent_at", "answered_at"), "datetime64[us]")}
    return table.astype({**types, "score": "float64"})


def scored(*scores: float, kind: str = "nps") -> pd.DataFrame:
    """One answer a score, each of another person at another account."""
    return surveys(
        *(
            {"account_id": f"A{i}", "contact_id": f"K{i}", "kind": kind, "score": score}
            for i, score in enumerate(scores)
        )
    )


def known(
    tables: Mapping[str, pd.DataFrame], *lines: Mapping[str, Any], month: str = "2025-06"
) -> Facts:
    """What a company with contract ``lines`` and these ``tables`` knows at the close of a month."""
    held = frame(list(lines))
    for name in ("end_reason", "exit_reason"):
        if name not in held:
            held[name] = pd.Series([row.get(name) for row in lines], dtype="str")
    today = pd.DataFrame({"account_id": held["account_id"].unique()}).astype("str")
    return Facts(month, "UTC", Policy(), {**tables, "contract_lines": held}, today)


def ids(values: Sequence[str], name: str = "contact_id") -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(list(values), dtype="str")})
