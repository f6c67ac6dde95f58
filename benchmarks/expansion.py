"""What is told of expansion, in money: whether it points at the money, and adds up to it.

A simulated company of 10,000 accounts over 24 months, one seed. Everything is measured on the
model's own rehearsals: months later than any that the probability or the amount learnt from.
What is told of an account is the probability that it grows, times how much it does if it does
(`models.amounts`), times its ARR; what came of it is the increase, among those that stayed.

Who has much ARR has most of any increase, so accounts are compared within their segment and
month, and with whoever merely sorts them by ARR. An account that takes in another grows by
what was sold before: those are left out. The truth of a simulated company does not hold the
chance of an expansion, so there is no share of the best possible here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.settled import settled
from features.catalogue import catalogue
from models import amounts, folds, history
from models.train import rows, train
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.months import as_of

ACCOUNTS, MONTHS, SEED = 10_000, 24, 12
TOP = 0.1


@cache
def rehearsed() -> pd.DataFrame:
    """What `of` returns, for a company simulated anew."""
    return of(settled(ACCOUNTS, MONTHS, SEED))


def of(home: Path) -> pd.DataFrame:
    """The rows of all rehearsals, of the company simulated into the workspace ``home``.

    Columns: account_id, month, segment, arr (cents), amount (cents, what it grew by), gain
    (what was expected, cents) and constant (likewise, were growth the same for everybody).
    """
    place = at(home)
    month, gap = newest(place), place.settings.policy.gap_days
    snapshot = closed(place, month)
    zone = snapshot.company.timezone
    months = history.lived(snapshot, month, place.settings.model.history)
    matrices = history.matrices(snapshot, months, place.features)
    asked = training.question(place, "expansion")
    frame = rows(matrices, history.answers(snapshot, asked, matrices, month, gap))
    # Rehearsals hear one seed; the others make the model steadier, not the rehearsal better.
    trained = train(asked, frame, catalogue().features, month, zone, gap, seeds=(1,))
    assert trained.held_out is not None
    parts = []
    certain = folds.usable(months, asked, as_of(month, zone), gap, zone)
    for fold in folds.folds(certain, asked, as_of(month, zone), gap, zone):
        learn, test, _ = folds.split(frame, fold)
        taught = amounts.fit(frame[learn], trained.names)
        grown = frame[learn & (frame["outcome"] == 1)]
        part = frame.loc[test, ["account_id", "month", "arr_now", "amount"]]
        usual = grown["amount"].sum() / grown["base"].sum()
        parts.append(part.assign(growth=taught.growth(frame[test]), usual=usual))
    told = pd.concat(parts).merge(
        trained.held_out[["account_id", "month", "model"]], validate="one_to_one"
    )
    told["gain"] = told["model"] * told["growth"] * told["arr_now"]
    told["constant"] = told["model"] * told["usual"] * told["arr_now"]
    today = snapshot.frame("accounts")
    told = told[~told["account_id"].isin(today["merged_into"].dropna())]
    told = told.merge(today[["account_id", "segment"]], on="account_id", validate="many_to_one")
    told = told.rename(columns={"arr_now": "arr"})
    return told.drop(columns=["growth", "usual", "model"])


def captured(told: pd.DataFrame, by: str) -> float:
    """Share of the increase at the tenth of accounts with most of ``by``, mean of segments.

    The tenth is taken in each month and segment.
    """
    each = told.groupby(["month", "segment"], observed=True)[by]
    chosen = each.rank(ascending=False, method="first") <= TOP * each.transform("size")
    money = told["amount"].where(chosen, 0).groupby(told["segment"], observed=True).sum()
    return float((money / told.groupby("segment", observed=True)["amount"].sum()).mean())


@bench("expansion_capture", must=">= 1.18", aim=">= 1.25", against="the tenth with most ARR")
def expansion_capture() -> Measured:
    """Money of expansions at the tenth of accounts of whom most is expected, within segments."""
    told = rehearsed()
    return Measured(captured(told, "gain"), "share", captured(told, "arr"))


@bench("expansion_bias", must="<= 1", aim="<= .6", against="5 % off")
def expansion_bias() -> Measured:
    """How far the money expected of expansions, summed, is from what they came to."""
    told = rehearsed()
    off = float(told["gain"].sum() / told["amount"].sum() - 1)
    return Measured(abs(off), "share", 0.05)
