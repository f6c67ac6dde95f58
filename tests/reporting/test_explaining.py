"""What reasons come to: counted by driver, steadily or not, and never the calendar."""

from __future__ import annotations

import pandas as pd

from reporting import explaining


def reason(driver: str, seen: int = 3, direction: str = "raises", family: str = "") -> dict:
    told = {"driver": driver, "seen": [seen, 3], "direction": direction}
    return told | {"family": family or driver}


REASONS = pd.DataFrame(
    {
        "account_id": ["a", "b", "c", "d"],
        "reasons": [
            [reason("champion"), reason("price", seen=2)],
            [reason("champion"), reason("calendar and size")],
            [reason("adoption", direction="lowers")],
            [reason("late payment", family="calendar and size"), reason("price")],
        ],
        "p": [0.3, 0.1, 0.1, 0.2],
    }
)
ARR = pd.Series({"a": 1_000_00, "b": 2_000_00, "c": 4_000_00, "d": 8_000_00})


def test_drivers_are_counted_by_place_and_the_calendar_and_what_lowers_are_left_out() -> None:
    shown = explaining.drivers(REASONS, ARR, "USD").text
    rows = [line for line in shown.splitlines() if "champion" in line or "price" in line]
    assert [line.split()[:3] for line in rows] == [["champion", "2", "2"], ["price", "1", "2"]]
    assert "50.0\u00a0%" in rows[1]  # given by every model for d, by two of three for a
    assert "$9,000" in rows[1].replace("\u00a0", "")
    assert "adoption" not in shown
    assert "late payment" not in shown


def test_the_answer_names_the_first_driver_and_where_opinions_speak() -> None:
    p = pd.Series([0.3, 0.25, 0.1, 0.2], index=REASONS["account_id"])
    said = explaining.answer(REASONS, p).text
    assert "Of 4 accounts 3 have a driver that raises their risk" in said
    assert "most often champion (67" in said.replace("*", "")
    assert "For 1 accounts the score is ten points or more" in said
    nothing = REASONS.assign(reasons=[[]] * 4)
    assert "No driver raises the risk" in explaining.answer(nothing, p).text


def test_levers_are_worth_what_they_take_off_the_expected_loss() -> None:
    drops = pd.DataFrame(
        {"adoption": [0.10, 0.0, 0.0, 0.0], "billing": [0.02, 0.05, 0.001, 0.0]},
        index=ARR.index,
    )
    shown = explaining.levers(drops, ARR, "USD").text
    rows = [line.split()[:2] for line in shown.splitlines() if "adoption" in line or "bill" in line]
    assert sorted(rows) == [["adoption", "1"], ["billing", "1"]]
    assert shown.count("$100") == 2  # a tenth of 1,000 and a twentieth of 2,000


def test_those_at_the_highest_risk_are_told_how_long_they_may_have() -> None:
    said = pd.Series({"a": "gone in 5 months", "b": "still there", "c": "x", "d": "half gone"})
    shown = explaining.left(said, pd.Series({"a": 0.9, "b": 0.2, "c": 0.1, "d": 0.3})).text
    assert shown.index("gone in 5 months") < shown.index("half gone") < shown.index("still there")
