"""Contract lines as a policy counts them: whose they are, when they stop, which are in.

What a policy says of single lines is settled here, before anything is summed, so that
every number of a policy counts the same lines:

- an account that was merged into another is one with it, over all history;
- at the level of parents, an account is its topmost parent;
- a stopped line stops when its service does, at notice, or the day after;
- only what came up for renewal, where the policy looks at nothing else.
"""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from metrics.arr import stops
from metrics.policy import Policy
from warehouse.months import as_of, shift


def counted(
    lines: pd.DataFrame, policy: Policy, today: pd.DataFrame, month: str, timezone: str = "UTC"
) -> pd.DataFrame:
    """``lines`` as ``policy`` counts them at the close of ``month``, in the same order.

    ``today`` has account_id, parent_id and merged_into of each account, where they are kept.
    Whose a line is stands in ``account_id``, when it stops in ``ended_on``.
    """
    owner = _merged(lines, today)
    if policy.level == "parent":
        owner = _renamed(owner, _topmost(today, "parent_id"))
    told = lines.assign(account_id=owner.astype("str"), ended_on=_stops(lines, policy))
    if policy.base == "all":
        return told
    start, end = (as_of(shift(month, -back), timezone) for back in (policy.months, 0))
    ends = told["ends_on"]
    pairs = told["account_id"] + "\n" + told["product"].astype("str")
    due = pairs[(ends >= start) & (ends < end) & (told["arr"] > 0)]
    return told[pairs.isin(due)]


def _merged(lines: pd.DataFrame, today: pd.DataFrame) -> pd.Series[str]:
    """Whose each line is, where a known merger has made it another's."""
    owner = lines["account_id"]
    if "end_reason" not in lines or "merged_into" not in today:
        return owner
    gone = owner[lines["end_reason"] == "merged"].unique()
    return _renamed(owner, _topmost(today[today["account_id"].isin(gone)], "merged_into"))


def _renamed(owner: pd.Series[str], names: dict[str, str]) -> pd.Series[str]:
    """``owner`` with each name in ``names`` replaced."""
    return owner.map(names).astype("str").fillna(owner) if names else owner


def _topmost(today: pd.DataFrame, above: str) -> dict[str, str]:
    """The last of the chain of accounts that each one's column ``above`` begins.

    A chain that comes back to where it began ends before it does.
    """
    if above not in today:
        return {}
    named = today[today[above].notna()]
    step = dict(zip(named["account_id"].tolist(), named[above].tolist(), strict=True))
    top = {}
    for account in step:
        seen, last = {account}, step[account]
        while last in step and step[last] not in seen:
            seen.add(last)
            last = step[last]
        top[account] = last
    return top


def _stops(lines: pd.DataFrame, policy: Policy) -> pd.Series[pd.Timestamp]:
    """When each line stops under the policy's churn date; NaT where its term says it."""
    stop, told = stops(lines), lines["cancelled_at"]
    cancelled = told.notna() & stop.notna()
    if policy.churn_date == "notice":
        earlier = told.where(told > lines["starts_on"], lines["starts_on"])
        return lines["ended_on"].where(~cancelled | (earlier >= stop), earlier)
    if policy.churn_date == "day after":
        return lines["ended_on"].where(~cancelled, stop + timedelta(days=1))
    return lines["ended_on"]
