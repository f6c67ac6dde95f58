"""Contract lines as a policy counts them: whose they are, when they stop, which are in.

What a policy says of single lines is settled here, before anything is summed, so that
every number of a policy counts the same lines:

- an account that was merged into another is one with it, over all history;
- at the level of parents, an account is its topmost parent;
- a stopped line that nothing carries on stops when its service does, at notice, or the day
  after;
- only lines that came up for renewal and what carries them on, where the policy looks at
  nothing else.
"""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from metrics.arr import stops
from metrics.policy import Policy
from metrics.renewals import carried_on
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
    owned = lines.assign(account_id=owner.astype("str"))
    told = owned.assign(ended_on=_stops(owned, policy))
    if policy.base == "all":
        return told
    start, end = (as_of(shift(month, -back), timezone) for back in (policy.months, 0))
    due = (told["ends_on"] >= start) & (told["ends_on"] < end) & (told["arr"] > 0)
    pair = told["account_id"] + "\n" + told["product"].astype("str")
    began = stops(told)[due].groupby(pair[due]).min().rename("began")
    # Not by `map`: where nothing is due it would give numbers, which are no instants.
    first = pair.to_frame("pair").join(began, on="pair")["began"]
    return told[due | (told["starts_on"] >= first - timedelta(days=policy.gap_days))]


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
    """The last of the chain of accounts that each one's column ``above`` begins."""
    if above not in today:
        return {}
    named = today[today[above].notna()]
    step = dict(zip(named["account_id"].tolist(), named[above].tolist(), strict=True))
    top = {}
    for account in step:
        chain = [account]
        while chain[-1] in step and step[chain[-1]] not in chain:
            chain.append(step[chain[-1]])
        last = chain[-1]
        # Of accounts that go round in a circle the first by id stands for all.
        top[account] = min(chain[chain.index(step[last]) :]) if last in step else last
    return top


def _stops(lines: pd.DataFrame, policy: Policy) -> pd.Series[pd.Timestamp]:
    """When each line stops under the policy's churn date; NaT where its term says it.

    Only lines that nothing carries on: what is replaced, or taken over, is not lost at notice.
    """
    if policy.churn_date == "service":
        return lines["ended_on"]
    stop, told = stops(lines), lines["cancelled_at"]
    lost = told.notna() & stop.notna() & (stop > lines["starts_on"])
    if "end_reason" in lines:
        lost &= lines["end_reason"] != "merged"
    placed = lines.assign(stops_on=stop)
    lost &= ~lines["line_id"].isin(carried_on(placed[lost], placed, policy.gap_days))
    if policy.churn_date == "notice":
        earlier = told.where(told > lines["starts_on"], lines["starts_on"])
        return lines["ended_on"].where(~lost | (earlier >= stop), earlier)
    return lines["ended_on"].where(~lost, stop + timedelta(days=1))
