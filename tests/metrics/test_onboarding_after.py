from __future__ import annotations

from datetime import datetime
from math import sqrt
from typing import Any

import pandas as pd
import pytest

from metrics.elapsed import rates
from metrics.intervals import Z
from metrics.onboarding import steps
from metrics.onboarding_after import Contrast, difference, hazard, kept, tenures
from metrics.survival import Estimate
from tests.metrics.ledgers import frame, line
from tests.metrics.test_onboarding import milestones, step

AS_OF = datetime(2026, 10, 1)
NONE = Estimate(None, None, None)


def contrast(
    accounts: dict[str, tuple[str | None, str | None]], as_of: datetime = AS_OF, **rest: Any
) -> Contrast:
    """Accounts of 1 January 2025, each with its day of value and the end of its line."""
    rows = [step(name, "2025-01-01", value) for name, (value, _) in accounts.items()]
    lines = frame([line(name, "2025-01-01", end, 100) for name, (_, end) in accounts.items()])
    return kept(steps(milestones(rows), as_of, lines=lines), lines, as_of, **rest)


def test_who_is_a_customer_a_year_on() -> None:
    found = contrast(
        {
            "in time, stays": ("2025-02-01", None),
            "in time, leaves": ("2025-04-01", "2025-11-01"),  # the ninetieth day
            "in time, at the anniversary": ("2025-02-01", "2026-01-01"),
            "a day late, stays": ("2025-04-02", "2026-01-02"),
            "never, leaves": (None, "2025-11-01"),
            "gone before it could": (None, "2025-03-01"),
            "gone on the day": (None, "2025-04-01"),
        }
    )
    assert (found.n_reached, found.kept_reached) == (3, 1)
    assert (found.n_not, found.kept_not) == (2, 1)
    assert found.difference.value == pytest.approx(1 / 3 - 1 / 2)


def test_a_late_renewal_is_a_renewal_and_is_waited_for() -> None:
    rows = milestones([step("A", "2025-01-01", "2025-01-11")])
    for starts, stays in (("2026-01-31", 1), ("2026-02-01", 0)):
        lines = frame(
            [line("A", "2025-01-01", "2026-01-01", 100), line("A", starts, "2027-01-01", 100)]
        )
        assert kept(steps(rows, AS_OF, lines=lines), lines, AS_OF).kept_reached == stays
    early, told = datetime(2026, 1, 30, 23, 59), datetime(2026, 1, 31)
    one: dict[str, tuple[str | None, str | None]] = {"A": ("2025-01-11", "2026-01-01")}
    assert [contrast(one, each).n_reached for each in (early, told)] == [0, 1]


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe 1998, table II, method 10: 56 of 70 against 48 of 80, and 9 of 10 against 3 of 10.
    assert difference(56, 70, 48, 80) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert difference(9, 10, 3, 10) == pytest.approx((0.6, 0.1705, 0.8090), abs=5e-5)
    assert difference(0, 0, 3, 10) == difference(3, 10, 0, 0) == NONE


def test_the_adjusted_difference_compares_within_labels() -> None:
    # Large accounts stay and are slow, small ones leave and are quick: within each no difference.
    groups = {"large": (1, 1, 8, 8), "small": (0, 8, 0, 1)}
    book: dict[str, tuple[str | None, str | None]] = {}
    for size, (kept1, n1, kept0, n0) in groups.items():
        for value, kept_, n in (("2025-02-01", kept1, n1), (None, kept0, n0)):
            for i in range(n):
                book[f"{size} {value} {i}"] = (value, None if i < kept_ else "2025-12-01")
    labels = pd.Series({name: name.split()[0] for name in book}, dtype="str")
    found = contrast(book, labels=labels)
    assert found.difference.value == pytest.approx(1 / 9 - 8 / 9)
    assert found.adjusted == pytest.approx((0, 0, 0))


def test_the_pooled_difference_by_hand() -> None:
    # Two labels with (kept, n) of each side; weights n1 n0 / (n1 + n0), variance by Sato.
    strata = {"x": (8, 10, 12, 20), "y": (9, 15, 2, 5)}
    book: dict[str, tuple[str | None, str | None]] = {}
    for label, (a, n1, b, n0) in strata.items():
        for value, kept_, n in (("2025-02-01", a, n1), (None, b, n0)):
            for i in range(n):
                book[f"{label} {value} {i}"] = (value, None if i < kept_ else "2025-12-01")
    labels = pd.Series({name: name[0] for name in book}, dtype="str")
    weights = {label: n1 * n0 / (n1 + n0) for label, (_, n1, _, n0) in strata.items()}
    total = sum(weights.values())
    value = sum(w * (8 / 10 - 12 / 20 if k == "x" else 9 / 15 - 2 / 5) for k, w in weights.items())
    p = sum(
        (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / (n1 + n0) ** 2
        for a, n1, b, n0 in strata.values()
    )
    q = sum((a * (n0 - b) + b * (n1 - a)) / (2 * (n1 + n0)) for a, n1, b, n0 in strata.values())
    half = Z * sqrt(value / total * p + q) / total
    found = contrast(book, labels=labels).adjusted
    assert found == pytest.approx((value / total, value / total - half, value / total + half))


def test_labels_that_share_no_side_say_nothing() -> None:
    book: dict[str, tuple[str | None, str | None]] = {"A": ("2025-02-01", None), "B": (None, None)}
    labels = pd.Series({"A": "x", "B": "y"}, dtype="str")
    assert contrast(book, labels=labels).adjusted == NONE
    assert contrast(book, labels=labels.iloc[:0]).adjusted.value == 0
    assert contrast({"A": ("2025-02-01", None)}).adjusted == NONE
    empty = kept(steps(milestones([]), AS_OF), frame([]), AS_OF)
    assert empty == Contrast(0, 0, 0, 0, NONE, NONE)


def test_early_churn_by_the_quarter_a_customer_began() -> None:
    lines = frame(
        [
            line("stays", "2026-01-01", None, 100),
            line("leaves", "2026-01-10", "2026-06-01", 100),
            line("leaves later", "2026-01-01", "2026-07-01", 100),  # 181 days
            line("comes back", "2026-01-01", "2026-02-01", 100),
            line("comes back", "2026-08-01", None, 100),
            line("too new", "2026-05-01", "2026-05-20", 100),
            line("announced", "2026-01-01", "2026-12-01", 100),
            line("free", "2026-01-01", "2026-02-01", 0),
            line("to come", "2026-11-01", None, 100),
        ]
    )
    table = tenures(lines, AS_OF)
    assert len(table) == 6
    told = table.set_index("account_id").loc["announced"]
    assert (told["observed"], told["days"]) == (False, 273)
    found = rates(table, "cohort", (180,))
    assert found["cohort"].tolist() == ["2026-Q1", "2026-Q2"]
    assert found["n"].tolist() == [5, 0]
    assert found["hits"].tolist() == [2, 0]
    assert found["complete"].tolist() == [True, False]


def test_hazard_by_month_of_life() -> None:
    lines = frame(
        [
            line("A", "2026-01-01", None, 100),
            line("B", "2026-01-01", "2026-01-30", 100),  # day 29: the first month
            line("C", "2026-01-01", "2026-01-31", 100),  # day 30: the second
            line("new", "2026-08-12", None, 100),  # 50 days old
            line("new, gone", "2026-09-11", "2026-09-20", 100),  # 20 days old: not in any month yet
        ]
    )
    found = hazard(tenures(lines, AS_OF), months=3)
    assert found["month"].tolist() == [1, 2, 3]
    assert found["n"].tolist() == [4, 2, 1]
    assert found["hits"].tolist() == [1, 1, 0]
    assert found["share"].tolist() == [0.25, 0.5, 0]
    assert hazard(tenures(frame([]), AS_OF))["n"].tolist() == [0] * 6
