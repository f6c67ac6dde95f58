"""Why an account stopped: by its own choice or unpaid, and whether anybody could have helped.

Two different questions. An end is involuntary, as the field uses the word, where the payment
failed; it is beyond the vendor's control where the customer's own circumstances made it
leave. Neither says the other.
"""

from __future__ import annotations

import pandas as pd

from metrics.arr import stops
from metrics.policy import Policy

UNKNOWN = "not recorded"
OURS, BEYOND = "in our hands", "beyond control"
REASONS = ["end_reason", "exit_reason"]


def stopped(lines: pd.DataFrame, timezone: str, policy: Policy) -> pd.DataFrame:
    """account_id, month, end_reason, exit_reason, control: why lines of the account stopped then.

    ``month`` is that of the stop in ``timezone``; of several lines, the largest that gives a
    reason speaks (then the first by id). ``control`` is `BEYOND` for the exit reasons the
    policy names, `OURS` for others, `UNKNOWN` where none is given. Ordered by account and month.
    """
    stop = stops(lines)
    told = lines[stop.notna()]
    local = stop[stop.notna()].dt.tz_localize("UTC").dt.tz_convert(timezone)
    table = pd.DataFrame(
        {
            "account_id": told["account_id"].astype("str"),
            "month": local.dt.strftime("%Y-%m").astype("str"),
            "arr": told["arr"],
            "line_id": told["line_id"],
            **{name: _words(told, name) for name in REASONS},
        }
    ).sort_values(["arr", "line_id"], ascending=[False, True])
    # `first` takes the first value that is there, of each column by itself.
    found = table.groupby(["account_id", "month"])[REASONS].first()
    found = found[found.notna().any(axis=1)].reset_index()
    reason = found["exit_reason"]
    control = reason.isin(policy.beyond_control).map({True: BEYOND, False: OURS})
    found["control"] = control.astype("str").where(reason.notna(), UNKNOWN)
    return found.fillna(dict.fromkeys(REASONS, UNKNOWN)).astype("str")


def _words(lines: pd.DataFrame, name: str) -> pd.Series[str]:
    return lines.get(name, pd.Series(None, index=lines.index, dtype="str")).astype("str")
