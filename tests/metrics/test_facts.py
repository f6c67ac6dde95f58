"""What is counted from is what was known, and no more of it than is needed."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from metrics.adoption import adoption
from metrics.facts import USAGE_DAYS, Facts, facts
from metrics.numbers import numbers
from metrics.policy import Policy
from warehouse.freeze import freeze
from warehouse.mapping import Mapping
from warehouse.simulate import simulate
from warehouse.simulate.default import DEFAULT
from warehouse.snapshot import Snapshot

MONTH = "2023-12"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    place = tmp_path_factory.mktemp("facts")
    simulate(place / "data" / "raw", 150, 15, 7)
    rates = {code: rate / 100 for code, rate, _ in DEFAULT.currencies if code != "USD"}
    return freeze(Mapping.model_validate({"company": {"name": "Made"}, "rates": rates}), place)


@pytest.fixture(scope="module")
def told(snapshot: Snapshot) -> Facts:
    return facts(snapshot, MONTH, Policy())


def test_nothing_is_known_that_came_later(told: Facts) -> None:
    for name, clock in (
        ("tickets", "opened_at"),
        ("usage", "day"),
        ("contract_lines", "signed_at"),
    ):
        assert told.tables[name][clock].max() < pd.Timestamp(told.as_of), name
    assert told.tables["tickets"]["resolved_at"].max() < pd.Timestamp(told.as_of)
    assert told.months[-1] == MONTH


def test_of_long_past_use_the_last_day_is_left(told: Facts, snapshot: Snapshot) -> None:
    usage = told.tables["usage"]
    whole = snapshot.frame("usage")
    edge = pd.Timestamp(told.as_of) - timedelta(days=USAGE_DAYS)
    old = usage[usage["day"] < edge]
    assert len(old) > 0
    assert not old.duplicated(["account_id", "product"]).any()
    past = whole[whole["day"] < edge]
    last = past[past["active_users"].notna()].groupby(["account_id", "product"])["day"].max()
    assert old.set_index(["account_id", "product"])["day"].sort_index().equals(last.sort_index())
    recent = whole[(whole["day"] >= edge) & (whole["known_at"] < told.as_of)]
    assert (usage["day"] >= edge).sum() == len(recent)
    found = adoption(usage, told.lines, told.as_of, told.zone)
    known = whole[whole["known_at"] < told.as_of]
    pd.testing.assert_frame_equal(found, adoption(known, told.lines, told.as_of, told.zone))


def test_every_number_of_every_subject_has_a_value(told: Facts) -> None:
    found = numbers(told)
    assert len(found) > 80
    for name, figure in found.items():
        if figure.low is not None and figure.high is not None and figure.value is not None:
            assert figure.low <= figure.value <= figure.high, name


def test_only_what_is_asked_for_is_read(snapshot: Snapshot) -> None:
    assert set(facts(snapshot, MONTH, Policy(), "tickets").tables) == {"contract_lines", "tickets"}
