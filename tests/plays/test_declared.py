from __future__ import annotations

from pathlib import Path

import pytest

from plays.playbooks import playbooks
from plays.signals import signals
from warehouse.errors import DataRefused, InputMissing

GOOD = """
[[play]]
name = "Call"
trigger = []
steps = ["Call"]
hours = 1
deadline_days = 7
owner = "CSM"
prior_effect = 0.1
success = "Answered"
"""


def refusal(tmp_path: Path, text: str) -> str:
    file = tmp_path / "playbooks.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(DataRefused) as found:
        playbooks(file)
    assert found.value.code == 65
    assert str(file) in str(found.value)
    return str(found.value)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "playbooks.toml"
    file.write_text(GOOD, "utf-8")
    (play,) = playbooks(file)
    assert (play.name, play.steps, play.hours) == ("Call", ("Call",), 1.0)


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("hours = 1", "hours = -3", "play 'Call', hours: Input should be greater than 0; found -3"),
        ("hours = 1", "hours = inf", "play 'Call', hours"),
        ("prior_effect = 0.1", "prior_effect = 10", "play 'Call', prior_effect"),
        ("trigger = []", 'trigger = ["weather"]', "play 'Call', trigger.0: Input should be 'adop"),
        ('steps = ["Call"]', "steps = []", "play 'Call', steps"),
        ('name = "Call"', "", "play number 1, name: Field required"),
        ("hours = 1", "hours = 1\nhuors = 2", "play 'Call', huors: Extra inputs"),
        ("[[play]]", "[[plays]]", r"holds plays; it should hold only [[play]]"),
        ("hours = 1", "hours = ", "is not valid TOML"),
        ("trigger = []", 'trigger = ["billing"]', "no play has an empty trigger"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, was: str, now: str, says: str) -> None:
    assert says in refusal(tmp_path, GOOD.replace(was, now))


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "play 'Call' is there 2 times" in refusal(tmp_path, GOOD + GOOD)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, GOOD.replace("hours = 1", "hours = 0").replace('"CSM"', '""'))
    assert "hours" in told
    assert "owner" in told


def test_an_empty_or_missing_file(tmp_path: Path) -> None:
    assert "holds nothing" in refusal(tmp_path, "")
    with pytest.raises(InputMissing, match=r"none\.toml does not exist"):
        playbooks(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("Use is {usage}", "they may show usage_trend, for example {usage_trend:.0f}"),
        ("Use is {usage_trend:.0q}", "cannot be said (ValueError"),
        ("Use is {}", "cannot be said"),
        ("Use is {usage_trend", "cannot be said"),
    ],
)
def test_words_that_cannot_be_said_are_refused(tmp_path: Path, words: str, says: str) -> None:
    file = tmp_path / "signals.toml"
    file.write_text(
        f"""
[[signal]]
name = "drop"
title = "Drop"
family = "adoption"
when = [{{ feature = "usage_trend", comparison = "<", threshold = 0.5 }}]
words = "{words}"
""",
        "utf-8",
    )
    with pytest.raises(DataRefused) as found:
        signals(file)
    assert "signal 'drop': the words" in str(found.value)
    assert says in str(found.value)
