from __future__ import annotations

from typing import get_args

import pytest

from plays.family import Family
from plays.playbooks import Play, choose, fallback, playbooks
from warehouse.errors import DataRefused


def play(name: str, trigger: tuple[str, ...], hours: float = 1, effect: float = 0.1) -> Play:
    return Play.model_validate(
        {
            "name": name,
            "trigger": trigger,
            "steps": ("Do it",),
            "hours": hours,
            "deadline_days": 7,
            "owner": "CSM",
            "prior_effect": effect,
            "success": "Done",
        }
    )


def test_the_plays_that_come_with_the_product_answer_every_family() -> None:
    plays = playbooks()
    assert 5 <= len(plays) <= 8
    for family in get_args(Family):
        assert family in choose(plays, family).trigger
    assert fallback(plays) is choose(plays, "")


def test_of_several_the_one_that_saves_most_an_hour_then_the_first_by_name() -> None:
    plays = [
        play("Z", ()),
        play("B", ("billing",), 2, 0.4),
        play("A", ("billing",), 1, 0.2),
        play("long", ("billing", "adoption"), 8, 0.8),
    ]
    assert choose(plays, "billing").name == "A"
    assert choose(plays, "adoption").name == "long"
    assert choose(plays, "sentiment").name == "Z"
    assert choose(plays, "something new").name == "Z"


def test_without_a_play_for_the_rest_nothing_can_be_chosen_for_them() -> None:
    with pytest.raises(DataRefused, match=r"trigger = \[\]"):
        choose([play("A", ("billing",))], "adoption")
