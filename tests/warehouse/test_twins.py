"""Twins tell what was in the stars: no more, no less."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from warehouse.simulate.calendar import Calendar
from warehouse.simulate.default import DEFAULT
from warehouse.simulate.life import Life, live
from warehouse.simulate.population import population
from warehouse.simulate.shocks import Shocks, onward, shocks
from warehouse.simulate.streams import BLOCK, Streams
from warehouse.simulate.twins import LEADS, TWINS, Ceilings, Plays, ceilings, plays
from warehouse.simulate.world import World

MONTHS = 14
CALENDAR = Calendar("2023-01", MONTHS, DEFAULT.history)
STREAMS = Streams(21, 0)


@cache
def lived(world: World) -> tuple[Life, Shocks]:
    weather = shocks(world, STREAMS.seed, CALENDAR)
    people = population(world, CALENDAR, STREAMS, BLOCK)
    return live(world, CALENDAR, weather, people, STREAMS), weather


@cache
def foretold() -> Ceilings:
    return ceilings(*lived(DEFAULT), STREAMS)


def plays_of(**changed: float) -> Plays:
    drivers = tuple(
        replace(driver, **{k: v for k, v in changed.items() if getattr(driver, k) != 0.0})
        for driver in DEFAULT.drivers
    )
    life, weather = lived(replace(DEFAULT, drivers=drivers))
    return plays(life, weather, STREAMS)


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    rank = score.argsort().argsort()
    ones, zeros = positive.sum(), (~positive).sum()
    return float((rank[positive].sum() - ones * (ones - 1) / 2) / (ones * zeros))


def test_the_chance_ahead_is_what_the_chance_at_the_decision_will_be_on_average() -> None:
    found = foretold()
    for row, lead in enumerate(LEADS):
        known = ~np.isnan(found.ahead[row])
        assert known.mean() > 0.95
        gap = found.ahead[row][known] - found.now[known]
        assert abs(gap.mean()) < 3.5 * gap.std() / np.sqrt(known.sum()), lead


def test_the_chance_ahead_comes_true_in_each_third() -> None:
    found = foretold()
    for row, lead in enumerate(LEADS):
        order = np.argsort(found.ahead[row])
        for third in np.array_split(order[~np.isnan(found.ahead[row][order])], 3):
            chance, left = found.ahead[row][third], found.left[third]
            error = np.sqrt((chance * (1 - chance)).sum()) + 1.0
            assert abs(left.sum() - chance.sum()) < 3.5 * error, lead


def test_the_further_ahead_the_less_can_be_told() -> None:
    found = foretold()
    gaps = [np.nanmean((ahead - found.now) ** 2) for ahead in found.ahead]
    assert gaps == sorted(gaps)
    assert auc(found.now, found.left) > auc(np.nan_to_num(found.ahead[3]), found.left)


def test_twins_do_not_know_the_weather_to_come() -> None:
    life, weather = lived(DEFAULT)
    known = 5
    after = np.arange(len(weather.macro)) > known + CALENDAR.history
    other = replace(
        weather,
        general=np.where(after, 3.0, weather.general),
        macro=np.where(after[:, None], 3.0, weather.macro),
        release=weather.release ^ after,
        incident=weather.incident ^ after[:, None],
        launch=weather.launch | after[:, None],
        shift=weather.shift + after[:, None],
    )
    found, again = foretold(), ceilings(life, other, STREAMS)
    for row, lead in enumerate(LEADS):
        before = found.month - lead <= known
        assert found.ahead[row][before].tobytes() == again.ahead[row][before].tobytes(), lead
        assert np.nanmean(found.ahead[row][~before] != again.ahead[row][~before]) > 0.9, lead


def test_a_play_that_does_nothing_changes_nothing() -> None:
    idle = plays_of(play=0.0, backfire=0.0)
    known = ~np.isnan(idle.spared)
    assert known.mean() > 0.95
    assert np.array_equal(idle.spared[known], idle.played[known])


def test_a_play_helps_most_and_harms_some() -> None:
    real = plays_of()
    effect = real.played - real.spared
    assert np.nanmean(effect) < -0.003
    assert 0.01 < np.nanmean(effect > 0.002) < 0.5
    harmful = plays_of(play=0.0)
    worse = harmful.played - harmful.spared
    assert np.nanmin(worse) > -0.01
    assert np.nanmean(worse) > 0


def test_every_twin_has_a_future_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    futures: dict[int, set[bytes]] = {}

    def spied(world: World, known: Shocks, *asked: Any) -> Shocks:
        future = onward(world, known, *asked)
        futures.setdefault(future.first, set()).add(future.macro.tobytes())
        return future

    monkeypatch.setattr("warehouse.simulate.twins.onward", spied)
    ceilings(*lived(DEFAULT), STREAMS)
    assert {len(each) for each in futures.values()} == {TWINS}


def test_what_is_told_of_an_account_does_not_depend_on_who_else_is_asked() -> None:
    few = 201
    weather = shocks(DEFAULT, STREAMS.seed, CALENDAR)
    people = population(DEFAULT, CALENDAR, STREAMS, few)
    alone = live(DEFAULT, CALENDAR, weather, people, STREAMS)
    for ask in (ceilings, plays):
        of_few: Any = ask(alone, weather, STREAMS)
        of_all: Any = ask(*lived(DEFAULT), STREAMS)
        # The last of an odd number has no neighbour to merge with.
        kept, told = of_all.account < few - 1, of_few.account < few - 1
        for name in ("account", "month", "ahead" if ask is ceilings else "played"):
            whole = getattr(of_all, name)[..., kept]
            np.testing.assert_allclose(getattr(of_few, name)[..., told], whole, rtol=1e-9)


def test_twins_are_the_same_each_time_and_change_no_life() -> None:
    life, weather = lived(DEFAULT)
    before = life.state.stress.tobytes()
    again = ceilings(life, weather, STREAMS)
    assert again.ahead.tobytes() == foretold().ahead.tobytes()
    assert life.state.stress.tobytes() == before


def test_what_was_is_what_was_decided() -> None:
    life, _ = lived(DEFAULT)
    found = foretold()
    at = (found.month + CALENDAR.history, found.account)
    assert life.events.choices.deciding[at].all()
    assert found.left.mean() == pytest.approx(found.now.mean(), abs=0.03)
