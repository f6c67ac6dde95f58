"""What people write when they are asked: a few words about what weighs on them most."""

from __future__ import annotations

import numpy as np

from warehouse.simulate.arrays import Flags, Floats, Ints
from warehouse.simulate.columns import Text, category

_ABOUT = {
    "adoption": (
        "Hard to get the team to use it.",
        "Half of my people have gone back to spreadsheets.",
        "We log in less and less.",
    ),
    "breadth": (
        "We only use a small part of it.",
        "I am told there is more, but nobody showed us.",
        "Too much we never touch.",
    ),
    "onboarding": (
        "Still not set up properly.",
        "The start took far too long.",
        "Nobody trained the new people.",
    ),
    "value": (
        "I cannot show what we gain from it.",
        "Nice tool, but what does it change?",
        "Our results are the same as before.",
    ),
    "quality": (
        "Too many bugs lately.",
        "The last release broke things that worked.",
        "Small errors everywhere.",
    ),
    "reliability": (
        "It was down again when we needed it.",
        "Slow, and sometimes not there at all.",
        "We lost a day to the outage.",
    ),
    "support": (
        "Support takes too long.",
        "I have to explain everything twice.",
        "My ticket was closed without an answer.",
    ),
    "champion": (
        "The person who ran this has left us.",
        "I have only just taken this over.",
        "Nobody here knows why we bought it.",
    ),
    "sponsor": (
        "Management no longer asks about it.",
        "Our new director has other plans.",
        "I would struggle to defend it upstairs.",
    ),
    "budget": (
        "Budgets are being cut.",
        "We have to save wherever we can.",
        "Finance wants to see every licence justified.",
    ),
    "price": (
        "Too expensive for what we use.",
        "The increase was hard to explain.",
        "I would expect more at this price.",
    ),
    "competitor": (
        "Others do this better by now.",
        "We are looking at an alternative.",
        "A rival showed us features you lack.",
    ),
    "merger": (
        "We were bought and must use their tools.",
        "The new group decides, not us.",
        "Two systems after the merger; one has to go.",
    ),
}
_PRAISE = (
    "Works well for us.",
    "The team relies on it.",
    "Great help from our contact.",
    "Does what it should.",
)
_WORDS = tuple(words for about in _ABOUT.values() for words in about) + _PRAISE
_EACH = 3
_NOT_ASKED = 0.8
"""How often a comment is about the weightiest thing, and not about another."""


def comments(written: Flags, theme: Ints, good: Flags, u: Floats) -> Text:
    """The words of each answer, nothing where none is ``written``.

    ``theme`` is the driver that weighs most (-1: none does), ``good`` whether the score
    is a good one, ``u`` are three rows of uniforms.
    """
    other = np.floor(u[0] / (1.0 - _NOT_ASKED) * len(_ABOUT)).astype(np.int64)
    about = np.where(u[0] < 1.0 - _NOT_ASKED, other, theme)
    grumble = about * _EACH + np.floor(u[1] * _EACH).astype(np.int64)
    praise = len(_ABOUT) * _EACH + np.floor(u[1] * len(_PRAISE)).astype(np.int64)
    pleased = (about < 0) | (good & (u[2] < 0.6))
    return category(np.where(written, np.where(pleased, praise, grumble), -1), _WORDS)
