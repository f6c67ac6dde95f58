"""Attempts to declare a feature that could mislead, kept to show what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import FunctionType
from typing import Any

import narwhals as nw

from features.declare import Aggregate, Domain, Rows, Source
from warehouse.errors import Refusal


@dataclass(frozen=True)
class Attempt:
    """What is tried, in words, and the function that tries it over ``table``."""

    tried: str
    body: Callable[[Any], Any]
    table: str = "tickets"
    unit: str = "tickets"
    docstring: str | None = "A feature."
    twice: bool = False


def _clock(t: Rows) -> Aggregate:
    return t.count(where=t.opened_at < nw.lit(datetime.now()))  # noqa: DTZ005


ATTEMPTS = (
    Attempt(
        "the segment an account is in today",
        lambda t: t.latest(t.segment),
        table="accounts",
        unit="word",
    ),
    Attempt("a column of another table", lambda t: t.count(where=nw.col("churned") > 0)),
    Attempt("the clock on the wall", _clock),
    Attempt("when a row reached us", lambda t: t.days_since(t.known_at), unit="days"),
    Attempt(
        "a row that is filled in later, summed in fractions",
        lambda t: t.mean(t.days_between(t.opened_at, t.resolved_at)),
        unit="days",
    ),
    Attempt("no words for who reads it", lambda t: t.count(), docstring=None),
    Attempt("a unit nobody knows", lambda t: t.count(), unit="clicks"),
    Attempt("a name twice", lambda t: t.count(), twice=True),
    Attempt("all of time, of a table read once", lambda t: t.sum(t.events), table="usage"),
)


def refusal(attempt: Attempt) -> str:
    """What the declaration of ``attempt`` is told; empty if it passes."""

    body: Any = attempt.body
    feature = FunctionType(body.__code__, body.__globals__, "feature", None, body.__closure__)
    feature.__qualname__, feature.__doc__ = "feature", attempt.docstring
    domain = Domain("attempt", Source(attempt.table), family="none")
    try:
        domain.state(unit=attempt.unit)(feature)
        if attempt.twice:
            domain.state(unit=attempt.unit)(feature)
    except Refusal as refused:
        return refused.message
    return ""
