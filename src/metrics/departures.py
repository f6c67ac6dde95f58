"""Who left, why and after how long; and who came back, after how long away."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.cohorts import elapsed
from metrics.policy import Policy
from metrics.stopped import UNKNOWN, stopped
from warehouse.months import shift

TENURES = (0, 6, 12, 24, 36)
AWAY = (0, 4, 7, 13, 25)
"""Where each band of months begins; the last has no end."""
CHURN = ["logos", "arr", "share", "running", "logos_before", "arr_before"]
CHURN += ["logos_change", "arr_change"]


def departures(moves: pd.DataFrame, lines: pd.DataFrame, zone: str = "UTC") -> pd.DataFrame:
    """Each churn among ``moves``: account_id, month, arr, ended, reason, age, tenure.

    ``moves`` are those of ``metrics.movements`` from the company's first month on. ``arr`` is
    what was lost, in cents. ``ended`` is our word for how it stopped (voluntary,
    payment_failure, merged) and ``reason`` the customer's own: each from the largest of the
    account's lines that stopped in the month and says so, else ``UNKNOWN``. ``age`` is the
    months from the account's first close, time away included, ``tenure`` the band it lies in.
    """
    gone = moves[moves["kind"] == "churn"]
    begun = moves[moves["kind"] == "new"].set_index("account_id")["month"]
    table = gone[["account_id", "month"]].assign(arr=-gone["amount"])
    why = stopped(lines, zone, Policy()).rename(
        columns={"end_reason": "ended", "exit_reason": "reason"}
    )
    table = table.merge(why.drop(columns="control"), on=["account_id", "month"], how="left")
    table[["ended", "reason"]] = table[["ended", "reason"]].fillna(UNKNOWN).astype("str")
    table["age"] = elapsed(table["account_id"].map(begun).astype("str"), table["month"])
    table["tenure"] = _band(table["age"], TENURES)
    return table


def churn_by(
    moves: pd.DataFrame,
    lines: pd.DataFrame,
    labels: pd.DataFrame,
    month: str,
    zone: str = "UTC",
    by: Sequence[str] = ("reason", "segment", "tenure"),
) -> pd.DataFrame:
    """The churn of the twelve months to ``month``, largest first, beside the twelve before.

    A row a combination of ``by``: columns of ``departures``, or of ``labels``, which has a row
    an account with account_id and what the account is called today. Then logos and arr
    (cents) lost, share and running (of the ARR lost, row by row from the top: Pareto's),
    logos_before and arr_before, logos_change and arr_change, which are empty where
    ``moves`` do not reach back 24 months. Amounts sum to the churn of the ledger.
    """
    left = departures(moves, lines, zone)
    known = labels.drop_duplicates("account_id")
    named = known[["account_id", *(b for b in by if b not in left)]]
    left = left.merge(named, on="account_id", how="left")
    left[list(by)] = left[list(by)].astype("str").fillna("")
    since = shift(month, -12)
    short = moves.empty or moves["month"].min() > shift(since, -11)
    table = pd.concat(
        [_summed(left, month, by), _summed(left, since, by).add_suffix("_before")], axis=1
    )
    table = table.rename_axis(list(by)).fillna(0).astype("Int64")
    for what in ("logos", "arr"):
        if short:
            table[f"{what}_before"] = pd.array([pd.NA] * len(table), dtype="Int64")
        table[f"{what}_change"] = table[what] - table[f"{what}_before"]
    table = table.sort_index().sort_values("arr", ascending=False, kind="stable").reset_index()
    table["share"] = table["arr"].astype("float64") / max(int(table["arr"].sum()), 1)
    return table.assign(running=table["share"].cumsum())[[*by, *CHURN]]


def win_backs(moves: pd.DataFrame) -> pd.DataFrame:
    """Each reactivation among ``moves``: account_id, month, away, lost, arr.

    ``moves`` are those of ``metrics.movements`` from the company's first month on. ``away``
    is the months since the account's churn, ``lost`` what it was worth then and ``arr`` what
    it is worth back, in cents. A renewal signed after the close of the month its term ended
    in comes back after one month.
    """
    gate = _gates(moves)
    past = gate.groupby("account_id")[["month", "amount"]].shift(1)
    back = (gate["kind"] == "reactivation").to_numpy()
    table, left = gate.loc[back, ["account_id", "month"]], past[back]
    away = elapsed(left["month"].astype("str"), table["month"])
    lost = (-left["amount"]).astype("int64")
    return table.assign(away=away, lost=lost, arr=gate.loc[back, "amount"]).reset_index(drop=True)


def win_backs_by_age(moves: pd.DataFrame, month: str, months: int = 12) -> pd.DataFrame:
    """Returns in the ``months`` months to ``month`` by months since churn, a row a band of them.

    Columns: away (the band), logos and arr (cents, as they are worth back) won back, lost
    (what those were worth when they left), gone and arr_gone: the accounts without ARR at the
    close of ``month``, by months since they left, and what they were worth, as who could yet
    be won. ``moves`` as for ``win_backs``.
    """
    until = moves[moves["month"] <= month]
    back = win_backs(until)
    back = back[back["month"] > shift(month, -months)]
    last = _gates(until).drop_duplicates("account_id", keep="last")
    gone = last[last["kind"] == "churn"]
    since = elapsed(gone["month"], pd.Series(month, index=gone.index, dtype="str"))
    won = back.groupby(_band(back["away"], AWAY))[["arr", "lost"]].sum()
    won.insert(0, "logos", back.groupby(_band(back["away"], AWAY)).size())
    left = (-gone["amount"]).groupby(_band(since, AWAY)).agg(["size", "sum"])
    table = won.join(left.set_axis(["gone", "arr_gone"], axis=1), how="outer")
    table = table.reindex(_bands(AWAY)).fillna(0).astype("int64")
    return table.rename_axis("away").reset_index().astype({"away": "str"})


def _gates(moves: pd.DataFrame) -> pd.DataFrame:
    """Who left and who came back, in order: of one account they take turns."""
    gate = moves[moves["kind"].isin(["churn", "reactivation"])]
    return gate.sort_values(["account_id", "month"])


def _summed(left: pd.DataFrame, month: str, by: Sequence[str]) -> pd.DataFrame:
    """Logos and arr lost in the twelve months to ``month``, by ``by``."""
    near = left[(left["month"] > shift(month, -12)) & (left["month"] <= month)]
    amounts = near.groupby(list(by))["arr"]
    return pd.DataFrame({"logos": amounts.size(), "arr": amounts.sum()})


def _bands(edges: Sequence[int]) -> pd.Index[str]:
    words = [f"{low} to {high - 1} months" for low, high in pairwise(edges)]
    return pd.Index([*words, f"{edges[-1]} months or more"], dtype="str")


def _band(months: npt.ArrayLike, edges: Sequence[int]) -> pd.Index[str]:
    months_ = np.asarray(months, dtype=np.int64)
    return _bands(edges).take(np.searchsorted(edges, months_, side="right") - 1)
