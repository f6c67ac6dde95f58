"""What was said in earlier months, beside what is said now.

Read from the score ledger, which is never edited: a number of last month that
stands beside this month's is the number last month's pages printed.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from models import health, scores

RISK = [
    "month",
    "accounts",
    "arr",
    "at_risk",
    "at_risk_accounts",
    "expected_loss",
    "not_scored",
    "not_scored_accounts",
]


def said(workspace: Path, month: str, most: int = 13) -> dict[str, pd.DataFrame]:
    """The score ledger's rows by month: ``month`` and up to ``most`` - 1 scored before it."""
    kept = [each for each in scores.months(workspace) if each <= month][-most:]
    return {each: scores.read(workspace, each) for each in kept}


def risk(months: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a scored month, oldest first: ARR at risk, expected loss, ARR not scored (cents).

    ``expected_loss`` is missing for a month in which no account was scored.
    """
    rows = []
    for month, table in sorted(months.items()):
        risky, silent = table["band"] == health.AT_RISK, table["p_churn"].isna()
        rows.append(
            {
                "month": month,
                "accounts": len(table),
                "arr": int(table["arr"].sum()),
                "at_risk": int(table.loc[risky, "arr"].sum()),
                "at_risk_accounts": int(risky.sum()),
                "expected_loss": pd.NA if silent.all() else int(table["expected_loss"].sum()),
                "not_scored": int(table.loc[silent, "arr"].sum()),
                "not_scored_accounts": int(silent.sum()),
            }
        )
    return pd.DataFrame(rows, columns=RISK).astype({"month": "str", "expected_loss": "Int64"})


SAID = {"account_id": "str", "band": "str", "p_churn": "float64"}


def beside(table: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """``table`` with band_before and p_before: what was said of each account a month earlier.

    An account of which nothing was said has an empty band and NaN.
    """
    nobody = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in SAID.items()})
    former = nobody if before is None else before[list(SAID)]
    former = former.set_axis(["account_id", "band_before", "p_before"], axis=1)
    joined = table.merge(former, on="account_id", how="left")
    return joined.assign(band_before=joined["band_before"].fillna("").astype("str"))
