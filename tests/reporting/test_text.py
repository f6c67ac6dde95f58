"""Text at the boundary."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from reporting.page import markdown
from reporting.text import clean, escape, escape_markdown, shorten, slug
from tests.reporting.hostile import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_line_any_parser_takes(name: str) -> None:
    parsed = ElementTree.fromstring(f'<a b="{escape(name)}">{escape(name)}</a>')
    assert parsed.text == clean(name) == parsed.attrib["b"]
    assert "\n" not in clean(name)
    clean(name).encode("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_markdown_shows_a_name_letter_by_letter(name: str) -> None:
    page = ElementTree.fromstring(markdown(f"Call {escape_markdown(name)} today"))
    assert "".join(page.itertext()) == f"Call {clean(name)} today"
    assert [element.tag for element in page.iter()] == ["p"]


def test_half_a_character_is_replaced() -> None:
    assert clean("lone \ud800") == "lone \ufffd"


def test_direction_marks_do_not_reorder_what_stands_beside() -> None:
    assert clean("\u202egnp.exe\u2066") == "gnp.exe"


def test_shorten_keeps_a_letter_with_its_accent() -> None:
    assert shorten("abcde\u0301fgh", 6) == "abcd…"
    assert shorten("short", 6) == "short"


def test_slugs_are_plain() -> None:
    assert slug("Größe & Wert: 4 / 5") == "groe-wert-4-5"
    assert slug("株式会社") == "part"
