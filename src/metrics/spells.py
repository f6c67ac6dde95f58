"""Spells: the stretches of time over which an account was a customer.

A spell is what an outcome is read from: churn is the end of a spell, not the end
of a line, so a renewal signed late or a second product changes nothing.
"""

from __future__ import annotations

import pandas as pd

from metrics.arr import stops


def spells(lines: pd.DataFrame, gap_days: int) -> pd.DataFrame:
    """When each account had ARR above zero: account_id, started, ended.

    Half-open, as naive UTC instants: a customer from ``started`` up to, not
    including, ``ended``, which is NaT for a spell with no known end. Two
    stretches with a gap of ``gap_days`` days of 24 hours or fewer between them
    are one spell. Rows are ordered by account_id, then started.
    """
    live = _stretches(_steps(lines))
    last_end = live.groupby("account_id")["ended"].shift(1)
    opens = last_end.isna() | (live["started"] - last_end > pd.Timedelta(days=gap_days))
    closes = opens.shift(-1, fill_value=True)
    return pd.DataFrame(
        {
            "account_id": live.loc[opens, "account_id"].to_numpy(),
            "started": live.loc[opens, "started"].to_numpy("datetime64[us]"),
            "ended": live.loc[closes, "ended"].to_numpy("datetime64[us]"),
        }
    ).astype({"account_id": "str"})


def _steps(lines: pd.DataFrame) -> pd.DataFrame:
    """Each instant at which an account's lines change, and whether ARR is above zero from then."""
    stop = stops(lines)
    served = lines[stop.isna() | (stop > lines["starts_on"])]
    ends = stop[stop.notna() & (stop > lines["starts_on"])]
    added = pd.DataFrame(
        {
            "account_id": served["account_id"],
            "at": served["starts_on"].astype("datetime64[us]"),
            "arr": served["arr"],
        }
    )
    taken = pd.DataFrame(
        {
            "account_id": lines.loc[ends.index, "account_id"],
            "at": ends,
            "arr": -lines.loc[ends.index, "arr"],
        }
    )
    events = pd.concat([added, taken], ignore_index=True).astype({"account_id": "str"})
    changes = events.groupby(["account_id", "at"], sort=True)["arr"].sum().reset_index()
    return changes.assign(live=changes.groupby("account_id")["arr"].cumsum() > 0)


def _stretches(steps: pd.DataFrame) -> pd.DataFrame:
    """The half-open intervals over which ``live`` holds, in order, none touching the next."""
    was = steps.groupby("account_id")["live"].shift(1, fill_value=False)
    edges = steps[steps["live"] != was].rename(columns={"at": "started"})
    edges["ended"] = edges.groupby("account_id")["started"].shift(-1)
    live: pd.DataFrame = edges.loc[edges["live"], ["account_id", "started", "ended"]]
    return live.reset_index(drop=True)
