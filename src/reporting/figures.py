"""Every figure of the house, by what it shows.

Each takes a plain frame and a :class:`Caption`, and gives one object that shows
itself in a notebook and on the page.
"""

from __future__ import annotations

from reporting.charts.bars import bars
from reporting.charts.calibration import calibration
from reporting.charts.flow import flow
from reporting.charts.folds import folds
from reporting.charts.scatter import scatter
from reporting.charts.stacked import stacked
from reporting.charts.trend import Line, trend
from reporting.charts.waterfall import waterfall
from reporting.figure import Caption

__all__ = [
    "Caption",
    "Line",
    "bars",
    "calibration",
    "flow",
    "folds",
    "scatter",
    "stacked",
    "trend",
    "waterfall",
]
