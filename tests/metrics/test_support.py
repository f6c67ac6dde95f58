from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrics.definitions.support import SUPPORT
from metrics.facts import Facts
from metrics.hours import Hours
from metrics.intervals import proportion, quantile
from metrics.policy import Policy
from metrics.registry import REGISTRY, Figure
from metrics.support import (
    backlog,
    compliance,
    during,
    figures,
    flow,
    promises,
    reopened,
    responded,
    satisfaction,
    waited,
    waits,
)
from tests.metrics.ledgers import frame

AS_OF = datetime(2026, 10, 1)
INSTANTS = ("opened_at", "reply_due_at", "replied_at", "resolved_at", "reopened_at", "rated_at")


def tickets(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Tickets from rows that name only what matters to the test; instants as ISO text."""
    blank = {"account_id": "A", "priority": "normal", "opened_at": "2026-09-01T10:00"}
    filled = [{"ticket_id": f"T{i:03d}", **blank, **row} for i, row in enumerate(rows)]
    table = pd.DataFrame(
        filled, columns=["ticket_id", "account_id", "priority", "rating", *INSTANTS]
    )
    read = table[list(INSTANTS)].apply(pd.to_datetime, format="ISO8601")
    types = {"ticket_id": "str", "account_id": "str", "priority": "str", "rating": "float64"}
    return table.assign(**read).astype({**types, **dict.fromkeys(INSTANTS, "datetime64[us]")})


def told(
    rows: Sequence[Mapping[str, Any]] | None, hours: Hours | None = None, zone: str = "UTC"
) -> dict[str, Figure]:
    tables = {"contract_lines": frame([])}
    if rows is not None:
        tables["tickets"] = tickets(rows)
    nobody = pd.DataFrame({"account_id": []})
    return figures(Facts("2026-09", zone, Policy(hours=hours or Hours()), tables, nobody))


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {each.name: each for each in SUPPORT}
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **entries})


DUE = "2026-09-01T12:00"
PROMISES = {
    "met": {"reply_due_at": DUE, "replied_at": DUE},
    "met, resolved first": {"reply_due_at": DUE, "resolved_at": "2026-09-01T11:00"}
    | {"replied_at": "2026-09-01T11:30"},
    "breached, late": {"reply_due_at": DUE, "replied_at": "2026-09-01T12:00:01"},
    "breached, no reply": {"reply_due_at": DUE},
    "breached, closed late": {"reply_due_at": DUE, "resolved_at": "2026-09-01T13:00"},
    "breached, closed in time and replied to late": {"reply_due_at": DUE}
    | {"resolved_at": "2026-09-01T11:00", "replied_at": "2026-09-02T11:00"},
    "open": {"reply_due_at": "2026-10-01T02:00"},
    "open, due at as_of": {"reply_due_at": "2026-10-01"},
    "closed": {"reply_due_at": DUE, "resolved_at": DUE},
    "none": {},
    "none, replied": {"replied_at": "2026-09-01T11:00"},
}


def test_what_became_of_a_promise() -> None:
    found = promises(tickets(list(PROMISES.values())), AS_OF)
    assert found.tolist() == [name.split(",")[0] for name in PROMISES]


def test_compliance_leaves_out_what_is_not_decided() -> None:
    rows = [{**row, "priority": "high"} for row in PROMISES.values()]
    rows += [{**PROMISES["met"], "priority": p} for p in ("low", "urgent", "other", None)]
    rows += [{**PROMISES["open"], "priority": "low"}]
    found = compliance(tickets(rows), AS_OF).set_index("priority")
    assert found.index.tolist() == ["urgent", "high", "low", "not known", "other"]
    high = found.loc["high"]
    assert high[["n", "hits", "open", "closed", "none"]].tolist() == [6, 2, 2, 1, 2]
    assert high[["share", "low", "high"]].tolist() == [2 / 6, *proportion(2, 6)]
    assert found.loc["low", ["n", "share", "open"]].tolist() == [1, 1, 1]


def test_tickets_that_are_all_undecided_have_no_rate() -> None:
    found = compliance(tickets([PROMISES["open"], PROMISES["none"]]), AS_OF)
    assert found["n"].tolist() == [0]
    assert found["share"].isna().all()


def test_a_wait_by_the_clock_and_in_business_hours() -> None:
    rows = [
        {"opened_at": "2026-09-04T16:00", "replied_at": "2026-09-07T10:00"},  # Friday, Monday
        {"opened_at": "2026-09-01T10:00"},
        {"opened_at": "2026-09-01T10:00", "replied_at": "2026-09-01T11:30"},
    ]
    found = waited(tickets(rows), "replied_at")
    assert found.index.tolist() == [0, 2]
    assert found["clock"].tolist() == [66, 1.5]
    assert found["business"].tolist() == [2, 1.5]
    early = waited(tickets(rows), "replied_at", Hours(start="07:00"), "UTC")
    assert early["business"].tolist() == [4, 1.5]
    # 10:00 to 11:30 of Tuesday in UTC is evening in Sydney.
    assert waited(tickets(rows), "replied_at", zone="Australia/Sydney")["business"].iloc[1] == 0


def test_waits_by_priority() -> None:
    rows = [
        {"resolved_at": f"2026-09-01T{10 + h}:00", "priority": p}
        for h, p in ((1, "low"), (2, "low"), (9, "low"), (3, "urgent"))
    ]
    found = waits(tickets([*rows, {"priority": "high"}]), "resolved_at").set_index("priority")
    assert found.index.tolist() == ["urgent", "low"]
    assert found["n"].tolist() == [1, 3]
    assert found["median"].tolist() == [3, 2]
    assert found["p90"].tolist() == pytest.approx([3, 7.6])
    assert found["business_median"].tolist() == [3, 2]
    assert found.loc["low", "business_p90"] == pytest.approx(2 + 0.8 * 5)


def test_the_backlog_and_its_age() -> None:
    rows = [
        {"opened_at": "2026-09-01"},
        {"opened_at": "2026-09-21"},
        {"opened_at": "2026-09-01", "resolved_at": "2026-09-02"},
        {"opened_at": "2026-09-01", "resolved_at": "2026-09-02", "reopened_at": "2026-09-03"},
        {"opened_at": "2026-09-01", "resolved_at": "2026-09-04", "reopened_at": "2026-09-03"},
        {"opened_at": "2026-09-01", "resolved_at": "2026-09-02", "priority": "urgent"},
    ]
    found = backlog(tickets(rows), AS_OF).set_index("priority")
    assert found.index.tolist() == ["urgent", "normal"]
    assert found.loc["normal"].tolist() == pytest.approx([2, 20, 28, 30, 1])
    assert found.loc["urgent", ["n", "again"]].tolist() == [0, 0]
    assert np.isnan(found.loc["urgent", "median"])


def test_the_flow_counts_each_by_its_own_instant() -> None:
    rows = [
        {"opened_at": "2026-08-31T23:59", "resolved_at": "2026-09-01"},
        {"opened_at": "2026-09-01", "resolved_at": "2026-10-01"},
        {"opened_at": "2026-09-30T23:59", "reopened_at": "2026-09-15"},
        {"opened_at": "2026-08-01", "resolved_at": "2026-09-15", "priority": "low"},
    ]
    found = flow(tickets(rows), datetime(2026, 9, 1), AS_OF).set_index("priority")
    assert found.loc["normal"].tolist() == [2, 1, 1, 0.5]
    assert found.loc["low", ["opened", "resolved"]].tolist() == [0, 1]
    assert np.isnan(found.loc["low", "ratio"])


def test_ratings_of_four_and_five_and_who_answers() -> None:
    done = {"resolved_at": "2026-09-02"}
    rows = [{**done, "rated_at": "2026-09-03", "rating": rating} for rating in (5, 4, 3.9, 1)] + [
        done,
        done,
        {**done, "reopened_at": "2026-09-05"},
    ]
    table = tickets(rows)
    happy, heard, again = (each(table).iloc[0] for each in (satisfaction, responded, reopened))
    assert (happy["n"], happy["hits"], happy["share"]) == (4, 2, 0.5)
    assert (happy["low"], happy["high"]) == proportion(2, 4)
    assert (heard["n"], heard["hits"]) == (7, 4)
    assert (again["n"], again["hits"], again["share"]) == (7, 1, 1 / 7)


def test_any_label_can_group() -> None:
    table = tickets([PROMISES["met"], PROMISES["breached, late"], PROMISES["met"]])
    table["csm"] = pd.Series(["Zoe", "Al", None], dtype="str")
    assert compliance(table, AS_OF, "csm")["csm"].tolist() == ["Al", "Zoe", "not known"]
    assert waits(table, "replied_at", by="csm")["n"].tolist() == [1, 1, 1]
    assert backlog(table, AS_OF, "csm")["n"].tolist() == [1, 1, 1]


def test_no_tickets_give_the_same_columns() -> None:
    some, none = tickets([PROMISES["met"] | {"resolved_at": "2026-09-02"}]), tickets([])
    start = datetime(2026, 9, 1)
    for each in (
        lambda t: compliance(t, AS_OF),
        lambda t: waits(t, "replied_at"),
        lambda t: backlog(t, AS_OF),
        lambda t: flow(t, start, AS_OF),
        reopened,
        satisfaction,
        responded,
    ):
        assert list(each(none).columns) == list(each(some).columns)
        assert len(each(none)) == 0


def test_the_numbers_of_a_month() -> None:
    due = {"reply_due_at": "2026-09-01T12:00"}
    rows = [
        # Opened in the three months, not in the month; replied to in 2 hours, resolved in a day.
        {"opened_at": "2026-07-01T10:00", "reply_due_at": "2026-07-01T14:00"}
        | {"replied_at": "2026-07-01T12:00", "resolved_at": "2026-07-02T10:00"}
        | {"rated_at": "2026-09-29", "rating": 5},
        {**due, "replied_at": "2026-09-01T13:00", "resolved_at": "2026-09-04T10:00"}
        | {"rated_at": "2026-09-05", "rating": 2, "reopened_at": "2026-09-06"},
        {**due, "replied_at": "2026-09-01T11:00", "resolved_at": "2026-09-02T11:00"},
        {**due},
        {"opened_at": "2026-09-30T23:00", "reply_due_at": "2026-10-02T12:00"},
        # Opened before the three months, resolved and rated before them too, or in them.
        {"opened_at": "2026-06-30T23:59", "reply_due_at": "2026-06-30T23:59:30"}
        | {"replied_at": "2026-06-30T23:59:50", "resolved_at": "2026-06-30T23:59:59"}
        | {"rated_at": "2026-06-30T23:59:59", "rating": 1},
        {"opened_at": "2026-06-29T10:00", "replied_at": "2026-07-01T14:00"},
    ]
    found = told(rows)
    assert set(found) == {each.name for each in SUPPORT}
    values = {name: (each.value, each.n) for name, each in found.items()}
    assert values == {
        "tickets_opened": (4, 4),
        "tickets_resolved": (2, 2),
        "ticket_backlog": (3, 3),
        "sla_compliance": (0.5, 4),
        "reopen_rate": (1 / 3, 3),
        "support_csat": (0.5, 2),
        "support_csat_response": (2 / 3, 3),
        "first_reply_hours": (2.5, 4),
        "first_reply_business_hours": (2.5, 4),
        "resolution_hours": (25, 3),
        "resolution_business_hours": (9, 3),
    }
    assert (found["sla_compliance"].low, found["sla_compliance"].high) == proportion(2, 4)
    assert found["first_reply_business_hours"].policy.endswith(f": {Hours().name}")
    assert found["first_reply_hours"].low is None


def test_a_median_of_many_has_its_interval() -> None:
    rows = [{"replied_at": f"2026-09-01T{10 + i // 6}:{i % 6}5"} for i in range(40)]
    found = told(rows)["first_reply_hours"]
    spent = waited(tickets(rows), "replied_at")["clock"].to_numpy()
    assert found.value == np.median(spent)
    assert (found.low, found.high) == quantile(spent)
    assert found.low is not None


def test_hours_other_than_the_usual_are_counted_and_named() -> None:
    hours = Hours(start="07:00", end="12:00")
    found = told([{"replied_at": "2026-09-02T08:00"}], hours)["first_reply_business_hours"]
    assert found.value == 3
    assert "07:00 to 12:00" in found.policy


def test_the_month_and_the_shift_are_the_companys() -> None:
    # In Sydney: Tuesday 1 September, 00:00; and Wednesday, 10:00.
    row = {"opened_at": "2026-08-31T14:00", "replied_at": "2026-09-02T00:00"}
    assert told([row], zone="Australia/Sydney")["tickets_opened"].value == 1
    assert told([row])["tickets_opened"].value == 0
    assert told([row], zone="Australia/Sydney")["first_reply_business_hours"].value == 9
    assert told([row])["first_reply_business_hours"].value == 11


def test_a_company_that_keeps_little_of_it_gets_few_numbers() -> None:
    assert told(None) == {}
    nothing = told([])
    assert set(nothing) == {each.name for each in SUPPORT}
    assert nothing["tickets_opened"].value == 0
    bare = told([{}, {}])
    assert {name for name, each in bare.items() if each.value is not None} == {"tickets_opened"}
    assert bare["tickets_opened"].value == 2
    silent = told([{"resolved_at": "2026-09-02"}] * 3)
    assert silent["resolution_hours"].n == 3
    for name in ("reopen_rate", "support_csat", "support_csat_response"):
        assert (silent[name].value, silent[name].n) == (None, 0)


def test_during_is_half_open() -> None:
    table = tickets([{"opened_at": t} for t in ("2026-08-31T23:59", "2026-09-01", "2026-10-01")])
    assert during(table, "opened_at", datetime(2026, 9, 1), AS_OF)["ticket_id"].tolist() == ["T001"]
