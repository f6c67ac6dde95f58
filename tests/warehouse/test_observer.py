"""The observer sees what an export of the day would hold, and makes the best of it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from warehouse.contract import TABLES
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.default import DEFAULT
from warehouse.simulate.export import as_exported
from warehouse.simulate.life import Life
from warehouse.simulate.observed import KNOWN_FOR, decisions, observed
from warehouse.simulate.population import Population
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


def hidden(life: Life, close: int) -> Life:
    """``life`` with all that nobody could see, or not yet, replaced by noise."""
    noise = np.random.default_rng(1)
    after = np.arange(len(life.state.live)) > close

    def changed(value: Any, whole: bool) -> Any:
        if is_dataclass(value) and not isinstance(value, Population):
            return replace(
                value, **{f.name: changed(getattr(value, f.name), whole) for f in fields(value)}
            )
        if not isinstance(value, np.ndarray):
            return value
        mixed = noise.permutation(value.ravel()).reshape(value.shape)
        mixed = ~value if value.dtype == bool else mixed
        at = after.reshape(-1, *[1] * (value.ndim - 1))
        return mixed if whole else np.where(at, mixed, value)

    # Who decides when, and who is a customer until then, says which rows there are.
    state = changed(life.state, whole=False)
    state = replace(
        state, **{name: changed(getattr(life.state, name), True) for name in ("stress", "memory")}
    )
    choices = changed(life.events.choices, whole=True)
    choices = replace(choices, deciding=life.events.choices.deciding)
    return replace(
        life,
        state=replace(state, live=life.state.live),
        events=replace(life.events, choices=choices),
        signals=changed(life.signals, whole=True),
        plan=changed(life.plan, whole=True),
        watch=changed(life.watch, whole=True),
    )


@pytest.mark.parametrize("lead", LEADS)
def test_nothing_is_seen_that_an_export_of_the_day_would_not_hold(lead: int) -> None:
    life, tables = block()
    month, _ = decisions(life)
    whole = observed(life, tables, (lead,))[lead]
    close = CALENDAR.history + KNOWN_FOR + 5
    opens = CALENDAR.opens[close + 1]
    then = {name: as_exported(TABLES[name], tables[name], opens) for name in TABLES}
    seen = observed(hidden(life, close), then, (lead,))[lead]
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
