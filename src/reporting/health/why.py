"""Reasons as a reader needs them: what raises the risk, each fact once."""

from __future__ import annotations

import json
from typing import Any

from plays.reasons import raising

NOTHING = "No single reason stands out"


def reasons(told: object) -> list[str]:
    """The raising reasons of a ledger entry (JSON text), without one that repeats a fact.

    Two ideas may say the same thing of an account whose next line is its last: that
    reason stands once.
    """
    found: dict[str, str] = {}
    for why in raising(told):
        label, _, value = why.text.partition(": ")
        found.setdefault(f"{why.family} {value.partition(' (')[0] or label}", why.text)
    return list(found.values()) or [NOTHING]


def family(told: object) -> str:
    """The family of the first raising reason; empty if there is none."""
    first = raising(told)
    return first[0].family if first else ""


def ideas(told: object) -> list[dict[str, Any]]:
    """The ledger entry as it was written."""
    found: list[dict[str, Any]] = json.loads(str(told)) if told else []
    return found
