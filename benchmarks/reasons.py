"""Reasons against the truth: is the cause of a loss among the drivers that were named?

In a simulated company every account that left did so for one of thirteen hidden causes,
which is known. The renewal model is trained nine months before the newest close and asked
about the decisions after it, three months ahead. Beside it stands whoever knows the hidden
pressures of that day, and names the causes that weigh most.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.harness import Measured, bench
from benchmarks.renewals import ACCOUNTS, LEAD, MONTHS, SEED
from benchmarks.settled import settled
from features.catalogue import catalogue
from models import explain, history
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.months import shift

BACK = 9  # months before the newest close, at which the model is trained
SEEN_BY = {
    "adoption": {"adoption"},
    "breadth": {"breadth of use"},
    "onboarding": {"onboarding"},
    "value": {"depth of use", "value not reached"},
    "quality": {"product quality"},
    "reliability": {"reliability"},
    "support": {"support response", "support load"},
    "champion": {"champion"},
    "sponsor": {"sponsor"},
    "budget": {"late payment", "billing"},
    "price": {"price"},
    "competitor": {"the customer's own inquiries", "appetite for more"},
    "merger": {"the customer's own inquiries", "relationship"},
}
ORACLE = "whoever knows the hidden pressures of that day"


@cache
def named() -> pd.DataFrame:
    """What `of` returns, for the company of the renewal benchmarks."""
    return of(settled(ACCOUNTS, MONTHS, SEED, oracles=True))


def of(home: Path) -> pd.DataFrame:
    """A row for each account that left: cause, drivers (named, in order), and the oracle's causes.

    And ``by_seed``, the first family that each seed's model alone names, empty where none does.

    ``home`` is a workspace with a simulated company and its truth.
    """
    place = at(home)
    month = newest(place)
    snapshot = closed(place, month)
    then = shift(month, -BACK)
    trained = training.learn(place, snapshot, "renewal", then).trained
    asked = [shift(then, ahead) for ahead in range(1, BACK - LEAD + 1)]
    known = history.matrices(snapshot, asked, place.features)
    question = training.question(place, "renewal")
    told = history.answers(snapshot, question, known, month, place.settings.policy.gap_days)
    truth = home / "data" / "raw" / "truth"
    left = pd.read_parquet(truth / "churns.parquet", columns=["account_id", "decided", "cause"])
    rows = told[told["lead"] == LEAD].merge(
        left.astype("str"), left_on=["account_id", "decided_in"], right_on=["account_id", "decided"]
    )
    hidden = pd.read_parquet(truth / "account_months.parquet")
    hidden = hidden.astype({"account_id": "str", "month": "str"})
    parts = []
    for each, found in rows[rows["cause"].isin(SEEN_BY)].groupby("month"):
        now = known[str(each)].reindex(found["account_id"])
        why = explain.reasons(trained, now, now, catalogue(), top=len(SEEN_BY))
        acting = [filter(explain.acts, one) for one in why["reasons"]]
        drivers = pd.Series([[reason["driver"] for reason in one] for one in acting])
        at_close = hidden[hidden["month"] == each].set_index("account_id")
        rates = at_close.loc[found["account_id"], [f"rate_{cause}" for cause in SEEN_BY]]
        order = np.argsort(-rates.to_numpy(np.float64), axis=1)
        causes = pd.Series([list(np.array(list(SEEN_BY))[one]) for one in order])
        alone = [
            explain.reasons(trained, now, now, catalogue(), top=len(SEEN_BY), grounds=[each])
            for each in trained.grounds(now)
        ]
        first = [[_first(one) for one in told["reasons"]] for told in alone]
        by_seed = pd.Series(list(zip(*first, strict=True)))
        said = found[["account_id", "cause"]].reset_index(drop=True)
        parts.append(said.assign(drivers=drivers, causes=causes, by_seed=by_seed))
    return pd.concat(parts, ignore_index=True)


def _first(reasons: list[dict[str, Any]]) -> str:
    return next((str(each["family"]) for each in reasons if explain.acts(each)), "")


def _recall(most: int) -> Measured:
    rows = named()
    pairs = zip(rows["cause"], rows["drivers"], rows["causes"], strict=True)
    hits = [(bool(SEEN_BY[cause] & set(d[:most])), cause in c[:most]) for cause, d, c in pairs]
    ours, theirs = np.mean(hits, axis=0)
    return Measured(float(ours), "share", float(theirs))


@bench("reason_first", must=">= .80", aim=">= .87", against=ORACLE)
def reason_first() -> Measured:
    """Of accounts that left, those whose first reason is their true cause."""
    return _recall(1)


@bench("reason_among_three", must=">= .88", aim=">= .94", against=ORACLE)
def reason_among_three() -> Measured:
    """Of accounts that left, those whose true cause is among their first three reasons."""
    return _recall(3)


@bench("reason_steady", must=">= .95", aim=">= .97", against="all pairs")
def reason_steady() -> Measured:
    """Of pairs of models that differ in their luck, those whose first reason is of one family."""
    pairs = [a == b for families in named()["by_seed"] for a, b in combinations(families, 2)]
    return Measured(float(np.mean(pairs)), "share", 1.0)
