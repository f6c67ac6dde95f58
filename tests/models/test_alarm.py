"""The leak alarm: it hears a column written after the fact, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from features.declare import Feature
from models import alarm
from models.alarm import Alarm
from models.outcomes import Question
from warehouse.months import as_of, between, shift

CHURN, RENEWAL = Question("churn"), Question("renewal", 1, 5)
MONTHS = between("2024-06", "2025-11")


def named(names: Sequence[str]) -> list[Feature]:
    return [replace(catalogue().by_name["arr_now"], name=name) for name in names]


def heard(rows: pd.DataFrame, question: Question = CHURN, *names: str) -> dict[str, Alarm]:
    told = names or [n for n in rows if n not in ("account_id", "month", "outcome", "lead")]
    return {each.feature: each for each in alarm.alarm(rows, named(told), question)}


@pytest.fixture(scope="module")
def saas(samples: Path) -> pd.DataFrame:
    """A SaaS company by the month: what was known then, and its ``status`` as it is today."""
    lines = pd.read_parquet(samples / "saas_growth" / "subscriptions.parquet")
    events = pd.read_parquet(samples / "saas_growth" / "product_events.parquet")
    lines = lines[lines["conversion_date"].notna()]
    starts, stops = (pd.to_datetime(lines[n]) for n in ("conversion_date", "cancel_date"))
    used = pd.to_datetime(events["event_timestamp"])
    parts = []
    for month in MONTHS:
        now, opens, closes = (pd.Timestamp(as_of(shift(month, n), "UTC")) for n in (0, 1, 4))
        live = (starts < now) & ~(stops < opens)
        recent = events[(used < now) & (used >= now - pd.Timedelta(days=28))]
        rows = pd.DataFrame(
            {
                "account_id": lines["account_id"],
                "month": month,
                "outcome": (stops < closes).astype(float),
                "plan": lines["plan_name"],
                "mrr": lines["monthly_recurring_revenue"].astype(float),
                "tenure": (now - starts).dt.days.astype(float),
                "events": lines["account_id"].map(recent["account_id"].value_counts()),
                "status": lines["status"],
                "days_to_cancel": (stops - now).dt.days.astype(float),
            }
        )
        parts.append(rows[live])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def telco(samples: Path) -> pd.DataFrame:
    told = pd.read_csv(samples / "telco21" / "Telco-Customer-Churn.csv")
    told["TotalCharges"] = pd.to_numeric(told["TotalCharges"], errors="coerce")
    left = told["Churn"] == "Yes"
    return told.rename(columns={"customerID": "account_id"}).assign(
        month="2017-06",
        outcome=left.astype(float),
        cancel_date=(72.0 - told["tenure"]).where(left),
    )


def test_a_status_and_a_date_of_cancellation_are_heard(saas: pd.DataFrame) -> None:
    found = heard(saas)
    assert list(found) == ["days_to_cancel", "status"]
    assert found["days_to_cancel"].told == "value"
    assert found["days_to_cancel"].auc == pytest.approx(1, abs=0.001)


def test_a_status_is_heard_in_the_newest_months_though_the_past_blurs_it(
    saas: pd.DataFrame,
) -> None:
    status = heard(saas)["status"]
    assert status.where == "in all months, in the newest month"
    newest = saas[saas["month"] == MONTHS[-1]]
    assert (status.n, status.events) == (len(newest), newest["outcome"].sum())
    past = saas[saas["month"] < "2025-06"]
    assert not heard(past, CHURN, "status")  # of those that stayed then, most left since


def test_a_status_is_heard_where_the_data_go_on_for_longer_than_the_answers(saas) -> None:
    """The further the data go on, the more of those that stayed leave later and blur it."""
    found = heard(saas[saas["month"] < MONTHS[-1]], CHURN, "status", "mrr", "tenure", "events")
    assert set(found) == {"status"}
    assert found["status"].where.endswith("in the newest month")


def test_a_status_of_a_flat_table_is_heard_by_its_words_and_by_being_known(
    telco: pd.DataFrame,
) -> None:
    assert {name: each.told for name, each in heard(telco).items()} == {
        "Churn": "words",
        "cancel_date": "known",
    }


def test_it_says_which_column_how_much_and_what_to_do(telco: pd.DataFrame) -> None:
    each = heard(telco)["cancel_date"]
    assert each.said.startswith(
        "whether a value is known of cancel_date tells the outcome alone: AUC 1.00 in all months "
        "(7,043 rows, 1,869 events), where an honest column stays below 0.95."
    )
    assert "leave the feature out" in each.said


@pytest.fixture(scope="module")
def renewals() -> pd.DataFrame:
    """Renewals asked about one to four months ahead; a flag that ranks at AUC .9, an honest .65."""
    rng = np.random.default_rng(2)
    n = 4000
    outcome = (rng.random(n) < 0.15).astype(float)
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i % 1000:04d}" for i in range(n)],
            "month": [f"2024-{1 + i // 400:02d}" for i in range(n)],
            "lead": rng.integers(1, 5, n),
            "outcome": outcome,
            "flag": 1.8 * outcome + rng.normal(size=n),
            "honest": 0.55 * outcome + rng.normal(size=n),
        }
    )
    return rows


def test_far_from_the_deadline_the_limit_is_lower(renewals: pd.DataFrame) -> None:
    found = heard(renewals, RENEWAL)
    assert list(found) == ["flag"]
    assert found["flag"].limit == alarm.FAR_LIMIT
    assert found["flag"].where.startswith("3 months or more ahead")
    assert not heard(renewals, CHURN)
    assert not heard(renewals[renewals["lead"] < 3], RENEWAL)


def test_it_does_not_matter_which_way_a_column_points(renewals: pd.DataFrame) -> None:
    turned = heard(renewals.assign(flag=-renewals["flag"]), RENEWAL)
    assert turned == heard(renewals, RENEWAL)


def test_rows_without_an_answer_and_their_order_do_not_matter(renewals: pd.DataFrame) -> None:
    later = renewals.assign(outcome=np.nan, month="2025-06", account_id="new")
    both = pd.concat([later, renewals]).sample(frac=1, random_state=3)
    assert heard(both, RENEWAL) == heard(renewals, RENEWAL)


def test_a_word_for_every_account_tells_nothing(renewals: pd.DataFrame) -> None:
    """Its rate on the same accounts would be the answer; on others there is none."""
    sorry = renewals.groupby("account_id")["outcome"].transform("max")
    named_after = renewals.assign(word=renewals["account_id"].astype("str"), outcome=sorry)
    assert not heard(named_after, CHURN, "word")
    told = renewals.assign(word=np.where(renewals["outcome"] == 1, "gone", "here"))
    assert heard(told.astype({"word": "str"}), CHURN, "word")["word"].auc == 1


def test_a_word_whose_other_accounts_did_the_opposite_is_no_leak() -> None:
    """One of each two left: the other one's rate tells which, and nobody could have known it."""
    pairs = np.arange(400) // 2
    rows = pd.DataFrame({"account_id": [f"a{i:03d}" for i in range(400)], "month": "2024-01"})
    rows = rows.assign(outcome=(np.arange(400) % 2).astype(float))
    assert not heard(rows.assign(word=pd.Series(pairs).astype("str")), CHURN)


def test_a_few_rows_prove_nothing(renewals: pd.DataFrame) -> None:
    events = renewals[renewals["outcome"] == 1]
    others = renewals[renewals["outcome"] == 0]
    few = pd.concat([events.drop_duplicates("account_id")[:19], others]).assign(month="2024-01")
    assert not heard(few.assign(leak=few["outcome"]), CHURN, "leak")
    more = pd.concat([events.drop_duplicates("account_id")[:20], others]).assign(month="2024-01")
    assert heard(more.assign(leak=more["outcome"]), CHURN, "leak")
    one = pd.concat([events[:1]] * 50 + [others]).assign(month="2024-01")  # one account, often
    assert not heard(one.assign(leak=one["outcome"]), CHURN, "leak")


def test_luck_among_many_columns_is_not_an_alarm() -> None:
    """Honest columns of AUC .7, three hundred of them, on forty events far from the deadline."""
    rng = np.random.default_rng(6)
    outcome = (np.arange(400) < 40).astype(float)
    columns = {f"c{i}": 0.75 * outcome + rng.normal(size=400) for i in range(300)}
    rows = pd.DataFrame(columns).assign(
        account_id=[f"a{i}" for i in range(400)], month="2024-01", lead=4, outcome=outcome
    )
    assert not heard(rows, RENEWAL)


def test_the_loudest_comes_first(saas: pd.DataFrame) -> None:
    told = saas.assign(copy=saas["days_to_cancel"], also=saas["status"])
    told = told[told["month"] < MONTHS[-1]]
    found = list(heard(told).values())
    assert [each.feature for each in found] == ["copy", "days_to_cancel", "also", "status"]
    assert [each.above for each in found] == sorted((e.above for e in found), reverse=True)


def test_the_columns_of_a_model_are_quiet(frame: pd.DataFrame, features: list[Feature]) -> None:
    assert alarm.alarm(frame, features, CHURN) == []
    assert alarm.alarm(frame.assign(outcome=np.nan), features, CHURN) == []
