"""The experts' score: factors and weights by experience, graded beside the model's.

Most companies have such a score in a spreadsheet. It is read from TOML, so that anybody may
write theirs, and gets the same grades as ours: whichever ranks worse should not be looked at.
Each feature is the account's rank among all accounts of the month, a factor the mean of its
features' ranks, the score the weighted mean of the factors that are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from features.catalogue import Catalogue
from warehouse.entries import Named, read
from warehouse.errors import DataRefused

FIVE_FACTOR = Path(__file__).with_name("five-factor.toml")
ENOUGH = 0.5  # of the weight has to be known, or the account has no score
SLACK = 1e-9  # of the weight: three weights of 0.1 do not add up to 0.3


class Factor(Named):
    """One factor: the features it is made of, and its share of the score."""

    weight: float = Field(gt=0, allow_inf_nan=False)
    features: tuple[str, ...] = Field(min_length=1)
    higher: Literal["safer", "riskier"] | None = None


@dataclass(frozen=True)
class Experts:
    """A score by ``factors``; ``signs`` has for each feature 1 where more is safer, else -1."""

    factors: tuple[Factor, ...]
    signs: dict[str, int]

    def score(self, matrix: pd.DataFrame) -> pd.Series[float]:
        """The score of each account of ``matrix`` (features, index account_id): 0 to 100.

        100 is safest. Features the company has not, or that are unknown, are passed over; an
        account of which less than ``ENOUGH`` of the weight is known has NaN.
        """
        parts, weights = {}, {}
        for factor in self.factors:
            ranks = {
                name: _rank(self.signs[name] * matrix[name])
                for name in factor.features
                if name in matrix
            }
            if ranks:
                parts[factor.name] = pd.DataFrame(ranks, index=matrix.index).mean(axis=1)
                weights[factor.name] = factor.weight
        known = pd.DataFrame(parts, index=matrix.index)
        weight = known.notna().mul(pd.Series(weights, dtype="float64"), axis=1).sum(axis=1)
        told = known.mul(pd.Series(weights, dtype="float64"), axis=1).sum(axis=1)
        whole = sum(factor.weight for factor in self.factors)
        return (100 * told / weight).where(weight >= (ENOUGH - SLACK) * whole).rename("expert")


def _rank(value: pd.Series[float]) -> pd.Series[float]:
    """The share of the known that are lower, ties half: one alone is in the middle, not best."""
    return (value.rank() - 0.5) / value.count()


def experts(catalogue: Catalogue, file: Path = FIVE_FACTOR) -> Experts:
    """The score that ``file`` describes; by default the five factors the field commonly uses.

    Raises ``InputMissing`` without the file and ``DataRefused``, with file, factor, key, what was
    found and the rule, for a feature nobody declares, one whose risky side nobody says, a
    weight that is no positive number, two factors of one name, and a key nobody knows.
    """
    factors = read(file, "factor", Factor)
    faults: list[str] = []
    signs: dict[str, int] = {}
    for factor in factors:
        for name in factor.features:
            where = f"factor {factor.name!r}, features: {name!r}"
            if name in signs:
                faults.append(f"{where} is there twice; a feature counts once")
            elif name not in catalogue.by_name:
                near = ", ".join(get_close_matches(name, catalogue.by_name, 3))
                hint = f"; did you mean {near}?" if near else "; docs/features.md lists all"
                faults.append(f"{where} is no feature{hint}")
            elif catalogue.by_name[name].unit == "word":
                faults.append(f"{where} is a word; only numbers have a rank")
            else:
                sign: int = -catalogue.by_name[name].riskier
                sign = {"safer": 1, "riskier": -1}.get(str(factor.higher), sign)
                if not sign:
                    faults.append(
                        f"{where} has no risky side of its own; "
                        'give the factor higher = "safer" or higher = "riskier"'
                    )
                signs[name] = sign
    if faults:
        raise DataRefused("\n  ".join([f"{file} cannot be used:", *faults]))
    return Experts(factors, signs)
