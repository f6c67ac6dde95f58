"""What happens to everybody: the economy of each industry, and the vendor's releases.

The general index is first-order autoregressive, G' = .9 G + N(0, .1); an industry leans
back to it, M' = G' + .8 (M - G) + N(0, .08). A release comes in about every third month.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.simulate.arrays import Flags, Floats
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.streams import WHOLE_COMPANY, Purpose, Streams
from warehouse.simulate.world import INDUSTRIES


@dataclass(frozen=True)
class Exogenous:
    """One month as it is for all: macro [industry], whether it has a release, the season."""

    month: int
    macro: Floats
    release: bool
    season: float


@dataclass(frozen=True)
class Shocks:
    """Every month's shared shocks: macro [month, industry], release [month], season [month]."""

    first: int
    macro: Floats
    release: Flags
    season: Floats

    def at(self, month: int) -> Exogenous:
        """The shocks of ``month`` (0: the first reported one)."""
        index = month - self.first
        return Exogenous(
            month, self.macro[index], bool(self.release[index]), float(self.season[index])
        )


def shocks(seed: int, calendar: Calendar) -> Shocks:
    """Draw the shared shocks of every simulated month."""
    stream = Streams(seed, WHOLE_COMPANY).stream(Purpose.SHOCKS)
    general, industry = 0.0, np.zeros(len(INDUSTRIES))
    macro, release, season = [], [], []
    for month in range(-calendar.history, calendar.lived - calendar.history):
        noise = stream.standard_normal(1 + len(INDUSTRIES))
        before, general = general, 0.9 * general + 0.1 * float(noise[0])
        industry = general + 0.8 * (industry - before) + 0.08 * noise[1:]
        macro.append(industry)
        release.append(float(stream.random()) < 1 / 3)
        season.append(calendar.season(month))
    return Shocks(-calendar.history, np.array(macro), np.array(release), np.array(season))
