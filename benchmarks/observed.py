"""What a company could have seen of an account some months before it decides.

From the same arrays the tables are written from, but only as counts, answers and measures
that reach a table: a chance that nobody sees is drawn once before it counts as seen. Each
is given as its last value, its means over 3, 6 and 12 months and over all that is known,
and its changes against the account's own past.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warehouse.simulate.contacts import departures
from warehouse.simulate.drivers import RELIABILITY
from warehouse.simulate.life import Life
from warehouse.simulate.streams import Streams

Floats = npt.NDArray[np.float64]
CALENDAR = ("term", "segment", "auto_renew", "card", "notice", "tenure", "month")
FIVE = {"used_3": 0.30, "tickets_3": -0.20, "mood_12": 0.20, "late_6": -0.15, "replies_3": 0.15}
"""The usual health score: five factors a committee would choose, and their weights."""


@dataclass(frozen=True)
class Seen:
    """``values`` [decisions, features] called ``names``, in the order of the decisions."""

    values: npt.NDArray[np.float32]
    names: tuple[str, ...]

    def column(self, name: str) -> npt.NDArray[np.float32]:
        return self.values[:, self.names.index(name)]


def decisions(life: Life) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Month (0: the first reported) and account of each decision at a notice deadline."""
    asked = life.events.choices.deciding & ~life.people.monthly
    month, account = np.nonzero(asked[life.reported])
    return month, account


def observed(life: Life, streams: Streams, lead: int) -> Seen:
    """What could be seen ``lead`` months before each decision of a block."""
    month, account = decisions(life)
    at = month + life.calendar.history - lead
    columns = _shape(life, at, account)
    live = life.state.live
    for name, series in _series(life, streams).items():
        columns |= _told(name, np.where(live, series, np.nan), at, account)
    values = np.stack(list(columns.values()), axis=1).astype(np.float32)
    return Seen(values, tuple(columns))


def _shape(
    life: Life, at: npt.NDArray[np.intp], account: npt.NDArray[np.intp]
) -> dict[str, Floats]:
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
        "value_days": np.log(people.value_days[account]),
        "owned": state.terms.owned[at, :, account].sum(axis=1),
    }
    for index, product in enumerate(life.world.products[1:], start=1):
        shape[f"owns_{product.name}"] = state.terms.owned[at, index, account]
    return {name: np.asarray(values, dtype=np.float64) for name, values in shape.items()}


def _series(life: Life, streams: Streams) -> dict[str, Floats]:
    """What is seen of every account in every month, [months, n]."""
    draw = np.random.Generator(np.random.Philox(key=[streams.seed, streams.block]))
    seen, people, terms, choices = life.signals, life.people, life.state.terms, life.events.choices
    segment = {
        name: np.array([getattr(s, name) for s in life.world.segments])[people.segment]
        for name in ("emails", "contacts")
    }
    shape = seen.used.shape
    mail = draw.poisson(np.broadcast_to(segment["emails"], shape))
    hours = terms.seats * seen.used * seen.stick * 12.0
    tenure = np.arange(shape[0])[:, None] - life.calendar.history - life.state.joined
    asked = segment["contacts"] * (tenure % 6 == 3)
    answers = draw.binomial(asked, seen.answers)
    mood = seen.mood + 1.3 * draw.standard_normal(shape) / np.sqrt(np.maximum(answers, 1))
    billed = ~people.yearly | (tenure % 12 == 0)
    left = departures(life, streams)
    slow = draw.binomial(seen.tickets, seen.slow)
    rise = np.diff(np.log(terms.price), axis=0, prepend=np.log(terms.price[:1]))
    people_seen = np.sqrt(np.maximum(terms.seats * seen.used, 1.0))
    return {
        "used": _logit(seen.used),
        "stick": _logit(
            np.clip(seen.stick + 0.03 * draw.standard_normal(shape) / people_seen, 0, 1)
        ),
        "depth": np.log(seen.depth) + 0.1 * draw.standard_normal(shape) / people_seen,
        "breadth": _logit(seen.breadth),
        "errors": np.log1p(1000.0 * draw.poisson(hours * seen.errors) / np.maximum(hours, 1.0)),
        "tickets": np.log1p(seen.tickets / terms.seats**0.55),
        "severe": draw.binomial(seen.tickets, seen.severe).astype(np.float64),
        "slow": slow / np.maximum(seen.tickets, 1),
        "replies": draw.binomial(mail, seen.replies) / np.maximum(mail, 1),
        "meetings": seen.meetings.astype(np.float64),
        "reviews": seen.reviews.astype(np.float64),
        "inquiries": seen.inquiries.astype(np.float64),
        "late": np.where(billed, seen.days_late + 2.5 * draw.standard_normal(shape), np.nan),
        "answered": np.where(asked > 0, answers / np.maximum(asked, 1), np.nan),
        "mood": np.where(answers > 0, mood, np.nan),
        "champion": left[0].astype(np.float64),
        "sponsor": left[1].astype(np.float64),
        "incidents": choices.jumped[:, RELIABILITY].astype(np.float64),
        "failed": choices.failed.astype(np.float64),
        "touches": life.plan.action.touches.astype(np.float64),
        "played": life.plan.action.play.astype(np.float64),
        "pulse": np.rint(life.watch.pulse),
        "price": np.log(terms.price),
        "seats": np.log(terms.seats),
        "rise": rise,
    }


def _logit(share: Floats) -> Floats:
    kept = np.clip(share, 1e-3, 1.0 - 1e-3)
    return np.asarray(np.log(kept / (1.0 - kept)))


def _told(
    name: str, series: Floats, at: npt.NDArray[np.intp], account: npt.NDArray[np.intp]
) -> dict[str, Floats]:
    """The last value, means and changes of one series up to month ``at``."""
    there = np.cumsum(~np.isnan(series), axis=0)
    total = np.cumsum(np.nan_to_num(series), axis=0)

    def mean(first: int, last: int) -> Floats:
        """Over the months from ``first`` back to ``last`` months before."""
        upto, before = at - first, np.maximum(at - last - 1, -1)
        inside = before >= 0
        counted = there[upto, account] - np.where(inside, there[before, account], 0)
        summed = total[upto, account] - np.where(inside, total[before, account], 0.0)
        return np.where(counted > 0, summed / np.maximum(counted, 1), np.nan)

    whole, recent = mean(0, 60), mean(0, 2)
    return {
        f"{name}_1": mean(0, 0),
        f"{name}_3": recent,
        f"{name}_6": mean(0, 5),
        f"{name}_12": mean(0, 11),
        f"{name}_all": whole,
        f"{name}_change": recent - whole,
        f"{name}_half": mean(0, 5) - whole,
        f"{name}_trend": recent - mean(3, 8),
    }
