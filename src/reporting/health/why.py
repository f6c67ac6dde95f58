"""Reasons as a reader needs them: what drives the odds, in few words, and nothing else."""

from __future__ import annotations

from features.declare import FRAMES
from plays.reasons import Why, raising

SIZE = "Nothing raises it; here for its size"
FRAME = "Its calendar and size alone"
NOUNS = {
    "csm opinion": "the CSM's opinion",
    "relationship": "the relationship",
    "contract": "the contract",
}
NONE = "no clear driver"


def reasons(told: object) -> list[str]:
    """The raising reasons of a ledger entry (JSON text), strongest first.

    When a term ends and how large an account is have their own columns, and nobody can
    act on them: where they are all there is, one sentence says so.
    """
    found = raising(told)
    told = [short(why.text) for why in found if why.family not in FRAMES]
    return told or [FRAME if found else SIZE]


def short(text: str) -> str:
    """A reason in fewer words, nothing lost.

    >>> short("Tickets opened, last 90 days: 16 tickets (was 21, typical 11)")
    'Tickets opened, 90 days: 16 (was 21, typical 11)'
    """
    label, colon, rest = text.rpartition(": ")
    value, bracket, beside = rest.partition(" (")
    number, _, unit = value.partition(" ")
    if unit and unit.lower() in label.lower():
        value = number
    return f"{label.replace(', last ', ', ')}{colon}{value}{bracket}{beside}"


def family(told: object) -> str:
    """The family of the first raising reason somebody can act on, or else of the first."""
    found = raising(told)
    drives = [why for why in found if why.family not in FRAMES] or found or [Why("", NONE)]
    return drives[0].family


def noun(family: str) -> str:
    """A family of reasons as it stands in a sentence."""
    return NOUNS.get(family, family)
