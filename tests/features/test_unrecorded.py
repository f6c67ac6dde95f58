"""A row of which only a part was recorded says that part, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.engine import features
from tests import company
from warehouse.contract import TABLES

CUTOFF = datetime(2025, 3, 1)
DAY, LONG_AGO = timedelta(days=1), datetime(2020, 1, 1)


def known(folder: Path, table: str, *rows: dict[str, Any]) -> pd.Series[float]:
    """The features of account A, of which these ``rows`` are known and a contract line.

    Somebody else has a row of ``table`` from long before: the table is no news.
    """
    line = {"line_id": "L", "account_id": "A", "arr": 100}
    line |= dict.fromkeys(("starts_on", "signed_at", "known_at"), LONG_AGO)
    declared = TABLES[table]
    mine = [{"account_id": "A", "known_at": row[declared.happened], **row} for row in rows]
    keys = {key: "other" for key in declared.key if declared.column(key).kind != "instant"}
    other = {**keys, "account_id": "other", declared.happened: LONG_AGO, "known_at": LONG_AGO}
    tables = {}
    for name, content in (("contract_lines", [line]), (table, [other, *mine])):
        tables[name] = pd.DataFrame(content, columns=list(TABLES[name].names))
        for column in TABLES[name].columns:
            if column.kind == "instant":
                tables[name][column.name] = tables[name][column.name].astype("datetime64[us]")
    return features(company.snapshot(tables, folder), CUTOFF).loc["A"]


def test_an_opinion_without_a_score_is_no_opinion(tmp_path: Path) -> None:
    """It still says that the CSM thought of the account."""
    told = {"given_at": CUTOFF - 20 * DAY, "score": 4}
    made = known(tmp_path, "pulses", told, {"given_at": CUTOFF - 10 * DAY})
    assert made[["pulse_last", "pulse_mean_365d", "days_since_pulse"]].tolist() == [4, 4, 10]


@pytest.mark.parametrize(
    ("replied", "due", "resolved", "broken"),
    [
        (3, 2, 4, 1.0),
        (2, 2, 4, 0.0),
        (None, 2, None, 1.0),
        (None, 2, 3, 1.0),
        (None, 2, 1, None),
        (None, 99, None, None),
        (3, None, 4, None),
        (None, None, None, None),
    ],
)
def test_a_promise_counts_once_it_is_kept_or_broken(
    tmp_path: Path,
    replied: float | None,
    due: float | None,
    resolved: float | None,
    broken: float | None,
) -> None:
    """Days from opening. What was resolved in time without a reply left nobody waiting."""
    opened = CUTOFF - 30 * DAY
    days = {"replied_at": replied, "reply_due_at": due, "resolved_at": resolved}
    ticket = {name: opened + n * DAY for name, n in days.items() if n is not None}
    made = known(tmp_path, "tickets", {"ticket_id": "T", "opened_at": opened, **ticket})
    share = made["promises_broken_90d"]
    assert (None if pd.isna(share) else share) == broken


def test_a_step_without_a_plan_is_neither_late_nor_in_time(tmp_path: Path) -> None:
    began = {"started_at": CUTOFF - 60 * DAY}
    late = {"planned_on": CUTOFF - 40 * DAY, "reached_at": CUTOFF - 30 * DAY}
    made = known(
        tmp_path,
        "milestones",
        {"milestone": "kickoff", **began, "reached_at": CUTOFF - 50 * DAY},
        {"milestone": "trained", **began, **late},
        {"milestone": "first_value", **began},
    )
    names = ["milestones_late", "milestone_slip", "milestones_due", "milestones_behind"]
    assert made[names].tolist() == [1, 10, 1, 0]
    assert made[["value_missing", "waiting_for_value", "days_stalled"]].tolist() == [1, 60, 30]
    assert pd.isna(made["time_to_value"])
