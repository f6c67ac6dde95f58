"""A trained model scores what it was taught, and says what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models import artefacts
from models.booster import probability
from warehouse.errors import InputMissing


@pytest.fixture(params=["straight lines", "trees"])
def model(request, trained):
    """The model of the small world, which is a logistic regression, and the trees beside it."""
    return trained if request.param == "straight lines" else replace(trained, logistic=None)


def test_contributions_add_up_to_the_log_odds(model, frame) -> None:
    rows = frame.set_index("account_id").tail(300)
    parts = model.contributions(rows)
    assert list(parts.columns) == [*model.names, "bias"]
    p = model.predict(rows)
    assert probability(parts.sum(axis=1).to_numpy()) == pytest.approx(p.to_numpy(), abs=1e-5)
    margin = np.log(p / (1 - p))
    assert parts.sum(axis=1).to_numpy() == pytest.approx(margin.to_numpy(), abs=1e-4)


def test_what_it_learned_is_the_planted_cause(model, frame) -> None:
    parts = model.contributions(frame.set_index("account_id")).drop(columns="bias")
    size = parts.abs().mean().sort_values(ascending=False)
    assert set(size.index[:2]) <= {"usage_trend", "tickets_opened_28d", "tickets_opened_90d"}
    known = frame.set_index("account_id")["usage_trend"]
    assert np.corrcoef(parts["usage_trend"][known.notna()], known.dropna())[0, 1] < -0.8


def test_columns_in_another_order_and_columns_unknown_to_it_change_nothing(model, frame) -> None:
    rows = frame.set_index("account_id").tail(20)
    other = rows[rows.columns[::-1]].assign(shoe_size=44.0)
    assert model.predict(other).equals(model.predict(rows))
    assert model.predict(rows).index.equals(rows.index)


def test_a_value_unknown_for_an_account_is_scored(model, frame) -> None:
    rows = frame.set_index("account_id").tail(5).assign(usage_trend=np.nan)
    assert model.predict(rows).between(0, 1).all()


def test_a_feature_that_went_missing_is_refused_by_name(model, frame) -> None:
    rows = frame.set_index("account_id").drop(columns=["usage_trend", "nps_last"])
    with pytest.raises(InputMissing, match="2 of them are not there: nps_last, usage_trend") as no:
        model.predict(rows)
    assert no.value.code == 66
    with pytest.raises(InputMissing):
        model.contributions(rows)


def test_no_rows_are_no_scores(model, frame) -> None:
    none = frame.set_index("account_id").head(0)
    assert model.predict(none).empty
    assert isinstance(model.contributions(none), pd.DataFrame)


def test_a_level_moves_every_log_odds_and_is_part_of_the_bias(model, frame) -> None:
    rows = frame.set_index("account_id").tail(50)
    raised = replace(model, level=0.3, golden_margins=model.golden_margins + 0.3)
    values = model.numbers(rows).to_numpy(np.float64)
    assert raised.margins(values) == pytest.approx(model.margins(values) + 0.3)
    for told, plain in [
        (raised.contributions(rows), model.contributions(rows)),
        *zip(raised.grounds(rows), model.grounds(rows), strict=True),
    ]:
        moved = (told - plain).sum()
        assert moved["bias"] == pytest.approx(0.3 * len(rows))
        assert (moved.drop("bias") == 0).all()


def test_a_level_is_kept_with_the_model(trained, tmp_path) -> None:
    raised = replace(trained, level=0.3, golden_margins=trained.golden_margins + 0.3)
    artefacts.save(raised, tmp_path)
    assert artefacts.load(tmp_path).level == 0.3
