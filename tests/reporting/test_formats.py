"""How numbers are written."""

from __future__ import annotations

import doctest
import math
from datetime import datetime

import pandas as pd
import pytest

from reporting import formats, notes, text


def spaced(said: str) -> str:
    return said.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (0, "€0"),
        (-1, "€0"),
        (49, "€0"),
        (50, "€1"),
        (95_000, "€950"),
        (999_949, "€9,999"),
        (999_950, "€10k"),
        (99_949_999, "€999k"),
        (99_950_000, "€1.0m"),
        (171_230_000, "€1.7m"),
        (-99_996_000, "−€1.0m"),
        (99_994_999_999, "€999.9m"),
        (99_995_000_000, "€1.0bn"),
        (10**17, "€1,000,000.0bn"),
        (None, "–"),
        (math.nan, "–"),
        (pd.NA, "–"),
    ],
)
def test_money_is_compact_and_never_rolls_over(cents: object, said: str) -> None:
    assert formats.money(cents) == said


def test_money_in_full_and_in_other_currencies() -> None:
    assert formats.money(123_456_789, "USD", full=True) == "$1,234,568"
    assert spaced(formats.money(171_230_000, "CHF", signed=True)) == "+CHF 1.7m"
    assert formats.money(0, signed=True) == "€0"


def test_shares_points_and_counts() -> None:
    assert spaced(formats.pct(0.9125)) == "91.3 %"
    assert spaced(formats.pct(-0.00049, signed=True)) == "0.0 %"
    assert spaced(formats.points(-0.013)) == "−1.3 pts"
    assert formats.count(1_234_567) == "1,234,567"
    assert spaced(formats.number(2.345, 2, unit="days")) == "2.35 days"


def test_dates_are_days_and_months_are_named() -> None:
    assert spaced(formats.date("2026-11-09T23:59:59")) == "9 Nov 2026"
    assert spaced(formats.instant(datetime(2026, 11, 1))) == "1 Nov 2026, 00:00 UTC"
    assert spaced(formats.month("2026-10")) == "Oct 2026"
    assert formats.date(pd.NaT) == "–"


def test_a_kind_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="'colour' is no kind"):
        formats.value(1, "colour")


@pytest.mark.parametrize("module", [formats, text, notes])
def test_the_examples_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
