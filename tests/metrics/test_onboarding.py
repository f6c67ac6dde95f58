from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrics.definitions.onboarding import ONBOARDING
from metrics.facts import Facts
from metrics.intervals import proportion
from metrics.onboarding import VALUE, figures, slips, stalled, steps, underway, unrecorded
from metrics.policy import Policy
from metrics.registry import REGISTRY, Figure
from tests.metrics.ledgers import frame, line

AS_OF = datetime(2026, 10, 1)
DAY = pd.Timedelta(days=1)
INSTANTS = ("started_at", "planned_on", "reached_at")


def milestones(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Milestones from rows that name only what matters to the test; dates as ISO text."""
    columns = ["account_id", "milestone", *INSTANTS]
    table = pd.DataFrame([{"milestone": VALUE, **row} for row in rows], columns=columns)
    table[list(INSTANTS)] = table[list(INSTANTS)].apply(pd.to_datetime, format="ISO8601")
    return table.astype(
        {"account_id": "str", "milestone": "str", **dict.fromkeys(INSTANTS, "datetime64[us]")}
    )


def step(account: str, started: str, reached: str | None = None, **rest: Any) -> dict[str, Any]:
    return {"account_id": account, "started_at": started, "reached_at": reached, **rest}


def told(
    rows: Sequence[Mapping[str, Any]] | None,
    lines: Sequence[Mapping[str, Any]] = (),
    month: str = "2026-09",
    zone: str = "UTC",
) -> dict[str, Figure]:
    tables = {"contract_lines": frame(lines)}
    if rows is not None:
        tables["milestones"] = milestones(rows)
    return figures(Facts(month, zone, Policy(), tables, pd.DataFrame({"account_id": []})))


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {each.name: each for each in ONBOARDING}
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **entries})


def test_a_step_counts_to_its_end_or_as_long_as_it_was_watched() -> None:
    lines = frame(
        [
            line("gone", "2026-07-01", "2026-08-01", 100),
            line("back", "2026-01-01", "2026-02-01", 100),
            line("back", "2026-06-01", None, 100),
            line("late", "2026-07-01", "2026-10-01", 100),
        ]
    )
    rows = [step(name, "2026-07-01") for name in ("late", "gone", "back", "no lines")]
    table = milestones([*rows, step("done", "2026-07-01", "2026-07-15")])
    found = steps(table, AS_OF, lines=lines).set_index("account_id")
    assert found.index.tolist() == ["back", "done", "gone", "late", "no lines"]
    assert found["days"].tolist() == [92, 14, 31, 92, 92]
    assert found["observed"].tolist() == [False, True, False, False, False]
    # A term that ends at as_of is still live at the close before it.
    assert found["left"].tolist() == [False, False, True, False, False]
    assert not steps(table, AS_OF)["left"].any()


def test_cohorts_are_quarters_of_the_companys_calendar() -> None:
    table = milestones([step("A", "2026-06-30T13:59"), step("B", "2026-06-30T14:00")])
    found = steps(table, AS_OF, "Australia/Sydney")
    assert found["cohort"].tolist() == ["2026-Q2", "2026-Q3"]


def test_who_is_onboarding() -> None:
    rows = [
        step("A", "2026-09-01", planned_on="2026-09-21"),
        step("A", "2026-09-01", "2026-09-02", milestone="kickoff"),
        step("B", "2026-09-01", "2026-09-11"),
        step("B", "2026-09-01", milestone="trained"),
        step("C", "2026-09-11", milestone="kickoff", planned_on="2026-09-12"),
        step("D", "2026-09-01"),
        step("E", "2026-09-11", planned_on="2026-10-11"),
    ]
    lines = frame([line("D", "2026-09-01", "2026-09-20", 100)])
    found = underway(steps(milestones(rows), AS_OF, lines=lines))
    assert found["account_id"].tolist() == ["A", "C", "E"]
    assert found["days"].tolist() == [30, 20, 20]
    assert found["planned"].isna().tolist() == [False, True, False]
    assert found["late"].tolist()[::2] == [10, -10]
    assert np.isnan(found["late"].iloc[1])


def test_a_step_is_stalled_beyond_the_upper_quartile_of_those_who_passed_it() -> None:
    passed = [step(f"P{i}", "2026-01-01", f"2026-01-{i + 1:02d}") for i in (4, 8, 12, 16, 20)]
    waiting = [
        step("over", "2026-09-10"),
        step("at it", "2026-09-15"),
        step("far over", "2026-08-01"),
        step("over", "2026-09-01", milestone="nobody passed"),
        step("P4", "2026-01-01", milestone="nobody passed"),
    ]
    table = steps(milestones([*passed, *waiting]), AS_OF)
    found = stalled(table)
    assert found["account_id"].tolist() == ["far over", "over"]
    assert found["days"].tolist() == [61, 21]
    assert found["usual"].tolist() == [16, 16]
    assert found["over"].tolist() == [45, 5]
    assert found["n"].tolist() == [5, 5]


def test_like_is_compared_with_like() -> None:
    rows = [
        step("small", "2026-01-01", "2026-01-11"),
        step("large", "2026-01-01", "2026-04-11"),
        step("small waits", "2026-09-01"),
        step("large waits", "2026-09-01"),
    ]
    table = steps(milestones(rows), AS_OF)
    table["segment"] = table["account_id"].str.split(" ").str[0]
    found = stalled(table, by=("milestone", "segment"))
    assert found["account_id"].tolist() == ["small waits"]
    assert found["segment"].tolist() == ["small"]


def test_an_account_at_value_is_held_up_in_nothing() -> None:
    rows = [
        step("A", "2026-01-01", "2026-01-02", milestone="trained"),
        step("B", "2026-01-01", milestone="trained"),
        step("B", "2026-01-01", "2026-02-01"),
    ]
    assert len(stalled(steps(milestones(rows), AS_OF))) == 0
    assert len(stalled(steps(milestones(rows[:2]), AS_OF))) == 1


def test_slips_are_whole_days_and_the_planned_day_is_on_time() -> None:
    rows = [
        step("early", "2026-01-01", "2026-01-08T23:00", planned_on="2026-01-10"),
        step("on the day", "2026-01-01", "2026-01-10T23:00", planned_on="2026-01-10"),
        step("late", "2026-01-01", "2026-01-14T01:00", planned_on="2026-01-10"),
        step("no plan", "2026-01-01", "2026-01-14"),
        step("overdue", "2026-09-01", planned_on="2026-09-30"),
        step("due today", "2026-09-01", planned_on="2026-10-01"),
        step("gone", "2026-05-01", planned_on="2026-06-01"),
        step("first", "2026-01-01", "2026-01-02", planned_on="2026-01-01", milestone="kickoff"),
    ]
    lines = frame([line("gone", "2026-05-01", "2026-05-20", 100)])
    found = slips(steps(milestones(rows), AS_OF, lines=lines)).set_index("milestone")
    assert found.index.tolist() == [VALUE, "kickoff"]
    value = found.loc[VALUE]
    assert value[["n", "hits", "median", "p90", "overdue"]].tolist() == [3, 2, 0, 3.2, 1]
    assert value[["share", "low", "high"]].tolist() == [2 / 3, *proportion(2, 3)]
    assert found.loc["kickoff", "median"] == 1


def test_a_new_customer_of_whom_no_step_is_recorded() -> None:
    lines = frame(
        [
            line("new", "2026-09-01", None, 100),
            line("just new", "2026-07-03", None, 100),
            line("old", "2026-07-02", None, 100),
            line("recorded", "2026-09-01", None, 100),
            line("gone", "2026-08-01", "2026-08-20", 100),
            line("to come", "2026-10-01", None, 100),
            line("free", "2026-09-01", None, 0),
        ]
    )
    table = steps(milestones([step("recorded", "2026-09-01")]), AS_OF)
    assert unrecorded(table, lines, AS_OF) == ["just new", "new"]


def test_the_numbers_of_a_month() -> None:
    rows = [
        step("A", "2025-10-01", "2025-10-11"),
        step("B", "2025-11-01", "2025-11-21"),
        step("C", "2026-02-01", "2026-04-12"),  # 70 days
        step("D", "2026-04-01", planned_on="2026-05-01"),
        step("E", "2026-09-20", planned_on="2026-10-20"),
        step("before the year", "2025-09-30", "2025-10-01"),
        step("before the year", "2025-09-30", milestone="kickoff"),
    ]
    lines = [line("N", "2026-09-01", None, 100)]
    found = told(rows, lines)
    assert set(found) == {each.name for each in ONBOARDING}
    # Five began: two by day 10 and 20, C by 70, D and E watched for 183 and 11 days.
    # After E the steps are of four: 1/5, then 1/3 of 4/5 twice, so half have got there on day 70.
    assert (found["time_to_value_median"].value, found["time_to_value_median"].n) == (70, 5)
    assert found["time_to_value_upper_quartile"].value is None
    for name, hits in (("thirty", 2), ("sixty", 2), ("ninety", 3)):
        each = found[f"first_value_in_{name}"]
        assert (each.value, each.n) == (hits / 4, 4)
        assert (each.low, each.high) == proportion(hits, 4)
    assert (found["onboarding_open"].value, found["onboarding_open"].n) == (2, 2)
    assert (found["onboarding_stalled"].value, found["onboarding_stalled"].n) == (1, 2)
    assert found["onboarding_without_plan"].value == pytest.approx(1 / 3)
    assert found["onboarding_without_plan"].n == 3
    assert "gap up to 30 days" in found["onboarding_open"].policy


def test_who_left_is_no_success_and_is_not_watched_any_longer() -> None:
    rows = [step("gone", "2026-03-01"), step("A", "2026-03-01", "2026-03-31")]
    lines = [line("gone", "2026-03-01", "2026-03-11", 100)]
    found = told(rows, lines)
    assert found["first_value_in_ninety"].value == 0.5
    assert found["time_to_value_median"].value == 30
    assert found["onboarding_open"].value == 0


def test_the_year_is_the_companys() -> None:
    # In Sydney this is midnight of 1 October 2025, the first instant of the year counted.
    first = [step("A", "2025-09-30T14:00", "2025-10-10T14:00")]
    assert told(first, zone="Australia/Sydney")["time_to_value_median"].n == 1
    assert told(first, zone="UTC")["time_to_value_median"].n == 0


def test_a_company_that_keeps_nothing_of_it_gets_no_number() -> None:
    assert told(None) == {}
    for rows in ([], [step("A", "2026-01-01"), step("B", "2026-09-20")]):
        found = told(rows)
        assert set(found) == {each.name for each in ONBOARDING}
        assert all(each.value is None for each in found.values())


def test_nothing_recorded_gives_empty_tables() -> None:
    none = steps(milestones([]), AS_OF, lines=frame([]))
    some = steps(milestones([step("A", "2026-01-01", "2026-01-02")]), AS_OF, lines=frame([]))
    assert dict(none.dtypes) == dict(some.dtypes)
    for each in (underway, stalled, slips):
        assert len(each(none)) == 0
    assert unrecorded(none, frame([]), AS_OF) == []
