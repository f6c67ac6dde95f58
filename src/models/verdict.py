"""The verdict on a health score: trusted, weak, theatre, or too early to say.

A score is theatre when what it says has nothing to do with who leaves: green accounts churn
and red ones renew. It is judged by what it said in time and what then happened, never by
what it was trained on:

===========  ==============================================================================
too early    fewer than ``EVENTS`` accounts left that had a score in time
theatre      the AUC's interval does not lie above a half, or the healthy leave as often as all
trusted      the interval lies above ``GOOD``, the healthy leave at most half as often as all,
             and no band leaves more often than a riskier one
weak         anything else
===========  ==============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import health, measures
from models.measures import Interval

EVENTS = 20
GOOD = 0.6
HALF = 0.5
ORDER = (health.HEALTHY, health.WATCH, health.AT_RISK)  # from the safest
TRUSTED, WEAK, THEATRE, EARLY = "trusted", "weak", "theatre", "too early"


@dataclass(frozen=True)
class Verdict:
    """What became of a score: ``word``, why (``said``), and the numbers it rests on.

    ``rows`` account-months of which ``events`` left; ``auc`` with its 95 % range, accounts drawn;
    ``green`` the share of those that left which the score called healthy, ``red`` the share of
    those at risk that stayed; ``inversions`` pairs of bands in the wrong order. NaN and None
    where there is nothing to count.
    """

    word: str
    said: str
    rows: int
    events: int
    auc: Interval | None
    green: float
    red: float
    inversions: int


def verdict(graded: pd.DataFrame) -> Verdict:
    """The verdict on the scores of ``graded``: account_id, month, outcome, risk, band.

    A row is an account in a month whose ``outcome`` (1 left, 0 stayed) is certain; ``risk``
    is higher for who is likelier to leave, on any scale; ``band`` one of `models.health`.
    """
    told = graded[graded["outcome"].notna() & graded["risk"].notna()]
    left = told["outcome"] == 1
    accounts = int(told.loc[left, "account_id"].nunique())
    rate = told.groupby("band")["outcome"].mean().reindex(ORDER)
    known = rate.dropna().to_numpy(np.float64)
    wrong = sum(int(a > b) for i, a in enumerate(known) for b in known[i + 1 :])
    red = told.loc[told["band"] == health.AT_RISK, "outcome"]
    green = float((told.loc[left, "band"] == health.HEALTHY).mean()) if left.any() else np.nan
    numbers = (green, float(1 - red.mean()) if len(red) else np.nan, wrong)
    if accounts < EVENTS or left.all():
        said = f"{accounts} accounts that left had been scored in time; {EVENTS} make a verdict"
        return Verdict(EARLY, said, len(told), int(left.sum()), None, *numbers)
    area = auc(told)
    whole, healthy = float(told["outcome"].mean()), float(rate[health.HEALTHY])
    span = f"AUC {area.value:.2f} [{area.low:.2f}, {area.high:.2f}]"
    times = f"the healthy left {healthy / whole:.1f} times as often as all"
    if np.isnan(healthy):
        times = "nobody was called healthy"
    word = WEAK
    if not area.low > HALF or healthy >= whole:
        word = THEATRE
    elif area.low > GOOD and healthy <= HALF * whole and not wrong:
        word = TRUSTED
    order = "bands in order" if not wrong else f"{wrong} bands out of order"
    return Verdict(word, f"{span}; {times}; {order}", len(told), int(left.sum()), area, *numbers)


def auc(graded: pd.DataFrame) -> Interval:
    """The mean AUC over months of ``graded`` (as in `verdict`), with its 95 % interval."""
    rows = graded.assign(fold=graded["month"])
    return measures.compare(rows, "risk", "risk")[0]


def lead(graded: pd.DataFrame, other: str) -> Interval:
    """By how much the AUC of ``risk`` exceeds that of the column ``other``, same rows, same draws.

    Rows without a value of ``other`` are left out on both sides.
    """
    both = graded[graded[other].notna() & graded["risk"].notna() & graded["outcome"].notna()]
    return measures.compare(both.assign(fold=both["month"]), "risk", other)[1]
