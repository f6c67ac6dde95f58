"""Surveys: NPS twice a year to each contact, CSAT after the start and yearly, CES after help.

Those who are unhappy, or whose champion has gone, answer less; what is answered is
therefore rosier than what is felt.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import NOT_YET, Flags, days, numbering, repeat
from warehouse.simulate.columns import Columns, Text, category, ids, take
from warehouse.simulate.life import Life
from warehouse.simulate.service import Service, office_hours
from warehouse.simulate.streams import Purpose, Streams

_KINDS = ("nps", "csat", "ces")
_SCALES = {  # middle of the answers of a contented account, pull of the mood, noise, bounds
    "nps": (8.2, 1.0, 1.3, 0, 10),
    "csat": (4.15, 0.40, 0.8, 1, 5),
    "ces": (5.4, 0.55, 1.0, 1, 7),
}
_CONTENT = 8.3
_WORDS = (
    "Not what we were promised.", "Too many problems lately.", "Support took too long.",
    "Hard to get the team to use it.", "It does the job.", "Good, with rough edges.",
    "Some things take too many steps.", "Works well for us.", "The team relies on it.",
    "Great help from our contact.",
)  # fmt: skip


def surveys(life: Life, served: Service, streams: Streams, names: Text) -> Columns:
    """The surveys of a block, ordered by survey_id."""
    stream = streams.stream(Purpose.SURVEYS)
    rows = [_sent(life, served, stream, kind) for kind in _KINDS]
    month, account = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
    kind = np.repeat(np.arange(len(_KINDS)), [len(row[0]) for row in rows])
    count = len(kind)
    sent = office_hours(stream, served.low[month, account], served.high[month, account])
    at = (served.month[month], account)
    answers = stream.random(count) < life.signals.answers[at]
    answered = np.where(answers, sent + days(0.02 + stream.exponential(2.5, count)), NOT_YET)
    middle, pull, noise, least, most = np.array([_SCALES[k] for k in _KINDS]).T[:, kind]
    score = middle + pull * (life.signals.mood[at] - _CONTENT)
    score = np.rint(score + noise * stream.standard_normal(count))
    score = np.clip(score, least, most).astype(np.int64)
    place = (score - least) / (most - least) * 8 + stream.integers(0, 2, count)
    worded = answers & (stream.random(count) < 0.3)
    table: Columns = {
        "account_id": names[account],
        "kind": category(kind, _KINDS),
        "sent_at": sent,
        "answered_at": answered,
        "score": np.ma.masked_array(score, mask=~answers),
        "comment": category(np.where(worded, place.astype(np.int64), -1), _WORDS),
        "known_at": sent,
    }
    order = np.lexsort((kind, sent, account))
    account = account[order]
    numbers = ids("S", (life.people.number[account], 6), (numbering(account), 4))
    return {"survey_id": numbers, **take(table, order)}


def _sent(
    life: Life, served: Service, stream: np.random.Generator, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """The (reported month, account) of each survey of a kind, one pair an invitation."""
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
    row, _ = repeat(asked)
    return month[row], account[row]
