"""Contacts: who the company knows at an account, and when it noticed that someone had gone.

A champion or a sponsor who leaves is noticed in most cases, up to three months late; now
and then one is struck off who never left. A successor takes the place some weeks after.
"""

from __future__ import annotations

import numpy as np

from warehouse.simulate.agreements import Agreements
from warehouse.simulate.arrays import DAY, NOT_YET, Flags, Ints, days, numbering
from warehouse.simulate.columns import Columns, Text, category, ids
from warehouse.simulate.drivers import CHAMPION, SPONSOR
from warehouse.simulate.life import Life
from warehouse.simulate.names import person_names
from warehouse.simulate.onboarding import first_signed
from warehouse.simulate.streams import Purpose, Streams, uniforms

ROLES = ("champion", "sponsor", "admin", "user")
_PLACES = np.array([0, 1, 2, 3, 3, 3])
"""The role of each place; the first two can fall vacant."""
MOST_PLACES = len(_PLACES)
_NOTICED = 0.85
_NOTICED_AFTER = 90.0
_MISTAKEN = 0.004


def contacts(life: Life, dates: Agreements, streams: Streams, names: Text) -> Columns:
    """The contacts of a block, ordered by contact_id."""
    people = life.people
    first = first_signed(life, dates)
    places = np.array([s.contacts for s in life.world.segments])[people.segment]
    held = np.arange(len(_PLACES))[:, None] < places
    gone = departures(life, streams)
    turns = np.where(held[:2], gone.sum(axis=1), 0)
    rows = held.astype(np.int64)
    rows[:2] += turns
    account, place = np.divmod(np.repeat(np.arange(rows.size), rows.T.ravel()), len(_PLACES))
    person = numbering(account * len(_PLACES) + place) - 1
    stream = streams.stream(Purpose.CONTACTS)
    late, settles = stream.random(len(account)), stream.random(len(account))
    noticed = stream.random(len(account)) < _NOTICED

    left = np.full(len(account), NOT_YET)
    goes = (place < 2) & (person < turns[np.minimum(place, 1), account])
    _, _, month = np.nonzero((gone & held[:2, None, :]).transpose(2, 0, 1))
    left[goes] = life.calendar.opens[month] + days(1.0 + 26.0 * stream.random(len(month)))
    added = first[account] - days(20.0 * settles)
    follows = person > 0
    added[follows] = left[np.flatnonzero(follows) - 1] + days(15.0 + 45.0 * settles[follows])
    left = np.maximum(left, added + DAY)
    recorded = np.where(noticed, left + days(_NOTICED_AFTER * late**2), NOT_YET)
    number = people.number[account]
    return {
        "contact_id": contact_ids(number, place, person),
        "account_id": names[account],
        "name": Text(np.arange(len(account)), person_names(number * 64 + place * 16 + person)),
        "role": category(_PLACES[place], ROLES),
        "added_at": added,
        "left_at": recorded,
        "known_at": added,
    }


def contact_ids(number: Ints, place: Ints, person: Ints) -> Text:
    """The id of the ``person``-th contact (from 0) in a ``place`` of account ``number``."""
    return ids("K", (number, 6), (place + 1, 1), (person + 1, 2))


def departures(life: Life, streams: Streams) -> Flags:
    """In which months the champion (0) and the sponsor (1) go, or are said to, [2, months, n]."""
    jumped = np.stack([life.events.choices.jumped[:, d] for d in (CHAMPION, SPONSOR)])
    months = jumped.shape[1]
    u = uniforms(streams.stream(Purpose.DEPARTURES), 2 * months, life.people.place)
    mistaken = u.reshape(2, months, -1) < np.array([_MISTAKEN, 0.0])[:, None, None]
    return (jumped | mistaken) & life.state.live
