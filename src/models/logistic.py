"""Logistic regression: all columns in straight lines, and shipped where trees do no better.

Columns are standardised by what was seen in training; a value that is unknown counts as the
median and is flagged. How hard weights are pulled to zero is learnt from the past alone:
some hundred columns that say much the same need a strong pull, a few need nearly none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models import measures

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)  # L2 of standardised weights, a row
LATEST = 0.2  # of the rows, on which a penalty is chosen
FAR = 4.0  # standard deviations beyond which a value counts as this far


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted regression: ``centre`` and ``spread`` of each column, ``weights`` of the design.

    The design is the standardised columns, then a flag of being unknown for the columns
    ``flags``; ``middle`` is its mean in training. Columns of one table are mostly unknown
    together, and such a flag stands once, for the first of them.
    """

    centre: Floats
    spread: Floats
    flags: Places
    middle: Floats
    weights: Floats
    offset: float

    @classmethod
    def fit(cls, values: Floats, outcome: Floats, penalty: float = PENALTIES[0]) -> Logistic:
        """The regression of ``outcome`` on ``values`` (rows x features, NaN = unknown)."""
        # Imported here: scoring a month needs no scikit-learn, and the import costs a second.
        from sklearn.linear_model import LogisticRegression

        unknown = np.isnan(values)
        known = ~unknown.all(axis=0)
        centre = np.zeros(values.shape[1])
        centre[known] = np.nanmedian(values[:, known], axis=0)
        spread = np.where(unknown, centre, values).std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        nothing = np.zeros(0)
        shell = cls(centre, spread, _distinct(unknown), nothing, nothing, 0.0)
        design = shell._design(values)
        strength = 1 / (penalty * len(values))
        fitted = LogisticRegression(C=strength, solver="newton-cholesky").fit(design, outcome)
        offset = float(fitted.intercept_[0])
        return cls(centre, spread, shell.flags, design.mean(axis=0), fitted.coef_[0], offset)

    def margins(self, values: Floats) -> Floats:
        """Log-odds of each row of ``values``, in the columns it was fitted on."""
        return np.asarray(self._design(values) @ self.weights + self.offset, dtype=np.float64)

    def predict(self, values: Floats) -> Floats:
        """The probability of each row of ``values``."""
        return np.asarray(1 / (1 + np.exp(-self.margins(values))), dtype=np.float64)

    def contributions(self, values: Floats) -> Floats:
        """What each column adds to each row's log-odds, last the bias; a row sums to its margin.

        In a sum of straight lines the Shapley value of a column is its weight times its distance
        from the mean (Lundberg and Lee 2017, corollary 1).
        """
        parts = (self._design(values) - self.middle) * self.weights
        both = parts[:, : values.shape[1]]
        both[:, self.flags] += parts[:, values.shape[1] :]
        bias = np.full((len(values), 1), self.offset + self.middle @ self.weights)
        return np.hstack([both, bias])

    def _design(self, values: Floats) -> Floats:
        unknown = np.isnan(values)
        standard = (np.where(unknown, self.centre, values) - self.centre) / self.spread
        flagged = unknown[:, self.flags].astype(np.float64)
        return np.hstack([np.clip(standard, -FAR, FAR), flagged])


def _distinct(unknown: npt.NDArray[np.bool_]) -> Places:
    """The columns that are unknown in some rows and not in others, the first of each pattern."""
    some = np.flatnonzero(unknown.any(axis=0) & ~unknown.all(axis=0))
    first: dict[bytes, int] = {}
    for column in some:
        first.setdefault(unknown[:, column].tobytes(), int(column))
    return np.array(sorted(first.values()), dtype=np.int64)


def penalty(values: Floats, outcome: Floats) -> float:
    """The one of `PENALTIES` that tells the latest rows best, having learnt from those before.

    ``values`` and ``outcome`` are in order of time. The strongest where one class is missing.
    """
    cut = round(len(values) * (1 - LATEST))
    before, after = outcome[:cut], outcome[cut:]
    if not 0 < before.sum() < len(before):
        return PENALTIES[-1]
    fitted = [Logistic.fit(values[:cut], before, each) for each in PENALTIES]
    losses = [measures.log_loss(after, each.predict(values[cut:])) for each in fitted]
    return PENALTIES[int(np.argmin(losses))]
