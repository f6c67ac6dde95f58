"""Reasons as a reader needs them: what raises the odds, each fact once, in few words."""

from __future__ import annotations

import json

from plays.reasons import raising

NOTHING = "Nothing raises it; here for its size"
DATE = "Nothing beside the end of term"
DATES = ("days_to_end", "days_to_last_end")
NOUNS = {"relationship": "the relationship", "contract": "the contract"}


def reasons(told: object, days_to_end: float | None = None) -> list[str]:
    """The raising reasons of a ledger entry (JSON text).

    A reason that only repeats ``days_to_end``, which has its own column, is left out.
    """
    found = [item for item in json.loads(str(told)) if item["direction"] == "raises"]
    kept = [item for item in found if not _same(item, days_to_end)]
    said = [why.text for why in raising(kept)]
    return said or [DATE if found else NOTHING]


def _same(item: dict[str, str], days_to_end: float | None) -> bool:
    if item["feature"] not in DATES or days_to_end is None or days_to_end != days_to_end:
        return False
    value = item["text"].partition(": ")[2].partition(" ")[0].replace(",", "")
    return value.lstrip("-").isdigit() and abs(float(value) - days_to_end) < 1


def family(told: object) -> str:
    """The family of the first raising reason; empty if there is none."""
    first = raising(told)
    return first[0].family if first else ""


def noun(family: str) -> str:
    """A family of reasons as it stands in a sentence."""
    return NOUNS.get(family, family)
