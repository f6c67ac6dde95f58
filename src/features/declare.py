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
from features.finished import Finished
from features.fit import checked
from features.rows import Aggregate, DeclarationError, Rows, Source

__all__ = [
    "CONTEXT",
    "FRAMES",
    "PROXY",
    "Aggregate",
    "DeclarationError",
    "Domain",
    "Feature",
    "Finished",
    "Rows",
    "Source",
]

CONTEXT = "calendar and size"  # the family of what frames a risk and drives none of it
PROXY = "csm opinion"  # that of what somebody already thinks of it
OPINIONS = frozenset({PROXY, "sentiment"})  # families of what people say, no cause of their leaving
FRAMES = frozenset({CONTEXT, PROXY})  # families that are no reason a person could act on

UNITS = frozenset(
    "people events minutes tickets hours days share times money seats invoices touches "
    "answers points lines products milestones opportunities flag errors payments incidents "
    "attempts weeks word".split()
)
PEERS = "similar ARR and age"
Riskier = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Feature:
    """One column of the feature matrix and all that is said about it.

    ``idea`` is shared by all windows of one declaration. ``window`` is in days,
    ``None`` for a state or a derived feature. ``riskier`` is +1 where more means
    more risk of churn, -1 where less does, 0 where it is not said beforehand.
    ``table`` is ``None`` for a derived feature. ``reads`` are the columns of the table, or
    the features, it needs; ``peers`` those whose typical value among similar accounts it
    needs too. ``empty`` is the value of an account without rows, or without values in
    them; ``None`` leaves it unknown.
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
    peers: frozenset[str]
    empty: float | None
    compute: Callable[[Any], Any] = field(repr=False, compare=False)

    @property
    def label(self) -> str:
        """The title with its window, as it is printed."""
        return f"{self.title}, last {self.window} days" if self.window else self.title


class Domain:
    """The features of one side of an account's life; one domain, one file.

    It reads one table; ``reading`` gives the same domain with another one.
    """

    def __init__(self, name: str, source: Source, *, family: str) -> None:
        self.name, self.source, self.family = name, source, family
        self.features: list[Feature] = []

    def reading(self, source: Source, *, family: str | None = None) -> Domain:
        """This domain over another table: what is declared with it joins the same features."""
        other = Domain(self.name, source, family=family or self.family)
        other.features = self.features
        return other

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
        """Declare a feature over everything known before the cutoff.

        With ``unit="word"`` its value is a word, such as a product, not a number.
        """

        def declare(function: Callable[[Rows], Aggregate]) -> Callable[[Rows], Aggregate]:
            if self.source.tiled:
                raise DeclarationError(
                    f"{self.name}.{function.__name__}: {self.source.table} is kept for as long as "
                    "its longest window; write trailing(365, ...)"
                )
            reads = self._reads(function)
            name = function.__name__
            self._add(name, function, unit, riskier, family, None, reads, empty)
            return function

        return declare

    def derived(
        self, *, unit: str, riskier: Riskier = 0, family: str | None = None
    ) -> Callable[[Callable[[Finished], pd.Series[float]]], Callable[[Finished], pd.Series[float]]]:
        """Declare arithmetic on finished features.

        ``f.<name>`` is one of them; ``f.typical.<name>`` is its median among the accounts
        of `PEERS`, as known then.
        """

        def declare(
            function: Callable[[Finished], pd.Series[float]],
        ) -> Callable[[Finished], pd.Series[float]]:
            self._checked(function)
            try:
                reads, peers = _asked(function)
            except Exception as error:
                raise DeclarationError(
                    f"{self.name}.{function.__name__} cannot be made ({error}); return arithmetic "
                    "on features, such as f.arr_now / f.seats_entitled"
                ) from error
            self._add(function.__name__, function, unit, riskier, family, None, reads, None, peers)
            return function

        return declare

    def _reads(self, function: Callable[[Rows], Aggregate]) -> frozenset[str]:
        """The columns ``function`` asks for, found by calling it once without data."""
        self._checked(function)
        rows = Rows(self.source, datetime(2000, 1, 1))
        try:
            checked(self.source, rows, function(rows))
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
        reads: frozenset[str],
        empty: float | None,
        peers: frozenset[str] | None = None,
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
                self.source.table if peers is None else None,
                reads,
                peers or frozenset(),
                empty,
                function,
            )
        )


class _Any(dict[str, "pd.Series[float]"]):
    """A feature of every name, so that a function can be asked what it reads."""

    def __missing__(self, name: str) -> pd.Series[float]:
        return pd.Series([1.0], index=["A"])


def _asked(
    function: Callable[[Finished], pd.Series[float]],
) -> tuple[frozenset[str], frozenset[str]]:
    """The features ``function`` reads, and those it reads of the peers."""
    finished = Finished(_Any(), lambda value: value)
    function(finished)
    return frozenset(finished.read), frozenset(finished.beside)
