"""Decisions: each term that comes to its end, by when the customer decides, and what it decided.

A term is decided at its notice deadline, not at its end: whoever comes with a save play
after it comes too late, so lead times are counted to the deadline. The lines of an account
that end together are one decision. A line of about a month has no term to speak of; the
monthly question of `models.outcomes` serves it.

What can become of a decision excludes each other: ``lost`` (nothing was carried on),
``unpaid`` (the same, because a payment failed), ``contracted``, ``expanded`` and
``renewed`` (within ``FLOOR`` of what was due). An account merged into another made no
decision. An answer is certain a gap after the term's end for everybody, however early some
are known: answered as they come in, the newest months would hold those that left and
nobody who stayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from metrics.arr import stops
from metrics.renewal_following import ACCOUNT
from metrics.renewal_outcomes import outcomes
from metrics.renewals import carried_on
from models.outcomes import FLOOR
from warehouse.months import as_of, month_of

FARTHEST = 4  # months before the deadline from which a decision is asked about
MONTHLY = 45  # days: a shorter term is month to month
LOST, UNPAID, CONTRACTED, EXPANDED, RENEWED = "lost", "unpaid", "contracted", "expanded", "renewed"
BECAME = (RENEWED, EXPANDED, CONTRACTED, LOST, UNPAID)
STATES = ("open", "signed", "cancelled")


def upcoming(lines: pd.DataFrame, month: str, timezone: str, gap_days: int) -> pd.DataFrame:
    """Every term that was running at the close of ``month``, by account and end.

    ``lines`` are the contract lines as known then. Columns: account_id, month, ends_on,
    decide_by (the end less the longest notice), due_in and decided_in (the months of both),
    lead (months from ``month`` to ``decided_in``: 1 is the next one, 0 or less is past),
    arr (cents at stake), state: ``signed`` if what follows each line is known, ``cancelled``
    if notice to stop is, else ``open``. Ordered by account_id, then decide_by.
    """
    cutoff = as_of(month, timezone)
    stop, starts = stops(lines), lines["starts_on"]
    long = lines["ends_on"] - starts >= pd.Timedelta(days=MONTHLY)
    running = (starts < cutoff) & (stop >= cutoff) & (lines["ends_on"] >= cutoff)
    stopping = lines.assign(stops_on=stop)
    chosen = stopping[running & long & (lines["arr"] > 0)]
    followed = chosen["line_id"].isin(carried_on(chosen, stopping, gap_days))
    told = chosen.assign(
        open=~followed & chosen["cancelled_at"].isna(),
        cancelled=~followed & chosen["cancelled_at"].notna(),
        notice=chosen["notice_days"].fillna(0).astype("int64"),
        arr=chosen["arr"].astype("int64"),
    )
    found = told.groupby(["account_id", "ends_on"], as_index=False).agg(
        arr=("arr", "sum"),
        notice=("notice", "max"),
        open=("open", "any"),
        cancelled=("cancelled", "any"),
    )
    found["decide_by"] = found["ends_on"] - pd.to_timedelta(found["notice"], unit="D")
    found["state"] = np.select([found["open"], found["cancelled"]], STATES[::2], STATES[1])
    for name, instant in (("due_in", "ends_on"), ("decided_in", "decide_by")):
        names = {at: month_of(at.to_pydatetime(), timezone) for at in found[instant].unique()}
        found[name] = found[instant].map(names).astype("str")
    found["lead"] = _number(found["decided_in"]) - (int(month[:4]) * 12 + int(month[5:]))
    found = found.assign(month=month).astype({"account_id": "str", "state": "str", "month": "str"})
    found = found.sort_values(["account_id", "decide_by", "ends_on"], ignore_index=True)
    columns = ["account_id", "month", "ends_on", "decide_by", "due_in", "decided_in", "lead"]
    return found[[*columns, "arr", "state"]]


def asked(terms: pd.DataFrame) -> pd.DataFrame:
    """The next open decision of each account and month, no farther off than ``FARTHEST``.

    ``terms`` is what ``upcoming`` returned, of one month or several; so are the columns.
    """
    near = terms[(terms["state"] == "open") & (terms["lead"] <= FARTHEST)]
    near = near.sort_values(["month", "account_id", "decide_by", "ends_on"], kind="stable")
    return near.drop_duplicates(["month", "account_id"]).reset_index(drop=True)


def decided(
    terms: pd.DataFrame, lines: pd.DataFrame, now: datetime, timezone: str, gap_days: int
) -> pd.DataFrame:
    """What became of each of ``terms``, by the contract ``lines`` known at ``now`` (naive UTC).

    The rows of ``terms`` with, beside their columns: ``certain`` (the first instant at which
    the answer is certain: ``gap_days`` after the end); ``became``, one of the five, empty
    where it is not certain at ``now``, or no decision was made; ``outcome``, 1.0 for
    ``lost``, 0.0 for any other, NaN for none; ``base``, the ARR at stake, and ``amount``, what
    of it was lost, both in cents; and ``change``, the ARR carried on less ``base``, in cents.
    """
    terms = terms.reset_index(drop=True)
    terms["certain"] = terms["ends_on"] + pd.Timedelta(days=gap_days)
    if terms.empty:
        return terms.assign(became="", outcome=np.nan, base=0, amount=0, change=0)
    first = as_of(min(terms["month"]), timezone)
    last = terms["ends_on"].max() + pd.Timedelta(microseconds=1)
    money = outcomes(lines, first, last.to_pydatetime(), now, gap_days, gap_days, ACCOUNT)
    money["line_id"] = money["line_id"].astype("str")
    why = lines.assign(line_id=lines["line_id"].astype("str")).set_index("line_id")["end_reason"]
    reason = money["line_id"].map(why)
    money["unpaid"] = money["lost"].where(reason == "payment_failure", 0)
    money["merged"] = money["lost"].where(reason == "merged", 0)
    sums = ["arr", "kept", "uplift", "lost", "open", "unpaid", "merged"]
    ends = money.groupby(["account_id", "ends_on"], as_index=False)[sums].sum()
    found = terms.merge(
        ends.rename(columns={"arr": "due"}), on=["account_id", "ends_on"], how="left"
    )
    after = found["kept"] + found["uplift"]
    lost = (after == 0) & (found["open"] == 0)
    became = np.select(
        [
            lost & (found["merged"] > 0),
            lost & (2 * found["unpaid"] > found["due"]),
            lost,
            after * FLOOR < found["due"],
            after > found["due"] * FLOOR,
        ],
        ["", UNPAID, LOST, CONTRACTED, EXPANDED],
        RENEWED,
    )
    known = (found["certain"] <= pd.Timestamp(now)) & found["due"].notna() & (found["open"] == 0)
    found["became"] = pd.Series(became, index=found.index, dtype="str").where(known, "")
    told = found["became"] != ""
    found["outcome"] = (found["became"] == LOST).astype("float64").where(told)
    found["base"] = found["arr"]
    found["amount"] = found["arr"].where(found["outcome"] == 1, 0).astype("int64")
    found["change"] = (after - found["due"]).where(told, 0).astype("int64")
    return found[[*terms.columns, "became", "outcome", "base", "amount", "change"]]


def answers(
    known: Mapping[str, pd.DataFrame],
    lines: pd.DataFrame,
    now: datetime,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """The decisions asked about at the close of each month, and what became of them.

    ``known`` has the contract lines as known at the close of each month, ``lines`` those known
    at ``now``. The columns are those of ``decided``; one row an account and month at most.
    """
    terms = [upcoming(seen, month, timezone, gap_days) for month, seen in sorted(known.items())]
    every = asked(pd.concat(terms, ignore_index=True))
    return decided(every, lines, now, timezone, gap_days)


def _number(months: pd.Series[str]) -> pd.Series[int]:
    """Months since the year 0."""
    return months.str[:4].astype("int64") * 12 + months.str[5:].astype("int64")
