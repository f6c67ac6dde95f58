"""The page of numbers says what the registry says, and the page kept is the one it makes."""

from __future__ import annotations

from pathlib import Path

from metrics.definitions import DEFINITIONS
from metrics.glossary import glossary
from metrics.policy import PRESETS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "numbers.md"


def test_the_page_kept_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == glossary(), "run `make dictionary`"


def test_every_number_and_policy_has_its_line() -> None:
    page = glossary()
    for each in DEFINITIONS:
        assert page.count(f"\n| `{each.name}`<br>") == 1
    for name in PRESETS:
        assert f"\n| `{name}` | " in page
