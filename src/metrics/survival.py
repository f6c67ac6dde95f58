"""How long a thing takes, or lasts, when for some it has not happened yet.

The mean of those it happened to flatters: it leaves out everybody still waiting. Kaplan
and Meier's estimate lets each one count for as long as it was watched ("Nonparametric
estimation from incomplete observations", 1958). One who stopped being watched is taken
to have been like those who went on; where that is doubtful, say so beside the figure.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from warehouse.errors import Usage

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_ROUNDING = 1e-9
"""A share computed as 0.5000000000000001 is a half."""


class Estimate(NamedTuple):
    """A value and its 95 % interval; None for whatever the data cannot say.

    One side of an interval may be None alone: the upper end of a median that many have
    not come to yet is not known, and its lower end is.
    """

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class Survival:
    """The share it has not happened to yet, as it falls over time.

    ``times`` are the distinct durations, rising, in the unit they were given in; from each
    on, up to the next, ``share`` holds (1 before the first). ``low`` and ``high`` bound it,
    95 % by the log-log form of Greenwood's formula; NaN where that says nothing: while the
    share is 1 and once it is 0. ``at_risk`` were still watched just before each time, and it
    happened to ``events`` of them at it. ``n`` were followed in all.
    """

    times: Floats
    share: Floats
    low: Floats
    high: Floats
    at_risk: Ints
    events: Ints
    n: int

    def at(self, time: float) -> Estimate:
        """The share it has not happened to by ``time``, that instant included.

        None past the longest duration anybody was watched for, unless nobody is left.
        """
        last = int(np.searchsorted(self.times, time, side="right")) - 1
        if not self.n:
            return Estimate(None, None, None)
        if last < 0:
            return Estimate(1.0, None, None)
        if time > self.times[-1] and self.share[-1] > 0:
            return Estimate(None, None, None)
        return Estimate(float(self.share[last]), _number(self.low[last]), _number(self.high[last]))

    def quantile(self, part: float) -> Estimate:
        """The time by which it has happened to ``part``, such as 0.75, of all: the first at
        which the share left is ``1 - part`` or less.

        None where the curve never comes down so far. The interval is where the bounds of
        the curve cross the same line (Brookmeyer and Crowley, 1982). ``Usage`` for a
        ``part`` that is not between 0 and 1.
        """
        if not 0 < part < 1:
            raise Usage(f"a quantile is asked for by a share between 0 and 1; got {part!r}")
        left = 1 - part + _ROUNDING
        # Once nobody is left the bounds are undefined, but the lower one lies at nothing.
        low = np.where(self.share <= 0, 0.0, self.low)
        return Estimate(*(self._first(curve <= left) for curve in (self.share, low, self.high)))

    def median(self) -> Estimate:
        """The time by which it has happened to half."""
        return self.quantile(0.5)

    def _first(self, crossed: npt.NDArray[np.bool_]) -> float | None:
        return float(self.times[np.argmax(crossed)]) if crossed.any() else None


def survival(durations: npt.ArrayLike, observed: npt.ArrayLike) -> Survival:
    """The Kaplan-Meier curve of ``durations``, one each, in any unit, 0 or more.

    ``observed`` says of each whether it happened then (true), or whether watching merely
    stopped then (false): at ``as_of`` for those still waiting. One whose watch stops at the
    very time of an event was still at risk of it. Nobody gives an empty curve.

    Raises ``Usage`` for a duration that is missing, infinite or negative.
    """
    lasted = np.asarray(durations, dtype=np.float64)
    happened = np.asarray(observed, dtype=np.bool_)
    if lasted.shape != happened.shape or lasted.ndim != 1:
        raise Usage(f"{lasted.shape} durations and {happened.shape} ends: give one end to each")
    wrong = lasted[~(np.isfinite(lasted) & (lasted >= 0))]
    if len(wrong):
        raise Usage(f"{wrong[0]} is not a duration: leave such rows out, or mend their instants")
    if not len(lasted):
        empty = np.empty(0)
        none = np.empty(0, dtype=np.int64)
        return Survival(empty, empty, empty, empty, none, none, 0)
    data = stats.CensoredData(uncensored=lasted[happened], right=lasted[~happened])
    curve = stats.ecdf(data).sf
    with warnings.catch_warnings():
        # It warns of the undefined ends of the band, which the class above accounts for.
        warnings.simplefilter("ignore", RuntimeWarning)
        band = curve.confidence_interval(method="log-log")
    times = np.asarray(curve.quantiles, dtype=np.float64)
    inside = (curve.probabilities > 0) & (curve.probabilities < 1)
    return Survival(
        times=times,
        share=np.asarray(curve.probabilities, dtype=np.float64),
        low=np.where(inside, band.low.probabilities, np.nan),
        high=np.where(inside, band.high.probabilities, np.nan),
        at_risk=len(lasted) - np.searchsorted(np.sort(lasted), times, side="left"),
        events=np.bincount(np.searchsorted(times, lasted[happened]), minlength=len(times)),
        n=len(lasted),
    )


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
