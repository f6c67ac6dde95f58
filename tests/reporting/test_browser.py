"""The published pages in a real browser: what it asks for, how wide they are, how they print."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from perennial.month import live
from perennial.workspace import at
from tests.reporting.browser import Tab, tab

pytestmark = pytest.mark.services
HOUSE = Path(__file__).resolve().parents[2]
PAGES = ("health", "retention")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """The publication of one month of a real ledger."""
    root = tmp_path_factory.mktemp("displayr")
    (root / "data" / "raw").mkdir(parents=True)
    shutil.copy(HOUSE / "examples" / "displayr" / "perennial.toml", root)
    shutil.copy(samples / "displayr" / "q_invoice_lines.csv", root / "data" / "raw")
    lived = live(at(root), "2014-12")
    assert lived.path
    return lived.path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_and_asks_for_nothing(
    name: str, width: int, published: Path, browser: Tab
) -> None:
    browser.asked.clear()
    browser.errors.clear()
    browser.open((published / f"{name}.html").resolve(), width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.title")
    assert browser.value("document.querySelectorAll('h1').length") == 1
    assert [url for url in browser.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in browser.asked if url.startswith("file:")]) == 1
    assert browser.errors == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints(name: str, published: Path, browser: Tab) -> None:
    browser.open((published / f"{name}.html").resolve(), 1280)
    paper = browser.paper()
    assert paper.startswith(b"%PDF")
    assert 1 <= paper.count(b"/Type /Page\n") + paper.count(b"/Type/Page/") <= 12


def test_the_browser_would_notice(tmp_path: Path, browser: Tab) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<title>t</title><h1>x</h1><div style='width:2000px'>wide</div>"
        "<script>throw new Error('live')</script><img src='http://127.0.0.1:9/x.png'>"
    )
    browser.asked.clear()
    browser.errors.clear()
    browser.open(page, 390)
    assert browser.value("document.documentElement.scrollWidth") > 390
    assert any(url.startswith("http:") for url in browser.asked)
    assert browser.errors
