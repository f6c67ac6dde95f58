"""Outcomes: what happened after a month, and whether anybody can know it yet.

A question is asked at a month's ``as_of`` and answered by a window on the
company's own month edges: ``[as_of + lead, as_of + horizon)``, in months. The
lead keeps out what is too close to act on. What is not yet knowable is NaN,
never "kept".

**Churn** asks whether the spell of service that contains ``as_of`` ends inside
the window. A gap of ``gap_days`` or less is continuation, so an end is certain
only when ``gap_days`` have passed since; the whole row waits for the end of the
window plus the gap. Answering early for those who already left, and later for
those who stay, would fill the newest months with churn alone.

**Expansion** asks whether the ARR at the close before the window's end exceeds
``FLOOR`` times the ARR at the close before its start. A close is the last instant
before an edge, which makes the window half-open for amounts too: a change that
takes effect on the window's first instant is inside, one on its end is not.
Shrinking is not expansion; an account without ARR at either edge has no answer, so
the probability is conditional on staying.

An account that was merged into another did not leave: it has no answer either.

**Renewal** asks what becomes of a term that is decided in one of the months from ``lead``
to before ``horizon``; its rows and answers are those of `models.decisions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.arr import balances, stops
from metrics.spells import spells
from warehouse.errors import Usage
from warehouse.months import as_of, shift

Kind = Literal["churn", "expansion", "renewal"]
Floats = npt.NDArray[np.float64]
Cents = npt.NDArray[np.int64]

QUESTIONS: tuple[Kind, ...] = ("churn", "expansion", "renewal")
NOTICE = 3  # months from the notice deadline to the end of all but the oddest terms
FLOOR = 1.01  # growth of one per cent or less is rounding, index or currency, not expansion


@dataclass(frozen=True)
class Question:
    """What is asked of an account at a month: ``kind``, within ``[lead, horizon)`` months."""

    kind: Kind
    lead: int = 1
    horizon: int = 4

    def __post_init__(self) -> None:
        if self.kind not in QUESTIONS:
            raise Usage(f"{self.kind!r} is not a question; ask one of {', '.join(QUESTIONS)}")
        if not 0 <= self.lead < self.horizon:
            raise Usage(
                f"lead {self.lead} and horizon {self.horizon} leave no window; "
                "the rule is 0 <= lead < horizon, in months"
            )

    def window(self, month: str, timezone: str) -> tuple[datetime, datetime]:
        """First instant of the window asked about at ``month``, and first instant after it."""
        return (
            as_of(shift(month, self.lead), timezone),
            as_of(shift(month, self.horizon), timezone),
        )

    def knowable(self, month: str, timezone: str, gap_days: int) -> datetime:
        """The first ``as_of`` instant at which the answers for ``month`` are certain (naive UTC).

        A renewal is certain when its own term has ended, most of them earlier than this.
        """
        if self.kind == "renewal":
            ended = as_of(shift(month, self.horizon - 1 + NOTICE), timezone)
            return ended + timedelta(days=gap_days)
        end = self.window(month, timezone)[1]
        return end + timedelta(days=gap_days) if self.kind == "churn" else end


def outcomes(
    question: Question,
    lines: pd.DataFrame,
    spine: pd.DataFrame,
    now: datetime,
    timezone: str,
    gap_days: int,
) -> pd.DataFrame:
    """The answer for each row of ``spine``, from the contract lines known at ``now``.

    ``lines`` are contract lines as known at ``now`` (naive UTC); ``spine`` has one row
    for each ``account_id`` live at the ``as_of`` of ``month``. Returns the spine's rows
    in the order of (month, account_id), with

    - ``outcome``: 1.0, 0.0, or NaN where it is not knowable at ``now``, or where the
      account already left before the window opens (expansion: is without ARR at an edge);
    - ``base``: the ARR the answer is measured from, integer cents: churn, at the close
      before ``as_of``; expansion, at the close before the window;
    - ``amount``: integer cents, 0 unless the outcome is 1: churn, the ARR lost (all of
      ``base``); expansion, the increase.
    """
    rows = (
        spine[["account_id", "month"]]
        .sort_values(["month", "account_id"], kind="stable")
        .reset_index(drop=True)
    )
    months = sorted(rows["month"].unique())
    if question.kind == "churn":
        answer, base = _churn(question, lines, rows, timezone, gap_days)
        amount = np.where(answer == 1, base, 0)
    else:
        answer, base, rise = _expansion(question, lines, rows, timezone)
        amount = np.where(answer == 1, rise, 0)
    closed = {m: question.knowable(m, timezone, gap_days) <= now for m in months}
    certain = rows["month"].map(closed).to_numpy(dtype=bool)
    rows["outcome"] = np.where(certain, answer, np.nan)
    rows["base"] = base
    rows["amount"] = np.where(certain, amount, 0).astype(np.int64)
    return rows


def _churn(
    question: Question, lines: pd.DataFrame, rows: pd.DataFrame, timezone: str, gap_days: int
) -> tuple[Floats, Cents]:
    """Answers (1, 0, NaN) and base ARR (cents) of the rows, as if all were knowable."""
    edges = {m: as_of(m, timezone) for m in rows["month"].unique()}
    windows = {m: question.window(m, timezone) for m in edges}
    asked = rows.assign(at=_instants(rows["month"], edges))  # in order of time, as the join needs
    lived = spells(lines, gap_days)[["account_id", "started", "ended"]].astype(
        {"started": asked["at"].dtype, "ended": asked["at"].dtype}
    )
    # The last spell begun by then is the one that holds it, or has ended, which is asked below.
    found = pd.merge_asof(
        asked,
        lived.sort_values("started", kind="stable"),
        left_on="at",
        right_on="started",
        by="account_id",
    )
    opens = _instants(found["month"], {m: w[0] for m, w in windows.items()})
    closes = _instants(found["month"], {m: w[1] for m, w in windows.items()})
    ended = found["ended"]
    answer = np.where(ended.isna() | (ended >= closes), 0.0, 1.0)
    answer[(found["started"].isna() | (ended < opens)).to_numpy()] = np.nan
    answer[(answer == 1) & _merged(lines, found)] = np.nan
    return answer, _balances(lines, rows, timezone, 0)


def _merged(lines: pd.DataFrame, found: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the account of each row ended by being merged into another."""
    if "end_reason" not in lines:
        return np.zeros(len(found), dtype=np.bool_)
    joined = lines["end_reason"] == "merged"
    told = pd.MultiIndex.from_arrays(
        [lines.loc[joined, "account_id"].astype("str"), stops(lines)[joined]]
    )
    return pd.MultiIndex.from_frame(found[["account_id", "ended"]]).isin(told)


def _expansion(
    question: Question, lines: pd.DataFrame, rows: pd.DataFrame, timezone: str
) -> tuple[Floats, Cents, Cents]:
    """Answers (1, 0, NaN), base ARR and increase (cents), as if all were knowable."""
    before = _balances(lines, rows, timezone, question.lead)
    after = _balances(lines, rows, timezone, question.horizon)
    answer = np.where(after > FLOOR * before, 1.0, 0.0)
    answer[(before == 0) | (after == 0)] = np.nan
    return answer, before, after - before


def _balances(lines: pd.DataFrame, rows: pd.DataFrame, timezone: str, by: int) -> Cents:
    """ARR (cents, 0 where none) of each row at the close ``by`` months after its own."""
    later = {month: shift(month, by) for month in rows["month"].unique()}
    held = balances(lines, sorted(later.values()), timezone)
    asked = rows[["account_id"]].assign(month=rows["month"].map(later))
    found = asked.merge(held, on=["account_id", "month"], how="left", validate="one_to_one")
    return found["arr"].fillna(0).to_numpy(np.int64)


def _instants(months: Iterable[str], edges: dict[str, datetime]) -> pd.Series:
    """The edge of each month, as microseconds, positioned like ``months``."""
    series = pd.Series(months)
    return series.map(edges).astype("datetime64[us]")
