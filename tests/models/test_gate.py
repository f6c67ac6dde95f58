"""The gate: who takes over, who does not, and that the champion is asked a fair question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models import gate
from models.alarm import Alarm
from models.gate import decide
from models.outcomes import Question
from models.trained import Trained
from warehouse.errors import Usage

ALARM = Alarm("status", "words", 0.99, 900, 90, 0.95, "in all months")
ORIGIN = "2023-01"  # of the newest fold


@pytest.fixture(scope="module")
def stranger(
    fit: Callable[..., Trained], make_world: Callable[..., pd.DataFrame], frame: pd.DataFrame
) -> Trained:
    """A model of the same customers' ways, learnt from others, as if at the fold's origin."""
    return replace(fit(make_world(accounts=80, seed=8)), month=ORIGIN)


def said(trained: Trained, change: Callable[[pd.Series], pd.Series]) -> Trained:
    """``trained`` with other probabilities in its newest fold's rehearsal."""
    assert trained.held_out is not None
    told = trained.held_out.copy()
    newest = told["fold"] == told["fold"].max()
    told.loc[newest, "model"] = change(told.loc[newest, "model"])
    return replace(trained, held_out=told)


def blind(p: pd.Series) -> pd.Series:
    """The mean for everybody: as well calibrated, and without any knowledge."""
    return pd.Series(np.full(len(p), p.mean()), index=p.index)


def test_a_first_model_with_a_signal_is_crowned(trained: Trained) -> None:
    decision = decide(trained, None, [])
    assert decision.promoted
    assert decision.reasons[0] == trained.verdict
    assert "calibration error" in decision.reasons[1]
    assert decision.reasons[2] == "there is no champion to compare with"


def test_a_first_model_without_a_signal_is_not(
    fit: Callable[..., Trained], make_world: Callable[..., pd.DataFrame]
) -> None:
    nothing = fit(make_world(cause=0.0))
    decision = decide(nothing, None, [])
    assert not decision.promoted
    assert decision.reasons == (nothing.verdict,)
    assert decision.reasons[0].startswith("no signal")


def test_a_leak_keeps_the_best_of_models_out(trained: Trained) -> None:
    decision = decide(trained, None, [ALARM])
    assert not decision.promoted
    assert decision.reasons == (f"leak alarm: {ALARM.said}",)
    many = decide(trained, None, [ALARM] * 13).reasons
    assert len(many) == gate.LOUDEST + 1
    assert many[-1] == "3 more leak alarms"


@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_probabilities_that_do_not_come_true_are_refused(trained: Trained, factor: float) -> None:
    decision = decide(said(trained, lambda p: (p * factor).clip(upper=0.95)), None, [])
    assert not decision.promoted
    assert len(decision.reasons) == 1
    assert decision.reasons[0].startswith("calibration error")


def test_chance_is_as_wide_as_the_accounts_are_few() -> None:
    """Rows of one account come true together: sixty times one answer is one answer."""
    rng = np.random.default_rng(4)
    whose = np.repeat(np.arange(30), 60)
    events = (rng.random(30) < 0.2)[whose].astype(float)
    few = pd.DataFrame({"account_id": whose, "outcome": events, "model": 0.2})
    events = few["outcome"].mean()
    assert abs(events - 0.2) > 0.05  # beyond the chance of 1,800 accounts
    assert gate.calibrated(few).passed
    assert not gate.calibrated(few.assign(account_id=np.arange(len(few)))).passed


def test_chance_lets_nine_in_ten_honest_models_pass() -> None:
    rng = np.random.default_rng(5)
    passed = []
    for _ in range(30):
        p = rng.beta(1, 12, 800)
        came = (rng.random(800) < p).astype(float)
        rows = pd.DataFrame({"account_id": np.arange(800), "outcome": came, "model": p})
        passed.append(gate.calibrated(rows).passed)
    assert np.mean(passed) >= 0.9


@pytest.mark.parametrize(("factor", "passed"), [(1.07, True), (1.3, False)])
def test_with_many_accounts_a_tenth_of_the_rate_is_still_allowed(
    factor: float, passed: bool
) -> None:
    """Of 60,000 accounts chance allows next to nothing, and a person notices no less than that."""
    rng = np.random.default_rng(9)
    p = rng.beta(2, 18, 60_000)
    came = (rng.random(60_000) < p).astype(float)
    rows = pd.DataFrame({"account_id": np.arange(60_000), "outcome": came, "model": p * factor})
    assert gate.calibrated(rows).passed == passed


def test_the_same_rows_are_asked_of_a_champion_that_learnt_nothing_from_them(
    trained: Trained, stranger: Trained, frame: pd.DataFrame
) -> None:
    decision = decide(trained, stranger, [], frame)
    assert decision.promoted
    assert f"not worse than the champion of {ORIGIN} on the same 360 rows" in decision.reasons[-1]
    shuffled = frame.sample(frac=1, random_state=1)
    assert decide(trained, stranger, [], shuffled) == decision


def test_a_model_that_ranks_worse_is_refused(
    trained: Trained, stranger: Trained, frame: pd.DataFrame
) -> None:
    decision = decide(said(trained, blind), stranger, [], frame)
    assert not decision.promoted
    assert [reason.split(" than")[0] for reason in decision.reasons] == ["worse"]
    assert "rows of the newest fold, on which it knew no answer: AUC -0.3" in decision.reasons[0]


def test_a_model_that_ranks_as_well_and_says_worse_is_refused(
    trained: Trained, stranger: Trained, frame: pd.DataFrame
) -> None:
    sure = said(trained, lambda p: p**3)
    decision = decide(sure, stranger, [], frame)
    assert not decision.promoted
    assert [r.split()[0] for r in decision.reasons] == ["calibration", "worse"]


def test_one_that_is_worse_by_less_than_matters_passes(
    trained: Trained, stranger: Trained, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MARGINS", (1.0, 1.0))
    assert decide(said(trained, blind), stranger, [], frame).promoted


@pytest.mark.parametrize("month", ["2023-02", "2023-04"])
def test_a_champion_that_knows_part_of_the_answers_is_not_asked_about_them(
    trained: Trained, stranger: Trained, frame: pd.DataFrame, month: str
) -> None:
    """At 2023-02 it learnt from rows before the fold's, whose answers overlap those of the fold."""
    later = replace(stranger, month=month, through="2022-12")
    reason = decide(trained, later, [], frame[frame["month"] < month]).reasons[-1]
    told = {"2023-02": "on the same 240 rows", "2023-04": "bear on 360 of the newest fold's 360"}
    assert told[month] in reason
    assert ("in its newest rehearsal" in reason) == (month == "2023-04")


def test_months_of_a_renewal_are_asked_about_if_it_was_decided_since(
    fit: Callable[..., Trained], frame: pd.DataFrame
) -> None:
    certain = pd.to_datetime(frame["month"] + "-01") + pd.DateOffset(months=4)
    odd = frame["account_id"].str[-1].isin(list("13579"))
    dated = frame.assign(certain=certain.where(~odd, certain + pd.DateOffset(months=2)))
    renewal = fit(dated, kind="renewal")
    assert renewal.held_out is not None
    newest = renewal.held_out[renewal.held_out["fold"] == renewal.held_out["fold"].max()]
    months = sorted(newest["month"].unique())
    # Certain four months after their month's start, or six: the first of them at ``asked``.
    asked = str(pd.Period(months[-1]) + 2)
    champion = replace(renewal, month=asked)
    since = dated[dated["certain"] > pd.Timestamp(asked) + pd.DateOffset(months=1)]
    n = len(newest.merge(since, on=["account_id", "month"]))
    assert 0 < n < len(newest)
    assert f"on the same {n} rows" in decide(renewal, champion, [], dated).reasons[-1]


@pytest.mark.parametrize(
    ("columns", "why"),
    [(None, "the features were not given"), (["usage_trend"], "1 of the champion's features")],
)
def test_rehearsals_are_compared_where_rows_cannot_be(
    trained: Trained,
    stranger: Trained,
    frame: pd.DataFrame,
    columns: list[str] | None,
    why: str,
) -> None:
    rows = None if columns is None else frame.drop(columns=columns)
    decision = decide(trained, stranger, [], rows)
    assert decision.promoted
    assert "each in its newest rehearsal" in decision.reasons[-1]
    assert why in decision.reasons[-1]
    better = stranger.folds.copy()
    better.loc[better["method"] == "model", "auc"] = 0.999
    refused = decide(trained, replace(stranger, folds=better), [], rows)
    assert not refused.promoted
    assert refused.reasons[0].startswith("worse than the champion")


def test_folds_that_differ_among_themselves_prove_less(trained: Trained, stranger: Trained) -> None:
    cards = [stranger.folds.assign(fold=n, origin=f"2022-0{n}") for n in (1, 2, 3)]
    folds = pd.concat(cards, ignore_index=True).drop_duplicates(["fold", "method"])
    model = folds["method"] == "model"
    steady = folds.assign(auc=folds["auc"].where(~model, 0.999))
    wild = steady.assign(auc=steady["auc"].where(~(model & (folds["fold"] == 2)), 0.6))
    assert not decide(trained, replace(stranger, folds=steady), []).promoted
    assert decide(trained, replace(stranger, folds=wild), []).promoted


def test_another_question_is_no_rival(trained: Trained, stranger: Trained) -> None:
    other = replace(stranger, question=Question("churn", 2, 6))
    decision = decide(said(trained, blind), other, [])
    assert decision.promoted
    assert "answers another question (churn, months 2 to 6)" in decision.reasons[-1]


def test_a_model_from_a_folder_has_nothing_to_be_judged_by(trained: Trained) -> None:
    with pytest.raises(Usage, match="the gate decides on a model as it is trained"):
        decide(replace(trained, held_out=None), None, [])
