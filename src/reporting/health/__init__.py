"""The monthly health report, a file a section: who is at risk, what of, and what to do.

Each function takes the month's book and gives one piece of the page. Nothing is
computed here that another page could need; a section that the data cannot fill
says so, and what would fill it.
"""

from __future__ import annotations

from reporting.health.answer import headline
from reporting.health.change import change
from reporting.health.drifted import drifted
from reporting.health.drivers import drivers
from reporting.health.first import first
from reporting.health.growth import growth
from reporting.health.horizon import horizon
from reporting.health.judged import judged
from reporting.health.method import defined, made, rows
from reporting.health.moved import moved
from reporting.health.numbers import numbers
from reporting.health.pulse import pulse
from reporting.health.rehearsed import rehearsed
from reporting.health.segments import segments
from reporting.health.verdict import verdict
from reporting.health.work import work
from reporting.health.wrong import wrong

__all__ = [
    "change",
    "defined",
    "drifted",
    "drivers",
    "first",
    "growth",
    "headline",
    "horizon",
    "judged",
    "made",
    "moved",
    "numbers",
    "pulse",
    "rehearsed",
    "rows",
    "segments",
    "verdict",
    "work",
    "wrong",
]
