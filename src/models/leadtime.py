"""Lead time: how long before its notice deadline a lost renewal could have been told.

A model that is right the week before is of no use to who needs a quarter to turn a customer
around. So the rehearsals are read by lead: what was said one, two, three and four months
before each decision, by models that had seen nothing later, against what was decided then.

===============  ==========================================================================
can be had       three months ahead the AUC's interval lies above ``GOOD``, and that of its
                 lead over the calendar above nothing
too few to tell  fewer than ``EVENTS`` accounts left, or the AUC may be too low as well as
                 high enough: its interval holds both ``GOOD`` and ``PLENTY``
cannot be had    anything else
===============  ==========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import measures
from models.decisions import FARTHEST
from models.verdict import EVENTS, GOOD
from warehouse.months import shift

WARNING = 3  # months, the ninety days that are asked for
PLENTY = 0.70  # an AUC with which most would be content
TOP = 0.2  # the riskiest fifth is flagged
HAD, NOT_HAD, EARLY = "can be had", "cannot be had", "too few to tell"
MONTHS = {1: "one month", 2: "two months", 3: "three months", 4: "four months"}
DECISION = ["account_id", "ends_on"]


@dataclass(frozen=True)
class LeadTime:
    """Whether 90 days' warning can be had: ``word``, why (``said``), and what it rests on.

    ``by_lead`` is what the function of that name returns. Of ``followed`` decisions that were
    lost and could be watched from three months before on, ``flagged`` is the share that was
    among the riskiest fifth in every month of them, NaN where there are none.
    """

    word: str
    said: str
    by_lead: pd.DataFrame
    flagged: float
    followed: int


def ahead(held_out: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """The rehearsed rows of a renewal model, one to ``FARTHEST`` months before the deadline.

    ``held_out`` is that of a `Trained`, ``answers`` are `decisions.answers`. Returns the rows
    of ``held_out`` with the ``lead`` (months) and ``ends_on`` of the decision beside.
    """
    told = answers[["account_id", "month", "lead", "ends_on"]]
    found = held_out.merge(told, on=["account_id", "month"], validate="one_to_one")
    return found[found["lead"].between(1, FARTHEST)].reset_index(drop=True)


def lead_time(rows: pd.DataFrame) -> LeadTime:
    """What the rehearsals show of warning in time; ``rows`` are those of `ahead`.

    They have account_id, month, fold, outcome, lead, ends_on and the probabilities ``model``
    and ``calendar``.
    """
    table = by_lead(rows)
    flagged, followed = continuous(rows)
    then, near = (_row(table, lead) for lead in (WARNING, 1))
    word, said = _verdict(then, near)
    if word == HAD and followed:
        said += (
            f"; of {followed} that left, {flagged:.0%} were among the riskiest fifth from then on "
            "without a break"
        )
    return LeadTime(word, said, table, flagged, followed)


def by_lead(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each lead from 1 to ``FARTHEST`` months: how well it could be told then.

    Columns: lead, n (decisions), events (lost), accounts (that lost them); auc with low and
    high, and over (its lead over the calendar) with over_low and over_high, means over folds
    with 95 % intervals from draws of accounts; recall (of those lost, the share in the
    riskiest fifth of all asked at that lead). NaN where fewer than ``EVENTS`` accounts left,
    or nobody stayed.
    """
    found = []
    for lead in range(1, FARTHEST + 1):
        asked = rows[rows["lead"] == lead]
        lost = asked["outcome"] == 1
        row: dict[str, float] = {
            "lead": lead,
            "n": len(asked),
            "events": int(lost.sum()),
            "accounts": int(asked.loc[lost, "account_id"].nunique()),
        }
        if row["accounts"] >= EVENTS and not lost.all():
            area, over = measures.compare(asked, "model", "calendar")
            outcome, p = (asked[name].to_numpy(np.float64) for name in ("outcome", "model"))
            row |= {"auc": area.value, "low": area.low, "high": area.high}
            row |= {"over": over.value, "over_low": over.low, "over_high": over.high}
            row["recall"] = measures.lift(outcome, p, TOP) * TOP
        found.append(row)
    told = ["auc", "low", "high", "over", "over_low", "over_high", "recall"]
    return pd.DataFrame(found, columns=["lead", "n", "events", "accounts", *told])


def continuous(rows: pd.DataFrame) -> tuple[float, int]:
    """The share of lost decisions flagged without a break from ``WARNING`` months before on.

    Flagged is the riskiest fifth of all that were asked about in the same month, at any lead;
    of those level with each other all are, or none.
    Counted are decisions that were asked about ``WARNING`` months before and whose later
    months were rehearsed too; a month in which it was open no more, because notice had been
    given, breaks nothing. Returns the share (NaN of none) and how many decisions it is of.
    """
    order = rows.groupby("month")["model"].rank(ascending=False, method="max")
    size = rows.groupby("month")["model"].transform("size")
    told = rows.assign(alarm=order <= (TOP * size).round())
    told = told[(told["outcome"] == 1) & (told["lead"] <= WARNING)]
    rehearsed = set(rows["month"])
    first = told.loc[told["lead"] == WARNING, [*DECISION, "month"]]
    watched = [
        all(shift(month, later) in rehearsed for later in range(WARNING))
        for month in first["month"]
    ]
    whole = first[np.array(watched, dtype=np.bool_)]
    kept = told.merge(whole[DECISION], on=DECISION).groupby(DECISION)["alarm"].all()
    return (float(kept.mean()) if len(kept) else float("nan")), len(kept)


def _row(table: pd.DataFrame, lead: int) -> dict[str, float]:
    """The numbers of one lead by name, of what `by_lead` returned."""
    (row,) = table[table["lead"] == lead].to_dict("records")
    return {str(name): float(value) for name, value in row.items()}


def _verdict(then: dict[str, float], near: dict[str, float]) -> tuple[str, str]:
    """The word and the words, by what could be told ``WARNING`` months ahead, and one month."""
    when = f"{MONTHS[WARNING]} ahead"
    if np.isnan(then["auc"]):
        return EARLY, (
            f"{EARLY} whether 90 days' warning can be had: {int(then['accounts'])} accounts left "
            f"of {int(then['n'])} decisions asked about {when}; {EVENTS} that left, and one that "
            "stayed, make a verdict"
        )
    area = f"AUC {_span(then)}"
    over = f"{then['over']:+.2f} [{then['over_low']:+.2f}, {then['over_high']:+.2f}]"
    if then["low"] >= GOOD and then["over_low"] > 0:
        return HAD, f"90 days' warning {HAD}: {area} {when}, {over} over the calendar"
    if then["low"] < GOOD and then["high"] > PLENTY:
        return EARLY, (
            f"{EARLY} whether 90 days' warning can be had: {area} {when}, of "
            f"{int(then['accounts'])} accounts that left, may be too low as well as high enough"
        )
    why = f"below {GOOD:.2f} for all we know"
    if not then["over_low"] > 0:
        why = f"no better than the calendar ({over})"
    said = f"90 days' warning {NOT_HAD}: {when} {area} is {why}"
    if not np.isnan(near["auc"]):
        said += f", {MONTHS[1]} ahead it is {_span(near)}"
    return NOT_HAD, said


def _span(row: dict[str, float]) -> str:
    return f"{row['auc']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
