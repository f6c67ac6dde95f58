"""A feature that could mislead cannot be declared; the message says what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import narwhals as nw
import pandas as pd
import pytest

from features.declare import Aggregate, DeclarationError, Domain, Finished, Rows, Source
from features.rows import Statistic
from warehouse.contract import NEVER, TABLES

FIXED = datetime(2026, 1, 1)
# What a feature's module might hold. Written as text: nowhere else may it be written at all.
MODULE = """
import random, time, uuid
from datetime import date, datetime
from functools import partial
import narwhals as nw, numpy as np, pandas as pd

FIXED = datetime(2026, 1, 1)
clock = datetime.now
half = partial(time.time)

def hidden():
    return datetime.now()

def two(t, at=datetime.now()):
    'Two arguments.'
    return t.count(where=t.day < at)
"""
HELD: dict[str, Any] = {}
exec(MODULE, HELD)


def usage() -> Domain:
    return Domain("usage", Source("usage"), family="adoption")


def declared(function: Callable[..., Any], unit: str = "events", *, table: str = "usage") -> str:
    """What is said of ``function`` as a feature; ``""`` if it is one."""
    domain = Domain(table, Source(table), family="x")
    try:
        tiled = domain.source.tiled
        declare = domain.trailing(28, unit=unit) if tiled else domain.state(unit=unit)
        declare(function)
    except DeclarationError as error:
        return str(error)
    return "" if len(domain.features) == 1 else "was not added"


def said(body: Callable[[Any], Any], **how: Any) -> str:
    """What is said of a feature with this body."""

    def feature(t: Rows) -> Any:
        """A feature."""
        return body(t)

    return declared(feature, **how)


def test_a_feature_is_what_its_function_says() -> None:
    domain = usage()

    @domain.trailing(28, 90, unit="events", empty=0, riskier=-1)
    def events_done(t: Rows) -> Aggregate:
        """Things done.

        More than a phrase is for who reads the code.
        """
        return t.sum(t.events, where=t.product == "core")

    @domain.reading(Source("contacts")).state(unit="people", family="reach")
    def people_now(t: Rows) -> Aggregate:
        """People."""
        return t.count(where=t.left_at.is_null())

    @domain.derived(unit="times", riskier=1)
    def trend(f: Finished) -> pd.Series[float]:
        """Trend."""
        return f.events_done_28d / f.typical.events_done_90d

    short, long, now, derived = domain.features
    assert [f.name for f in domain.features] == [
        "events_done_28d",
        "events_done_90d",
        "people_now",
        "trend",
    ]
    assert (short.idea, short.title, short.label) == (
        "events_done",
        "Things done",
        "Things done, last 28 days",
    )
    assert (short.window, long.window, now.window) == (28, 90, None)
    assert (short.empty, now.empty, short.riskier, short.family, now.family) == (
        0,
        None,
        -1,
        "adoption",
        "reach",
    )
    assert (short.table, short.reads) == ("usage", {"events", "product"})
    assert (now.table, now.domain, now.reads) == ("contacts", "usage", {"left_at"})
    assert (derived.table, derived.label) == (None, "Trend")
    assert derived.reads == {"events_done_28d", "events_done_90d"}
    assert derived.peers == {"events_done_90d"}


def test_a_docstring_is_needed() -> None:
    assert declared(lambda t: t.count()) == (
        "usage.<lambda> needs a docstring: it is what a CSM reads"
    )

    def blank(t: Rows) -> Aggregate:
        """ """
        return t.count()

    assert "needs a docstring" in declared(blank)


def test_a_unit_is_one_we_have_words_for() -> None:
    assert "unit 'clicks' is not known; write one of answers, attempts, days," in said(
        lambda t: t.count(), unit="clicks"
    )


@pytest.mark.parametrize("windows", [(), (0,), (28, -1), (1.5,)])
def test_a_window_is_a_whole_number_of_days(windows: tuple[Any, ...]) -> None:
    def feature(t: Rows) -> Aggregate:
        """A feature."""
        return t.count()

    with pytest.raises(DeclarationError, match=r"write whole days, such as trailing\(28, 90"):
        usage().trailing(*windows, unit="events")(feature)


def test_a_name_is_declared_once() -> None:
    def feature(t: Rows) -> Aggregate:
        """A feature."""
        return t.count()

    domain = usage()
    domain.trailing(28, unit="events")(feature)
    with pytest.raises(DeclarationError, match="feature_28d is declared twice; give one another"):
        domain.trailing(28, unit="events")(feature)
    domain.trailing(90, unit="events")(feature)


def test_a_table_is_one_of_the_contract() -> None:
    with pytest.raises(
        DeclarationError, match=r"'outcomes' is not a table .* write one of accounts"
    ):
        Source("outcomes")


@pytest.mark.parametrize("table", TABLES)
def test_only_what_can_be_known_is_within_reach(table: str) -> None:
    """Current states and the clock itself are not there, and no column hides a method."""
    rows = Rows(Source(table), FIXED)
    for column in TABLES[table].columns:
        assert column.name not in dir(Rows)
        if column.known == NEVER or column.name == "known_at":
            with pytest.raises(DeclarationError, match=f"{table} shows no column '{column.name}'"):
                getattr(rows, column.name)
        else:
            assert isinstance(getattr(rows, column.name), nw.Expr)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda t: t.seats, "shows no column 'seats' as of a past instant; it shows account_id"),
        (lambda t: t.sum(t.csm), "usage shows no column 'csm'"),
        (lambda t: t.sum(nw.col("events")), "name each column as t.<column>: account_id, product"),
        (lambda t: t.count(where=nw.col("known_at") > t.day), "name each column as t.<column>"),
        (lambda t: t.sum(t.events + nw.col("churned")), "name each column as t.<column>"),
        (lambda t: t.share(t.events > 0, of=nw.col("minutes") > 0), "name each column as t."),
        (lambda t: t.count(where=t.live), "t.live is said of contract_lines, not of usage"),
    ],
)
def test_a_column_of_another_table_is_refused(body: Callable[[Any], Any], words: str) -> None:
    assert words in said(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda t: t.events, "returns Expr; return one aggregate of t, such as t.count(where="),
        (lambda t: 7, "returns int; return one aggregate"),
        (lambda t: None, "returns NoneType; return one aggregate"),
        (lambda t: [t.count()], "returns list; return one aggregate"),
        (lambda t: t.sum("events"), "gives 'events' where an expression of t is needed"),
        (lambda t: t.count(where=True), "gives True where an expression of t is needed"),
        (lambda t: t.count(where=t.events), "has a condition that is Int64, not true or false"),
    ],
)
def test_what_is_no_aggregate_is_refused(body: Callable[[Any], Any], words: str) -> None:
    assert words in said(body)


def test_a_feature_takes_its_rows_and_nothing_else() -> None:
    """A default is made once, at import: a clock that stands still."""
    assert declared(HELD["two"]) == "usage.two must take one argument and no more; write def f(t)"


CLOCKS = {
    "datetime.now": "t.day < datetime.now()",
    "date.today": "t.day < date.today()",
    "pd.Timestamp.now": "t.day < pd.Timestamp.now()",
    "pd.Timestamp('now')": "t.day < pd.Timestamp('now')",
    "np.datetime64('today')": "t.day < np.datetime64('today')",
    "time.time": "t.events < nw.lit(time.time())",
    "through narwhals": "t.product < nw.lit('now()')",
    "another name for now": "t.day < clock()",
    "a partial": "t.events < half()",
    "a function that calls it": "t.day < hidden()",
    "a function inside": "(lambda: t.day < datetime.now())()",
    "a comprehension": "[t.day < datetime.now() for _ in '1'][0]",
    "a fixed instant": "t.day < FIXED",
    "random": "t.events < random.random()",
    "numpy's random": "t.events < np.random.default_rng().integers(9)",
    "uuid": "t.product < uuid.uuid4().hex",
}


@pytest.mark.parametrize("name", CLOCKS)
def test_the_wall_clock_and_chance_are_refused(name: str) -> None:
    """However they are reached; the body is called by the feature, and searched with it."""
    words = said(eval(f"lambda t: t.count(where={CLOCKS[name]})", HELD))
    assert "usage.feature reads the wall clock or chance (" in words
    assert words.endswith("; write t.cutoff or t.days_since")


def test_what_only_looks_like_a_clock_is_not_one() -> None:
    """The docstring may say now, and a column's name may hold the word."""

    def known_now(t: Rows) -> Aggregate:
        """Today, and now."""
        unknown = t.days_since(t.opened_at, where=t.product != "nowhere")
        return unknown if t.cutoff is not None else t.count()

    assert declared(known_now, "days", table="tickets") == ""


def test_a_derived_feature_is_searched_too() -> None:
    late = eval("lambda f: f.arr_now * clock().year", HELD)
    late.__name__, late.__doc__ = "late", "Late."
    with pytest.raises(DeclarationError, match="late reads the wall clock or chance"):
        usage().derived(unit="times")(late)


ANYWHERE: dict[Statistic, Callable[[Any], Any]] = {
    "count": lambda t: t.count(),
    "sum": lambda t: t.sum(t.rating),
    "mean": lambda t: t.mean(t.rating),
    "median": lambda t: t.median(t.days_between(t.opened_at, t.resolved_at)),
    "min": lambda t: t.days_until(t.reply_due_at),
    "max": lambda t: t.days_since(t.opened_at),
    "distinct": lambda t: t.distinct(t.product),
    "latest": lambda t: t.latest(t.rating, where=~t.rating.is_null(), by=t.rated_at),
}
OF_USE: dict[Statistic, Callable[[Any], Any]] = {
    "count": lambda t: t.count(),
    "sum": lambda t: t.ratio(t.minutes, t.events, where=t.errors == 0),
    "mean": lambda t: t.mean(t.minutes),
    "min": lambda t: t.min(t.events),
    "max": lambda t: t.max(t.active_users),
    "distinct": lambda t: t.distinct(t.product, where=t.events > 0),
    "days": lambda t: t.days(where=t.events > 0),
    "weekend days": lambda t: t.weekend_days(),
    "weeks": lambda t: t.weeks(),
    "longest gap": lambda t: t.longest_gap(),
    "last day": lambda t: t.days_since_last(),
}


def test_every_statistic_can_be_declared() -> None:
    assert {name: said(body, table="tickets") for name, body in ANYWHERE.items()} == dict.fromkeys(
        ANYWHERE, ""
    )
    assert {name: said(body) for name, body in OF_USE.items()} == dict.fromkeys(OF_USE, "")
    assert {*ANYWHERE, *OF_USE} == {*get_args(Statistic)}


@pytest.mark.parametrize(
    ("body", "table", "words"),
    [
        (lambda t: t.median(t.events), "usage", "takes the median of Int64, and usage is kept in"),
        (lambda t: t.latest(t.events), "usage", "takes the latest of Int64"),
        (lambda t: t.distinct(t.day), "usage", "of words the distinct, of whole numbers the rest"),
        (lambda t: t.sum(t.events / 7), "usage", "takes the sum of Float64"),
        (lambda t: t.count(where=t.day < t.cutoff), "usage", "so t.cutoff is not known; write a"),
        (lambda t: t.days(), "tickets", "days are counted of tables kept by month, not of tickets"),
        (lambda t: t.longest_gap(), "touches", "write t.count(where=...), or t.days_since"),
        (
            lambda t: t.mean(t.days_between(t.opened_at, t.resolved_at)),
            "tickets",
            "takes the mean of fractions, which depends on the order of the rows; write t.median",
        ),
        (lambda t: t.sum(t.rating * 0.5), "tickets", "or add up whole numbers"),
    ],
)
def test_what_could_not_be_exact_is_refused(
    body: Callable[[Any], Any], table: str, words: str
) -> None:
    assert words in said(body, table=table)


def test_a_table_kept_by_month_has_no_state() -> None:
    def ever(t: Rows) -> Aggregate:
        """Ever."""
        return t.count()

    with pytest.raises(DeclarationError, match=r"kept for as long as its longest window; write"):
        usage().state(unit="events")(ever)


def test_a_derived_feature_that_fails_is_named() -> None:
    def wrong(f: Finished) -> pd.Series[float]:
        """Wrong."""
        return f.events.no_such_thing()

    with pytest.raises(DeclarationError, match=r"usage.wrong cannot be made .*no_such_thing"):
        usage().derived(unit="times")(wrong)
