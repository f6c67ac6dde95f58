"""How many customers stay for one more renewal, from those who stayed before.

The shifted beta-geometric model of Fader and Hardie, "How to Project Customer Retention",
Journal of Interactive Marketing 21 (2007): at each renewal a customer leaves with a chance of
its own, which does not change; over customers these chances follow a beta distribution. The
rate of renewal of a cohort rises with its age because those likely to leave have left, not
because anybody grew loyal. Time is counted in whole periods: one renewal a period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

# Of the two parameters: far wider than any book of customers, and all a float can tell apart.
SMALLEST, LARGEST = 1e-4, 1e4


@dataclass(frozen=True)
class Shifted:
    """A fitted model: the two parameters of the beta distribution, and how well they fit.

    ``loglik`` is the logarithm of the likelihood of the ``n`` customers fitted. A parameter at
    ``LARGEST`` says that the customers are all alike: the chance of leaving does not fall.
    """

    alpha: float
    beta: float
    loglik: float
    n: int

    def survival(self, periods: npt.ArrayLike) -> Floats:
        """The share of a cohort still there after each of ``periods`` renewals: 1 after none.

        B(alpha, beta + t) / B(alpha, beta), equation 6 of the paper.
        """
        after = np.asarray(periods, dtype=np.float64)
        return np.asarray(
            np.exp(
                special.betaln(self.alpha, self.beta + after)
                - special.betaln(self.alpha, self.beta)
            )
        )

    def retention(self, periods: npt.ArrayLike) -> Floats:
        """The share renewing at each of ``periods`` (from 1) of those there before it.

        (beta + t - 1) / (alpha + beta + t - 1), equation 8 of the paper: it rises with ``t``.
        """
        at = np.asarray(periods, dtype=np.float64)
        return np.asarray((self.beta + at - 1) / (self.alpha + self.beta + at - 1))


def fit(lost: npt.ArrayLike, kept: npt.ArrayLike) -> Shifted | None:
    """The model that makes what was seen likeliest.

    ``lost[i]`` customers left at renewal ``i + 1``; ``kept[i]`` were still there after it when
    last looked at, and had no later renewal that could be seen. Customers may be of several
    cohorts. None where the two parameters cannot be told apart: nobody left, or nobody was seen
    to face a second renewal.
    """
    left, stayed = np.asarray(lost, dtype=np.int64), np.asarray(kept, dtype=np.int64)
    seen = np.flatnonzero(left + stayed)
    if not left.sum() or seen[-1] < 1:
        return None
    width = int(seen[-1]) + 1
    found = optimize.minimize(
        lambda log: -_loglik(np.exp(log), left[:width], stayed[:width]),
        np.zeros(2),  # all chances alike: alpha and beta of one
        # The ridge along which both rise together is flat: a gradient stops on it too early.
        method="Nelder-Mead",
        bounds=[(np.log(SMALLEST), np.log(LARGEST))] * 2,
        options={"xatol": 1e-7, "fatol": 1e-8, "maxiter": 2000},
    )
    alpha, beta = (float(each) for each in np.exp(found.x))
    return Shifted(alpha, beta, float(-found.fun), int(left.sum() + stayed.sum()))


def fit_survivors(survivors: Sequence[int]) -> Shifted | None:
    """``fit`` of one cohort: how many there were, then how many after each renewal."""
    count = np.asarray(survivors, dtype=np.int64)
    kept = np.zeros(max(len(count) - 1, 0), dtype=np.int64)
    kept[-1:] = count[-1:]
    return fit(-np.diff(count), kept)


def _loglik(parameters: Floats, lost: Counts, kept: Counts) -> float:
    """Of a chance of leaving at each renewal, and of being there after it."""
    alpha, beta = parameters
    after = np.arange(1, len(lost) + 1)
    whole = special.betaln(alpha, beta)
    leaves = special.betaln(alpha + 1, beta + after - 1) - whole
    stays = special.betaln(alpha, beta + after) - whole
    return float(lost @ leaves + kept @ stays)


def project(model: Shifted, customers: float, seen: int, periods: int) -> Floats:
    """How many of ``customers`` who were there at the start remain after each later renewal.

    ``seen`` renewals have passed; there is a value for each of the next ``periods``. These are
    the model's own survivors, as in the paper: they do not start from the last count seen.
    """
    return customers * model.survival(np.arange(seen + 1, seen + periods + 1))
