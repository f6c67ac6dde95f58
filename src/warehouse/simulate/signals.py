"""What the vendor could see of each account in a month, before any row is written.

The tables are written from these numbers, and the CSMs act on them, so what a CSM
reacted to is what the tables show. Unhappy people answer less: silence is a signal too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Floats, Ints, poisson, sigmoid
from warehouse.simulate.drivers import ADOPTION, BUDGET, CHAMPION, COMPETITOR, QUALITY
from warehouse.simulate.population import Population
from warehouse.simulate.state import Choices, State
from warehouse.simulate.streams import Purpose, Streams, normals, uniforms
from warehouse.simulate.world import World

_BREADTH = 12
_WIND_DOWN = 0.82
"""What is left of a month's use one month after an account has said it will go."""


@dataclass(frozen=True)
class Signals:
    """One month as the vendor could see it; arrays are [n].

    ``used`` is the share of seats active in the month, ``stick`` the share of them
    active on an ordinary day, ``breadth`` the share of features in use. ``tickets``,
    ``inquiries`` (contacts the customer starts) and ``meetings`` are counts;
    ``severe`` and ``slow`` the odds a ticket is severe, or answered late. ``replies``
    is the share of messages answered, ``answers`` the odds a survey is, ``mood`` what
    it would say (0 to 10). ``days_late`` is how late an invoice is paid.
    """

    used: Floats
    stick: Floats
    breadth: Floats
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
    u, z = uniforms(stream, 3, n), normals(stream, 4, n)
    a, q, r, b = (state.stress[d] for d in (ADOPTION, QUALITY, CHAMPION, BUDGET))
    strain, rival = np.maximum(a, 0.0), np.maximum(state.stress[COMPETITOR], 0.0)
    said = (
        state.live
        & (choices.quits | choices.exits | (state.decided < month))
        & (state.leaves > month)
    )
    going = said & (state.leaves < (1 << 19)) & (state.cause < len(world.drivers))
    fading = _WIND_DOWN ** np.where(going, 1.0 + month - state.decided, 0.0)
    logit = np.log(choices.used / (1.0 - choices.used))
    seats = state.terms.seats
    meets = np.array([s.meetings for s in world.segments])[people.segment]
    opens = 0.16 * seats**0.55 * np.exp(0.55 * q + people.ticket_offset - 0.15 * strain)
    return Signals(
        used=sigmoid(logit + 0.15 * z[0]) * fading,
        stick=sigmoid(0.25 + 0.6 * people.stick_offset - 0.30 * a + 0.10 * z[1]),
        breadth=np.rint(
            _BREADTH * sigmoid(-0.3 - 0.55 * a + people.usage_offset + 0.2 * z[2]) * fading
        )
        / _BREADTH,
        tickets=poisson(u[0], opens),
        severe=sigmoid(-2.6 + 0.6 * q),
        slow=sigmoid(-2.8 + 0.5 * q),
        replies=sigmoid(0.9 - 0.8 * r - 0.2 * a),
        meetings=poisson(u[1], meets * np.exp(-0.6 * r - 0.15 * a)),
        inquiries=poisson(u[2], np.exp(-1.9 + 0.75 * b + 0.35 * rival)),
        answers=sigmoid(-0.75 - 0.45 * a - 0.30 * r),
        mood=8.75 - 0.75 * a - 0.5 * q - 0.35 * r - 0.25 * b + people.score_offset,
        days_late=np.maximum(3.0 + 5.0 * b + 2.0 * people.pay_offset + 3.0 * z[3], -8.0),
    )
