"""How a feature is declared: a source, a domain, a short function, a docstring.

An author never holds a table. The function gets ``t``, whose attributes are the
columns of one table as known at the cutoff, and returns one aggregate of them.
Expressions are Narwhals and unbound: they cannot name another table. The name
is computed from function and window; the docstring is the phrase a CSM reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from inspect import Parameter, signature
from typing import Any, Literal

import pandas as pd

from features import clocks
from features.rows import Aggregate, DeclarationError, Finished, Rows, Source

__all__ = [
    "CONTEXT",
    "Aggregate",
    "DeclarationError",
    "Domain",
    "Feature",
    "Finished",
    "Rows",
    "Source",
]

CONTEXT = "calendar and size"  # the family of what frames a risk and drives none of it

UNITS = frozenset(
    "people events minutes tickets hours days share times money seats invoices touches "
    "answers points lines products milestones opportunities flag".split()
)
Riskier = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Feature:
    """One column of the feature matrix and all that is said about it.

    ``idea`` is shared by all windows of one declaration. ``window`` is in days,
    ``None`` for a state or a derived feature. ``riskier`` is +1 where more means
    more risk of churn, -1 where less does, 0 where it is not said beforehand.
    ``reads`` are the columns of ``table`` it needs. ``empty`` is the value of an
    account without rows, or without values in them; ``None`` leaves it unknown.
    """

    name: str
    idea: str
    title: str
    unit: str
    domain: str
    family: str
    riskier: Riskier
    window: int | None
    table: str | None
    reads: frozenset[str]
    empty: float | None
    compute: Callable[[Any], Any] = field(repr=False, compare=False)

    @property
    def label(self) -> str:
        """The title with its window, as it is printed."""
        return f"{self.title}, last {self.window} days" if self.window else self.title


class Domain:
    """The features of one side of an account's life; one domain, one file, one table."""

    def __init__(self, name: str, source: Source, *, family: str) -> None:
        self.name, self.source, self.family = name, source, family
        self.features: list[Feature] = []

    def trailing(
        self,
        *windows: int,
        unit: str,
        empty: float | None = None,
        riskier: Riskier = 0,
        family: str | None = None,
    ) -> Callable[[Callable[[Rows], Aggregate]], Callable[[Rows], Aggregate]]:
        """Declare a feature over each of ``windows``: the days ``[cutoff - n, cutoff)``."""

        def declare(function: Callable[[Rows], Aggregate]) -> Callable[[Rows], Aggregate]:
            if not windows or any(w < 1 or int(w) != w for w in windows):
                raise DeclarationError(
                    f"{self.name}.{function.__name__}: {windows} are no windows; "
                    "write whole days, such as trailing(28, 90, ...)"
                )
            reads = self._reads(function)
            for window in windows:
                name = f"{function.__name__}_{window}d"
                self._add(name, function, unit, riskier, family, window, reads, empty)
            return function

        return declare

    def state(
        self,
        *,
        unit: str,
        empty: float | None = None,
        riskier: Riskier = 0,
        family: str | None = None,
    ) -> Callable[[Callable[[Rows], Aggregate]], Callable[[Rows], Aggregate]]:
        """Declare a feature over everything known before the cutoff."""

        def declare(function: Callable[[Rows], Aggregate]) -> Callable[[Rows], Aggregate]:
            reads = self._reads(function)
            name = function.__name__
            self._add(name, function, unit, riskier, family, None, reads, empty)
            return function

        return declare

    def derived(
        self, *, unit: str, riskier: Riskier = 0, family: str | None = None
    ) -> Callable[[Callable[[Finished], pd.Series[float]]], Callable[[Finished], pd.Series[float]]]:
        """Declare arithmetic on finished features; ``f.<name>`` is one of them."""

        def declare(
            function: Callable[[Finished], pd.Series[float]],
        ) -> Callable[[Finished], pd.Series[float]]:
            self._add(function.__name__, function, unit, riskier, family, None, None, None)
            return function

        return declare

    def _reads(self, function: Callable[[Rows], Aggregate]) -> frozenset[str]:
        """The columns ``function`` asks for, found by calling it once without data."""
        self._checked(function)
        rows = Rows(self.source, datetime(2000, 1, 1))
        try:
            rows.checked(function(rows))
        except DeclarationError as error:
            raise DeclarationError(f"{self.name}.{function.__name__}: {error}") from error
        return frozenset(rows.read)

    def _checked(self, function: Callable[[Any], Any]) -> str:
        """The docstring's first line of a function that is fit to be a feature."""
        where = f"{self.name}.{function.__name__}"
        title = (function.__doc__ or "").strip().splitlines()
        if not title:
            raise DeclarationError(f"{where} needs a docstring: it is what a CSM reads")
        taken = list(signature(function).parameters.values())
        if len(taken) != 1 or taken[0].default is not Parameter.empty:
            raise DeclarationError(f"{where} must take one argument and no more; write def f(t)")
        if clock := clocks.read_by(function):
            raise DeclarationError(
                f"{where} reads the wall clock or chance ({clock}); write t.cutoff or t.days_since"
            )
        return title[0].rstrip(".")

    def _add(
        self,
        name: str,
        function: Callable[[Any], Any],
        unit: str,
        riskier: Riskier,
        family: str | None,
        window: int | None,
        reads: frozenset[str] | None,
        empty: float | None,
    ) -> None:
        where = f"{self.name}.{function.__name__}"
        title = self._checked(function)
        if unit not in UNITS:
            raise DeclarationError(
                f"{where}: unit {unit!r} is not known; write one of {', '.join(sorted(UNITS))}"
            )
        if any(f.name == name for f in self.features):
            raise DeclarationError(f"{where}: {name} is declared twice; give one another name")
        self.features.append(
            Feature(
                name,
                function.__name__,
                title,
                unit,
                self.name,
                family or self.family,
                riskier,
                window,
                None if reads is None else self.source.table,
                reads or frozenset(),
                empty,
                function,
            )
        )
