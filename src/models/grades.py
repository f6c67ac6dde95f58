"""Grades: every score ever given, held against what then happened.

Only months whose answer is certain by now are graded, each by the contract lines
known now and the scores said then. Nothing is fitted here and nothing forgotten:
this is the page on which the health score earns its trust or loses it.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from metrics.spells import spells
from models import health, measures, scores
from models.folds import usable
from models.outcomes import Question, outcomes
from warehouse.months import as_of


def grade(
    workspace: Path,
    lines: pd.DataFrame,
    now: datetime,
    question: Question,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """One row for each month of the ledger whose outcome is certain at ``now``, oldest first.

    ``lines`` are the contract lines known at ``now`` (naive UTC). Columns: month; n (scored
    accounts with an answer), events; auc, average_precision, lift, brier; expected and
    observed (events); expected_arr and observed_arr (integer cents: lost for churn, gained
    for expansion); and for each band ``n_<band>`` and ``rate_<band>`` (events over accounts,
    NaN where the band is empty). An account with a score and no answer, because it had left
    before the window opened, is in no column.
    """
    found = [
        _month(month, rows, question)
        for month, rows in _answered(workspace, lines, now, question, timezone, gap_days).items()
        if rows["outcome"].notna().any()
    ]
    return pd.DataFrame(found, columns=_columns())


def churned(
    workspace: Path,
    lines: pd.DataFrame,
    now: datetime,
    question: Question,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """The accounts that left and had been scored in time, and whether we had said so.

    In time: in a month whose window of ``question`` (churn) contains the end. Columns:
    account_id, ended (naive UTC), arr (cents, at the last such month), months_scored,
    first_flagged (the first of them that said "at risk", empty if none), flagged,
    highest_p, last_band, last_reasons (JSON). Ordered by arr, largest first. A flag
    raised later than the lead, when nobody could act on it, does not count.
    """
    left = spells(lines, gap_days).dropna(subset=["ended"])
    parts = []
    for month, rows in _answered(workspace, lines, now, question, timezone, gap_days).items():
        opens, closes = question.window(month, timezone)
        gone = left[(left["ended"] >= opens) & (left["ended"] < closes)]
        gone = gone[gone["started"] <= as_of(month, timezone)]
        hits = rows[rows["outcome"] == 1]
        parts.append(hits.merge(gone[["account_id", "ended"]], on="account_id"))
    said = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if said.empty:
        return pd.DataFrame(columns=CHURNED)
    said = said.sort_values(["account_id", "ended", "month"], kind="stable")
    said["alarm"] = said["month"].where(said["band"] == health.AT_RISK)
    by = said.groupby(["account_id", "ended"], sort=True)
    found = by.agg(
        arr=("arr", "last"),
        months_scored=("month", "count"),
        first_flagged=("alarm", "min"),
        highest_p=("p_churn", "max"),
        last_band=("band", "last"),
        last_reasons=("reasons", "last"),
    ).reset_index()
    found["flagged"] = found["first_flagged"].notna()
    found["first_flagged"] = found["first_flagged"].fillna("").astype("str")
    return found.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)[
        CHURNED
    ]


def answered(
    workspace: Path,
    lines: pd.DataFrame,
    now: datetime,
    question: Question,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """Every scored account-month whose outcome is certain, as `models.verdict` judges it.

    Columns: account_id, month, outcome (0 or 1), risk (the probability said then), band,
    expert (100 less the experts' score of then) and expert_band (bands of the experts with as
    many accounts in each, that month, as ours). Rows ordered by month, then account.
    """
    parts = []
    for month, rows in _answered(workspace, lines, now, question, timezone, gap_days).items():
        known = rows[rows["outcome"].notna()].sort_values("account_id", ignore_index=True)
        expert = 100 - known["expert"].astype("float64")
        parts.append(
            pd.DataFrame(
                {
                    "account_id": known["account_id"],
                    "month": month,
                    "outcome": known["outcome"],
                    "risk": known["p_churn"],
                    "band": known["band"],
                    "expert": expert,
                    "expert_band": _as_many(expert, known["band"]),
                }
            )
        )
    columns = ["account_id", "month", "outcome", "risk", "band", "expert", "expert_band"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _as_many(risk: pd.Series[float], band: pd.Series[str]) -> pd.Series[str]:
    """Bands by ``risk``, riskiest first, with as many accounts in each as ``band`` has."""
    order = risk.rank(method="first", ascending=False)
    at_risk = int((band == health.AT_RISK).sum())
    watch = at_risk + int((band == health.WATCH).sum())
    found = pd.Series(health.HEALTHY, index=risk.index, dtype="str")
    found[order <= watch] = health.WATCH
    found[order <= at_risk] = health.AT_RISK
    found[risk.isna()] = health.NOT_SCORED
    return found


def surprises(
    workspace: Path,
    lines: pd.DataFrame,
    now: datetime,
    question: Question,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """The rows of `churned` that were never flagged: who left without our having said so."""
    found = churned(workspace, lines, now, question, timezone, gap_days)
    return found[~found["flagged"].astype(bool)].reset_index(drop=True)


CHURNED = [
    "account_id",
    "ended",
    "arr",
    "months_scored",
    "first_flagged",
    "flagged",
    "highest_p",
    "last_band",
    "last_reasons",
]


def _answered(
    workspace: Path,
    lines: pd.DataFrame,
    now: datetime,
    question: Question,
    timezone: str,
    gap_days: int,
) -> dict[str, pd.DataFrame]:
    """The ledger's scored rows by certain month, with outcome and amount beside."""
    found = {}
    p = "p_churn" if question.kind == "churn" else "p_expansion"
    for month in usable(scores.months(workspace), question, now, gap_days, timezone):
        said = scores.read(workspace, month).assign(month=month)
        truth = outcomes(question, lines, said[["account_id", "month"]], now, timezone, gap_days)
        rows = said.merge(truth, on=["account_id", "month"], validate="one_to_one")
        found[month] = rows[rows[p].notna()].reset_index(drop=True)
    return found


def _month(month: str, rows: pd.DataFrame, question: Question) -> dict[str, object]:
    churn = question.kind == "churn"
    # A gain was expected over all accounts, those that left included; a loss of those at stake.
    gain = rows["expected_gain"].sum()
    rows = rows[rows["outcome"].notna()]
    p = rows["p_churn" if churn else "p_expansion"].to_numpy(np.float64)
    outcome = rows["outcome"].to_numpy(np.float64)
    lost = rows.loc[rows["outcome"] == 1, "arr"]
    gained = rows.loc[rows["outcome"] == 1, "amount"]
    row: dict[str, object] = {
        "month": month,
        "n": len(rows),
        "events": int(outcome.sum()),
        "auc": measures.auc(outcome, p),
        "average_precision": measures.average_precision(outcome, p),
        "lift": measures.lift(outcome, p),
        "brier": measures.brier(outcome, p),
        "expected": float(p.sum()),
        "observed": int(outcome.sum()),
        "expected_arr": int(rows["expected_loss"].sum() if churn else gain),
        "observed_arr": int((lost if churn else gained).sum()),
    }
    for band in health.BANDS[:-1]:
        inside = rows.loc[rows["band"] == band, "outcome"]
        row[f"n_{_word(band)}"] = len(inside)
        row[f"rate_{_word(band)}"] = float(inside.mean()) if len(inside) else float("nan")
    return row


def _columns() -> list[str]:
    measured = ["month", "n", "events", "auc", "average_precision", "lift", "brier"]
    money = ["expected", "observed", "expected_arr", "observed_arr"]
    banded = [f"{w}_{_word(b)}" for b in health.BANDS[:-1] for w in ("n", "rate")]
    return measured + money + banded


def _word(band: str) -> str:
    return band.replace(" ", "_")
