"""Retention: what is left, and grown, of the customers there were, under a stated policy.

Whatever the rule, a rate is a sum over accounts: what each brings to the money retained,
net and gross, over what the customers at the start were worth. So two rules can be laid
side by side account by account, and their difference explained to the cent.

The gross rate caps each account at what it was, so that no account's growth hides the loss
of another.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from metrics.identities import GAINS, fault
from metrics.movements import movements
from metrics.policy import Policy
from warehouse import months as calendar

CHAINED = ""
"""The account that chaining monthly rates is booked to: it is nobody's."""
CONTRIBUTION = ["account_id", "opening", "net", "gross", "kept"]


@dataclass(frozen=True)
class Retention:
    """One cohort, at both ends of its period. Money in cents, rates as shares.

    ``n`` accounts were worth ``opening`` at the close of ``base``; the policy counts
    ``kept`` of them, and ``closing`` of money, at the close of ``month``:

        closing = opening + expansion - contraction - churn
        nrr = closing / opening
        grr = (opening - contraction - churn) / opening
        logo = kept / n

    (Chained monthly rates are products; there the terms are those of the movements, and
    closing is what the rate makes of the opening.) The three rates are None when nobody was a
    customer at ``base``.
    """

    month: str
    base: str
    n: int
    kept: int
    opening: int
    closing: int
    expansion: int
    contraction: int
    churn: int
    nrr: float | None
    grr: float | None
    logo: float | None


def trailing(balances: pd.DataFrame, month: str, months: int = 12) -> Retention:
    """Retention over the ``months`` months up to the close of ``month``, point to point.

    ``balances`` must hold both ends: account_id, month, arr (cents). An account
    without a row at the close of ``month`` has left. The rates are None when the
    cohort is empty, as it is when the history is shorter than the period.
    """
    return retained(balances, month, Policy(months=months))


def retained(balances: pd.DataFrame, month: str, policy: Policy) -> Retention:
    """Retention up to the close of ``month`` as ``policy`` counts it.

    ``balances`` (see `arr.balances`) are those of the lines the policy counts (see
    `metrics.counted`), of every month from the company's first, so that who came back is
    told from who is new.
    """
    each = contributions(balances, month, policy)
    plain = each[each["account_id"] != CHAINED]
    opening, closing, gross = (int(each[name].sum()) for name in ("opening", "net", "gross"))
    n, kept = int((plain["opening"] > 0).sum()), int(plain["kept"].sum())
    lost = plain["opening"] - plain["gross"]
    churn = int(lost[plain["kept"] == 0].sum())
    if policy.closed and not 0 <= gross <= min(opening, closing):
        raise fault(f"retention of {month}: gross {gross}, net {closing}, opening {opening}")
    return Retention(
        month=month,
        base=calendar.shift(month, -policy.months),
        n=n,
        kept=kept,
        opening=opening,
        closing=closing,
        expansion=int((plain["net"] - plain["gross"]).sum()),
        contraction=int(lost.sum()) - churn,
        churn=churn,
        nrr=closing / opening if opening else None,
        grr=gross / opening if opening else None,
        logo=_logo(balances, month, policy, kept, n) if n else None,
    )


def contributions(balances: pd.DataFrame, month: str, policy: Policy) -> pd.DataFrame:
    """What each account brings to the retention of ``month``, ordered by account_id.

    Columns: account_id, opening, net, gross (cents) and kept (1, or 0). Their sums are the
    money and the customers of `retained`. A rule of movements counts in ``net`` those of
    everybody; in ``gross`` and ``kept`` only the cohort's, each account at most what it was. A
    row of the account `CHAINED` is what multiplying monthly rates makes of the same movements.
    """
    base = calendar.shift(calendar.check(month), -policy.months)
    if not policy.closed:
        return _by_movements(balances, base, month, policy)
    ends = balances[balances["month"].isin([base, month])]
    then = ends[ends["month"] == base].set_index("account_id")["arr"].astype("int64")
    later = ends[ends["month"] == month].set_index("account_id")["arr"]
    now = later.reindex(then.index, fill_value=0).astype("int64")
    if policy.rule == "any lapse is a loss":
        inside = (balances["month"] > base) & (balances["month"] <= month)
        seen = balances.loc[inside, "account_id"].value_counts()
        now = now.where(seen.reindex(then.index, fill_value=0) == policy.months, 0)
    least = now.clip(upper=then)
    if not policy.contraction:
        now, least = now.clip(lower=then).where(now > 0, 0), then.where(now > 0, 0)
    table = pd.DataFrame({"opening": then, "net": now, "gross": least, "kept": now > 0})
    return _ordered(table)


def _by_movements(balances: pd.DataFrame, base: str, month: str, policy: Policy) -> pd.DataFrame:
    """The contributions of a rule that counts movements, of whoever made them."""
    months = calendar.between(calendar.shift(base, 1), month)
    moves = movements(balances, months)
    gains = ["expansion"] + ["reactivation"] * policy.reactivation
    losses = ["churn"] + ["contraction"] * policy.contraction
    moves = moves[moves["kind"].isin([*gains, *losses])]
    then = balances[balances["month"] == base].set_index("account_id")["arr"].astype("int64")
    everyone = then.index.union(pd.Index(moves["account_id"].unique(), dtype="str"))
    opening = then.reindex(everyone, fill_value=0)

    def summed(kinds: list[str], what: pd.Series[int]) -> pd.Series[int]:
        chosen = moves["kind"].isin(kinds)
        total = what[chosen].groupby(moves.loc[chosen, "account_id"]).sum()
        return total.reindex(everyone, fill_value=0).astype("int64")

    ones = pd.Series(1, index=moves.index)
    here = (opening > 0).astype("int64") - summed(["churn"], ones)
    here += summed(["reactivation"] * policy.reactivation, ones)
    lost = summed(losses, moves["amount"])
    table = pd.DataFrame(
        {
            "opening": opening,
            "net": opening + lost + summed(gains, moves["amount"]),
            "gross": (opening + lost).clip(lower=0).where(opening > 0, 0),
            "kept": here.clip(0, 1).where(opening > 0, 0),
        }
    )
    if policy.rule == "months chained":
        table.loc[CHAINED] = _chaining(balances, base, month, moves, gains, losses, table)
    return _ordered(table)


def _chaining(
    balances: pd.DataFrame,
    base: str,
    month: str,
    moves: pd.DataFrame,
    gains: list[str],
    losses: list[str],
    table: pd.DataFrame,
) -> list[int]:
    """What multiplying the monthly rates adds to the sum of the movements."""
    opening = int(table["opening"].sum())
    rates = {"net": _chain(balances, base, month, moves, [*gains, *losses])}
    rates["gross"] = _chain(balances, base, month, moves, losses)
    more = [round(opening * rates[name]) - int(table[name].sum()) for name in ("net", "gross")]
    return [0, *more, 0]


def _chain(
    balances: pd.DataFrame, base: str, month: str, moves: pd.DataFrame, kinds: list[str]
) -> float:
    """The product of each month's rate: its opening and the movements of ``kinds``, over it."""
    held = balances.groupby("month")["arr"].sum()
    moved = moves[moves["kind"].isin(kinds)].groupby("month")["amount"].sum()
    rate = 1.0
    for before, now in pairwise(calendar.between(base, month)):
        opening = float(held.get(before, 0))
        rate *= (opening + float(moved.get(now, 0))) / opening if opening else 1.0
    return rate


def _logo(balances: pd.DataFrame, month: str, policy: Policy, kept: int, n: int) -> float:
    """The share of customers kept; chained, the product of each month's."""
    if policy.rule != "months chained":
        return kept / n
    base = calendar.shift(month, -policy.months)
    ones = balances.assign(arr=1)
    moves = movements(balances, calendar.between(calendar.shift(base, 1), month))
    counted = moves.assign(amount=np.where(moves["kind"].isin(GAINS), 1, -1))
    kinds = ["churn"] + ["reactivation"] * policy.reactivation
    return _chain(ones, base, month, counted, kinds)


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Contributions as a frame, ordered by account."""
    table = table.astype("int64").rename_axis("account_id").sort_index().reset_index()
    return table.astype({"account_id": "str"})[CONTRIBUTION]


def annual(monthly: float) -> float:
    """The churn of a year whose every month loses the share ``monthly``: 1 - (1 - m)^12.

    Twelve times the monthly rate would lose more customers than there are.

    >>> round(annual(0.05), 4)
    0.4596
    """
    return 1.0 - (1.0 - monthly) ** 12
