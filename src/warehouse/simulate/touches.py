"""Touches: routine mail, CSM calls, meetings, executive reviews, trainings, save plays.

CSMs call the accounts that look unwell, so many touches are a sign of trouble, not its
cure. An account whose champion has gone replies less and comes to fewer meetings.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import (
    NOT_YET,
    Ints,
    choose,
    days,
    numbering,
    repeat,
)
from warehouse.simulate.columns import Columns, Text, category, ids, take
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service, office_hours
from warehouse.simulate.streams import Purpose, Streams

_KINDS = ("email", "call", "meeting", "review", "training")
_MINUTES = np.array([0, 20, 45, 60, 90])
_LONGER = np.array([0.85, 1.0, 1.2])
"""What the segment makes of the time: more people sit at a large account's table."""
_EMAIL, _CALL, _MEETING, _REVIEW, _TRAINING = range(5)
_ROUTINE, _CSM, _MEET, _PLAY, _TEACH, _ASK, _BOARD = range(7)
_PLAYED = 3
"""The contacts of a save play: a review and the calls that follow."""
_TRAININGS = 0.7


def touches(life: Life, served: Service, streams: Streams, names: Text, csm: Text) -> Columns:
    """The touches of a block, ordered by touch_id; ``csm`` names each account's CSM."""
    stream = streams.stream(Purpose.TOUCHES)
    counts = stream.binomial(_counts(life, served, stream), served.share)
    owner, _ = repeat(counts.transpose(2, 1, 0).ravel())
    account, month, why = np.unravel_index(owner, counts.T.shape)
    count = len(owner)
    touched = office_hours(stream, served.low[month, account], served.high[month, account])
    kind = _kinds(stream, why)
    asked = (why == _ASK) | ((why == _MEET) & (stream.random(count) < 0.4))
    replies = life.signals.replies[served.month[month], account]
    chance = np.where(asked, 0.97, np.where(why == _ROUTINE, 0.7 * replies, replies))
    chance = np.where(kind >= _MEETING, 1.0, chance)
    wait = np.where(kind == _EMAIL, stream.exponential(1.2, count), 0.0)
    answered = stream.random(count) < chance
    logged = np.where(kind == _EMAIL, 0.0, 2.0 * stream.random(count))
    usual = _MINUTES[kind] * _LONGER[life.people.segment[account]]
    length = usual * np.exp(0.3 * stream.standard_normal(count))
    table: Columns = {
        "account_id": names[account],
        "touched_at": touched,
        "kind": category(kind, _KINDS),
        "started_by": category(asked.astype(np.int64), ("vendor", "customer")),
        "minutes": np.rint(length).astype(np.int64),
        "replied_at": np.where(answered, touched + days(wait), NOT_YET),
        "csm": csm[account],
        "known_at": touched + days(logged),
    }
    order = np.lexsort((why, touched, account))
    account = account[order]
    numbers = ids("C", (life.people.number[account], 6), (numbering(account), 4))
    return {"touch_id": numbers, **take(table, order)}


def _counts(life: Life, served: Service, stream: np.random.Generator) -> Ints:
    """Touches of each sort, as [sorts, reported months, n], had the whole month been served."""
    month, people = served.month, life.people
    mail = np.array([s.emails for s in life.world.segments])[people.segment]
    tenure = (month[:, None] - life.calendar.history) - life.state.joined[month]
    young = np.where((tenure >= 0) & (tenure < 3), _TRAININGS, 0.0)
    counts = np.stack(
        [
            stream.poisson(np.broadcast_to(mail, tenure.shape)),
            life.plan.action.touches[month],
            life.signals.meetings[month],
            _PLAYED * life.plan.action.play[month],
            stream.poisson(young),
            life.signals.inquiries[month],
            life.signals.reviews[month],
        ]
    )
    return np.where(served.any, counts, 0)


def _kinds(stream: np.random.Generator, why: Ints) -> Ints:
    """What each touch is, given why it was made."""
    u = stream.random(len(why))
    contact = np.array([_EMAIL, _CALL, _MEETING])
    kind = np.full(len(why), _EMAIL, dtype=np.int64)
    kind = np.where(why == _CSM, contact[choose(u, (0.35, 0.50, 0.15))], kind)
    kind = np.where(why == _ASK, contact[choose(u, (0.70, 0.30, 0.0))], kind)
    kind = np.where(why == _MEET, _MEETING, kind)
    kind = np.where(why == _PLAY, np.where(u < 1.0 / _PLAYED, _REVIEW, _CALL), kind)
    kind = np.where(why == _BOARD, _REVIEW, kind)
    return np.where(why == _TEACH, _TRAINING, kind)
