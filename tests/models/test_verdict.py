"""The verdict: noise is theatre, a good score is trusted, and few departures say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import health
from models.verdict import EARLY, THEATRE, TRUSTED, WEAK, auc, lead, verdict


def graded(signal: float, accounts: int = 300, months: int = 4, seed: int = 1) -> pd.DataFrame:
    """Account-months whose risk follows the log-odds of leaving by ``signal``, banded by count."""
    rng = np.random.default_rng(seed)
    parts = []
    state = rng.standard_normal(accounts)
    for month in range(months):
        odds = -3.2 + 2.0 * state
        outcome = (rng.random(accounts) < 1 / (1 + np.exp(-odds))).astype(float)
        risk = signal * state + rng.standard_normal(accounts)
        order = pd.Series(risk).rank(pct=True)
        band = np.select([order > 0.9, order > 0.7], [health.AT_RISK, health.WATCH], health.HEALTHY)
        parts.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i:04d}" for i in range(accounts)],
                    "month": f"2024-{month + 1:02d}",
                    "outcome": outcome,
                    "risk": risk,
                    "band": band,
                    "other": rng.standard_normal(accounts),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_noise_is_theatre_in_nearly_every_company() -> None:
    words = [verdict(graded(0.0, seed=seed)).word for seed in range(20)]
    assert words.count(THEATRE) >= 19
    assert TRUSTED not in words


def test_a_score_that_knows_is_trusted_and_one_that_half_knows_is_weak() -> None:
    words = [verdict(graded(2.0, seed=seed)).word for seed in range(10)]
    assert words.count(TRUSTED) >= 9
    assert verdict(graded(0.35, accounts=600)).word == WEAK


def test_a_score_upside_down_is_theatre() -> None:
    told = verdict(graded(-2.0))
    assert told.word == THEATRE
    assert told.green > 0.8
    assert told.inversions >= 2


def test_few_departures_make_no_verdict() -> None:
    told = verdict(graded(2.0, accounts=20, months=1))
    assert told.word == EARLY
    assert told.auc is None
    assert verdict(graded(2.0)[:0]).word == EARLY


def test_one_band_out_of_order_is_not_trusted() -> None:
    rows = graded(2.0)
    swapped = rows.assign(
        band=rows["band"].replace({health.WATCH: health.AT_RISK, health.AT_RISK: health.WATCH})
    )
    assert verdict(rows).word == TRUSTED
    assert verdict(swapped).word == WEAK
    assert verdict(swapped).inversions == 1


def test_the_numbers_are_those_of_the_rows() -> None:
    rows = graded(2.0)
    left = rows[rows["outcome"] == 1]
    at_risk = rows[rows["band"] == health.AT_RISK]
    told = verdict(rows)
    assert (told.rows, told.events) == (len(rows), len(left))
    assert told.green == pytest.approx((left["band"] == health.HEALTHY).mean())
    assert told.red == pytest.approx((at_risk["outcome"] == 0).mean())


def test_a_lead_is_measured_on_the_same_rows() -> None:
    rows = graded(2.0)
    ahead = lead(rows, "other")
    assert ahead.low > 0
    assert lead(rows.assign(other=rows["risk"]), "other").value == 0
    few = rows.assign(other=rows["other"].where(rows["account_id"] < "a0100"))
    assert lead(few, "other").value != ahead.value


def exact(left: dict[str, int], stayed: dict[str, int]) -> pd.DataFrame:
    """One month in which as many of each band left and stayed; the risk is that of the band."""
    risk = {health.HEALTHY: 0.0, health.WATCH: 1.0, health.AT_RISK: 2.0}
    bands = [(band, 1, n) for band, n in left.items()]
    bands += [(band, 0, n) for band, n in stayed.items()]
    told = [(band, outcome) for band, outcome, n in bands for _ in range(n)]
    frame = pd.DataFrame(told, columns=["band", "outcome"])
    return frame.assign(
        account_id=[f"a{i:04d}" for i in range(len(frame))],
        month="2024-01",
        risk=frame["band"].map(risk),
    )


KEPT = {health.HEALTHY: 700, health.WATCH: 100, health.AT_RISK: 50}


def test_twenty_accounts_that_left_are_enough_however_often_each_was_scored() -> None:
    nineteen = exact({health.HEALTHY: 1, health.WATCH: 4, health.AT_RISK: 14}, KEPT)
    twenty = exact({health.HEALTHY: 1, health.WATCH: 4, health.AT_RISK: 15}, KEPT)
    again = pd.concat([nineteen, nineteen.assign(month="2024-02")], ignore_index=True)
    assert verdict(nineteen).word == verdict(again).word == EARLY
    assert verdict(twenty).word == TRUSTED
    assert verdict(twenty[twenty["outcome"] == 1]).word == EARLY  # nobody stayed to compare with


def test_a_verdict_needs_the_ranking_and_the_healthy_band_both() -> None:
    leaking = exact({health.HEALTHY: 30, health.WATCH: 5, health.AT_RISK: 30}, KEPT)
    told = verdict(leaking)
    assert told.auc is not None
    assert told.auc.low > 0.6
    assert told.inversions == 0
    assert told.word == WEAK
    # A ranking that is good, cut so that those called healthy are the likeliest to leave.
    cut = graded(2.0)
    worst = cut["risk"] > cut["risk"].quantile(0.7)
    cut["band"] = np.where(worst, health.HEALTHY, health.WATCH)
    told = verdict(cut)
    assert told.auc is not None
    assert told.auc.low > 0.6
    assert told.word == THEATRE


def test_bands_alone_do_not_earn_trust_when_the_ranking_is_near_chance() -> None:
    rows = exact({health.HEALTHY: 10, health.WATCH: 30, health.AT_RISK: 70}, KEPT)
    assert verdict(rows).word == TRUSTED
    blurred = rows.assign(risk=graded(0.0, accounts=len(rows), months=1)["other"])
    blurred["risk"] += 0.35 * rows["outcome"]
    told = verdict(blurred)
    assert told.auc is not None
    assert 0.5 < told.auc.low < 0.6
    assert told.word == WEAK


def test_the_range_draws_accounts_so_repeating_a_month_does_not_narrow_it() -> None:
    once = graded(0.7, months=1)
    often = pd.concat([once.assign(month=f"2024-{m:02d}") for m in range(1, 7)], ignore_index=True)
    assert auc(often).low == pytest.approx(auc(once).low)
    assert auc(often).high == pytest.approx(auc(once).high)


def test_rows_without_a_risk_or_an_answer_do_not_count() -> None:
    rows = graded(2.0)
    silent = rows.assign(risk=rows["risk"].where(rows["account_id"] >= "a0100"))
    assert verdict(silent) == verdict(rows[rows["account_id"] >= "a0100"])
    waiting = rows.assign(outcome=rows["outcome"].where(rows["account_id"] >= "a0100"))
    assert verdict(waiting) == verdict(rows[rows["account_id"] >= "a0100"])


def test_nobody_called_healthy_is_said_and_not_trusted() -> None:
    told = verdict(graded(2.0).replace({"band": {health.HEALTHY: health.WATCH}}))
    assert told.word == WEAK
    assert "nobody was called healthy" in told.said
    assert "nan" not in told.said


def test_a_lead_leaves_out_rows_the_other_lacks_on_both_sides() -> None:
    rows = graded(2.0)
    few = rows.assign(other=rows["other"].where(rows["account_id"] < "a0100"))
    assert lead(few, "other") == lead(rows[rows["account_id"] < "a0100"], "other")
