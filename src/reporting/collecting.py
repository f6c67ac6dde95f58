"""What failed to be paid, as a person reads it: what can still be had, and who is next."""

from __future__ import annotations

import pandas as pd

from models.trained import Trained
from reporting import evidence, formats
from reporting.cells import Column
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

MOST = 15


def answer(due: pd.DataFrame, curve: pd.DataFrame, currency: str) -> Shown:
    """How much hangs on failed payments, and how much of it is usually recovered.

    ``due`` and ``curve`` as `models.involuntary.recoverable` and ``recovery`` give them.
    """
    if curve.empty:
        return prose("No payment has failed long enough ago to say how such failures end.")
    first = curve.iloc[0]
    return prose(
        "{n} accounts with **{arr}** of ARR have a failed payment open; by what became of {past} "
        "earlier failures, {rate} of which were paid in the end, **{expected}** of it is kept.",
        n=formats.count(len(due)),
        arr=formats.money(int(due["arr"].sum()), currency),
        past=formats.count(int(first["n"])),
        rate=formats.pct(first["rate"], 0),
        expected=formats.money(int(due["expected"].fillna(0).sum()), currency),
    )


def recovered(curve: pd.DataFrame) -> Shown:
    """How failures ended, by the attempts behind them."""
    times = [f"failed {n} time{'s' if n > 1 else ''} or more" for n in curve["attempts"]]
    return table(
        curve.assign(behind=pd.Series(times, index=curve.index, dtype="str")),
        [
            Column("behind", "Payments that", "name"),
            Column("n", "Failures", "count"),
            Column("recovered", "Paid in the end", "count"),
            Column("rate", "Share", "pct", bar=True),
            Column("low", "Low", "pct"),
            Column("high", "High", "pct"),
        ],
        "How failed payments ended, by how often they had failed",
        "A payment that failed three times counts in the first three rows. Those too young to have "
        "ended are left out, paid or not. Interval: Wilson, 95 %.",
        empty="No payment has failed long enough ago.",
    )


def owed(due: pd.DataFrame, currency: str) -> Shown:
    """The accounts with a failed payment open, those with most to keep first."""
    return table(
        due,
        [
            Column("account_id", "Account", "name"),
            Column("arr", f"ARR, {currency}", "money", unit=currency),
            Column("attempts", "Attempts failed", "count"),
            Column("share", "Usually paid", "pct"),
            Column("expected", f"ARR to keep, {currency}", "money", unit=currency, bar=True),
        ],
        "Failed payments that are open",
        "ARR, not the amount asked for: what is lost with an account is its subscription.",
        limit=MOST,
        empty="No failed payment is open.",
    )


def foreseen(trained: Trained | None, said: str) -> Shown:
    """Whether who is lost to a failed payment can be told before, or ``said``: why not."""
    if trained is None:
        return prose("There is no model of it. {said}.", said=said)
    return evidence.comparison(trained, "Lost to a failed payment")


def likeliest(trained: Trained | None, now: pd.DataFrame, currency: str) -> Shown:
    """The accounts with most ARR to lose to a failed payment, by the model."""
    if trained is None:
        return prose("So nobody is ranked.")
    p = trained.predict(now)
    rows = pd.DataFrame({"account": now.index, "p": p.to_numpy(), "arr": now["arr_now"].to_numpy()})
    rows["loss"] = (rows["p"] * rows["arr"]).round().astype("int64")
    rows = rows.sort_values(["loss", "account"], ascending=[False, True], ignore_index=True)
    return table(
        rows,
        [
            Column("account", "Account", "name"),
            Column("p", "Chance", "pct"),
            Column("arr", f"ARR, {currency}", "money", unit=currency),
            Column("loss", f"Expected loss, {currency}", "money", unit=currency, bar=True),
        ],
        "Most to lose to a payment that may fail",
        limit=MOST,
    )
