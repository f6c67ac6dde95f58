"""The outlook: what falls due, its chances, what was said of it, and how it did, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import decisions, forecast, outlook, renewals, scores
from models.scores import FORECASTS, RENEWALS
from tests.models.test_decisions import line, table

GAP = 30


def year(account: str, start: str, arr: int = 100_00, **more: object) -> dict[str, object]:
    """A line of a year from ``start``."""
    end = str((pd.Timestamp(start) + pd.DateOffset(years=1)).date())
    return line(account, start, end, arr, **more)


# At the close of 2024-06: a and b end in July, c in September, d in November, e next year.
BOOK = table(
    year("a", "2023-07-10"),
    year("a", "2024-07-10", 120_00, signed_at="2024-06-20"),
    year("b", "2023-07-20", 200_00, cancelled_at="2024-06-01", end_reason="voluntary"),
    year("c", "2023-09-05", 400_00),
    year("d", "2023-11-15", 800_00),
    year("e", "2024-02-01", 50_00),
)
AFTER = pd.concat(
    [BOOK, table(year("c", "2024-09-05", 300_00)).assign(line_id="l9")], ignore_index=True
)


def told(tmp_path: Path, lines: pd.DataFrame = BOOK, month: str = "2024-06"):
    return outlook.outlook(tmp_path, lines, month, "UTC", GAP, None, pd.DataFrame())


def test_terms_ahead_are_settled_or_have_the_chance_of_last_year(tmp_path: Path) -> None:
    ahead, _ = told(tmp_path)
    rows = ahead.set_index("account_id")
    assert rows["state"].to_dict() == {
        "a": "signed", "b": "cancelled", "c": "open", "d": "open"
    }  # fmt: skip
    assert rows["due_in"].to_list() == ["2024-07", "2024-07", "2024-09", "2024-11"]
    assert rows.loc[["a", "b"], "p_lost"].to_list() == [0.0, 1.0]
    # Nothing was decided before: the rates are those of a usual company.
    assert rows.loc["c", "p_lost"] == pytest.approx(0.1 + 0.01 * 0.9)
    assert set(rows["model"]) == {"last year"}
    assert (rows[["p_lost", "p_contracted", "p_expanded"]].sum(axis=1) <= 1).all()


def test_what_is_signed_counts_for_as_much_as_was_signed(tmp_path: Path) -> None:
    ahead, table_ = told(tmp_path)
    a = ahead.set_index("account_id").loc["a"]
    assert (a["p_expanded"], a["p_contracted"]) == (1.0, 0.0)
    assert a["expansion"] == pytest.approx(0.2)
    july = table_[table_["period"] == "2024-07"].set_index("what")
    assert july.loc["expanded", ["expected", "p10", "p90"]].to_list() == [20_00] * 3
    less = BOOK.assign(arr=BOOK["arr"].where(BOOK["arr"] != 120_00, 70_00))
    ahead, table_ = told(tmp_path, less)
    july = table_[table_["period"] == "2024-07"].set_index("what")
    assert july.loc["contracted", ["expected", "p10", "p90"]].to_list() == [30_00] * 3
    assert july.loc["expanded", "expected"] == 0


def test_a_quarter_is_forecast_only_if_it_is_whole(tmp_path: Path) -> None:
    _, table_ = told(tmp_path)
    assert set(table_["period"]) == {
        "2024-07", "2024-09", "2024-11", "2024-Q3", "2024-Q4"
    }  # fmt: skip
    _, later = told(tmp_path, month="2024-07")
    assert "2024-Q3" not in set(later["period"])
    third = table_[table_["period"] == "2024-Q3"].set_index("what")
    assert third["due"].unique() == [700_00]
    assert third["settled"].unique() == [300_00]
    assert third.loc["lost", "p10"] == 200_00  # b has left


def keep(tmp_path: Path, month: str = "2024-06") -> None:
    ahead, table_ = told(tmp_path, month=month)
    scores.write(tmp_path, month, ahead, sheet=RENEWALS)
    scores.write(tmp_path, month, table_, sheet=FORECASTS)


def test_forecasts_are_graded_once_every_term_of_the_period_is_certain(tmp_path: Path) -> None:
    keep(tmp_path)
    early = outlook.grades(tmp_path, AFTER, "2024-08", "UTC", GAP)
    assert set(early["period"]) == {"2024-07"}
    found = outlook.grades(tmp_path, AFTER, "2024-10", "UTC", GAP)
    assert set(found["period"]) == {"2024-07", "2024-09", "2024-Q3"}
    third = found[found["period"] == "2024-Q3"].set_index("what")
    # a renewed for 120 of 100, b lost 200, c gave up 100 of 400.
    assert third["actual"].to_dict() == {
        "renewed": 400_00, "lost": 200_00, "contracted": 100_00, "expanded": 20_00
    }  # fmt: skip
    assert third["ahead"].unique() == [1]
    lost = third.loc["lost"]
    assert lost["off"] == pytest.approx((lost["expected"] - 200_00) / 700_00)
    assert bool(lost["inside"]) == (lost["p10"] <= 200_00 <= lost["p90"])


def test_a_forecast_is_not_graded_by_what_was_not_known_yet(tmp_path: Path) -> None:
    keep(tmp_path)
    assert outlook.grades(tmp_path, AFTER, "2024-06", "UTC", GAP).empty
    assert outlook.grades(tmp_path / "none", AFTER, "2024-10", "UTC", GAP).empty


def test_a_summary_weighs_by_what_was_due() -> None:
    graded = pd.DataFrame(
        {
            "what": "lost",
            "due": [100, 300],
            "off": [0.10, -0.02],
            "naive_off": [0.2, 0.0],
            "inside": [False, True],
        }
    )
    row = outlook.summary(graded).iloc[0]
    assert row["error"] == pytest.approx((0.1 * 100 + 0.02 * 300) / 400)
    assert row["naive_error"] == pytest.approx(0.05)
    assert (row["inside"], row["close"], row["n"]) == (0.5, 0.5, 2)


def test_the_shock_learns_from_what_was_said_before_a_quarter_began(tmp_path: Path) -> None:
    keep(tmp_path)
    keep(tmp_path, "2024-05")  # speaks in the middle of a quarter: left out
    rows = outlook.learnt_from(tmp_path, AFTER, "2024-10", "UTC", GAP)
    assert rows["arr"].to_list() == [400_00]  # of the third quarter only c was open
    assert rows["lost"].to_list() == [0.0]
    assert outlook.learnt_from(tmp_path, AFTER, "2024-09", "UTC", GAP).empty
    assert forecast.shock(rows) == forecast.PRIOR


def test_last_years_rates_are_shares_of_what_fell_due() -> None:
    found = renewals.naive(AFTER, "2024-10", "UTC", GAP)
    assert found == pytest.approx(
        {"lost": 2 / 7, "contracted": 1 / 7, "expanded": 0.2 / 7, "renewed": 4 / 7}
    )
    assert np.isnan(renewals.naive(AFTER, "2023-01", "UTC", GAP)["lost"])


def test_the_past_is_what_was_decided_as_it_stood_a_month_before() -> None:
    seen = renewals.past(AFTER, "2024-10", "UTC", GAP)
    # a was signed and b cancelled when their month before the deadline closed? a's deadline is
    # June 10, b's June 20: at the close of May both were open. c's is August 6.
    assert dict(zip(seen["account_id"], seen["became"], strict=True)) == {
        "a": "expanded", "b": "lost", "c": "contracted"
    }  # fmt: skip
    rates = renewals.Past.of(seen)
    assert rates.n == 3
    assert rates.lost == pytest.approx((1 + 2) / 23)  # 20 decisions at one in ten beside them
    assert rates.contracted == pytest.approx((1 + 2) / 23)
    assert sum((rates.lost, rates.unpaid, rates.contracted, rates.expanded)) < 1


def test_a_model_speaks_for_open_terms_alone(fit, frame) -> None:
    trained = fit(frame, rounds=5, seeds=(1,))
    matrix = frame[frame["month"] == "2022-05"].set_index("account_id")
    matrix.index = ["c", *matrix.index[1:]]
    terms = decisions.upcoming(BOOK, "2024-06", "UTC", GAP)
    before = renewals.Past.of(renewals.past(BOOK, "2024-06", "UTC", GAP))
    found = renewals.ahead(terms, trained, matrix, before, BOOK, "UTC", GAP).set_index("account_id")
    p = float(trained.predict(matrix)["c"])
    assert found.loc["c", "p_lost"] == pytest.approx(p + before.unpaid * (1 - p))
    assert found.loc["d", "p_lost"] == pytest.approx(
        before.lost + before.unpaid * (1 - before.lost)
    )
    assert found.loc["b", "p_lost"] == 1.0
    assert set(found["model"]) == {trained.month}


def test_who_has_not_cancelled_in_time_is_no_longer_asked_about(fit, frame) -> None:
    trained = fit(frame, rounds=5, seeds=(1,))
    matrix = frame[frame["month"] == "2022-05"].set_index("account_id")
    matrix.index = ["c", *matrix.index[1:]]
    terms = decisions.upcoming(BOOK, "2024-08", "UTC", GAP)
    assert terms.set_index("account_id").loc["c", ["lead", "state"]].to_list() == [0, "open"]
    before = renewals.Past.of(renewals.past(BOOK, "2024-08", "UTC", GAP))
    assert before.late == pytest.approx(renewals.LATE)  # nobody was seen so late before
    found = renewals.ahead(terms, trained, matrix, before, BOOK, "UTC", GAP)
    said = found.set_index("account_id").loc["c", "p_lost"]
    assert said == pytest.approx(before.late + before.unpaid * (1 - before.late))
    late = pd.DataFrame({"lead": [0, 0, 1], "became": ["lost", "renewed", "renewed"]})
    late = late.assign(change=0, base=100)
    assert renewals.Past.of(late).late == pytest.approx((1 + 20 * renewals.LATE) / 22)
    assert renewals.Past.of(late).n == 1
