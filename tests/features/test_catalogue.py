"""The catalogue: complete, consistent, and said aloud in words a CSM reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from math import nan
from typing import Any

import pandas as pd
import pytest

from features.catalogue import Catalogue, catalogue, check, describe, said
from features.declare import (
    UNITS,
    Aggregate,
    DeclarationError,
    Domain,
    Feature,
    Finished,
    Rows,
    Source,
)

BARE_UNITS = {"share", "money", "flag"}


def count(t: Rows) -> Aggregate:
    """Tickets opened."""
    return t.count()


def tickets(*derived: Callable[[Any], Any]) -> Catalogue:
    """A catalogue of one domain: ``count_28d``, then the derived features."""
    domain = Domain("support", Source("tickets"), family="support load")
    domain.trailing(28, unit="tickets", empty=0)(count)
    for function in derived:
        domain.derived(unit="times")(function)
    return Catalogue(tuple(domain.features))


def test_the_catalogue_is_whole() -> None:
    listed = catalogue()
    check(listed)
    assert len(listed.by_name) == len(listed.features) >= 300
    assert len({(f.domain, f.idea) for f in listed.features}) >= 250
    assert len({f.domain for f in listed.features}) == 7
    assert {f.unit for f in listed.features} <= UNITS
    windows: dict[str, set[tuple[str, str]]] = {}
    for feature in listed.features:
        windows.setdefault(feature.idea, set()).add((feature.title, feature.family))
        assert feature.name == (
            f"{feature.idea}_{feature.window}d" if feature.window else feature.idea
        )
        assert feature.title[0].isupper()
        assert not feature.title.endswith(".")
    assert all(len(said) == 1 for said in windows.values()), "windows of one idea differ in words"


def test_the_table_of_the_catalogue() -> None:
    table = describe()
    assert table["name"].tolist() == [f.name for f in catalogue().features]
    row = table.set_index("name").loc["tickets_opened_28d"]
    assert row.to_dict() == {
        "title": "Tickets opened, last 28 days",
        "unit": "tickets",
        "domain": "support",
        "family": "support load",
        "driver": "product quality",
        "more is": "riskier",
        "reads": "tickets",
        "peers": "",
    }


def test_the_digest_changes_with_every_declaration() -> None:
    made = tickets()
    (feature,) = made.features
    assert made.digest == tickets().digest
    changes: dict[str, Any] = {
        "title": "Tickets",
        "unit": "lines",
        "family": "x",
        "riskier": 1,
        "window": 29,
        "empty": None,
        "reads": frozenset({"priority"}),
        "compute": said,
    }
    for name, value in changes.items():
        other = Catalogue((dataclasses.replace(feature, **{name: value}),))
        assert other.digest != made.digest, name


def test_two_domains_share_no_name() -> None:
    (feature,) = tickets().features
    other = dataclasses.replace(feature, domain="usage")
    with pytest.raises(DeclarationError, match="two domains declare count_28d; give one another"):
        Catalogue((feature, other))


def test_a_derived_feature_reads_what_there_is() -> None:
    """A misspelt name would leave the feature out of every matrix, without a word."""

    def surge(f: Finished) -> pd.Series[float]:
        """Surge."""
        return f.count_28 / 2

    def twice(f: Finished) -> pd.Series[float]:
        """Twice."""
        return f.once * 2

    def once(f: Finished) -> pd.Series[float]:
        """Once."""
        return f.count_28d * 1

    def seven(f: Finished) -> Any:
        """Seven."""
        return 7

    with pytest.raises(DeclarationError, match=r"support.surge reads f.count_28, .* are count_28d"):
        check(tickets(surge))
    with pytest.raises(
        DeclarationError, match=r"support.twice reads f.once, which no feature before"
    ):
        check(tickets(twice, once))
    with pytest.raises(DeclarationError, match=r"support.seven returns int; return arithmetic on"):
        check(tickets(seven))
    check(tickets(once, twice))


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        ("tickets", 13.0, "13 tickets"),
        ("tickets", 1.0, "1 ticket"),
        ("tickets", 0.0, "0 tickets"),
        ("people", 1.0, "1 person"),
        ("touches", 1.0, "1 touch"),
        ("opportunities", 1.0, "1 opportunity"),
        ("hours", 1.0, "1 hour"),
        ("times", 1.0, "1 times"),
        ("times", 2.34, "2.3 times"),
        ("days", -3.0, "-3 days"),
        ("days", 1234.5, "1,234 days"),
        ("share", 0.625, "62 %"),
        ("flag", 1.0, "yes"),
        ("flag", 0.0, "no"),
        ("money", 1234567.0, "12,346"),
        ("tickets", nan, "unknown"),
    ],
)
def test_a_value_in_words(unit: str, value: float, words: str) -> None:
    assert said(unit, value) == words
    if unit not in BARE_UNITS and value == value:
        assert said(unit, value, bare=True) == words.split()[0]


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_every_unit_has_words_for_one(unit: str) -> None:
    assert said(unit, 1.0).isascii()
    assert "ss" not in said(unit, 1.0)


def test_a_phrase_says_now_then_and_what_is_usual() -> None:
    def phrase(name: str, *values: float) -> str:
        return catalogue().phrases(name, *([value] for value in values))[0]

    assert phrase("tickets_opened_28d", 13, 4, 7) == (
        "Tickets opened, last 28 days: 13 tickets (was 4, typical 7)"
    )
    assert phrase("tickets_opened_28d", 1, nan, 7) == (
        "Tickets opened, last 28 days: 1 ticket (typical 7)"
    )
    assert phrase("seats_used", 0.62, 0.8, nan) == (
        "Seats used, as a share of those paid for: 62 % (was 80 %)"
    )
    assert phrase("arr_now", 1200000, nan, nan) == "ARR: 12,000"
    assert phrase("days_since_touch", nan, 3, 4) == (
        "Days since the last touch: unknown (was 3, typical 4)"
    )


def test_features_are_compared_by_what_they_say() -> None:
    one, other = tickets().features[0], tickets().features[0]
    assert isinstance(one, Feature)
    assert one == other
