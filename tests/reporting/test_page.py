"""The page: everything it shows escaped, nothing else on it, the same every time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from reporting import notes
from reporting.audit import audit
from reporting.page import POLICY, render
from reporting.shown import Shown, together
from reporting.tables import Column, table
from reporting.text import escape_markdown
from reporting.tiles import Tile, tiles
from tests.reporting import drawn
from tests.reporting.hostile import NAMES, accounts, cell, notebook, words

COLUMNS = [
    Column("name", NAMES[0], "name", under="segment"),
    Column("segment", NAMES[2]),
    Column("reasons", NAMES[3], "list"),
    Column("arr", "ARR", "money", bar=True),
    Column("band", kind="band"),
    Column("due", kind="date"),
    Column("course", NAMES[4], "spark"),
]


def hostile(name: str) -> list[NotebookNode]:
    """Every piece with ``name`` in every place text can go."""
    facts = {name: name}
    said = "title purpose formula unit policy owner decision".split()
    entry = type("Entry", (), dict.fromkeys(said, name))()
    pieces = [
        notes.headline("{name} is at risk", name, ["{name} left."], name=name),
        notes.verdict([notes.Check(name, name, "warn")], name),
        tiles(Tile(name, 1, since=name, previous=0, counted=name, n=1, note=name, course=[1, 2])),
        notes.bullets(("{name}", "{name}"), name=name),
        notes.prose("{name}", name=name),
        notes.decision("{name}", name, name, name=name),
        notes.absent(name, name),
        notes.definitions([entry], name),
        notes.provenance(facts),
        together(notes.prose("{name}", name=name), notes.key(), columns=2),
    ]
    titled = "a fault" if "Traceback" in name else escape_markdown(name)
    return [*map(cell, pieces), words(f"## About {titled}")]


@pytest.fixture(scope="module")
def book() -> str:
    """One page with every hostile name in every component."""
    rows = table(accounts(), COLUMNS, NAMES[0], NAMES[1], total={"name": NAMES[2]})
    figures = drawn.every().values()
    extra = [one for name in NAMES[1:] for one in hostile(name)[1:]]
    return render(
        notebook(*hostile(NAMES[0]), cell(rows), *map(cell, figures), *extra),
        footer=f'{NAMES[5]} " }} \\ {NAMES[0]}',
        lang='en"><script>',
    )


def test_no_name_becomes_markup(book: str) -> None:
    assert audit(book) == []
    assert "<script" not in book
    assert "https://evil.example" in book
    sections = len(re.findall(r"<section ", book))
    assert sections == len(NAMES)
    assert "<h2>Not a section</h2>" not in book


def test_a_name_that_slips_through_is_found() -> None:
    """The control: the gate sees what the components would have let in."""
    for name in NAMES[:7]:
        leaked = Shown(f'<div class="pr">{name}</div>', name)
        page = render(notebook(words("# Title"), cell(leaked)))
        assert audit(page), name


def test_the_page_shows_pieces_and_never_code_or_streams() -> None:
    stream: Any = {"output_type": "stream", "name": "stderr", "text": "Deprecated!"}
    loud = cell(notes.prose("Shown."))
    loud.outputs.append(NotebookNode(stream))
    loud.outputs.append(NotebookNode(output_type="error", ename="E", evalue="v", traceback=["t"]))
    frame = NotebookNode(
        output_type="execute_result",
        data=NotebookNode({"text/html": "<b>live</b>", "text/plain": "a <b> & c"}),
    )
    loud.outputs.append(frame)
    hidden = cell(notes.prose("Hidden."))
    hidden.metadata["tags"] = ["not-on-page"]
    page = render(notebook(words("# Title"), loud, hidden))
    assert "Shown." in page
    assert "<pre>a &lt;b&gt; &amp; c</pre>" in page
    for word in ("secret_code", "Deprecated!", "Hidden.", "<b>live</b>", "traceback"):
        assert word not in page


def test_markdown_shows_markup_and_drops_live_links() -> None:
    page = render(notebook(words("# T\n\n<script>x</script> <b>b</b> [a](javascript:alert(1))")))
    assert "&lt;script&gt;x&lt;/script&gt; &lt;b&gt;" in page
    assert audit(page) == []
    assert 'href="javascript' not in page


def test_the_title_is_the_finding() -> None:
    head = cell(notes.headline("{n} of <9> fell", n="3 & more"))
    page = render(notebook(words("# The health notebook"), head))
    assert "<title>3 &amp; more of &lt;9&gt; fell</title>" in page
    assert page.count("<h1") == 1
    assert "The health notebook" not in page
    assert "<title>Alone</title>" in render(notebook(words("# Alone")))


@pytest.mark.parametrize("cells", [[words("No title")], [words("# One"), words("# Two")]])
def test_a_page_without_one_finding_is_refused(cells: list[NotebookNode]) -> None:
    with pytest.raises(ValueError, match="a page has one H1"):
        render(notebook(*cells))


def test_sections_are_linked_once_each() -> None:
    page = render(
        notebook(words("# T"), words("## Why\n\ntext"), words("## Why"), words("## **B**"))
    )
    assert re.findall(r'<h2 id="([^"]*)"', page) == ["why", "why-2", "b"]
    assert page.count('<a href="#why-2">Why</a>') == 2
    assert page.count("<section aria-labelledby=") == 3
    assert audit(page) == []


def test_the_same_notebook_gives_the_same_page(book: str, tmp_path: Path) -> None:
    again = notebook(words("# T\n\nTwo\nlines"), cell(drawn.every()["trend"]))
    again.cells[0].id, again.cells[1].id, again.cells[1].execution_count = "a", "b", 1
    nbformat.write(again, tmp_path / "again.ipynb")
    assert render(again, footer="f") == render(tmp_path / "again.ipynb", footer="f")
    assert POLICY in book
    assert str(Path(__file__).parents[2]) not in book
    assert str(tmp_path.parent) not in book
