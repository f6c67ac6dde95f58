"""The experts' score: ranks and weights, what is unknown, and what a bad file is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models.experts import FIVE_FACTOR, experts
from warehouse.errors import DataRefused, InputMissing


def matrix(**columns: list[float]) -> pd.DataFrame:
    size = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=[f"a{i}" for i in range(size)], dtype="float64")


def told(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "expert-score.toml"
    file.write_text(text)
    return file


TWO = """
[[factor]]
name = "Use"
weight = 3
features = ["seats_used"]

[[factor]]
name = "Support"
weight = 1
features = ["tickets_opened_90d"]
"""


def test_a_score_is_the_weighted_mean_of_ranks_on_the_safe_side(tmp_path: Path) -> None:
    score = experts(catalogue(), told(tmp_path, TWO)).score(
        matrix(seats_used=[0.2, 0.5, 0.9, 0.4], tickets_opened_90d=[0, 9, 3, 1])
    )
    # Seats ranked 1 3 4 2; tickets, fewer is safer, 4 1 2 3. A rank is the middle of its place.
    places = [(0.125, 0.875), (0.625, 0.125), (0.875, 0.375), (0.375, 0.625)]
    expected = [100 * (3 * seats + tickets) / 4 for seats, tickets in places]
    assert score.to_list() == pytest.approx(expected)


def test_what_is_unknown_is_passed_over_until_too_little_is_known(tmp_path: Path) -> None:
    score = experts(catalogue(), told(tmp_path, TWO)).score(
        matrix(seats_used=[0.2, np.nan, 0.9], tickets_opened_90d=[np.nan, 3, 1])
    )
    assert score["a0"] == 25.0  # the lower of two known ranks
    assert np.isnan(score["a1"])  # a quarter of the weight
    alone = experts(catalogue(), told(tmp_path, TWO)).score(matrix(seats_used=[0.1, 0.2]))
    assert alone.to_list() == [25.0, 75.0]
    assert experts(catalogue()).score(matrix(arr_now=[1, 2])).isna().all()


def test_half_of_the_weight_is_enough_and_a_factor_is_the_mean_of_its_features(
    tmp_path: Path,
) -> None:
    text = TWO.replace("weight = 3", "weight = 0.01").replace("weight = 1", "weight = 0.15")
    text += '\n[[factor]]\nname = "Voice"\nweight = 0.14\nfeatures = ["nps_last", "csat_last"]\n'
    by = experts(catalogue(), told(tmp_path, text))
    assert by.score(matrix(tickets_opened_90d=[1, 2])).to_list() == pytest.approx([75.0, 25.0])
    voices = matrix(tickets_opened_90d=[0, 0], nps_last=[1, 2], csat_last=[4, 3])
    assert by.score(voices).to_list() == pytest.approx([50, 50])  # ties share the mean of ranks
    agreed = by.score(voices.assign(csat_last=[3, 4]))
    low = 100 * (0.15 * 0.5 + 0.14 * 0.25) / 0.29
    assert agreed.to_list() == pytest.approx([low, 100 - low])


def test_the_five_factors_are_declared_and_their_order_of_rows_does_not_matter() -> None:
    five = experts(catalogue(), FIVE_FACTOR)
    assert len(five.factors) == 5
    assert sum(factor.weight for factor in five.factors) == 100
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.standard_normal(50) for name in five.signs})
    mixed = frame.sample(frac=1, random_state=2)
    pd.testing.assert_series_equal(five.score(frame), five.score(mixed).sort_index())
    assert five.score(frame).between(0, 100).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"seats_used"', '"seats_usd"'), "'seats_usd' is no feature; did you mean seats_used"),
        (('"seats_used"', '"touches_90d"'), r"no risky side of its own; give the factor higher"),
        (('"seats_used"', '"tickets_opened_90d"'), "is there twice; a feature counts once"),
        (('"seats_used"', '"main_product"'), "is a word; only numbers have a rank"),
        (("weight = 3", "weight = 0"), "weight: Input should be greater than 0; found 0"),
        (("weight = 3", "wieght = 3"), "wieght: Extra inputs are not permitted"),
        (('name = "Use"', 'name = "Support"'), "is there 2 times; give each a name of its own"),
        (('["seats_used"]', "[]"), "features: .*at least 1 item"),
    ],
)
def test_a_bad_file_is_told_where_and_what(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    with pytest.raises(DataRefused, match=rf"expert-score.toml cannot be used:[\s\S]*{said}"):
        experts(catalogue(), told(tmp_path, TWO.replace(*change)))


def test_a_side_can_be_said(tmp_path: Path) -> None:
    text = TWO.replace('["seats_used"]', '["touches_90d"]\nhigher = "riskier"')
    score = experts(catalogue(), told(tmp_path, text)).score(matrix(touches_90d=[1, 2]))
    assert score.to_list() == [75.0, 25.0]


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"lists the \[\[factor\]\] entries"):
        experts(catalogue(), tmp_path / "none.toml")
