"""Involuntary churn: who will be lost to a payment that fails, and what can still be had.

The question is that of `models.outcomes` with another answer: 1 where the spell of service
ends inside ``[as_of + lead, as_of + horizon)`` because a payment failed, 0 where the account
stays, or leaves by its own choice first: a competing outcome, counted as 0, so that this and
voluntary churn are chances of different things and add up. A card that expires has nothing to
do with how a product is liked, so only what billing and the calendar say is asked.

As everywhere, logistic regression answers unless trees do better than it by more than one
standard error, paired by account (`models.rehearsal`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.declare import CONTEXT, Feature
from metrics import arr as money
from metrics.asking import rated
from metrics.billing import WAIT, collected, failures
from metrics.spells import spells
from models import booster
from models.outcomes import Question, outcomes
from models.train import TooFewEvents, train
from models.trained import Trained
from warehouse.errors import InputMissing
from warehouse.months import as_of

UNPAID = "payment_failure"  # the end_reason of a line stopped for it
FAMILIES = frozenset({"billing", CONTEXT})
WINDOW = Question("churn")
FEWEST = 20  # settled failures behind a share; attempts with fewer are counted with the one before


def ends_unpaid(
    spine: pd.DataFrame, lines: pd.DataFrame, timezone: str, gap_days: int
) -> npt.NDArray[np.bool_]:
    """Whether the spell each row of ``spine`` (account_id, month) stands in ends unpaid.

    That is where most of the ARR that stops at its end stops for payment failure. False where
    no end is known.
    """
    at = spine["month"].map({m: as_of(m, timezone) for m in spine["month"].unique()})
    rows = pd.DataFrame(
        {
            "account_id": spine["account_id"].astype("str").to_numpy(),
            "at": at.astype("datetime64[us]").to_numpy(),
            "place": np.arange(len(spine)),
        }
    )
    stopped = pd.DataFrame(
        {
            "account_id": lines["account_id"].astype("str"),
            "ended": money.stops(lines),
            "due": lines["arr"].astype("int64"),
            "unpaid": lines["arr"].where(lines["end_reason"] == UNPAID, 0).astype("int64"),
        }
    )
    sums = stopped.groupby(["account_id", "ended"], as_index=False).sum()
    ends = spells(lines, gap_days).dropna(subset="ended").merge(sums, on=["account_id", "ended"])
    # The first spell to end from then on is the one that holds the row, if any holds it.
    found = pd.merge_asof(
        rows.sort_values("at", kind="stable"),
        ends.sort_values("ended", kind="stable")[["account_id", "ended", "due", "unpaid"]],
        left_on="at",
        right_on="ended",
        by="account_id",
        direction="forward",
    ).sort_values("place")
    return np.asarray(2 * found["unpaid"] > found["due"], dtype=np.bool_)


def answers(
    question: Question,
    lines: pd.DataFrame,
    spine: pd.DataFrame,
    now: datetime,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """`outcomes` of churn, in which only an end for a failed payment is 1.

    Arguments and columns are those of `models.outcomes.outcomes`; what is not certain at ``now``
    is NaN here too, and so is an account that was merged.
    """
    rows = outcomes(question, lines, spine, now, timezone, gap_days)
    chosen = (rows["outcome"] == 1) & ~ends_unpaid(rows, lines, timezone, gap_days)
    rows["outcome"] = rows["outcome"].mask(chosen, 0.0)
    rows["amount"] = rows["amount"].mask(chosen, 0)
    return rows


def learn(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    now_month: str,
    timezone: str = "UTC",
    gap_days: int = 30,
    question: Question = WINDOW,
    catalogue: str = "",
    seeds: Sequence[int] = booster.SEEDS,
    rounds: int | None = None,
) -> Trained:
    """The model of involuntary churn at the close of ``now_month``, rehearsed by its folds.

    ``frame`` is that of `models.train.rows` with `answers`; of ``features`` those of
    ``FAMILIES`` are used. Which method answers, and what is shown of it, is `models.train`'s.
    Raises `TooFewEvents` as that does, and ``InputMissing`` where no feature of billing has a
    value.
    """
    asked = [f for f in features if f.family in FAMILIES]
    told = [f for f in asked if f.family != CONTEXT and f.name in frame]
    if not any(frame[f.name].notna().any() for f in told):
        raise InputMissing(
            "nothing is known of billing: neither invoices nor payments were admitted. Their "
            "failed and late payments are what involuntary churn is learnt from; add either table"
        )
    try:
        return train(
            question, frame, asked, now_month, timezone, gap_days, catalogue, seeds, rounds
        )
    except TooFewEvents as refusal:
        raise TooFewEvents(f"failed payments, as {refusal.message}") from refusal


def recovery(
    invoices: pd.DataFrame | None, payments: pd.DataFrame | None, lines: pd.DataFrame, now: datetime
) -> pd.DataFrame:
    """How many failed payments were paid in the end, by the failed attempts behind them.

    ``invoices``, ``payments`` and ``lines`` as known at ``now`` (naive UTC). Columns: attempts,
    n, recovered, rate, low, high (Wilson, 95 %). Row ``a`` is of the invoices that failed ``a``
    times or more; the last row stands for any further attempt, since fewer than ``FEWEST`` got
    there. Only failures at least ``WAIT`` days old count, those recovered sooner too: the rest
    would be recoveries alone. No row where there is none. ``InputMissing`` without a table.
    """
    failed = _failures(invoices, payments, lines, now)
    settled = failed[failed["failed_at"] <= now - timedelta(days=WAIT)]
    tries = settled["tries"].clip(lower=1)
    rows = []
    for attempts in range(1, int(tries.max()) + 1 if len(settled) else 1):
        reached = settled[tries >= attempts]
        if attempts > 1 and len(reached) < FEWEST:
            break
        paid = int((reached["state"] == "recovered").sum())
        rows.append((attempts, len(reached), paid))
    table = pd.DataFrame(rows, columns=["attempts", "n", "recovered"]).astype("int64")
    return rated(table, "recovered", "n")


def recoverable(
    invoices: pd.DataFrame | None,
    payments: pd.DataFrame | None,
    lines: pd.DataFrame,
    month: str,
    timezone: str = "UTC",
) -> pd.DataFrame:
    """The accounts with a failed payment open at the close of ``month``, and what can be saved.

    The tables as known then. Columns: account_id, arr (cents at stake; 0 for one that is a
    customer no more), invoices, amount (cents they ask for), attempts (failed so far, of the
    invoice with most), failed_at (the oldest), share and n (of such failures, by `recovery`,
    how many were recovered, of how many), expected (``arr x share``, whole cents; NA where no
    failure is old enough to say). Ordered by expected, largest first, then account_id.
    """
    now = as_of(month, timezone)
    failed = _failures(invoices, payments, lines, now)
    curve = recovery(invoices, payments, lines, now).set_index("attempts")
    still = failed[failed["state"] == "open"].assign(tries=lambda rows: rows["tries"].clip(lower=1))
    table = still.groupby("account_id", sort=True, as_index=False).agg(
        invoices=("invoice_id", "size"),
        amount=("amount", "sum"),
        attempts=("tries", "max"),
        failed_at=("failed_at", "min"),
    )
    worth = money.at(lines, money.close(month, timezone))
    table.insert(1, "arr", worth.reindex(table["account_id"]).fillna(0).astype("int64").to_numpy())
    step = table["attempts"].clip(upper=len(curve))
    table["share"] = step.map(curve["rate"]).astype("float64")
    table["n"] = step.map(curve["n"]).fillna(0).astype("int64")
    table["expected"] = (table["arr"] * table["share"]).round().astype("Int64")
    return table.sort_values(["expected", "account_id"], ascending=[False, True], ignore_index=True)


def _failures(
    invoices: pd.DataFrame | None, payments: pd.DataFrame | None, lines: pd.DataFrame, now: datetime
) -> pd.DataFrame:
    if invoices is None or payments is None:
        name, adds = ("invoices", "what failed to be paid and what came in after all")
        if invoices is not None:
            name, adds = ("payments", "how often each invoice was tried, and which try brought it")
        raise InputMissing(
            f"what can be recovered is counted from invoices and payments, and there is no table "
            f"{name}; it would add {adds}"
        )
    return failures(collected(invoices, payments), lines, now)
