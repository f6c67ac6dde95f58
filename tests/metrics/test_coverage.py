from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from metrics import coverage
from metrics.coverage import (
    between,
    by_tier,
    completeness,
    contact,
    first_touch,
    hours,
    pace,
    proactive,
    replied,
    tally,
)
from metrics.definitions.coverage import COVERAGE
from metrics.facts import Facts
from metrics.policy import Policy
from metrics.registry import REGISTRY, Figure
from tests.metrics.ledgers import STEP, frame, line

AS_OF = datetime(2024, 7, 1)
BLANK: dict[str, Any] = {
    "kind": "call",
    "started_by": "vendor",
    "minutes": None,
    "replied_at": None,
}
LABELS = pd.DataFrame(
    {
        "account_id": list("ABCD"),
        "tier": ["gold", "gold", "basic", None],
        "csm": ["Ann"] * 3 + [None],
    }
).astype("str")


def touch(account: str, at: datetime | str, **rest: Any) -> dict[str, Any]:
    return {"account_id": account, "touched_at": pd.Timestamp(at), **BLANK, **rest}


def made(*rows: dict[str, Any]) -> pd.DataFrame:
    columns = ["touch_id", "account_id", "touched_at", *BLANK]
    table = pd.DataFrame(
        [{"touch_id": f"T{i:03d}", **r} for i, r in enumerate(rows)], columns=columns
    )
    words = dict.fromkeys(("touch_id", "account_id", "kind", "started_by"), "str")
    clocks = dict.fromkeys(("touched_at", "replied_at"), "datetime64[us]")
    return table.astype({**words, **clocks, "minutes": "Int64"})


def book(*accounts: str, since: str = "2023-01-01", arr: int = 100) -> pd.DataFrame:
    return frame([line(a, since, None, arr) for a in accounts])


def states(touches: pd.DataFrame, lines: pd.DataFrame, **rest: Any) -> dict[str, str]:
    table = contact(touches, lines, AS_OF, **rest)
    return dict(zip(table["account_id"], table["state"], strict=True))


def test_silence_is_half_open_at_ninety_days() -> None:
    edge = AS_OF - timedelta(days=90)
    ends = [touch("A", edge), touch("B", edge - STEP), touch("C", AS_OF - STEP), touch("D", AS_OF)]
    touches = made(*ends)
    assert states(touches, book(*"ABCD")) == {
        "A": "touched",
        "B": "untouched",
        "C": "touched",
        "D": "untouched",
    }
    assert states(touches, book("B"), days=91) == {"B": "touched"}


def test_only_our_own_touches_break_a_silence() -> None:
    last = "2024-06-20"
    touches = made(
        touch("A", last, started_by="customer"),
        touch("B", last, started_by=None),
        touch("C", last, kind="email"),
    )
    assert states(touches, book(*"ABC")) == {"A": "untouched", "B": "touched", "C": "touched"}
    spoken = states(touches, book(*"ABC"), kinds=("call", "meeting"))
    assert spoken == {"A": "untouched", "B": "touched", "C": "untouched"}


def test_nothing_is_expected_of_a_new_customer_yet() -> None:
    edge = AS_OF - timedelta(days=90)
    rows = [
        line("A", str(edge), None, 100),
        line("B", str(edge + STEP), None, 100),
        # A renewal is no new customer; neither is one that came back within the gap.
        line("C", "2023-06-01", "2024-06-01", 100),
        line("C", "2024-06-15", None, 100),
        line("D", "2022-06-01", "2023-06-01", 100),
        line("D", "2024-06-15", None, 100),
        line("E", "2023-01-01", "2024-06-01", 100),
        # Signed already for a time after it will have left.
        line("F", "2023-01-01", "2024-07-15", 100),
        line("F", "2024-12-01", None, 100),
    ]
    found = states(made(), frame(rows))
    told = {"A": "untouched", "B": "new", "C": "untouched", "D": "new", "F": "untouched"}
    assert found == told


def test_days_since_a_touch_and_the_largest_first() -> None:
    lines = pd.concat([book("A", arr=100), book("B", "C", arr=300)], ignore_index=True)
    touches = made(touch("C", "2024-06-01"), touch("C", "2024-06-26"), touch("Z", "2024-06-30"))
    table = contact(touches, lines, AS_OF)
    assert table["account_id"].tolist() == ["B", "C", "A"]
    assert table["days"].tolist() == pytest.approx([float("nan"), 5.0, float("nan")], nan_ok=True)
    assert table["touched_at"].tolist() == [pd.NaT, pd.Timestamp("2024-06-26"), pd.NaT]


def test_what_comes_before_the_customer_asks() -> None:
    touches = made(
        touch("A", "2024-06-01"),
        touch("A", "2024-06-01", started_by="customer"),
        touch("A", "2024-06-01", started_by="customer", kind="review"),
        touch("A", "2024-06-01", started_by=None),
        touch("A", "2024-06-01", started_by=None, kind="training"),
    )
    assert proactive(touches).tolist() == [True, False, True, pd.NA, True]
    told = tally(proactive(touches), pd.Series(["x", "x", "x", "x", None], dtype="str"))
    assert told["group"].tolist() == ["not known", "x"]
    assert told[["hits", "n"]].to_numpy().tolist() == [[1, 1], [2, 3]]
    assert told["share"].tolist() == pytest.approx([1, 2 / 3])
    assert ((told["low"] < told["share"]) & (told["share"] <= told["high"])).all()


def test_an_answer_counts_within_seven_days() -> None:
    at = pd.Timestamp("2024-06-01")
    week = pd.Timedelta(days=7)
    touches = made(
        touch("A", at, replied_at=at + week - pd.Timedelta(microseconds=1)),
        touch("A", at, replied_at=at + week, kind="email"),
        touch("A", at),
        touch("A", at, started_by="customer", replied_at=at),
        touch("A", at, kind="meeting", replied_at=at),
    )
    assert replied(touches).tolist() == [True, False, False]
    assert replied(touches, days=8).tolist() == [True, True, False]


def test_a_cadence_is_kept_in_whole_touches_for_the_days_there_were() -> None:
    start, end = datetime(2024, 4, 1), AS_OF
    lines = pd.concat([book(*"AC"), book("B", since="2024-05-16"), book("D")], ignore_index=True)
    touches = made(
        *[touch("A", f"2024-05-0{d}") for d in (1, 2)],
        touch("A", "2024-05-03", started_by="customer"),
        touch("A", "2024-03-31"),
        touch("B", "2024-06-01"),
        touch("C", "2024-06-01"),
        touch("D", "2024-06-01"),
    )
    table = pace(touches, lines, LABELS, start, end, {"gold": 3})
    assert table["account_id"].tolist() == list("ABCD")
    assert table["touches"].tolist() == [2, 1, 1, 1]
    # 91 days of a quarter of 91.3125; half of them for B, whose 1.5 touches round to two.
    assert table["expected"].tolist()[:2] == pytest.approx([3 * 91 / 91.3125, 3 * 46 / 91.3125])
    assert table["kept"].tolist() == [False, False, pd.NA, pd.NA]
    assert pace(touches, lines, LABELS, start, end, {"gold": 2})["kept"].tolist()[:2] == [
        True,
        True,
    ]
    told = by_tier(table).set_index("tier")
    assert told.index.tolist() == ["basic", "gold", "not known"]
    assert told.loc["gold", ["accounts", "arr", "touches", "kept", "n"]].tolist() == [
        2,
        200,
        3,
        0,
        2,
    ]
    assert told.loc["gold", "share"] == 0
    assert told.loc["gold", "expected"] == pytest.approx(3 * 137 / 91.3125)
    assert pd.isna(told.loc["basic", "share"])
    assert pd.isna(told.loc["basic", "expected"])


def test_without_a_cadence_only_the_actuals_are_known() -> None:
    table = pace(made(touch("A", "2024-06-01")), book("A"), LABELS, datetime(2024, 4, 1), AS_OF)
    assert table["touches"].tolist() == [1]
    assert table[["expected", "kept"]].isna().all().all()
    assert by_tier(table)["share"].isna().all()


def test_hours_say_how_many_touches_they_are_from() -> None:
    touches = made(
        touch("A", "2024-06-01", minutes=30),
        touch("B", "2024-06-01", minutes=60, kind="email"),
        touch("C", "2024-06-01"),
        touch("D", "2024-06-01", minutes=0, kind="meeting"),
    )
    table = hours(touches, LABELS).set_index("csm")
    assert table.index.tolist() == ["Ann", "unassigned"]
    ann = table.loc["Ann"]
    assert ann[["touches", "timed", "hours", "facing_hours"]].tolist() == [3, 2, 1.5, 0.5]
    assert (ann["timed_share"], ann["facing_share"]) == pytest.approx((2 / 3, 1 / 3))
    assert table.loc["unassigned", ["touches", "timed", "hours"]].tolist() == [1, 1, 0]
    assert pd.isna(table.loc["unassigned", "facing_share"])
    assert hours(touches, LABELS, "tier")["tier"].tolist() == ["basic", "gold", "not known"]
    assert hours(touches, pd.DataFrame())["csm"].tolist() == ["unassigned"]


def test_how_long_a_new_customer_waited_for_us() -> None:
    rows = [line(a, "2024-06-10", None, 100) for a in "ABC"] + [line("D", "2023-01-01", None, 100)]
    lines = frame(rows)
    lines["signed_at"] = lines["starts_on"] - pd.Timedelta(days=9)
    touches = made(
        touch("A", "2024-05-20"),
        touch("A", "2024-06-02"),
        touch("A", "2024-06-03"),
        touch("B", "2024-06-02", started_by="customer"),
        touch("C", "2024-07-02"),
        touch("D", "2024-06-02"),
    )
    table = first_touch(touches, lines, datetime(2024, 6, 1), AS_OF, AS_OF)
    assert table["account_id"].tolist() == list("ABC")
    assert table["hours"].tolist() == pytest.approx([24.0, *[float("nan")] * 2], nan_ok=True)
    assert table["waiting"].tolist() == pytest.approx([float("nan"), 720.0, 720.0], nan_ok=True)
    assert first_touch(touches, lines, AS_OF, AS_OF + timedelta(days=30), AS_OF).empty


def test_what_a_handover_lacks() -> None:
    table = completeness(LABELS, ["tier", "csm"])
    assert table["share"].tolist() == [1, 1, 1, 0]
    assert table["missing"].tolist() == ["", "", "", "tier, csm"]


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {each.name: each for each in COVERAGE}
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **entries})


def told(touches: pd.DataFrame, lines: pd.DataFrame, zone: str = "UTC") -> dict[str, Figure]:
    tables = {"touches": touches, "contract_lines": lines}
    return coverage.figures(Facts("2024-06", zone, Policy(), tables, LABELS))


@pytest.mark.usefixtures("registered")
def test_the_figures_of_a_month() -> None:
    may, june = pd.Timestamp("2024-05-26"), pd.Timestamp("2024-06-20")
    touches = made(
        touch("A", "2024-06-01", minutes=30),
        touch("A", "2024-06-30T23:59:59", started_by="customer"),
        touch("A", may, kind="email", replied_at=may),
        touch("B", june, kind="email", replied_at=june),
        touch("B", "2024-05-24"),
        touch("C", "2024-02-01", minutes=600),
        touch("C", "2024-06-25", replied_at=pd.Timestamp("2024-06-25"), started_by="customer"),
    )
    lines = pd.concat([book(*"AB"), book("C", arr=700), book("D", since="2024-06-01")])
    found = told(touches, lines)
    values = {name: (each.value, each.n) for name, each in found.items()}
    assert values == {
        "touches_made": (4, 3),
        "untouched_accounts": (1, 3),
        "untouched_arr": (700, 1),
        "proactive_share": (0.5, 4),
        "touch_reply_rate": (pytest.approx(2 / 3), 3),
        "csm_hours": (0.5, 1),
    }
    share = found["proactive_share"]
    assert share.low is not None
    assert share.high is not None
    assert 0 < share.low < 0.5 < share.high < 1
    assert "gaps of up to 30 days" in found["untouched_arr"].policy


@pytest.mark.usefixtures("registered")
def test_a_month_begins_where_the_company_is() -> None:
    # Midnight in Sydney is 14:00 the day before in London.
    touches = made(touch("A", "2024-05-31T13:59"), touch("A", "2024-05-31T14:00"))
    assert told(touches, book("A"), "Australia/Sydney")["touches_made"].value == 1
    assert told(touches, book("A"))["touches_made"].value == 0
    assert len(between(touches, datetime(2024, 5, 31, 14), AS_OF)) == 1


@pytest.mark.usefixtures("registered")
def test_what_is_not_recorded_is_not_known() -> None:
    assert coverage.figures(Facts("2024-06", "UTC", Policy(), {}, pd.DataFrame())) == {}
    bare = made(touch("A", "2024-06-10", started_by=None, kind=None))
    for touches, count in ((bare, 1), (made(), 0)):
        found = told(touches, book("A"))
        assert found["touches_made"].value == count
        assert found["untouched_accounts"].value == 1 - count
        for name in ("proactive_share", "touch_reply_rate", "csm_hours"):
            assert (found[name].value, found[name].n) == (None, 0)
    # Calls, and no column of replies in the company's export.
    deaf = told(made(touch("A", "2024-06-10")), book("A"))["touch_reply_rate"]
    assert (deaf.value, deaf.n) == (None, 0)
    nobody = told(bare, frame([]))
    assert (nobody["untouched_accounts"].value, nobody["untouched_arr"].value) == (0, 0)
