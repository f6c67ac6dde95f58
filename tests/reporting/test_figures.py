"""Figures: the same bytes every time, nothing of the machine, told in words too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest

from reporting import figures as f
from reporting.canvas import spread
from reporting.shown import MIME, Shown
from reporting.text import clean
from tests.reporting import drawn
from tests.reporting.hostile import NAMES

KINDS = ("waterfall", "trend", "bars", "scatter", "stacked", "calibration", "flow", "folds")


@pytest.fixture(scope="module")
def figures() -> dict[str, Shown]:
    return drawn.every()


def pictures(shown: Shown) -> Iterator[ElementTree.Element]:
    for svg in re.findall(r"<svg.*?</svg>", shown.html, re.DOTALL):
        yield ElementTree.fromstring(svg)


def test_every_kind_is_drawn_here(figures: dict[str, Shown]) -> None:
    kinds = {name for name in f.__all__ if name[0].islower()}
    assert kinds == set(figures) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_drawn_wide_and_narrow_and_told_in_words(
    figures: dict[str, Shown], kind: str
) -> None:
    wide, phone = pictures(figures[kind])
    assert (wide.attrib["class"], phone.attrib["class"]) == ("pr-wide", "pr-phone")
    for picture in (wide, phone):
        assert picture.attrib["role"] == "img"
        assert picture.attrib["aria-label"].startswith(clean(NAMES[0]))
        assert len(picture.attrib["aria-label"]) > len(NAMES[0]) + 20
    assert "<summary>Data behind this chart</summary>" in figures[kind].html
    assert '<th scope="col"' in figures[kind].html


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_has_only_themed_colours_and_plain_shapes(
    figures: dict[str, Shown], kind: str
) -> None:
    tags = {"svg", "g", "defs", "path", "use", "text", "tspan"}
    for picture in pictures(figures[kind]):
        for element in picture.iter():
            assert element.tag in tags, element.tag
            style = element.attrib.get("style", "")
            assert not re.search(r"(?<!, )#[0-9a-f]{6}", style), style
            assert "font-family" not in style


def test_the_same_data_give_the_same_bytes(figures: dict[str, Shown]) -> None:
    with mpl.rc_context({"font.size": 31, "axes.grid": True, "svg.fonttype": "path"}):
        again = drawn.every.__wrapped__()
    for kind, shown in figures.items():
        assert again[kind] == Shown(shown.html, shown.text, again[kind].picture, shown.live), kind
        assert shown.picture is not None
        assert again[kind].picture is not None
    first, second = (one["bars"].picture for one in (figures, again))
    assert first is not None
    assert second is not None
    assert first() == second()


def test_ids_do_not_clash_between_figures(figures: dict[str, Shown]) -> None:
    page = "".join(shown.html for shown in figures.values())
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(ids)


def test_names_are_text_and_not_mathematics(figures: dict[str, Shown]) -> None:
    said = [t.text for picture in pictures(figures["bars"]) for t in picture.iter("text")]
    assert clean(NAMES[18]) in said
    assert clean(NAMES[0]) in said


def test_a_live_notebook_gets_a_picture_and_the_page_a_drawing(figures: dict[str, Shown]) -> None:
    data, metadata = figures["flow"]._repr_mimebundle_()
    assert set(data) == {MIME, "text/html", "image/png", "text/plain"}
    assert "<svg" not in data["text/html"]
    assert 'src="data:image/png;base64,' in data["text/html"]
    assert "<svg" in data[MIME]
    assert "<style" not in data[MIME]
    assert metadata["image/png"]["alt"] == data["text/plain"]


def test_a_walk_that_does_not_arrive_is_not_drawn() -> None:
    steps = drawn.walk()
    steps.loc[3, "amount"] += 1
    with pytest.raises(ValueError, match="reaches 200770000 cents at 'Closing', not 200770001"):
        f.waterfall(steps, drawn.CAPTION)


def test_a_walk_says_where_its_bars_are_cut(figures: dict[str, Shown]) -> None:
    assert "Bars are cut below €2.0m." in figures["waterfall"].html
    whole = pd.DataFrame({"label": ["a", "b", "c"], "amount": [100, 50, 150],
                          "total": [True, False, True]})  # fmt: skip
    assert "cut below" not in f.waterfall(whole, drawn.CAPTION).html


def test_a_trend_shows_few_lines() -> None:
    lines = [f.Line("grr", str(i)) for i in range(5)]
    with pytest.raises(ValueError, match="1 to 4 lines, not 5"):
        f.trend(drawn.trend(), lines, drawn.CAPTION)


COLUMNS = (
    "label value name risk arr band month nrr amount total before now predicted observed low "
    "high n model fold"
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_of_nothing_is_still_a_figure(kind: str) -> None:
    none = pd.DataFrame({name: [] for name in COLUMNS.split()})
    caption = f.Caption("Nothing yet.")
    lines = [f.Line("nrr", "NRR", low="low", high="high")]
    extra = {"trend": (lines, caption), "folds": (none, caption)}.get(kind, (caption,))
    assert "Nothing to show." in getattr(f, kind)(none, *extra).html


def test_figures_of_one_thing_are_drawn() -> None:
    caption = f.Caption("One.")
    one = pd.DataFrame({"name": ["A"], "risk": [0.5], "arr": [100], "band": ["watch"]})
    assert "A" in f.scatter(one, caption).html
    month = pd.DataFrame({"month": ["2026-01"], "nrr": [1.0], "band": ["watch"], "amount": [0]})
    assert "100.0" in f.trend(month, [f.Line("nrr", "NRR", 1.0)], caption).html
    assert "Watch" in f.stacked(month, caption).html
    assert ">100\u00a0%<" in f.stacked(month.assign(amount=5), caption, share=True).html
    bars = pd.DataFrame({"label": ["A", "B"], "value": [-5.0, None]})
    assert "−5" in f.bars(bars, caption, "count").html


def test_labels_are_spread_and_keep_their_order() -> None:
    assert spread([5.0, 5.0, 5.0], 2.0, 0.0, 10.0) == [5.0, 7.0, 9.0]
    assert spread([9.0, 10.0, 10.0], 2.0, 0.0, 10.0) == [6.0, 8.0, 10.0]
    assert spread([], 2.0, 0.0, 10.0) == []
