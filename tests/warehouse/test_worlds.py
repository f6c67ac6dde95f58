"""Each world of the family differs from the default in what its name says, and in little else."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from warehouse.simulate import simulate
from warehouse.simulate.calendar import Calendar
from warehouse.simulate.drivers import ADOPTION, BUDGET, COMPETITOR, PRICE
from warehouse.simulate.life import Life, live
from warehouse.simulate.population import population
from warehouse.simulate.shocks import shocks
from warehouse.simulate.state import Kind
from warehouse.simulate.streams import BLOCK, Streams
from warehouse.simulate.worlds import WORLDS, named

MONTHS = 36
CALENDAR = Calendar("2023-01", MONTHS, WORLDS["default"].history)


@cache
def lives(name: str) -> tuple[Life, ...]:
    world = named(name)
    weather = shocks(world, 11, CALENDAR)
    return tuple(
        live(world, CALENDAR, weather, population(world, CALENDAR, streams, BLOCK), streams)
        for streams in (Streams(11, 0), Streams(11, 1), Streams(11, 2))
    )


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    rank = pd.Series(score).rank().to_numpy()
    ones, zeros = positive.sum(), (~positive).sum()
    return float((rank[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def decisions(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of those at a notice deadline: the true chance, that of three months before, the choice."""
    now, before, left = [], [], []
    for life in lives(name):
        choices = life.events.choices
        month, account = np.nonzero(choices.deciding & ~life.people.monthly)
        kept = (month >= CALENDAR.history) & (month < CALENDAR.history + MONTHS)
        month, account = month[kept], account[kept]
        now.append(choices.probability[month, account])
        before.append(choices.probability[month - 3, account])
        left.append(choices.quits[month, account])
    return np.concatenate(now), np.concatenate(before), np.concatenate(left)


def reported(name: str, value: str) -> np.ndarray:
    """``value`` (``part.field``) over the reported months of accounts that are customers."""
    part, field = value.split(".")
    found = []
    for life in lives(name):
        holder = life.events.choices if part == "choices" else getattr(life, part)
        values = getattr(holder, field)[life.reported]
        found.append(values[life.state.live[life.reported]])
    return np.concatenate(found)


def test_every_world_lives_and_loses_customers_at_a_believable_rate() -> None:
    for name in [*WORLDS, "random:1", "random:2"]:
        _, _, left = decisions(name)
        assert 0.04 < left.mean() < 0.25, name


def test_the_default_can_be_told_ninety_days_ahead() -> None:
    now, before, left = decisions("default")
    assert auc(now, left) > 0.87
    assert auc(before, left) > 0.80


def test_in_the_null_world_nothing_says_who_leaves() -> None:
    now, _, left = decisions("null")
    assert now.std() < 1e-9
    stress = np.concatenate([life.state.stress.max(axis=1) for life in lives("null")], axis=-1)
    quits = np.concatenate([life.events.choices.quits for life in lives("null")], axis=-1)
    asked = np.concatenate([life.events.choices.deciding for life in lives("null")], axis=-1)
    assert auc(stress[asked], quits[asked]) == pytest.approx(0.5, abs=0.04)
    assert left.any()


def test_in_the_null_world_only_the_calendar_tells_a_label_of_ninety_days() -> None:
    """Of all customers at a close: who is gone three months later, by what is seen of them."""
    assert not any((life.events.turn.kind == Kind.MERGED).any() for life in lives("null"))
    gone: list[np.ndarray] = []
    seen: dict[str, list[np.ndarray]] = {}
    for life in lives("null"):
        closes = np.arange(CALENDAR.history, CALENDAR.history + MONTHS - 3)
        live = life.state.live[closes]
        gone.append(~life.state.live[closes + 3][live])
        parts = {name: getattr(life.signals, name) for name in ("used", "tickets", "mood", "depth")}
        parts |= {"pulse": life.watch.pulse, "red": life.watch.red, "seats": life.state.terms.seats}
        parts |= {name: getattr(life.people, name) for name in ("monthly", "segment", "card")}
        month = np.arange(len(life.state.live))[:, None] - CALENDAR.history
        parts["months to turn"] = life.state.turns - month
        for name, values in parts.items():
            whole = np.broadcast_to(values, life.state.live.shape)
            seen.setdefault(name, []).append(whole[closes][live].astype(np.float64))
    left = np.concatenate(gone)
    assert left.sum() > 1000
    assert auc(-np.concatenate(seen.pop("months to turn")), left) > 0.7, "when is in the contract"
    for name, values in seen.items():
        one = np.concatenate(values)
        assert auc(one, left) == pytest.approx(0.5, abs=0.05), name


def test_in_the_calendar_world_only_the_contract_says_who_leaves() -> None:
    now, before, left = decisions("calendar-only")
    assert 0.5 < auc(now, left) < 0.62
    assert np.corrcoef(now, before)[0, 1] > 0.99


def test_fast_drivers_leave_no_time_for_a_warning() -> None:
    now, before, left = decisions("fast-drivers")
    assert auc(now, left) > 0.9
    assert auc(before, left) < 0.62


def test_drift_makes_the_last_third_harsher() -> None:
    def late_over_early(name: str) -> float:
        last, first = [], []
        for life in lives(name):
            rates = life.events.choices.hazard[life.reported]
            rates = rates[:, [PRICE, BUDGET, COMPETITOR]].sum(axis=1)
            last.append(rates[-6:][life.state.live[life.reported][-6:]])
            first.append(rates[:12][life.state.live[life.reported][:12]])
        return float(np.concatenate(last).mean() / np.concatenate(first).mean())

    assert late_over_early("drift") > 2.0 * late_over_early("default")


def test_theatre_is_an_opinion_that_knows_nothing() -> None:
    def knows(name: str) -> float:
        chance = np.log(reported(name, "choices.probability"))
        return float(np.corrcoef(reported(name, "watch.pulse"), chance)[0, 1])

    assert knows("default") < -0.25
    assert abs(knows("theatre")) < 0.05
    assert knows("score-theatre") > -0.15


def test_without_a_randomised_stratum_no_play_is_given_by_chance() -> None:
    assert any(life.people.stratum.any() for life in lives("default"))
    assert not any(life.people.stratum.any() for life in lives("confounded-only"))
    plays = np.concatenate([life.plan.propensity.ravel() for life in lives("confounded-only")])
    assert 0.5 not in plays


def test_firefighters_call_after_the_fire() -> None:
    def follows_tickets(name: str) -> float:
        found = []
        for life in lives(name):
            alive = life.state.live[:-1] & life.state.live[1:]
            found.append(
                np.corrcoef(life.signals.tickets[:-1][alive], life.plan.action.touches[1:][alive])[
                    0, 1
                ]
            )
        return float(np.mean(found))

    assert follows_tickets("firefighting") > 1.5 * follows_tickets("default")


def test_onboarding_chaos_delays_value_and_lowers_adoption() -> None:
    slow = np.median(np.concatenate([life.people.value_days for life in lives("onboarding-chaos")]))
    usual = np.median(np.concatenate([life.people.value_days for life in lives("default")]))
    assert slow == pytest.approx(3.0 * usual)

    def stress(name: str) -> float:
        return float(
            np.mean(
                [life.state.stress[:, ADOPTION][life.state.live].mean() for life in lives(name)]
            )
        )

    assert stress("onboarding-chaos") > stress("default") + 0.2


def test_renewals_are_a_scramble_when_attention_comes_in_the_last_month() -> None:
    def early_share(name: str) -> float:
        early = late = 0
        for life in lives(name):
            month = np.arange(len(life.state.live))[:, None] - CALENDAR.history
            ahead = life.state.turns - month
            touches = life.plan.action.touches * life.state.live * ~life.people.monthly
            early += touches[(ahead > 1) & (ahead <= 4)].sum()
            late += touches[(ahead >= 0) & (ahead <= 1)].sum()
        return early / late

    assert early_share("renewal-scramble") < 0.6 * early_share("default")


def test_without_telemetry_no_use_is_written(tmp_path: Path) -> None:
    usage = pd.read_parquet(
        simulate(tmp_path / "raw", 60, 6, 1, world="usage-free") / "usage.parquet"
    )
    assert usage.empty


def test_what_cs_finds_is_lost_in_the_black_hole(tmp_path: Path) -> None:
    def handed(world: str) -> tuple[float, float]:
        folder = simulate(tmp_path / world, 700, 18, 4, world=world)
        found = pd.read_parquet(folder / "opportunities.parquet").query("source == 'cs'")
        arr = pd.read_parquet(folder / "truth" / "account_months.parquet").groupby("month")["arr"]
        return float(found["handed_at"].notna().mean()), float(arr.sum().iloc[-1])

    (usual, large), (lost, small) = handed("default"), handed("expansion-black-hole")
    assert lost < 0.5 * usual
    assert small < large


def test_random_worlds_differ_and_repeat() -> None:
    assert named("random:3") == named("random:3")
    assert named("random:3") != named("random:4")


@pytest.mark.parametrize("name", ["random:", "random:x", "random:-1", "random:1.5", "flat", ""])
def test_what_is_no_world_is_refused(name: str) -> None:
    with pytest.raises(KeyError):
        named(name)
