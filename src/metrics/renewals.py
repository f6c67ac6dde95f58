"""Renewals: whose contracted term ends, when, for how much, and where it stands.

A renewal falls due where the *contracted* term ends. A line stopped before the
period begins is not due in it: that ARR was lost, or moved to another line,
earlier. Free and credit lines are nobody's decision and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from metrics.arr import stops
from metrics.identities import fault
from metrics.policy import Policy

STATES = ["signed", "cancelled", "open"]


def due(
    lines: pd.DataFrame, start: datetime, end: datetime, gap_days: int = Policy().gap_days
) -> pd.DataFrame:
    """Lines whose contracted term ends in ``[start, end)``, ordered by end, account, line.

    Columns: account_id, line_id, product, ends_on, notice_by, arr (cents),
    auto_renew, state. ``notice_by`` is the end less the notice period, NaT where
    no period is recorded. ``state``, by what ``lines`` knows:

    - ``signed``     a following line is known: same account and product, some
      ARR, starting within ``gap_days`` days of the stop and lasting beyond it;
    - ``cancelled``  no such line, and notice to stop is recorded;
    - ``open``       neither; ``auto_renew`` says what happens if nobody speaks,
      and a line still open after its end has lapsed.

    An account that moves to another product shows the old line as not signed:
    the account's retention, not this list, says that it stayed.
    """
    stop = stops(lines)
    falls = (lines["ends_on"] >= start) & (lines["ends_on"] < end)
    # Stopped before the period: whatever its contract said, nothing is left to renew.
    served = stop >= start
    stopping = lines.assign(stops_on=stop)
    chosen = stopping[falls & served & (lines["arr"] > 0)]
    followed = chosen["line_id"].isin(carried_on(chosen, stopping, gap_days))
    state = pd.Series("open", index=chosen.index, dtype="str")
    state = state.mask(chosen["cancelled_at"].notna(), "cancelled").mask(followed, "signed")
    notice = pd.to_timedelta(chosen["notice_days"].astype("float64"), unit="D")
    table = pd.DataFrame(
        {
            "account_id": chosen["account_id"].astype("str"),
            "line_id": chosen["line_id"].astype("str"),
            "product": chosen["product"].astype("str"),
            "ends_on": chosen["ends_on"].astype("datetime64[us]"),
            "notice_by": (chosen["ends_on"] - notice).astype("datetime64[us]"),
            "arr": chosen["arr"].astype("int64"),
            "auto_renew": chosen["auto_renew"].astype("boolean"),
            "state": state,
        }
    )
    return table.sort_values(["ends_on", "account_id", "line_id"], ignore_index=True)


def carried_on(chosen: pd.DataFrame, lines: pd.DataFrame, gap_days: int) -> pd.Series[str]:
    """The ids of the ``chosen`` lines that another of ``lines`` carries on.

    Both have ``stops_on``. The other is of the same account and product, has ARR, starts within
    ``gap_days`` days of the stop and lasts beyond it.
    """
    gap = pd.Timedelta(days=gap_days)
    # Only lines that start near some stop can follow one; without this the join
    # below would pair each due line with all of its account's history.
    near = lines["starts_on"].between(
        chosen["stops_on"].min() - gap, chosen["stops_on"].max() + gap
    )
    next_lines = lines.loc[
        near & (lines["arr"] > 0), ["account_id", "product", "line_id", "starts_on", "stops_on"]
    ]
    pairs = chosen[["account_id", "product", "line_id", "stops_on"]].merge(
        next_lines, on=["account_id", "product"], suffixes=("", "_next")
    )
    follows = (
        (pairs["line_id"] != pairs["line_id_next"])
        & ((pairs["starts_on"] - pairs["stops_on"]).abs() <= gap)
        & (pairs["stops_on_next"].isna() | (pairs["stops_on_next"] > pairs["stops_on"]))
    )
    return pairs.loc[follows, "line_id"]


@dataclass(frozen=True)
class Totals:
    """A period's renewals: how many, and what they are worth by state, in cents.

    ``renewals`` counts ends of term, lines of one account that end together being
    one renewal; ``arr = signed + cancelled + open``. ``rate`` is the share of the
    ARR due that is signed, None when nothing is due.
    """

    renewals: int
    accounts: int
    arr: int
    signed: int
    cancelled: int
    open: int

    @property
    def rate(self) -> float | None:
        return self.signed / self.arr if self.arr else None


def totals(table: pd.DataFrame) -> Totals:
    """Sum what ``due`` returned."""
    money = table.groupby("state")["arr"].sum().reindex(STATES, fill_value=0)
    arr = int(table["arr"].sum())
    if int(money.sum()) != arr:
        raise fault(f"renewals due by state sum to {money.sum()}, not {arr}")
    return Totals(
        renewals=len(table[["account_id", "ends_on"]].drop_duplicates()),
        accounts=int(table["account_id"].nunique()),
        arr=arr,
        signed=int(money["signed"]),
        cancelled=int(money["cancelled"]),
        open=int(money["open"]),
    )
