"""Retention: what is left, and grown, of the customers there were.

The rule is the one most filings use: a closed cohort, point to point. The
customers at the close of a month are looked at again twelve months later;
whoever came in between is in neither part, and whoever left and is back counts
as kept. Growth of one account never hides the loss of another in the gross
rate, because each account is capped at what it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from metrics.identities import fault
from warehouse import months as calendar


@dataclass(frozen=True)
class Retention:
    """One cohort, at both ends of its period. Money in cents, rates as shares.

    ``n`` accounts were worth ``opening`` at the close of ``base``; ``kept`` of
    them are worth ``closing`` at the close of ``month``:

        closing = opening + expansion - contraction - churn
        nrr = closing / opening
        grr = (opening - contraction - churn) / opening
        logo = kept / n

    The three rates are None when nobody was a customer at ``base``.
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
    """Retention over the ``months`` months up to the close of ``month``.

    ``balances`` must hold both ends: account_id, month, arr (cents). An account
    without a row at the close of ``month`` has left. The rates are None when the
    cohort is empty, as it is when the history is shorter than the period.
    """
    base = calendar.shift(calendar.check(month), -months)
    ends = balances[balances["month"].isin([base, month])]
    then = ends.loc[ends["month"] == base].set_index("account_id")["arr"].astype("int64")
    later = ends.loc[ends["month"] == month].set_index("account_id")["arr"]
    now = later.reindex(then.index, fill_value=0).astype("int64")
    change = now - then
    opening, closing, kept = int(then.sum()), int(now.sum()), int((now > 0).sum())
    expansion = int(change.clip(lower=0).sum())
    churn = int(then[now == 0].sum())
    contraction = int(-change[(now > 0) & (change < 0)].sum())
    gross = opening - contraction - churn
    if closing != gross + expansion or not 0 <= gross <= opening:
        raise fault(
            f"retention of {month} does not add up: {opening} + {expansion} "
            f"- {contraction} - {churn} is not {closing}"
        )
    return Retention(
        month=month,
        base=base,
        n=len(then),
        kept=kept,
        opening=opening,
        closing=closing,
        expansion=expansion,
        contraction=contraction,
        churn=churn,
        nrr=closing / opening if opening else None,
        grr=gross / opening if opening else None,
        logo=kept / len(then) if opening else None,
    )


def annual(monthly: float) -> float:
    """The churn of a year whose every month loses the share ``monthly``: 1 - (1 - m)^12.

    Twelve times the monthly rate would lose more customers than there are.

    >>> round(annual(0.05), 4)
    0.4596
    """
    return 1.0 - (1.0 - monthly) ** 12
