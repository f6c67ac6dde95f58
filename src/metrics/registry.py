"""The registry: no number is printed without saying what it is for.

Each number's purpose, formula, owner, target and decision stand in
``metrics.definitions``. ``figure`` is the one way to turn a value
into something a page may print, and it refuses a name that has no entry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from metrics.definitions import DEFINITIONS
from metrics.entry import Entry, Unit
from metrics.policy import Policy
from warehouse.errors import Refusal, Usage

REGISTRY: dict[str, Entry] = {each.name: each for each in DEFINITIONS}


class Unregistered(Usage):
    """A number was asked for that the registry does not define."""


class BadFigure(Refusal):
    """A value does not fit its definition: a fault of the program."""

    code = 70


@dataclass(frozen=True)
class Figure:
    """A number ready to print: its value, what it covers, its rule and definition.

    ``value`` is None where the number is not defined, for example a rate over
    nobody. ``n`` is how many accounts, lines or renewals it was counted over.
    ``low`` and ``high`` bound it where it is an estimate.
    """

    value: int | float | None
    unit: Unit
    n: int
    policy: str
    definition: str
    low: int | float | None = None
    high: int | float | None = None


def entry(name: str, targets: Mapping[str, float] | None = None) -> Entry:
    """The entry called ``name``, its target replaced by ``targets[name]`` if given.

    Raises ``Unregistered`` for a name without an entry, in ``targets`` too.
    """
    for asked in (name, *(targets or {})):
        if asked not in REGISTRY:
            raise Unregistered(_unknown(asked))
    found = REGISTRY[name]
    return replace(found, target=targets[name]) if targets and name in targets else found


def figure(
    name: str,
    value: int | float | None,
    n: int,
    low: int | float | None = None,
    high: int | float | None = None,
    policy: Policy | None = None,
) -> Figure:
    """``value`` as a figure of the registered number ``name``.

    ``policy`` is the policy it was counted under, the default one if not given.
    Raises ``Unregistered`` for a name without an entry, and ``BadFigure`` for a
    value that is not finite, for money or a count that is not whole, for a
    negative ``n`` and for bounds the wrong way round.
    """
    about = entry(name)
    rule = policy or Policy()
    words = about.policy.format(**rule.model_dump(), retention=rule.retention)
    words = f"{words}; {rule.ledger}" if rule.ledger else words
    bottom, top = _fit(about, low), _fit(about, high)
    if bottom is not None and top is not None and bottom > top:
        raise BadFigure(f"{name}: its low bound {bottom} is above its high bound {top}")
    count = int(n)
    if count < 0 or count != n:
        raise BadFigure(f"{name}: n is {n}; it counts what the number covers, so 0 or more")
    return Figure(_fit(about, value), about.unit, count, words, about.formula, bottom, top)


def _fit(about: Entry, value: int | float | None) -> int | float | None:
    if value is None:
        return None
    if not math.isfinite(value):
        raise BadFigure(
            f"{about.name}: {value!r} is not a number; where it is not defined, give None"
        )
    if about.unit not in ("money", "count"):
        return float(value)
    if isinstance(value, float) or value != int(value):
        raise BadFigure(
            f"{about.name}: {value!r} is not whole; a {about.unit} is "
            f"{'whole cents' if about.unit == 'money' else 'a whole number'}: round it first"
        )
    return int(value)


def _unknown(name: str) -> str:
    near = get_close_matches(name, REGISTRY, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"{len(REGISTRY)} others are."
    return (
        f"no number called {name!r} is registered; {hint} docs/numbers.md lists them. "
        "A new one needs an entry in metrics/definitions before it can be printed"
    )
