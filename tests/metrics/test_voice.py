from __future__ import annotations

from math import sqrt

import pandas as pd
import pytest

from metrics.definitions.voice import VOICE
from metrics.intervals import proportion
from metrics.registry import REGISTRY
from metrics.voice import (
    CES,
    CES_TOP,
    CSAT,
    CSAT_MEAN,
    FORMS,
    NPS,
    NPS_BY_ACCOUNT,
    by_group,
    change,
    figures,
    measure,
    measures,
    trend,
)
from tests.metrics.heard import ids, known, scored, surveys
from tests.metrics.ledgers import line
from tests.metrics.test_oracles import oracle


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = REGISTRY | {each.name: each for each in VOICE}
    monkeypatch.setattr("metrics.registry.REGISTRY", whole)


def nps_of(promoters: int, passives: int, detractors: int) -> pd.DataFrame:
    return scored(*[9] * promoters, *[7] * passives, *[6] * detractors)


def test_the_interval_of_thirds_is_the_published_one() -> None:
    told = oracle(21)["expected"]
    for n in (30, 300):
        found = measure(nps_of(n // 3, n // 3, n // 3), NPS)
        assert found.low is not None
        assert found.high is not None
        half, wide = (float(told[k].split("/")[0]) for k in ("half_width", "full_width_95"))
        assert (found.high - found.low) / 2 == pytest.approx(half / sqrt(n), rel=1e-4)
        assert found.high - found.low == pytest.approx(wide / sqrt(n), rel=1e-3)


def test_the_interval_of_two_hundred_answers() -> None:
    assert "n=200,p=.5,d=.2 -> NPS 30 +/- 10.82" in oracle(21)["note"]
    found = measure(nps_of(100, 60, 40), NPS)
    assert (found.value, found.n) == (pytest.approx(30), 200)
    assert found.high == pytest.approx(40.82, abs=0.01)
    assert found.low == pytest.approx(19.18, abs=0.01)


@pytest.mark.parametrize(("score", "value"), [(0, -100), (6, -100), (7, 0), (8, 0), (9, 100)])
def test_the_classes_of_nps(score: int, value: int) -> None:
    assert measure(scored(score), NPS).value == value


def test_no_interval_is_read_from_answers_alike_and_none_leaves_the_scale() -> None:
    assert measure(nps_of(5, 0, 0), NPS).low is None
    assert measure(nps_of(1, 0, 0), NPS).high is None
    found = measure(nps_of(4, 1, 0), NPS)
    assert (found.value, found.high) == (80, 100)


def test_over_accounts_each_counts_once_with_its_mean() -> None:
    rows = surveys(
        {"account_id": "A", "score": 10},
        {"account_id": "A", "score": 9},
        {"account_id": "A", "score": 10},
        {"account_id": "B", "score": 3},
        {"account_id": "C", "score": 9},
        {"account_id": "C", "score": 4},
    )
    assert measure(rows, NPS).value == pytest.approx(100 * (4 - 2) / 6)
    found = measure(rows, NPS_BY_ACCOUNT)
    assert (found.value, found.n) == (0, 3)


def test_satisfaction_is_the_top_two_and_the_mean_is_named_apart() -> None:
    rows = scored(5, 5, 4, 3, 1, kind="csat")
    assert measure(rows, CSAT).value == pytest.approx(0.6)
    assert measure(rows, CSAT_MEAN).value == pytest.approx(3.6)
    found = measure(scored(*[5] * 9, 1, kind="csat"), CSAT)
    assert (found.low, found.high) == (
        pytest.approx(0.596, abs=1e-3),
        pytest.approx(0.982, abs=1e-3),
    )


def test_effort_is_a_mean_whose_scale_is_printed() -> None:
    rows = scored(7, 6, 5, 2, kind="ces")
    found = measure(rows, CES)
    assert found.value == pytest.approx(5)
    # Student's t, 3 degrees of freedom, standard deviation sqrt(14 / 3).
    assert found.high == pytest.approx(5 + 3.182446 * sqrt(14 / 3) / 2)
    assert measure(rows, CES_TOP).value == pytest.approx(0.75)
    says = measures(rows).set_index(["kind", "form"]).loc[("ces", "mean"), "says"]
    assert says == "mean on 1 to 7, 7 the easiest"


def test_every_form_is_printed_over_nobody_too() -> None:
    table = measures(surveys())
    assert len(table) == len(FORMS)
    assert (table["n"] == 0).all()
    assert table[["value", "low", "high"]].isna().all(axis=None)
    assert change(surveys(), surveys())["outside_noise"].isna().all()


def test_by_group() -> None:
    rows = pd.concat([scored(9, 9, 5), scored(4, kind="csat")], ignore_index=True)
    labels = pd.Series(["SMB", "Enterprise", None, "SMB"], dtype="str")
    table = by_group(rows, labels)
    nps = table[(table["kind"] == "nps") & (table["form"] == "answers")]
    assert nps[["group", "value", "n"]].to_numpy().tolist() == [
        ["Enterprise", 100.0, 1],
        ["SMB", 100.0, 1],
        ["not known", -100.0, 1],
    ]
    assert by_group(surveys(), pd.Series(dtype="str")).empty


def test_a_change_is_flagged_only_outside_noise() -> None:
    was, now = nps_of(50, 25, 25), nps_of(40, 30, 30)
    row = change(now, was).iloc[0]
    assert (row["value"], row["was"], row["change"]) == (10, 25, -15)
    half = 1.96 * 100 * sqrt((0.7 - 0.01) / 100 + (0.75 - 0.0625) / 100)
    assert row["high"] == pytest.approx(-15 + half, rel=1e-4)
    assert not row["outside_noise"]
    many = [pd.concat([part] * 4, ignore_index=True) for part in (now, was)]
    assert change(many[0], many[1]).iloc[0]["outside_noise"]


def test_a_change_from_answers_alike_is_not_known() -> None:
    row = change(nps_of(0, 0, 3), nps_of(3, 0, 0)).iloc[0]
    assert row["change"] == -200
    assert row["outside_noise"] is pd.NA


def test_the_trend_compares_a_window_with_the_one_before() -> None:
    rows = surveys(
        *(
            {"contact_id": f"K{i}", "score": score, "answered_at": at, "sent_at": "2024-01-01"}
            for i, (score, at) in enumerate(
                [(9, "2025-01-01"), (3, "2025-03-31"), (9, "2025-04-01"), (9, "2024-12-31")]
            )
        )
    )
    table = trend(rows, ["2025-03", "2025-06"])
    nps = table[table["form"] == "answers"]
    assert nps["month"].tolist() == ["2025-03", "2025-06"]
    assert nps["value"].tolist() == [0, 100]
    assert nps["was"].tolist() == [100, 0]
    assert nps["n"].tolist() == [2, 1]
    assert trend(rows, []).empty


def test_the_figures_of_a_month() -> None:
    rows = surveys(
        {"account_id": "A", "contact_id": "1", "score": 9},
        {"account_id": "A", "contact_id": "2", "score": 2},
        {"account_id": "A", "contact_id": "X", "score": 0},
        {"account_id": "B", "contact_id": "3", "score": 10, "answered_at": "2025-03-31"}
        | {"sent_at": "2025-03-30"},
        {"account_id": "C", "contact_id": "4"},
        {"account_id": "C", "contact_id": "4", "sent_at": "2024-06-30"},
        {"account_id": "D", "contact_id": "5", "score": 7},
        {"account_id": "gone", "contact_id": "6", "score": 3},
        {"account_id": "A", "contact_id": "1", "kind": "csat", "score": 4},
        {"account_id": "A", "contact_id": "1", "kind": "ces", "score": 3},
    )
    lines = [
        line(a, "2024-01-01", None, arr) for a, arr in zip("ABCD", [500, 40, 7, 3], strict=True)
    ]
    found = figures(known({"surveys": rows, "contacts": ids("123456")}, *lines))
    assert {k: (v.value, v.n) for k, v in found.items()} == {
        "nps": (-25, 4),
        "nps_response": (6 / 7, 7),
        "csat": (1, 1),
        "ces": (3, 1),
        "silent_accounts": (1, 4),
        "silent_arr": (7, 1),
        "detractor_arr": (500, 1),
    }
    assert (found["nps_response"].low, found["nps_response"].high) == proportion(6, 7)
    assert found["nps"].high == pytest.approx(
        -25 + 1.96 * 100 * sqrt((0.75 - 0.0625) / 4), rel=1e-4
    )
    assert set(found) == {each.name for each in VOICE}


def test_the_figures_of_a_company_that_asks_nothing() -> None:
    assert figures(known({})) == {}
    found = figures(known({"surveys": surveys()}))
    assert {k: v.value for k, v in found.items()} == {
        **dict.fromkeys(("nps", "nps_response", "csat", "ces")),
        **dict.fromkeys(("silent_accounts", "silent_arr", "detractor_arr"), 0),
    }


def test_as_of_rules_what_is_in_a_window() -> None:
    late = surveys({"contact_id": "1", "score": 9, "answered_at": "2025-07-01"})
    assert figures(known({"surveys": late}))["nps"].n == 0
    early = surveys(*({"contact_id": "1", "score": 9, "answered_at": "2025-04-01"} for _ in "ab"))
    assert figures(known({"surveys": early}))["nps"].n == 1
