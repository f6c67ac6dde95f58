"""How the simulated company serves its accounts, what they say, and when its CSMs look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from warehouse.contract import TABLES
from warehouse.months import shift
from warehouse.simulate import simulate

ACCOUNTS, START, MONTHS = 600, "2023-01", 24
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("served") / "company", ACCOUNTS, MONTHS, 7, start=START)


@pytest.fixture(scope="module")
def tables(company: Path) -> dict[str, pd.DataFrame]:
    tables = {name: pd.read_parquet(company / f"{name}.parquet") for name in TABLES}
    segment = tables["accounts"].set_index("account_id")["segment"]
    return {name: t.assign(segment=t["account_id"].map(segment)) for name, t in tables.items()}


@pytest.fixture(scope="module")
def truth(company: Path) -> pd.DataFrame:
    months = pd.read_parquet(company / "truth" / "account_months.parquet")
    return months.set_index(["account_id", "month"])


def beside(frame: pd.DataFrame, clock: str, truth: pd.DataFrame, column: str) -> np.ndarray:
    """What ``column`` of the truth was for each row, in the month of its ``clock``."""
    keys = pd.MultiIndex.from_arrays([frame["account_id"], frame[clock].dt.strftime("%Y-%m")])
    return truth[column].reindex(keys).to_numpy()


# Support


def test_the_promise_is_shorter_where_it_is_urgent(tables: dict[str, pd.DataFrame]) -> None:
    tickets = tables["tickets"]
    promise = (tickets["reply_due_at"] - tickets["opened_at"]).groupby(tickets["priority"]).median()
    assert list(promise.sort_values().index) == ["urgent", "high", "normal", "low"]


def test_overloaded_support_breaks_more_promises_and_reopens_more(
    tables: dict[str, pd.DataFrame], truth: pd.DataFrame
) -> None:
    tickets = tables["tickets"].query("opened_at < '2024-12-01'")
    stress = beside(tickets, "opened_at", truth, "stress_support")
    hard, calm = stress > np.nanquantile(stress, 0.9), stress < np.nanmedian(stress)
    replied = tickets["replied_at"].notna()
    broken = tickets["replied_at"] > tickets["reply_due_at"]
    assert 0.05 < broken[replied].mean() < 0.25
    assert broken[hard & replied].mean() > 1.5 * broken[calm & replied].mean()
    reopened = tickets["reopened_at"].notna()
    assert reopened[hard].mean() > 1.1 * reopened[calm].mean()
    assert tickets["rating"][hard].mean() < tickets["rating"][calm].mean()


def test_tickets_are_about_what_was_ever_bought(tables: dict[str, pd.DataFrame]) -> None:
    lines = tables["contract_lines"]
    bought = set(zip(lines["account_id"], lines["product"], strict=True))
    tickets = tables["tickets"]
    about = set(zip(tickets["account_id"], tickets["product"], strict=True))
    assert about <= bought
    assert len({product for _, product in about}) == lines["product"].nunique()


# Incidents


def test_an_incident_strikes_its_accounts_at_one_moment(tables: dict[str, pd.DataFrame]) -> None:
    incidents = tables["incidents"]
    together = incidents.groupby(["product", "started_at"])["account_id"].nunique()
    assert together.max() > 20
    assert together[together > 5].sum() > 0.5 * len(incidents)
    assert (incidents["resolved_at"].dropna() > incidents["started_at"]).all()
    assert not incidents.duplicated(["account_id", "started_at"]).any()


# Voice


def test_each_question_has_its_scale_and_a_third_answer(tables: dict[str, pd.DataFrame]) -> None:
    surveys = tables["surveys"]
    for kind, (least, most) in {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}.items():
        asked = surveys[surveys["kind"] == kind]
        assert 0.22 < asked["score"].notna().mean() < 0.42, kind
        assert asked["score"].dropna().between(least, most).all()
        assert asked["score"].max() == most


def test_the_unhappy_are_silent(tables: dict[str, pd.DataFrame], truth: pd.DataFrame) -> None:
    nps = tables["surveys"].query("kind == 'nps'")
    stress = beside(nps, "sent_at", truth, "stress_adoption")
    bad, good = stress > np.nanquantile(stress, 0.75), stress < np.nanquantile(stress, 0.25)
    answered = nps["answered_at"].notna()
    assert answered[bad].mean() < 0.8 * answered[good].mean()
    assert nps["score"][bad].mean() < nps["score"][good].mean() - 0.5


def test_who_is_asked_was_there(tables: dict[str, pd.DataFrame]) -> None:
    surveys, contacts = tables["surveys"], tables["contacts"]
    named = surveys[surveys["contact_id"].notna()]
    assert 0.8 < len(named) / len(surveys) < 1.0
    found = named.merge(contacts, on="contact_id", how="left", suffixes=("", "_contact"))
    assert found["account_id_contact"].notna().all()
    assert (found["account_id"] == found["account_id_contact"]).all()
    assert (found["sent_at"] >= found["added_at"]).all()
    assert not (found["sent_at"] >= found["left_at"]).any()


@pytest.mark.parametrize(
    ("driver", "word"), [("reliability", "outage|down again|Slow"), ("quality", "bugs|release|err")]
)
def test_comments_are_about_what_weighs(
    tables: dict[str, pd.DataFrame], truth: pd.DataFrame, driver: str, word: str
) -> None:
    worded = tables["surveys"].dropna(subset="comment")
    assert worded["answered_at"].notna().all()
    about = worded["comment"].str.contains(word)
    stress = beside(worded, "sent_at", truth, f"stress_{driver}")
    assert about.sum() > 10
    assert np.nanmean(stress[about]) > np.nanmean(stress[~about]) + 0.5


# Attention


def test_larger_accounts_get_more_and_longer_touches(tables: dict[str, pd.DataFrame]) -> None:
    touches = tables["touches"]
    size = ["SMB", "Mid-market", "Enterprise"]
    each = touches.groupby("segment").size() / tables["accounts"].groupby("segment").size()
    meetings = touches[touches["kind"] == "meeting"].groupby("segment")["minutes"].mean()
    assert each[size].is_monotonic_increasing
    assert meetings[size].is_monotonic_increasing
    assert (touches.loc[touches["kind"] == "email", "minutes"] == 0).all()
    assert 0.02 < (touches["started_by"] == "customer").mean() < 0.4


def test_trainings_are_for_those_who_begin(
    tables: dict[str, pd.DataFrame], truth: pd.DataFrame
) -> None:
    trainings = tables["touches"].query("kind == 'training'")
    milestones = tables["milestones"]
    signed = milestones.groupby("account_id")["started_at"].min()
    since = trainings["touched_at"] - trainings["account_id"].map(signed)
    assert len(trainings) > 100
    assert (since < 150 * DAY).mean() > 0.9


def test_opinions_are_given_on_working_days_and_more_often_of_the_large(
    tables: dict[str, pd.DataFrame],
) -> None:
    pulses = tables["pulses"]
    assert (pulses["given_at"].dt.strftime("%w").isin(["0", "6"])).sum() == 0
    assert set(pulses["score"]) == {1, 2, 3, 4, 5}
    each = pulses.groupby("segment").size() / tables["accounts"].groupby("segment").size()
    assert each["Enterprise"] > 1.5 * each["Mid-market"] > 2 * each["SMB"]
    month = pulses["given_at"].dt.strftime("%Y-%m")
    assert not pd.DataFrame({"a": pulses["account_id"], "m": month}).duplicated().any()
    before = pulses.groupby("account_id")["score"].shift()
    changed = (pulses["score"] != before)[before.notna() & (pulses["segment"] == "Enterprise")]
    assert changed.mean() > 0.6, "what has not changed is often not written down again"


# Onboarding


def test_large_accounts_take_longer_to_first_value(tables: dict[str, pd.DataFrame]) -> None:
    first = tables["milestones"].query("milestone == 'first_value'")
    took = (first["reached_at"] - first["started_at"]) / DAY
    median = took.fillna(np.inf).groupby(first["segment"]).median()
    for segment, days in {"SMB": 10, "Mid-market": 21, "Enterprise": 56}.items():
        assert median[segment] == pytest.approx(days, rel=0.3)
    settled = first["started_at"] < pd.Timestamp(shift(START, MONTHS - 7))
    assert 0.002 < took[settled].isna().mean() < 0.1
    assert took.max() < 181
