"""The monthly retention report, a section a file: what happened, to the cent, then what may come.

Each section takes the month's book and gives one piece of the page. A section
computes nothing a book should hold: it chooses, words and arranges. Where the
company has no data for it, it says so in one line.
"""

from __future__ import annotations

from reporting.retention.cohorts import cohorts
from reporting.retention.departures import departures
from reporting.retention.forecast import forecast
from reporting.retention.method import method
from reporting.retention.movements import movements
from reporting.retention.opening import headline, points, strip, tiles
from reporting.retention.outlook import outlook
from reporting.retention.reconciliation import reconciliation
from reporting.retention.renewals import renewals
from reporting.retention.scoreboard import scoreboard
from reporting.retention.segments import segments
from reporting.retention.surprises import surprises
from reporting.retention.trend import trend
from reporting.retention.walk import walks

__all__ = [
    "cohorts",
    "departures",
    "forecast",
    "headline",
    "method",
    "movements",
    "outlook",
    "points",
    "reconciliation",
    "renewals",
    "scoreboard",
    "segments",
    "strip",
    "surprises",
    "tiles",
    "trend",
    "walks",
]
