"""The catalogue: every feature there is, in a fixed order, with its words."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from inspect import getsource
from math import isnan

import pandas as pd

from features.billing import billing
from features.contract import contract
from features.declare import DeclarationError, Domain, Feature
from features.engagement import engagement
from features.onboarding import onboarding
from features.sentiment import sentiment
from features.support import support
from features.usage import usage

DOMAINS: tuple[Domain, ...] = (
    contract,
    usage,
    support,
    billing,
    engagement,
    sentiment,
    onboarding,
)


@dataclass(frozen=True)
class Catalogue:
    """All declared features, by name, and how to say one aloud."""

    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        names = [feature.name for feature in self.features]
        for name in names:
            if names.count(name) > 1:
                raise DeclarationError(f"two domains declare {name}; give one another name")

    @cached_property
    def by_name(self) -> dict[str, Feature]:
        """The features keyed by name."""
        return {feature.name: feature for feature in self.features}

    @cached_property
    def digest(self) -> str:
        """A hash of every declaration, its function's source included."""
        said = [
            [
                {k: v for k, v in asdict(f).items() if k not in ("compute", "reads")},
                sorted(f.reads),
                getsource(f.compute),
            ]
            for f in self.features
        ]
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    def phrase(self, name: str, value: float, then: float, typical: float) -> str:
        """A feature's value as a sentence part: now, three months ago, and at similar accounts.

        Unknown values (NaN) are left out of the brackets.
        """
        feature = self.by_name[name]
        beside = [
            f"{word} {said(feature.unit, number, bare=True)}"
            for word, number in (("was", then), ("typical", typical))
            if not isnan(number)
        ]
        bracket = f" ({', '.join(beside)})" if beside else ""
        return f"{feature.label}: {said(feature.unit, value)}{bracket}"


def said(unit: str, value: float, *, bare: bool = False) -> str:
    """A value with its unit in words: ``0.62, share`` is ``62 %``; NaN is ``unknown``."""
    if isnan(value):
        return "unknown"
    if unit == "share":
        return f"{value:.0%}".replace("%", " %")
    if unit == "flag":
        return "yes" if value else "no"
    if unit == "money":
        return f"{value / 100:,.0f}"
    number = f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"
    return number if bare else f"{number} {unit}"


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Every feature of every domain, in the order of declaration."""
    return Catalogue(tuple(feature for domain in DOMAINS for feature in domain.features))


def describe() -> pd.DataFrame:
    """The catalogue as a table: name, title, unit, domain, family, window, what it reads."""
    rows = [
        {
            "name": f.name,
            "title": f.label,
            "unit": f.unit,
            "domain": f.domain,
            "family": f.family,
            "more is": {1: "riskier", -1: "safer", 0: "not said"}[f.riskier],
            "reads": f.table or "other features",
        }
        for f in catalogue().features
    ]
    return pd.DataFrame(rows)
