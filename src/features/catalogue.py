"""The catalogue: every feature there is, in a fixed order, with its words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from inspect import getsource
from math import isnan

import pandas as pd

from features.billing import billing
from features.contacts import engagement
from features.declare import PEERS, DeclarationError, Domain, Feature, Finished
from features.drivers import driver
from features.incidents import support
from features.onboarding import onboarding
from features.opportunities import contract
from features.pulses import sentiment
from features.usage_change import usage

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
                {k: v for k, v in vars(f).items() if k not in ("compute", "reads", "peers")},
                sorted(f.reads),
                sorted(f.peers),
                getsource(f.compute),
            ]
            for f in self.features
        ]
        return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]

    def phrases(
        self,
        name: str,
        value: Sequence[float | str],
        then: Sequence[float | str],
        typical: Sequence[float | str],
    ) -> list[str]:
        """A feature's values as sentence parts: now, three months ago, and at similar accounts.

        One of each an account. Unknown values (NaN) are left out of the brackets.
        """
        feature = self.by_name[name]
        was, middle = (
            ["" if said == UNKNOWN else f"{word} {said}" for said in _each(feature.unit, values)]
            for word, values in (("was", then), ("typical", typical))
        )
        brackets = {
            both: f" ({', '.join(filter(None, both))})" if any(both) else ""
            for both in set(zip(was, middle, strict=True))
        }
        now = [f"{feature.label}: {told}" for told in _each(feature.unit, value, bare=False)]
        beside = zip(was, middle, strict=True)
        return [told + brackets[both] for told, both in zip(now, beside, strict=True)]


UNKNOWN = "unknown"
ONE = {"people": "person", "touches": "touch", "opportunities": "opportunity", "times": "times"}


def said(unit: str, value: float | str, *, bare: bool = False) -> str:
    """A value with its unit in words: ``0.62, share`` is ``62 %``; NaN is ``unknown``."""
    if isinstance(value, str):
        return value
    if isnan(value):
        return UNKNOWN
    if unit == "share":
        return f"{value:.0%}".replace("%", " %")
    if unit == "flag":
        return "yes" if value else "no"
    if unit == "money":
        return f"{value / 100:,.0f}"
    whole = abs(value) >= 10 or value == round(value)
    number = f"{value:,.0f}" if whole else f"{value:.1f}"
    if bare:
        return number
    return f"{number} {ONE.get(unit, unit.removesuffix('s')) if number == '1' else unit}"


def _each(unit: str, values: Sequence[float | str], *, bare: bool = True) -> list[str]:
    """`said` of each value; of many accounts most have one of a few."""
    words = {value: said(unit, value, bare=bare) for value in set(values)}
    return [words[value] for value in values]


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Every feature of every domain, in the order of declaration."""
    made = Catalogue(tuple(feature for domain in DOMAINS for feature in domain.features))
    check(made)
    return made


def check(listed: Catalogue) -> None:
    """Compute each derived feature once, on one made-up account, in the engine's order.

    ``DeclarationError`` for one that reads what nobody declares, or what is derived
    after it, or that does not return numbers: it would be missing without a word.
    """
    one: dict[str, pd.Series[float]] = {
        feature.name: pd.Series([1.0], index=["A"])
        for feature in listed.features
        if feature.table and feature.unit != "word"
    }
    for feature in listed.features:
        if feature.table is None:
            where = f"{feature.domain}.{feature.name}"
            try:
                value = feature.compute(Finished(one, lambda value: value))
            except KeyError as error:
                raise DeclarationError(
                    f"{where} reads f.{error.args[0]}, which no feature before it is called; "
                    f"there are {', '.join(one)}"
                ) from error
            if not isinstance(value, pd.Series) or not pd.api.types.is_numeric_dtype(value):
                raise DeclarationError(
                    f"{where} returns {type(value).__name__}; return arithmetic on features, "
                    "such as f.arr_now / f.seats_entitled"
                )
            one[feature.name] = value.astype("float64")


def describe() -> pd.DataFrame:
    """The catalogue as a table: a row a feature, with all that is said of it."""
    rows = [
        {
            "name": f.name,
            "title": f.label,
            "unit": f.unit,
            "domain": f.domain,
            "family": f.family,
            "driver": driver(f),
            "more is": {1: "riskier", -1: "safer", 0: "not said"}[f.riskier],
            "reads": f.table or ", ".join(sorted(f.reads)),
            "peers": PEERS if f.peers else "",
        }
        for f in catalogue().features
    ]
    return pd.DataFrame(rows)
