"""What must be said about a number before anyone may print it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "money", "count", "days", "hours", "points", "ratio"]


@dataclass(frozen=True)
class Entry:
    """What one printed number is.

    ``unit``: ``share`` is a ratio, 0.9 meaning 90 %; ``money`` is whole cents of
    the reporting currency; ``count`` is a whole number; ``days``, ``hours``,
    ``points`` (of a scale that is named in the formula) and ``ratio`` may have a fraction.
    ``policy`` names the rule
    it is counted under; ``{retention}``, ``{months}`` and ``{gap_days}`` in it are
    filled from the policy in force. ``target`` is in the unit; None: the number has none.
    ``example`` is a sum anyone can redo, written ``expression = result``.
    """

    name: str
    title: str
    purpose: str
    formula: str
    unit: Unit
    policy: str
    owner: str
    decision: str
    example: str
    target: float | None = None
