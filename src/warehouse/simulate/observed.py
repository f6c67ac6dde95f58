"""What a company could have seen of an account some months before it decides.

Every series is read from the written tables, as they could be read at that month's close;
who the account is and what its contract says, from what those were written from. Each
series is given as its last value, its means over 3, 6 and 12 months and over all that is
known, and its changes against the account's own past.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warehouse.simulate.arrays import Floats, Ints
from warehouse.simulate.columns import Columns
from warehouse.simulate.life import Life
from warehouse.simulate.monthly import Rows, days_of, series

KNOWN_FOR = 12
"""Decisions count from this reported month on: by then a year of rows can be read."""


@dataclass(frozen=True)
class Seen:
    """``values`` [decisions, features] called ``names``, in the order of the decisions."""

    values: npt.NDArray[np.float32]
    names: tuple[str, ...]


def decisions(life: Life) -> tuple[Ints, Ints]:
    """Month (an index of the life) and account of each decision at a notice deadline."""
    asked = life.events.choices.deciding & ~life.people.monthly
    month, account = np.nonzero(asked[life.reported][KNOWN_FOR:])
    return month + life.reported.start + KNOWN_FOR, account


def observed(life: Life, tables: dict[str, Columns], leads: tuple[int, ...]) -> dict[int, Seen]:
    """What could be seen at the close so many months before each decision of a block, by lead.

    Of ``life`` only what is on the contract is read; all else is read from the ``tables``.
    """
    month, account = decisions(life)
    rows = Rows(life, tables)
    monthly = series(rows)
    seen = {}
    for lead in leads:
        at = month - lead
        columns = _shape(life, at, account) | _started(rows, at, account)
        for name, values in monthly.items():
            columns |= _told(name, values, at, account)
        values = np.stack(list(columns.values()), axis=1)
        seen[lead] = Seen(values.astype(np.float32), tuple(columns))
    return seen


def _shape(life: Life, at: Ints, account: Ints) -> dict[str, Floats]:
    """Who the account is and what its contract says."""
    people, state = life.people, life.state
    shape = {
        "term": people.term[account],
        "segment": people.segment[account],
        "auto_renew": people.auto_renew[account],
        "card": people.card[account],
        "notice": people.notice[account],
        "tenure": at - life.calendar.history - state.joined[at, account],
        "month": at % 12,
        "tier": people.tier[account],
        "industry": people.industry[account],
        "region": people.region[account],
        "discount": people.discount[account],
        "escalator": people.escalator[account],
    }
    return {name: np.asarray(values, dtype=np.float64) for name, values in shape.items()}


def _started(rows: Rows, at: Ints, account: Ints) -> dict[str, Floats]:
    """How long first value took; where it has not come, it is late by how much, in days."""
    step = rows.of("milestones", milestone="first_value")
    order = np.searchsorted(rows.owner("milestones")[step], account)
    close = rows.life.calendar.opens[at + 1]
    began, planned, reached = (
        rows.instants("milestones", name)[step][order]
        for name in ("started_at", "planned_on", "reached_at")
    )
    there = reached < close
    return {
        "value_days": np.where(there, np.log1p(np.maximum(days_of(reached - began), 0)), np.nan),
        "value_late": np.where(there, days_of(reached - planned), days_of(close - planned)),
        "valued": there.astype(np.float64),
    }


def _told(name: str, series: Floats, at: Ints, account: Ints) -> dict[str, Floats]:
    """The last value, means and changes of one series up to month ``at``."""
    known = ~np.isnan(series)
    there = np.cumsum(known, axis=0)
    total = np.cumsum(np.nan_to_num(series), axis=0)
    latest = np.maximum.accumulate(np.where(known, np.arange(len(series))[:, None], 0), axis=0)

    def mean(first: int, last: int) -> Floats:
        """Over the months from ``first`` back to ``last`` months before."""
        upto, before = at - first, np.maximum(at - last - 1, -1)
        inside = before >= 0
        counted = there[upto, account] - np.where(inside, there[before, account], 0)
        summed = total[upto, account] - np.where(inside, total[before, account], 0.0)
        return np.where(counted > 0, summed / np.maximum(counted, 1), np.nan)

    whole, recent = mean(0, len(series)), mean(0, 2)
    return {
        f"{name}_1": series[latest[at, account], account],
        f"{name}_3": recent,
        f"{name}_6": mean(0, 5),
        f"{name}_12": mean(0, 11),
        f"{name}_all": whole,
        f"{name}_change": recent - whole,
        f"{name}_half": mean(0, 5) - whole,
        f"{name}_trend": recent - mean(3, 8),
    }
