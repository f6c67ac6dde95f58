"""What the vendor could see of each account in a month, before any row is written.

The tables are written from these numbers, and the CSMs act on them, so what a CSM
reacted to is what the tables show. Unhappy people answer less: silence is a signal too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Floats, Ints, poisson, sigmoid
from warehouse.simulate.drivers import ADOPTION, BUDGET, CHAMPION, COMPETITOR, QUALITY
from warehouse.simulate.state import Choices, Kind, State
from warehouse.simulate.streams import Purpose, Streams, normals, uniforms
from warehouse.simulate.world import World

_WIND_DOWN = 0.82
"""What each month leaves of an account's use, once it has made up its mind to go."""


@dataclass(frozen=True)
class Signals:
    """One month as the vendor could see it; arrays are [n].

    ``used`` is the share of seats active in the month, ``stick`` the share of them
    active on an ordinary day. ``tickets``, ``inquiries`` (contacts the customer starts)
    and ``meetings`` are counts; ``severe`` and ``slow`` the chances that a ticket is
    severe, or answered late. ``replies`` is the share of messages answered, ``answers``
    the chance that a survey is, ``mood`` what it would say (0 to 10). ``days_late`` is
    how late an invoice is paid.
    """

    used: Floats
    stick: Floats
    tickets: Ints
    severe: Floats
    slow: Floats
    replies: Floats
    meetings: Ints
    inquiries: Ints
    answers: Floats
    mood: Floats
    days_late: Floats


def signals(world: World, state: State, choices: Choices, streams: Streams, month: int) -> Signals:
    """What could be seen in ``month`` of the accounts in ``state``, at its end."""
    people, n = state.people, state.people.size
    stream = streams.stream(Purpose.SIGNAL, month)
    u, z = uniforms(stream, 3, n), normals(stream, 3, n)
    a, q, r, b = (state.stress[d] for d in (ADOPTION, QUALITY, CHAMPION, BUDGET))
    strain, rival = np.maximum(a, 0.0), np.maximum(state.stress[COMPETITOR], 0.0)
    going = state.live & (state.kind != Kind.NONE) & (state.kind != Kind.PAYMENT)
    fading = _WIND_DOWN ** np.where(going, 1.0 + month - state.decided, 0.0)
    logit = np.log(choices.used / (1.0 - choices.used))
    seats = state.terms.seats
    meets = np.array([s.meetings for s in world.segments])[people.segment]
    opens = 0.16 * seats**0.55 * np.exp(0.55 * q + people.ticket_offset - 0.15 * strain)
    return Signals(
        used=sigmoid(logit + 0.15 * z[0]) * fading,
        stick=sigmoid(0.25 + 0.6 * people.stick_offset - 0.30 * a + 0.10 * z[1]),
        tickets=poisson(u[0], opens),
        severe=sigmoid(-2.6 + 0.6 * q),
        slow=sigmoid(-2.8 + 0.5 * q),
        replies=sigmoid(1.0 - 1.1 * r - 0.2 * a),
        meetings=poisson(u[1], meets * np.exp(-0.6 * r - 0.15 * a)),
        inquiries=poisson(u[2], np.exp(-2.1 + 0.75 * b + 0.55 * rival)),
        answers=sigmoid(-0.75 - 0.45 * a - 0.30 * r),
        mood=8.75 - 0.75 * a - 0.5 * q - 0.35 * r - 0.25 * b + people.score_offset,
        days_late=np.maximum(3.0 + 5.0 * b + 2.0 * people.pay_offset + 3.0 * z[2], -8.0),
    )
