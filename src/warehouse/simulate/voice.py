"""Surveys: NPS twice a year to each contact, CSAT after the start and yearly, CES after help.

Those who are unhappy, or whose champion has gone, answer less; what is answered is
therefore rosier than what is felt. While a place is vacant nobody is asked by name.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import NOT_YET, Flags, Ints, days, numbering, repeat
from warehouse.simulate.columns import Columns, Text, blank, category, ids, take
from warehouse.simulate.comments import comments
from warehouse.simulate.contacts import MOST_PLACES, contact_ids, departures
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service, office_hours
from warehouse.simulate.streams import Purpose, Streams

_KINDS = ("nps", "csat", "ces")
_SCALES = {  # middle of the answers of a contented account, pull of the mood, noise, bounds
    "nps": (8.2, 1.0, 1.3, 0, 10),
    "csat": (4.15, 0.40, 0.8, 1, 5),
    "ces": (5.4, 1.0, 1.0, 1, 7),
}
_CONTENT, _EASY = 8.3, 5.7
_WORDED = 0.3
_VACANT = 3
"""Months, that of a departure included, by whose end the successor has been recorded."""


def surveys(life: Life, served: Service, streams: Streams, names: Text) -> Columns:
    """The surveys of a block, ordered by survey_id."""
    stream = streams.stream(Purpose.SURVEYS)
    rows = [_sent(life, served, stream, kind) for kind in _KINDS]
    month, account, place = (np.concatenate([row[part] for row in rows]) for part in range(3))
    kind = np.repeat(np.arange(len(_KINDS)), [len(row[0]) for row in rows])
    count = len(kind)
    sent = office_hours(stream, served.low[month, account], served.high[month, account])
    at = (served.month[month], account)
    answers = stream.random(count) < life.signals.answers[at]
    answered = np.where(answers, sent + days(0.02 + stream.exponential(2.5, count)), NOT_YET)
    middle, pull, noise, least, most = np.array([_SCALES[k] for k in _KINDS]).T[:, kind]
    felt = np.where(
        kind == _KINDS.index("ces"),
        life.signals.effort[at] - _EASY,
        life.signals.mood[at] - _CONTENT,
    )
    score = middle + pull * felt
    score = np.rint(score + noise * stream.standard_normal(count))
    score = np.clip(score, least, most).astype(np.int64)
    good = score > least + 0.75 * (most - least)
    worded = (answered < life.calendar.export) & (stream.random(count) < _WORDED)
    words = comments(worded, life.signals.theme[at], good, stream.random((3, count)))
    person = _occupant(life, streams)[place, at[0], account]
    asked = contact_ids(life.people.number[account], place, np.maximum(person, 0))
    table: Columns = {
        "account_id": names[account],
        "kind": category(kind, _KINDS),
        "contact_id": blank(asked, person < 0),
        "sent_at": sent,
        "answered_at": answered,
        "score": np.ma.masked_array(score, mask=~answers),
        "comment": words,
        "known_at": sent,
    }
    order = np.lexsort((kind, sent, account))
    account = account[order]
    numbers = ids("S", (life.people.number[account], 6), (numbering(account), 4))
    return {"survey_id": numbers, **take(table, order)}


def _sent(
    life: Life, served: Service, stream: np.random.Generator, kind: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The reported month, the account and the place of who is asked, an entry an invitation."""
    state, people = life.state, life.people
    tenure = (served.month[:, None] - life.calendar.history) - state.joined[served.month]
    whole = state.live[served.month] & (served.share == 1.0)
    due: Flags
    if kind == "nps":
        due = whole & (tenure % 6 == 3)
    elif kind == "csat":
        due = whole & ((tenure == 2) | ((tenure > 2) & (tenure % 12 == 9)))
    else:
        helped = life.signals.tickets[served.month] > 0
        due = whole & helped & (stream.random(whole.shape) < 0.25)
    contacts = np.array([s.contacts for s in life.world.segments])[people.segment]
    month, account = np.nonzero(due)
    asked = contacts[account] if kind == "nps" else np.ones(len(account), dtype=np.int64)
    row, place = repeat(asked)
    return month[row], account[row], place


def _occupant(life: Life, streams: Streams) -> Ints:
    """How many held each place before who holds it, -1 while it is vacant, [places, months, n]."""
    gone = np.cumsum(departures(life, streams), axis=1, dtype=np.int64)
    settled = np.zeros_like(gone)
    settled[:, _VACANT:] = gone[:, :-_VACANT]
    known = np.where(gone > settled, -1, gone)
    others = np.zeros((MOST_PLACES - 2, *gone.shape[1:]), dtype=np.int64)
    return np.concatenate([known, others])
