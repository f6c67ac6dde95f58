from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrics import funnel as module
from metrics.definitions.funnel import FUNNEL
from metrics.facts import Facts
from metrics.funnel import (
    STEPS,
    answers,
    cohorts,
    funnel,
    handoffs,
    pipeline,
    quarters,
    reached,
    sourced,
)
from metrics.intervals import proportion
from metrics.policy import Policy
from metrics.registry import REGISTRY, Figure
from tests.metrics.ledgers import STEP, frame

AS_OF = datetime(2024, 7, 1)
CLOCKS = ("identified_at", "handed_at", "accepted_at", "closed_at")
BLANK: dict[str, Any] = {
    "account_id": "A",
    "kind": "expansion",
    "source": "cs",
    **dict.fromkeys(CLOCKS),
    "won": None,
    "amount": None,
}


def chances(*rows: dict[str, Any]) -> pd.DataFrame:
    filled = [{"opportunity_id": f"O{i:03d}", **BLANK, **row} for i, row in enumerate(rows)]
    table = pd.DataFrame(filled, columns=["opportunity_id", *BLANK])
    words = dict.fromkeys(("opportunity_id", "account_id", "kind", "source"), "str")
    clocks = dict.fromkeys(CLOCKS, "datetime64[us]")
    return table.astype({**words, **clocks, "won": "boolean", "amount": "Int64"})


def chance(*clocks: str | None, **rest: Any) -> dict[str, Any]:
    """A chance with the first of ``CLOCKS`` at these days of 2024, and whatever ``rest`` says."""
    days = [None if day is None else pd.Timestamp(f"2024-{day}") for day in clocks]
    return {**dict(zip(CLOCKS, days, strict=False)), **rest}


WAYS = chances(
    chance("01-01", "01-11", "01-31", "03-01", won=True, amount=900),
    chance("01-01", "01-21", "02-20", "03-01", won=False, amount=50),
    chance("01-01", "01-31", None, "01-31", won=False),
    chance("01-01", "01-11"),
    chance("06-01"),
    chance("01-01", None, None, "02-10", won=False),
    # Nobody wrote down that it was handed over and accepted; it must have been.
    chance("02-01", None, None, "03-01", won=True, amount=100),
)


def test_a_later_step_implies_the_earlier() -> None:
    far = reached(WAYS)
    assert far["last"].tolist() == [3, 2, 1, 1, 0, 0, 3]
    assert far["handed"].tolist() == [True, True, True, True, False, False, True]
    assert far["closed"].tolist() == [True, True, True, False, False, True, True]


def test_every_chance_goes_on_or_is_open_or_died() -> None:
    table = funnel(WAYS, AS_OF).set_index("step")
    assert table.index.tolist() == list(STEPS)
    assert table["reached"].tolist() == [7, 5, 3, 2]
    assert table["open"].tolist() == [1, 1, 0, 0]
    assert table["died"].tolist() == [1, 1, 1, 0]
    on = table["reached"].shift(-1)[:3]
    assert (table["reached"][:3] == on + table["open"][:3] + table["died"][:3]).all()
    assert table["share"].tolist() == pytest.approx([1, 5 / 7, 3 / 7, 2 / 7])
    assert (table.loc["won", "low"], table.loc["won", "high"]) == pytest.approx(proportion(2, 7))


def test_money_and_days_of_the_steps() -> None:
    table = funnel(WAYS, AS_OF).set_index("step")
    assert table["priced"].tolist() == [3, 3, 3, 2]
    assert table["arr"].tolist() == [1050, 1050, 1050, 1000]
    assert table["arr_died"].tolist() == [0, 0, 50, 0]
    assert table["timed"].tolist() == [4, 2, 1, 0]
    nan = float("nan")
    # From found to handed 10, 20, 30, 10; to accepted 20, 30; to won 30.
    assert table["days_to_next"].tolist() == pytest.approx([15, 25, 30, nan], nan_ok=True)
    assert table["days_open"].tolist() == pytest.approx([30, 172, nan, nan], nan_ok=True)
    assert table["days_to_death"].tolist() == pytest.approx([40, 30, 60, nan], nan_ok=True)


def test_clocks_that_run_backwards_time_nothing() -> None:
    table = funnel(chances(chance("02-01", "01-01")), AS_OF)
    assert table["reached"].tolist() == [1, 1, 0, 0]
    assert table["timed"].tolist() == [0, 0, 0, 0]


def test_quarters_are_those_of_the_company() -> None:
    late = pd.Series(pd.to_datetime(["2024-03-31 13:00", "2024-03-31 12:59", None]))
    assert quarters(late, "Australia/Sydney").tolist()[:2] == ["2024-Q2", "2024-Q1"]
    assert quarters(late).tolist()[:2] == ["2024-Q1", "2024-Q1"]
    assert pd.isna(quarters(late).iloc[2])


def test_a_young_cohort_is_not_complete() -> None:
    rows = chances(*[chance(f"{m:02d}-15") for m in (1, 2, 4, 7)])
    table = cohorts(rows, datetime(2024, 10, 1)).drop_duplicates("quarter")
    assert table["quarter"].tolist() == ["2024-Q1", "2024-Q2", "2024-Q3"]
    assert table["reached"].tolist() == [2, 1, 1]
    assert table["complete"].tolist() == [True, True, False]
    before = cohorts(rows, datetime(2024, 10, 1) - STEP).drop_duplicates("quarter")
    assert before["complete"].tolist() == [True, False, False]
    # In Los Angeles it is still September then.
    there = cohorts(rows, datetime(2024, 10, 1), "America/Los_Angeles").drop_duplicates("quarter")
    assert there["complete"].tolist() == [True, False, False]
    assert len(cohorts(rows, AS_OF)) == 3 * len(STEPS)


GIVEN = chances(
    chance("05-01", "05-01", "05-30"),
    chance("05-01", "05-01", "05-31"),
    chance("05-01", "05-01", None, "05-20", won=True),
    chance("05-01", "05-01", None, "05-20", won=False, source="sales"),
    chance("05-01", "05-01", None, "06-20", won=True),
    chance("05-01", "06-01"),
    chance("05-01", "06-02"),
    chance("05-01", "06-02", "06-03"),
    chance("05-01"),
)


def test_an_answer_has_thirty_days() -> None:
    assert answers(GIVEN, AS_OF).tolist() == [
        "accepted",
        "unanswered",
        "accepted",
        "refused",
        "unanswered",
        "unanswered",
        "waiting",
        "waiting",
    ]
    assert answers(GIVEN, AS_OF, days=31).tolist()[:2] == ["accepted", "accepted"]
    assert answers(GIVEN, AS_OF - STEP).tolist()[5] == "waiting"


def test_handoffs_count_only_those_whose_time_is_over() -> None:
    (row,) = handoffs(GIVEN, AS_OF).to_dict("records")
    assert row["group"] == "all"
    assert [row[k] for k in ("handed", "accepted", "refused", "unanswered", "waiting")] == [
        *(8, 2, 1, 3, 2)
    ]
    assert (row["n"], row["accepted_share"], row["unanswered_share"]) == (6, 1 / 3, 1 / 2)
    assert (row["unanswered_low"], row["unanswered_high"]) == pytest.approx(proportion(3, 6))
    assert row["hours"] == 29 * 24
    table = handoffs(GIVEN, AS_OF, groups=GIVEN["source"])
    assert table["group"].tolist() == ["cs", "sales"]
    assert table["handed"].tolist() == [7, 1]
    assert pd.isna(table["hours"].iloc[1])


def test_what_cs_found() -> None:
    rows = chances(
        *[chance("01-01", None, None, "02-01", won=True, amount=100) for _ in range(3)],
        chance("01-01", source="sales"),
        chance("01-01", None, None, "02-01", won=True, amount=700, source="product"),
        chance("01-01", None, None, "02-01", won=False, amount=999, source="sales"),
        chance("01-01", None, None, "02-01", won=True, source="sales"),
        chance("01-01", None, None, "02-01", won=True, amount=5000, source=None),
        chance("05-01", source="sales"),
    )
    table = sourced(rows, quarters(rows["identified_at"])).set_index("group")
    assert table.index.tolist() == ["2024-Q1", "2024-Q2"]
    first = table.loc["2024-Q1"]
    assert first[["n", "found", "priced", "won_arr", "found_arr"]].tolist() == [7, 3, 4, 1000, 300]
    assert (first["share"], first["won_share"]) == pytest.approx((3 / 7, 0.3))
    assert (first["low"], first["high"]) == pytest.approx(proportion(3, 7))
    # One deal of 700 and three of 100 tell as much as 1000^2 / 520000 equal ones: not even two.
    assert first["won_low"] < proportion(1, 4)[0] < 0.3 < proportion(1, 4)[1] < first["won_high"]  # type: ignore[operator]
    assert table.loc["2024-Q2", ["won_arr", "priced"]].tolist() == [0, 0]
    assert table.loc["2024-Q2", ["won_share", "won_low", "won_high"]].isna().all()


def test_money_of_equal_deals_is_as_sure_as_their_number() -> None:
    rows = chances(
        *[
            chance("01-01", None, None, "02-01", won=True, amount=10, source=s)
            for s in ["cs"] * 3 + ["sales"] * 7
        ]
    )
    (row,) = sourced(rows, rows["kind"]).to_dict("records")
    assert (row["won_low"], row["won_high"]) == pytest.approx(proportion(3, 10))


def test_open_chances_are_weighed_by_how_others_ended() -> None:
    lost = [chance("01-01", "01-02", "01-03", "02-01", won=False)]
    rows = chances(
        *[chance("01-01", "01-02", "01-03", "02-01", won=True, amount=a) for a in (100, 300)],
        chance("01-01", "01-02", "01-03", "02-01", won=True, amount=1000, kind="cross_sell"),
        *lost * 2,
        chance("01-01", "01-02", None, "02-01", won=False),
        *[chance("01-01", None, None, "02-01", won=False)] * 4,
        chance("06-01"),
        chance("06-01", kind="cross_sell"),
        chance("06-01", "06-02", "06-03", kind="other"),
    )
    table = pipeline(rows, AS_OF).set_index("step")
    assert table["open"].tolist() == [2, 0, 1]
    assert table["n"].tolist() == [10, 6, 5]
    assert table["won"].tolist() == [3, 3, 3]
    assert table["share"].tolist() == pytest.approx([0.3, 0.5, 0.6])
    assert table["worth"].tolist() == pytest.approx([1200, 0, 467])
    assert table["expected"].tolist() == pytest.approx([360, 0, 280])
    assert (table["expected_low"] <= table["expected"]).all()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {each.name: each for each in FUNNEL}
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **entries})


def told(rows: pd.DataFrame, month: str = "2024-06") -> dict[str, Figure]:
    tables = {"opportunities": rows, "contract_lines": frame([])}
    return module.figures(Facts(month, "UTC", Policy(), tables, pd.DataFrame()))


@pytest.mark.usefixtures("registered")
def test_the_figures_of_a_month() -> None:
    more = chances(chance("05-01", "05-20"), chance("05-01", "05-20", "05-22"))
    found = told(pd.concat([WAYS, GIVEN, more], ignore_index=True))
    values = {name: (each.value, each.n) for name, each in found.items()}
    assert values == {
        "opportunities_identified": (1, 1),
        # The time of those handed over on 1 May was over in May, of 1 June it is in July.
        "opportunities_unanswered": (1, 2),
        # Found before April, so not those of May.
        "opportunities_handed_share": (pytest.approx(5 / 6), 6),
        "opportunities_accepted_share": (pytest.approx(3 / 6), 6),
        "opportunities_won_share": (pytest.approx(2 / 6), 6),
        "cs_sourced_share": (pytest.approx(17 / 18), 18),
        "cs_sourced_won_share": (1.0, 2),
    }
    assert (found["cs_sourced_share"].low, found["cs_sourced_share"].high) == proportion(17, 18)
    money = found["cs_sourced_won_share"]
    assert money.low is not None
    assert 0 < money.low < 1
    assert REGISTRY.get("cs_sourced_share", FUNNEL[5]).target == 0.5


@pytest.mark.usefixtures("registered")
def test_shares_leave_out_the_young_the_old_and_what_sales_found() -> None:
    edge = datetime(2024, 4, 1)
    year = datetime(2023, 4, 1)
    clocks = [edge, edge - STEP, year, year - STEP]
    rows = chances(
        *[{"identified_at": at, "handed_at": AS_OF - timedelta(days=1)} for at in clocks],
        chance("01-01", source="sales"),
        chance("01-01", source=None),
    )
    handed = told(rows)["opportunities_handed_share"]
    assert (handed.value, handed.n) == (pytest.approx(2 / 3), 3)
    assert told(rows)["opportunities_won_share"].value is None


@pytest.mark.usefixtures("registered")
def test_what_is_not_recorded_is_not_known() -> None:
    assert module.figures(Facts("2024-06", "UTC", Policy(), {}, pd.DataFrame())) == {}
    bare = chances(chance("01-01", source=None, kind=None), chance("06-01", source=None))
    for rows, count in ((bare, 1), (bare[:0], 0)):
        found = told(rows)
        assert found["opportunities_identified"].value == count
        for name, each in found.items():
            if name != "opportunities_identified":
                assert (name, each.value, each.n) == (name, None, 0)
    empty = bare[:0]
    assert funnel(empty, AS_OF).empty
    assert cohorts(empty, AS_OF).empty
    assert handoffs(empty, AS_OF).empty
    assert pipeline(empty, AS_OF).empty
    assert sourced(empty, empty["kind"]).empty
    worth = pipeline(bare, AS_OF)
    assert worth["open"].tolist() == [2, 0, 0]
    assert np.isnan(worth["expected"].iloc[0])
