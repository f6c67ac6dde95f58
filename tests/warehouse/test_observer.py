"""The observer sees what an export of the day would hold, and makes the best of it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from warehouse.contract import TABLES
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.default import DEFAULT
from warehouse.simulate.export import as_exported
from warehouse.simulate.life import Life
from warehouse.simulate.observed import KNOWN_FOR, decisions, observed
from warehouse.simulate.shocks import shocks
from warehouse.simulate.streams import BLOCK, Streams
from warehouse.simulate.tables import Company, lived, written
from warehouse.simulate.teach import learn
from warehouse.simulate.twins import LEADS

MONTHS, SEED = 26, 21
CALENDAR = Calendar("2023-01", MONTHS, DEFAULT.history)
COMPANY = Company(DEFAULT, CALENDAR, shocks(DEFAULT, SEED, CALENDAR), BLOCK, SEED)


@cache
def block() -> tuple[Life, dict[str, object]]:
    life = lived(COMPANY, 0)
    return life, written(COMPANY, life, Streams(SEED, 0))


@pytest.mark.parametrize("lead", LEADS)
def test_nothing_is_seen_that_an_export_of_the_day_would_not_hold(lead: int) -> None:
    life, tables = block()
    month, _ = decisions(life)
    whole = observed(life, tables, lead)
    close = CALENDAR.history + KNOWN_FOR + 5
    opens = CALENDAR.opens[close + 1]
    then = {name: as_exported(TABLES[name], tables[name], opens) for name in TABLES}
    seen = observed(life, then, lead)
    before = month - lead <= close
    assert 0 < before.sum() < len(before)
    assert seen.names == whole.names
    for name, now, later in zip(seen.names, seen.values.T, whole.values.T, strict=True):
        assert np.array_equal(now[before], later[before], equal_nan=True), name
    assert not np.array_equal(seen.values[~before], whole.values[~before], equal_nan=True)


def test_it_knows_something_and_less_than_the_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.simulate.teach.BLOCKS", 6)
    life, tables = block()
    told: list[float] = []
    chances = learn(COMPANY, 1, lambda _what, share: told.append(share)).ahead(life, tables)
    true = life.events.choices.probability[decisions(life)]
    fit = [np.corrcoef(chance, true)[0, 1] for chance in chances]
    assert fit == sorted(fit, reverse=True)
    assert fit[-1] > 0.3
    assert fit[0] < 0.9
    assert chances.mean() == pytest.approx(true.mean(), abs=0.02)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_where_nobody_decides_nothing_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.simulate.teach.BLOCKS", 1)
    calendar = Calendar("2023-01", 3, DEFAULT.history)
    young = Company(DEFAULT, calendar, shocks(DEFAULT, SEED, calendar), 50, SEED)
    life = lived(young, 0)
    tables = written(young, life, Streams(SEED, 0))
    assert learn(young, 1, lambda _what, _share: None).ahead(life, tables).shape == (len(LEADS), 0)
