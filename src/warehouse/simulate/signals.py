"""What the vendor could see of each account in a month, before any row is written.

The tables are written from these numbers, and the CSMs act on them, so what a CSM
reacted to is what the tables show. Unhappy people answer less: silence is a signal too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Floats, Ints, poisson, sigmoid
from warehouse.simulate.drivers import (
    ADOPTION,
    BREADTH,
    BUDGET,
    CHAMPION,
    COMPETITOR,
    MERGER,
    PRICE,
    QUALITY,
    RELIABILITY,
    SPONSOR,
    SUPPORT,
    VALUE,
)
from warehouse.simulate.state import Choices, Kind, State
from warehouse.simulate.streams import Luck, Purpose, normals, uniforms
from warehouse.simulate.world import World

_WORTH_A_WORD = 0.35


@dataclass(frozen=True)
class Signals:
    """One month as the vendor could see it; arrays are [n].

    ``used`` is the share of seats active in the month, ``stick`` the share of them
    active on an ordinary day, ``depth`` what each does against what is usual (about 1),
    ``breadth`` the share of what is beyond the core that is in use, ``errors`` the chance
    that an hour of use meets an error. ``tickets``, ``inquiries`` (contacts the customer
    starts), ``meetings`` and ``reviews`` (with an executive) are counts; ``severe`` and
    ``slow`` the chances that a ticket is severe, or answered late. ``replies`` is the
    share of messages answered, ``answers`` the chance that a survey is, ``mood`` what it
    would say (0 to 10), ``effort`` how easy help was (1 to 7), ``theme`` the driver a
    comment would be about (-1: none). ``days_late`` is how late an invoice is paid.
    """

    used: Floats
    stick: Floats
    depth: Floats
    breadth: Floats
    errors: Floats
    tickets: Ints
    severe: Floats
    slow: Floats
    replies: Floats
    meetings: Ints
    reviews: Ints
    inquiries: Ints
    answers: Floats
    mood: Floats
    effort: Floats
    theme: Ints
    days_late: Floats


def signals(world: World, state: State, choices: Choices, luck: Luck, month: int) -> Signals:
    """What could be seen in ``month`` of the accounts in ``state``, at its end.

    Causes cross in what they show: people who do not use the product open no tickets,
    incidents lower use and mood, a missing champion empties the meetings.
    """
    people, stress = state.people, state.stress
    stream = luck.stream(Purpose.SIGNAL, month)
    u, z = uniforms(stream, 4, people.place), normals(stream, 5, people.place)
    a, q, r, b = (stress[d] for d in (ADOPTION, QUALITY, CHAMPION, BUDGET))
    down, help_, value, price = (stress[d] for d in (RELIABILITY, SUPPORT, VALUE, PRICE))
    joined = stress[MERGER]
    idle, rival = np.maximum(a, 0.0), np.maximum(stress[COMPETITOR], 0.0)
    going = state.live & (state.kind != Kind.NONE) & (state.kind != Kind.PAYMENT)
    fading = world.wind_down ** np.where(going, 1.0 + month - state.decided, 0.0)
    logit = np.log(choices.used / (1.0 - choices.used))
    opens = 0.14 * state.terms.seats**0.55 * np.exp(0.6 * q + 0.3 * down - 0.15 * idle)
    by_segment = np.array([[s.meetings, s.reviews] for s in world.segments])[people.segment]
    meets, reviews = by_segment.T
    mood = -0.50 * a - 0.40 * q - 0.30 * r - 0.20 * b - 0.30 * value - 0.30 * down
    mood += -0.30 * help_ - 0.20 * price - 0.20 * rival
    return Signals(
        used=sigmoid(logit + 0.15 * z[0]) * fading,
        stick=sigmoid(0.25 + 0.6 * people.stick_offset - 0.25 * a - 0.20 * value + 0.10 * z[1]),
        depth=np.exp(0.10 * people.fit - 0.40 * value + 0.10 * z[3]),
        breadth=sigmoid(
            0.3 + 0.5 * people.usage_offset - 0.85 * stress[BREADTH] - 0.30 * rival + 0.15 * z[4]
        ),
        errors=sigmoid(-5.2 + 1.2 * down + 0.35 * q),
        tickets=poisson(u[0], opens * np.exp(people.ticket_offset)),
        severe=sigmoid(-2.6 + 0.8 * down + 0.3 * q),
        slow=sigmoid(-3.2 + 1.5 * help_ + 0.2 * q),
        replies=sigmoid(1.2 - 1.4 * r - 0.6 * joined - 0.1 * a),
        meetings=poisson(u[1], meets * np.exp(-0.6 * r - 0.15 * a)),
        reviews=poisson(u[3], reviews * np.exp(-1.3 * stress[SPONSOR] - 0.3 * joined)),
        inquiries=poisson(u[2], np.exp(-1.8 + 0.5 * b + 0.9 * price + 0.9 * rival + 0.8 * joined)),
        answers=sigmoid(-0.55 - 0.40 * a - 0.30 * r - 0.20 * value),
        mood=9.22 + mood + people.score_offset,
        effort=6.1 - 0.6 * help_ - 0.2 * q - 0.25 * stress[BREADTH] + 0.4 * people.score_offset,
        theme=_theme(world, stress),
        days_late=np.maximum(3.0 + 5.0 * b + 2.0 * people.pay_offset + 2.0 * z[2], -8.0),
    )


def _theme(world: World, stress: Floats) -> Ints:
    """The driver that weighs most on each account, -1 where none weighs enough to be named."""
    centre = np.array([[driver.centre] for driver in world.drivers])
    over = stress - centre
    return np.where(over.max(axis=0) > _WORTH_A_WORD, over.argmax(axis=0), -1)
