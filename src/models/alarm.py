"""The leak alarm: a column that alone tells the outcome too well to be true.

What is written after the fact and read before it is the commonest way to a model that
shines in every test and fails on its first day: a status, a date of cancellation, a field
overwritten at the end. Such a column needs no model to be seen. Asked alone, it ranks those
that will leave above those that will not, by its value, by its words, or by being known at
all, better than anything honest does.

Three sets of rows are asked. All of them; the ``NEWEST`` months, and the newest alone, because
a field that is overwritten knows the newest answers best: those who leave later carry the mark
too, and in all rows they blur it.

A renewal is also asked far from its deadline, where nobody has made up their mind and the
limit is lower. Elsewhere the calendar may speak, and the days since a yearly term was signed
speak loudest of all that is honest: who can only leave in March leaves in March.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from features.declare import Feature
from models import measures
from models.outcomes import Question

Told = Literal["value", "words", "known"]

LIMIT = 0.95  # of the AUC of one column, where the calendar may speak
FAR, FAR_LIMIT = 3, 0.80  # of a renewal's lead, in months, and its limit from there on
NEWEST = 3  # months
FEWEST = 20  # accounts of each class behind a value, to say anything
SPREAD = 3.0  # standard errors that the AUC must lie above its limit: hundreds of columns try
PARTS = 5  # of the accounts; a word has the rate of the other parts
PRIOR = 20  # rows at the base rate added to each word
WHAT: dict[Told, str] = {
    "value": "the value of",
    "words": "the word in",
    "known": "whether a value is known of",
}


@dataclass(frozen=True)
class Alarm:
    """One column that smells: its name, what of it tells, how well, on how many rows.

    ``auc`` is that of the column alone, in the better direction, on ``n`` rows with
    ``events`` among them; ``where`` names those rows, ``limit`` is what they allow.
    """

    feature: str
    told: Told
    auc: float
    n: int
    events: int
    limit: float
    where: str

    @property
    def above(self) -> float:
        """By how much the AUC exceeds its limit."""
        return self.auc - self.limit

    @property
    def said(self) -> str:
        """Which column, how much, why it smells, and what to do."""
        return (
            f"{WHAT[self.told]} {self.feature} tells the outcome alone: AUC {self.auc:.2f} "
            f"{self.where} ({self.n:,} rows, {self.events:,} events), where an honest column "
            f"stays below {self.limit:.2f}. It looks written after the fact. Find out when the "
            "field is filled in and declare that in its table's contract (known, late), or "
            "leave the feature out"
        )


def alarm(taught: pd.DataFrame, features: Sequence[Feature], question: Question) -> list[Alarm]:
    """The columns of ``taught`` that tell the outcome too well alone, the loudest first.

    ``taught`` is a training frame (account_id, month, outcome, a column a feature; with
    ``lead``, the months to a renewal's deadline); rows without an answer are left out. A
    column appears once, with what exceeds its limit most. It needs ``FEWEST`` accounts of
    each class, and must lie ``SPREAD`` standard errors above the limit (Hanley and McNeil
    1982, accounts counted, since the months of one account repeat each other).
    """
    asked = taught[taught["outcome"].notna()]
    asked = asked.sort_values(["month", "account_id"], kind="stable", ignore_index=True)
    names = [feature.name for feature in features if feature.name in asked]
    heard: dict[str, Alarm] = {}
    for where, limit, rows in _parts(asked, question):
        for name in names if 0 < rows["outcome"].mean() < 1 else []:
            for told, values in _asked(rows, name):
                found = _alarm(rows, values, (name, told, where), limit)
                if found and (name not in heard or found.above > heard[name].above):
                    heard[name] = found
    return sorted(heard.values(), key=lambda found: (-found.above, found.feature))


def _parts(asked: pd.DataFrame, question: Question) -> list[tuple[str, float, pd.DataFrame]]:
    """The sets of rows to ask, each with its name and limit."""
    sets = [("in all months", LIMIT, asked)]
    if question.kind == "renewal" and "lead" in asked:
        sets.append((f"{FAR} months or more ahead", FAR_LIMIT, asked[asked["lead"] >= FAR]))
    for where, limit, rows in tuple(sets):
        months = sorted(rows["month"].unique())
        for last, newest in (
            (f"in the newest {NEWEST} months", months[-NEWEST:]),
            ("in the newest month", months[-1:]),
        ):
            sets.append((f"{where}, {last}", limit, rows[rows["month"].isin(newest)]))
    return sets


def _asked(rows: pd.DataFrame, name: str) -> list[tuple[Told, pd.Series[float]]]:
    """What a column can tell by: being known, and its values or the rates of its words."""
    column = rows[name]
    said: list[tuple[Told, pd.Series[float]]] = []
    if column.hasnans:
        said.append(("known", column.notna().astype("float64")))
    if isinstance(column.dtype, pd.StringDtype):
        said.append(("words", _rates(rows, name)))
    else:
        said.append(("value", column.dropna()))
    return said


def _alarm(
    rows: pd.DataFrame, values: pd.Series[float], what: tuple[str, Told, str], limit: float
) -> Alarm | None:
    """The alarm that ``values``, of some of the ``rows``, are cause for, if any."""
    outcome = rows.loc[values.index, "outcome"].to_numpy(np.float64)
    area = measures.auc(outcome, np.asarray(values, dtype=np.float64))
    if what[1] != "words":  # a rate has a direction; one that is wrong on other accounts is luck
        area = max(area, 1 - area)
    if not area > limit:
        return None
    whose = rows.loc[values.index, "account_id"]
    left, stayed = (int(whose[outcome == answer].nunique()) for answer in (1, 0))
    if min(left, stayed) < FEWEST or not area - SPREAD * _error(area, left, stayed) > limit:
        return None
    name, told, where = what
    return Alarm(name, told, area, len(outcome), int(outcome.sum()), limit, where)


def _rates(rows: pd.DataFrame, name: str) -> pd.Series[float]:
    """The event rate of each known word among the other parts of the accounts."""
    known = rows.loc[rows[name].notna(), ["account_id", name, "outcome"]]
    if known.empty:
        return known["outcome"]
    part = pd.factorize(known["account_id"], sort=True)[0] % PARTS
    every = known.groupby(name)["outcome"].agg(["sum", "count"])
    own = known.groupby([name, part])["outcome"].agg(["sum", "count"])
    at = pd.MultiIndex.from_arrays([known[name], part])
    others = every.loc[known[name]].to_numpy() - own.loc[at].to_numpy()
    # The base rate of all: that of the others is lower wherever a part has more events.
    rates = (others[:, 0] + PRIOR * known["outcome"].mean()) / (others[:, 1] + PRIOR)
    return pd.Series(rates, index=known.index)


def _error(area: float, left: int, stayed: int) -> float:
    """The standard error of an AUC (Hanley and McNeil 1982)."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (left - 1) * (q1 - area**2) + (stayed - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0.0) / (left * stayed)))
