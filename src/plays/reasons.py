"""Why an account's risk is raised, in the order it is told.

The score ledger keeps reasons as JSON; a caller may also give them as lists, or
as plain text with the families beside. Reasons that lower the risk are true, but
no ground for a call, and are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RAISES = "raises"


@dataclass(frozen=True)
class Why:
    """One reason: its words, and the family it belongs to, empty where none is known."""

    text: str
    family: str


def raising(reasons: Any, families: Any = None) -> list[Why]:
    """The reasons that raise the risk, strongest first.

    ``reasons``: a list, or a list as JSON text, of texts or of mappings with
    ``text``, ``family`` and ``direction``; or one plain text with a reason a line;
    anything else is no reason. ``families`` is asked only for plain texts: their
    families in the same order, or a mapping of family to weight (or its JSON
    text), where the order is from the heaviest down and those at or below zero
    are left out.
    """
    told = [each for each in _listed(reasons) if each]
    if told and all(isinstance(each, Mapping) for each in told):
        up = [each for each in told if each.get("direction", RAISES) == RAISES]
        return [Why(_head(each.get("text", "")), str(each.get("family", ""))) for each in up]
    names = [*_ordered(families), *[""] * len(told)]
    pairs = zip(told, names, strict=False)
    found = [Why(_head(text), family) for text, family in pairs]
    # A family without words still says what to do.
    return found or [Why("", family) for family in _ordered(families)[:1]]


def _listed(given: Any) -> list[Any]:
    if isinstance(given, str):
        text = given.strip()
        return json.loads(text) if text.startswith("[") else text.splitlines()
    return list(given) if hasattr(given, "__iter__") else []


def _ordered(families: Any) -> list[str]:
    given = families
    if isinstance(given, str) and given.strip().startswith(("{", "[")):
        given = json.loads(given)
    if isinstance(given, Mapping):
        heaviest = sorted(given.items(), key=lambda each: (-each[1], each[0]))
        return [str(family) for family, weight in heaviest if weight > 0]
    return [str(each) for each in _listed(given)]


def _head(text: Any) -> str:
    """The observation without what it is associated with, which is the same in every row."""
    return str(text).partition("; associated with")[0].strip()
