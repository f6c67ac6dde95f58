"""When all risks rise at once: how much of the error in level is gone once answers have come.

A simulated company of 4,000 accounts over 48 months, of whose accounts that stay so many are
left out from two thirds on that churn is 55 % higher: who leaves is the same, only more of
them. Beside what Perennial says, taught anew every quarter and held to the level of what is
certain, stands the model of the month of the turn, left alone. Only quarters that begin
when answers of two months since the turn are certain count. One company, one seed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.settled import settle
from features.catalogue import catalogue
from models import history
from models.outcomes import Question
from models.train import rows, train
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.months import shift

ACCOUNTS, MONTHS, SEED = 4_000, 48, 31
TURN = 2 / 3  # of the months
RISE = 1.55  # of the rate of churn
SINCE = 2  # months of answers since the turn


@cache
def biases() -> tuple[float, float]:
    """What `of` returns, for a company simulated anew."""
    with TemporaryDirectory(prefix="perennial-bench-") as place:
        return of(settle(Path(place), ACCOUNTS, MONTHS, SEED))


def of(home: Path) -> tuple[float, float]:
    """Of churn after the turn, said less came, a row: by Perennial, and by a model left alone."""
    place = at(home)
    month, gap = newest(place), place.settings.policy.gap_days
    snapshot = closed(place, month)
    months = history.lived(snapshot, month, MONTHS)
    known = history.matrices(snapshot, months, place.features)
    asked = training.question(place, "churn")
    frame = rows(known, history.answers(snapshot, asked, known, month, gap))
    turned = shift(month, 1 - MONTHS + round(TURN * MONTHS))
    frame = risen(frame, turned)
    features = catalogue().features
    tested = train(asked, frame, features, month, gap_days=gap, seeds=(1,)).held_out
    assert tested is not None
    first = tested.groupby("fold")["month"].transform("min")
    late = tested[first >= shift(turned, SINCE + _delay(asked))]
    # What was known of the past when the world turned, and nothing since.
    before = history.answers(snapshot, asked, known, turned, gap)
    left = train(asked, rows(known, before), features, turned, gap_days=gap, seeds=(1,))
    asked_of = late.merge(frame.drop(columns="outcome"), on=["account_id", "month"])
    ours = float((late["model"] - late["outcome"]).mean())
    return ours, float(left.predict(asked_of).mean() - late["outcome"].mean())


def risen(frame: pd.DataFrame, turned: str) -> pd.DataFrame:
    """``frame`` without so many accounts that stay that from ``turned`` on churn is ``RISE`` times.

    Always the same accounts, by a hash of their name.
    """
    later = frame["month"] >= turned
    leaves = frame["account_id"].isin(frame.loc[later & (frame["outcome"] == 1), "account_id"])
    stay = (~leaves & later & frame["outcome"].notna()).sum()
    asked = (later & frame["outcome"].notna()).sum()
    out = asked * (1 - 1 / RISE) / stay  # of those that stay: the events are then among fewer
    place = frame["account_id"].map(lambda name: crc32(str(name).encode()) / 2**32)
    return frame[~(later & ~leaves & (place < out))].reset_index(drop=True)


def _delay(asked: Question) -> int:
    """Months until an answer is certain: the window and the gap in which a return is no loss."""
    return asked.horizon + 1


@bench("drift_level", must="<= .65", aim="<= .40", against="the model before the turn, left alone")
def drift_level() -> Measured:
    """Error in level that is left, once answers of two months since the turn are certain."""
    ours, alone = biases()
    return Measured(abs(ours), "churn a row", abs(alone))
