"""Lead time: warning in time is told from warning too late, and few departures say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import measures
from models.leadtime import (
    EARLY,
    HAD,
    NOT_HAD,
    TOP,
    ahead,
    by_lead,
    continuous,
    lead_time,
)
from warehouse.months import shift

STRONG = {1: 2.0, 2: 2.0, 3: 2.0, 4: 2.0}
LATE = {1: 2.0, 2: 0.3, 3: 0.0, 4: 0.0}


def rehearsed(
    signal: dict[int, float], accounts: int = 1200, seed: int = 3, calendar: float = 0.0
) -> pd.DataFrame:
    """Decisions of a year, one an account; a tenth is lost, and told by ``signal`` at each lead."""
    rng = np.random.default_rng(seed)
    lost = np.arange(accounts) % 10 == 0
    decided = np.arange(accounts) // 10 % 12
    parts = []
    for lead, strength in signal.items():
        month = [shift("2024-06", int(at) - lead) for at in decided]
        parts.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i:04d}" for i in range(accounts)],
                    "month": month,
                    "fold": [int(m >= "2024-07") for m in month],
                    "outcome": lost.astype(float),
                    "lead": lead,
                    "ends_on": [pd.Timestamp(shift("2024-08", int(at))) for at in decided],
                    "model": strength * lost + rng.standard_normal(accounts),
                    "calendar": calendar * lost + rng.standard_normal(accounts),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_a_warning_in_time_is_told_with_its_numbers() -> None:
    rows = rehearsed(STRONG)
    told = lead_time(rows)
    area, _ = measures.compare(rows[rows["lead"] == 3], "model", "calendar")
    assert told.word == HAD
    assert told.said.startswith(
        f"90 days' warning can be had: AUC {area.value:.2f} [{area.low:.2f}, {area.high:.2f}] "
        "three months ahead, +0."
    )
    assert told.said.endswith(
        f"of {told.followed} that left, {told.flagged:.0%} were among the riskiest fifth from "
        "then on without a break"
    )
    assert 0 < told.flagged < 1


def test_a_warning_that_comes_in_the_last_month_is_none() -> None:
    told = lead_time(rehearsed(LATE))
    near = told.by_lead.set_index("lead").loc[1]
    assert told.word == NOT_HAD
    assert near["auc"] > 0.85
    assert told.said.startswith("90 days' warning cannot be had: three months ahead AUC 0.")
    assert "no better than the calendar" in told.said
    assert told.said.endswith(
        f"one month ahead it is {near['auc']:.2f} [{near['low']:.2f}, {near['high']:.2f}]"
    )


def test_noise_never_warns() -> None:
    quiet = dict.fromkeys(STRONG, 0.0)
    words = [lead_time(rehearsed(quiet, seed=seed)).word for seed in range(20)]
    assert words.count(NOT_HAD) >= 19
    assert HAD not in words


def test_what_the_calendar_tells_as_well_is_no_warning_of_the_model() -> None:
    told = lead_time(rehearsed(STRONG, calendar=2.0))
    assert told.word == NOT_HAD
    assert "no better than the calendar" in told.said


def test_better_than_the_calendar_is_not_enough() -> None:
    told = lead_time(rehearsed(dict.fromkeys(STRONG, 0.3), accounts=6000))
    third = told.by_lead.set_index("lead").loc[3]
    assert third["over_low"] > 0
    assert third["low"] < 0.6
    assert told.word == NOT_HAD
    assert "below 0.60 for all we know" in told.said


def test_a_range_from_useless_to_useful_is_too_few_to_tell() -> None:
    told = lead_time(rehearsed(dict.fromkeys(STRONG, 0.5), accounts=300))
    third = told.by_lead.set_index("lead").loc[3]
    assert third["low"] < 0.6
    assert third["high"] > 0.7
    assert told.word == EARLY
    assert told.said.startswith("too few to tell whether 90 days' warning can be had: AUC 0.")


def test_nineteen_that_left_make_no_verdict_and_twenty_do() -> None:
    rows = rehearsed(STRONG, accounts=200)
    fewer = rows[rows["account_id"] != "a0000"]
    assert lead_time(rows).word == HAD
    told = lead_time(fewer)
    assert told.word == EARLY
    assert told.by_lead["auc"].isna().all()
    assert "19 accounts left of 199 decisions" in told.said
    assert lead_time(rows[rows["outcome"] == 1]).word == EARLY  # nobody stayed to compare with
    assert lead_time(rows[:0]).word == EARLY


def test_accounts_are_counted_not_decisions() -> None:
    rows = rehearsed(STRONG, accounts=190)
    again = rows.assign(ends_on=rows["ends_on"] + pd.Timedelta(days=365))
    again["month"] = [shift(month, 12) for month in again["month"]]
    both = pd.concat([rows, again], ignore_index=True)
    assert by_lead(both)["events"].to_list() == [38] * 4
    assert lead_time(both).word == EARLY


def test_each_lead_is_measured_on_its_own_rows() -> None:
    rows = rehearsed(LATE)
    third = rows[(rows["lead"] == 3)]
    table = by_lead(rows.sample(frac=1, random_state=1)).set_index("lead")
    assert table.index.to_list() == [1, 2, 3, 4]
    assert table["n"].to_list() == [1200] * 4
    assert table["events"].to_list() == [120] * 4
    worst = third.nlargest(240, "model")
    assert table.loc[3, "recall"] == pytest.approx(worst["outcome"].sum() / 120)
    assert table.loc[1, "recall"] > 0.7 > table.loc[2, "recall"]
    area, over = measures.compare(third, "model", "calendar")
    assert table.loc[3, "auc"] == pytest.approx(area.value)
    assert table.loc[3, "over"] == pytest.approx(over.value)
    assert TOP == 0.2


def months(risky: dict[str, dict[str, float]], gone: set[str]) -> pd.DataFrame:
    """Accounts that decide in 2024-04, by what was said of each in the months before."""
    rows = [
        {
            "account_id": account,
            "month": month,
            "fold": 0,
            "outcome": float(account in gone),
            "lead": 4 - int(month[-1]),
            "ends_on": pd.Timestamp("2024-06-01"),
            "model": p,
            "calendar": 0.1,
        }
        for account, said in risky.items()
        for month, p in said.items()
    ]
    return pd.DataFrame(rows)


CALM = {f"calm{i}": dict.fromkeys(("2024-01", "2024-02", "2024-03"), 0.1) for i in range(8)}


def test_a_flag_counts_only_if_it_never_goes_down() -> None:
    held = {"2024-01": 0.5, "2024-02": 0.6, "2024-03": 0.7}
    dropped = {"2024-01": 0.4, "2024-02": 0.05, "2024-03": 0.8}
    rows = months({**CALM, "held": held, "dropped": dropped}, {"held", "dropped"})
    assert continuous(rows) == (0.5, 2)  # two of the ten are flagged each month
    assert continuous(rows.sample(frac=1, random_state=2)) == (0.5, 2)


def test_notice_given_in_between_breaks_nothing() -> None:
    rows = months({**CALM, "early": {"2024-01": 0.5}}, {"early"})
    assert continuous(rows) == (1.0, 1)


def test_only_decisions_that_were_watched_to_the_end_are_followed() -> None:
    late = months({**CALM, "late": {"2024-02": 0.9, "2024-03": 0.9}}, {"late"})
    share, followed = continuous(late)
    assert np.isnan(share)
    assert followed == 0
    held = months({**CALM, "held": {"2024-01": 0.9, "2024-02": 0.9}}, {"held"})
    assert continuous(held)[1] == 1
    assert continuous(held[held["month"] < "2024-03"])[1] == 0  # the last month was not rehearsed
    assert continuous(held[held["outcome"] == 0])[1] == 0


def test_who_is_level_with_all_others_is_not_flagged() -> None:
    rows = months({**CALM, "same": CALM["calm0"]}, {"same"})
    assert continuous(rows) == (0.0, 1)


def test_the_fourth_month_before_is_not_asked_for() -> None:
    held = {"2024-01": 0.5, "2024-02": 0.6, "2024-03": 0.7}
    rows = months({**CALM, "held": held}, {"held"})
    before = rows[rows["month"] == "2024-01"].assign(month="2023-12", lead=4)
    before["model"] = np.where(before["account_id"] == "held", 0.0, 0.3)
    assert continuous(pd.concat([rows, before], ignore_index=True)) == (1.0, 1)


def test_a_month_has_one_list_whatever_the_lead() -> None:
    held = {"2024-01": 0.5, "2024-02": 0.6, "2024-03": 0.7}
    rows = months({**CALM, "held": held}, {"held"})
    other = months({f"loud{i}": {"2024-01": 0.9} for i in range(3)}, set()).assign(lead=4)
    assert continuous(pd.concat([rows, other], ignore_index=True)) == (0.0, 1)


def test_rows_beside_the_deadline_are_left_out() -> None:
    held_out = pd.DataFrame(
        {"account_id": list("abcde"), "month": "2024-01", "model": [0.1, 0.2, 0.3, 0.4, 0.5]}
    )
    answers = pd.DataFrame(
        {
            "account_id": list("edcbaf"),
            "month": "2024-01",
            "lead": [5, 4, 0, 1, -1, 2],
            "ends_on": pd.Timestamp("2024-06-01"),
            "outcome": 1.0,
        }
    )
    found = ahead(held_out, answers)
    assert found["account_id"].to_list() == ["b", "d"]
    assert found["lead"].to_list() == [1, 4]
    assert found["model"].to_list() == [0.2, 0.4]
