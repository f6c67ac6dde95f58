from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from metrics.wording import FILE, OTHER, Theme, asks, catalogue, has, plain
from warehouse.errors import DataRefused, InputMissing

ONE: dict[str, Any] = {"name": "one", "title": "One", "stems": ["bug"]}


def found(comment: str, **theme: Any) -> bool:
    said = plain(pd.Series([comment], dtype="str"))
    return bool(has(said, Theme(name="one", title="One", **theme)).iloc[0])


@pytest.mark.parametrize(
    ("comment", "is_there"),
    [
        ("Bugs everywhere", True),
        ("So buggy!", True),
        ("too many BUGS", True),
        ("debug", False),
        ("it goes down", True),
        ("downloads", False),
        ("sign-on", True),
        ("please sign  on", True),
        ("sign on the", True),
        ("please sign", False),
    ],
)
def test_a_stem_begins_a_word_and_a_word_is_whole(comment: str, is_there: bool) -> None:
    assert found(comment, stems=("bug", "sign on"), words=("down",)) is is_there


@pytest.mark.parametrize(
    ("comment", "is_there"),
    [
        ("We need it to export", True),
        ("need the one big report to work", True),
        ("we need to talk", False),
        ("I need all of these many reports to work", False),
        ("they needed it to work", False),
    ],
)
def test_dots_stand_for_one_to_four_words(comment: str, is_there: bool) -> None:
    assert asks(plain(pd.Series([comment])), ["need ... to"]).tolist() == [is_there]


@pytest.mark.parametrize(
    ("comment", "praised"),
    [
        ("Great tool", True),
        ("not great", False),
        ("It isn’t really that great", False),
        ("Never been so great", False),
        ("not cheap but great", True),
        ("not great, not good, but helpful", True),
        ("would be nice", False),
        ("would be nice, but it is great already", True),
    ],
)
def test_a_negation_or_a_wish_takes_praise_back(comment: str, praised: bool) -> None:
    praise = {"stems": ("helpful",), "words": ("great", "good", "nice"), "negatable": True}
    assert found(comment, **praise, unless=("would be nice",)) is praised


def test_accents_make_no_difference() -> None:
    assert found("Die Oberfläche ist müßig", stems=("oberflache",))
    assert found("STRASSE", words=("straße",))
    assert found("überall langsam", stems=("überall",))


def test_a_point_in_a_phrase_is_a_point() -> None:
    assert found("we use a.b daily", words=("a.b",))
    assert not found("we use axb daily", words=("a.b",))


def test_the_catalogue_that_comes_with_the_product() -> None:
    told = catalogue()
    names = [theme.name for theme in told.theme]
    subjects = "usability features quality reliability support price contract onboarding"
    assert set(names) >= {*subjects.split(), "integration", "performance", "praise"}
    assert OTHER not in names
    assert {"would like", "wish", "please add", "missing", "need ... to"} <= set(told.request)
    assert FILE.stat().st_size < 12_000


def test_a_company_can_give_its_own(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('request = ["please"]\n[[theme]]\nname="x"\ntitle="X"\nwords=["größe"]\n')
    assert catalogue(own).theme[0].words == ("grosse",)
    assert catalogue({"request": ["please"], "theme": [ONE]}).theme[0].stems == ("bug",)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"theme": [ONE]}, "request: Field required"),
        ({"request": ["please"], "theme": []}, "theme: "),
        ({"request": ["please"], "theme": [ONE, ONE]}, "one: each theme needs a name of its own"),
        ({"request": ["please"], "theme": [ONE | {"name": "other"}]}, "not 'other'"),
        ({"request": ["please"], "theme": [ONE | {"stems": []}]}, "at least one stem or word"),
        ({"request": ["please"], "theme": [ONE | {"stem": ["a"]}]}, "theme.0.stem: Extra"),
        ({"request": ["please"], "theme": [ONE | {"words": ["the UI x"]}]}, "'the UI x': write"),
        ({"request": ["..."], "theme": [ONE]}, "'...': write"),
        ({"request": ["ошибка"], "theme": [ONE]}, "Latin"),
    ],
)
def test_what_cannot_be_used_is_named(told: dict[str, Any], says: str) -> None:
    with pytest.raises(DataRefused) as refusal:
        catalogue(told)
    assert says in str(refusal.value)
    assert "the themes given cannot be used" in str(refusal.value)


def test_a_file_that_is_not_there_or_not_toml(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="does not exist"):
        catalogue(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("theme = [")
    with pytest.raises(DataRefused, match="not valid TOML"):
        catalogue(tmp_path / "bad.toml")
