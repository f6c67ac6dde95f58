"""What became of customers: by start, by reason, by term's end.

Gathered for the retention report, from the same balances and lines as every other
number of the book, so that each table ties to the ledger.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from metrics.arr import stops
from metrics.movements import movements
from metrics.renewals import due, totals
from warehouse.months import as_of, between, month_of, shift

AGES = (3, 6, 12, 18, 24)
COHORTS = 13
NO_REASON = "not recorded"
REASONS = {
    "voluntary": "voluntary",
    "payment_failure": "payment failure",
    "merged": "merged into another account",
}


def cohorts(held: pd.DataFrame, month: str) -> pd.DataFrame:
    """What is left of the accounts that started in each of the last ``COHORTS`` quarters.

    Columns: starts (a quarter's first month), n (accounts); age (months since each
    account's own first close, of ``AGES``); reached (accounts old enough by ``month``),
    kept of them, and their money in cents: opening (at the first close), gross (each
    capped at what it was) and net. An age no account has reached has no row; where
    ``reached < n`` the cell is incomplete.
    """
    number = _number(held["month"])
    balances = pd.DataFrame(
        {"account_id": held["account_id"], "at": number, "arr": held["arr"].astype("int64")}
    )
    first = balances.groupby("account_id")["at"].min()
    opening = balances.merge(first.rename("first"), on="account_id")
    opening = opening[opening["at"] == opening["first"]].rename(columns={"arr": "opening"})
    newest = int(month[:4]) * 12 + int(month[5:]) - 1
    members = opening[["account_id", "first", "opening"]].assign(
        quarter=lambda rows: rows["first"] // 3 * 3
    )
    members = members[members["quarter"] > newest // 3 * 3 - 3 * COHORTS]
    parts = []
    for age in AGES:
        old = members[members["first"] + age <= newest]
        old = old.assign(at=old["first"] + age)
        now = old.merge(balances, on=["account_id", "at"], how="left")
        now["arr"] = now["arr"].fillna(0).astype("int64")
        now["gross"] = now[["arr", "opening"]].min(axis=1)
        now["kept"] = (now["arr"] > 0).astype("int64")
        sums = now.groupby("quarter").agg(
            reached=("account_id", "size"),
            kept=("kept", "sum"),
            opening=("opening", "sum"),
            gross=("gross", "sum"),
            net=("arr", "sum"),
        )
        parts.append(sums.reset_index().assign(age=age))
    table = pd.concat(parts, ignore_index=True)
    table["n"] = table["quarter"].map(members.groupby("quarter").size()).astype("int64")
    table["starts"] = [f"{q // 12:04d}-{q % 12 + 1:02d}" for q in table["quarter"]]
    return table.sort_values(["starts", "age"], ignore_index=True)[COHORT]


COHORT = ["starts", "n", "age", "reached", "kept", "opening", "gross", "net"]


def _number(months: pd.Series) -> np.ndarray:
    """Months counted from year 0, for arithmetic."""
    seen = {m: int(m[:4]) * 12 + int(m[5:]) - 1 for m in months.unique()}
    return months.map(seen).to_numpy(np.int64)


def departed(
    held: pd.DataFrame,
    lines: pd.DataFrame,
    month: str,
    zone: str,
    who: pd.DataFrame,
    months: int = 12,
) -> pd.DataFrame:
    """Each churn movement of the last ``months`` months, largest first: who, when, why.

    Columns: account_id, name, csm, month, arr (cents lost), reason (of the account's
    largest line that stopped that month with one, or ``NO_REASON``), tenure (months since
    the first close), back (the first month since with ARR again, empty if none). The
    amounts sum to the ledger's churn of those months.
    """
    first = max(shift(month, 1 - months), held["month"].min())
    moved = movements(held, between(first, month))
    gone = moved[moved["kind"] == "churn"].reset_index(drop=True)
    table = gone.merge(who[["account_id", "name", "csm"]], on="account_id", how="left")
    table = table.merge(_reasons(lines, zone), on=["account_id", "month"], how="left")
    table["reason"] = table["reason"].fillna(NO_REASON)
    table["arr"] = -table["amount"]
    begun = held.groupby("account_id")["month"].min()
    begun_in = table["account_id"].map(begun).astype("str")
    table["tenure"] = _number(table["month"]) - _number(begun_in)
    table["back"] = _returned(table, moved)
    ordered = table.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)
    return ordered[DEPARTED].astype({"reason": "str", "back": "str"})


DEPARTED = ["account_id", "name", "csm", "month", "arr", "reason", "tenure", "back"]


def _reasons(lines: pd.DataFrame, zone: str) -> pd.DataFrame:
    """account_id, month, reason: that of the largest line stopped in the month with a reason."""
    stop = stops(lines)
    told = lines["end_reason"].isin(list(REASONS)) & stop.notna()
    seen = lines.loc[told, ["account_id", "line_id", "arr", "end_reason"]].assign(stop=stop[told])
    seen["month"] = [month_of(at.to_pydatetime(), zone) for at in seen["stop"]]
    seen["reason"] = seen["end_reason"].map(REASONS)
    seen = seen.sort_values(["arr", "line_id"], ascending=[False, True])
    chosen = seen.drop_duplicates(["account_id", "month"])[["account_id", "month", "reason"]]
    return chosen.astype("str")


def _returned(table: pd.DataFrame, moved: pd.DataFrame) -> list[str]:
    """The month each departed account came back, empty where it has not."""
    again = moved[moved["kind"] == "reactivation"].groupby("account_id")["month"].apply(list)
    return [
        next((m for m in again.get(account, []) if m > left), "")
        for account, left in zip(table["account_id"], table["month"], strict=True)
    ]


def renewals(
    lines: pd.DataFrame, before: pd.DataFrame, month: str, zone: str, gap_days: int
) -> pd.DataFrame:
    """Terms ending by quarter: the last four, the next one, and that one as seen a month ago.

    ``lines`` are the contract lines known at the close of ``month``, ``before`` those known
    a month earlier. Columns: seen (the month at whose close), starts and ends (first and
    last month of the quarter), renewals, accounts, arr, signed, cancelled, open (cents), and
    the number of renewals by where most of their money stands: n_signed, n_cancelled,
    n_open. Open after the end has lapsed. Quarters before the first line are left out.
    """
    former = shift(month, -1)
    asked = [(month, lines, shift(month, back)) for back in (-11, -8, -5, -2, 1)]
    asked.append((former, before, month))
    rows = []
    for seen, known, starts in asked:
        ends = shift(starts, 2)
        if known.empty or as_of(ends, zone) <= known["starts_on"].min():
            continue
        table = due(known, as_of(shift(starts, -1), zone), as_of(ends, zone), gap_days)
        rows.append(
            {"seen": seen, "starts": starts, "ends": ends, **asdict(totals(table)), **_tally(table)}
        )
    return pd.DataFrame(rows, columns=RENEWALS)


RENEWALS = ["seen", "starts", "ends", "renewals", "accounts", "arr", "signed", "cancelled", "open"]
RENEWALS += ["n_signed", "n_cancelled", "n_open"]


def _tally(table: pd.DataFrame) -> dict[str, int]:
    """Renewals by the state in which most of their money stands; ties count as the worse."""
    money = table.groupby(["account_id", "ends_on", "state"])["arr"].sum().unstack(fill_value=0)
    money = money.reindex(columns=["open", "cancelled", "signed"], fill_value=0)
    found = money.idxmax(axis=1).value_counts()
    return {f"n_{state}": int(found.get(state, 0)) for state in ("signed", "cancelled", "open")}
