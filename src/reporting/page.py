"""From an executed notebook to one file a reader can open anywhere, offline, for ever.

The page holds headings, prose and the pieces of this floor; code, prompts and
streams never reach it. It has no script, asks for nothing beyond itself, and is
the same to the byte for the same notebook outputs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import mistune
import nbformat
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from traitlets.config import Config

from reporting import theme
from reporting.shown import MIME, TEMPLATE
from reporting.text import clean, escape, slug

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
_H1 = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_H2 = re.compile(r"<h2[^>]*>(.*?)</h2>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Section:
    """What stands under one H2: its anchor, its heading as HTML text, its whole HTML."""

    anchor: str
    heading: str
    html: str


@dataclass(frozen=True)
class Page:
    """Everything the template prints; all of it HTML that is ready to stand."""

    title: str
    lang: str
    policy: str
    css: str
    opening: str
    contents: list[tuple[str, str]]
    sections: list[Section]
    footer: str


def render(notebook: NotebookNode | Path, *, footer: str = "", lang: str = "en") -> str:
    """The page of an executed notebook.

    The title is the text of its one H1, the contents are its H2s. Where a headline
    gives the finding, it is the H1, and the name the notebook has in Markdown stays
    in the notebook. Markdown cells are rendered with their HTML shown as text. A
    cell tagged ``not-on-page`` is left out. ``footer`` is printed at the foot of the
    file and of every sheet of paper. ``ValueError`` if there is not exactly one H1:
    a page without a finding is not a report.
    """
    source: Any = notebook
    if isinstance(notebook, Path):
        source = nbformat.reads(notebook.read_text(encoding="utf-8"), as_version=4)
    body = _body(source.cells)
    titles = _H1.findall(body)
    if len(titles) != 1:
        raise ValueError(f"a page has one H1, its finding; this notebook gives {len(titles)}")
    opening, sections = _sections(body)
    page = Page(
        title=_TAG.sub("", titles[0]),
        lang=escape(lang),
        policy=POLICY,
        css=_css(footer),
        opening=opening,
        contents=[(section.anchor, section.heading) for section in sections],
        sections=sections,
        footer=escape(footer),
    )
    empty = NotebookNode(nbformat=4, nbformat_minor=5, metadata={}, cells=[])
    html, _ = _exporter().from_notebook_node(empty, resources={"page": page})
    return "\n".join(line for line in str(html).splitlines() if line.strip()) + "\n"


def markdown(source: str) -> str:
    """Markdown as HTML: tables allowed, raw HTML and unsafe links shown as text."""
    return str(mistune.create_markdown(escape=True, plugins=["table"])(source)).strip()


def _exporter() -> TemplateExporter:
    """The exporter of our template.

    nbconvert's own HTML exporter would parse the finished page and mend it, and a
    mended page hides from the audit what broke it.
    """
    config: Any = Config()
    config.TemplateExporter.preprocessors = []
    config.TemplateExporter.default_preprocessors = []
    exporter: Any = TemplateExporter
    built: TemplateExporter = exporter(
        config=config,
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        template_file="index.html.j2",
    )
    return built


def _body(cells: list[NotebookNode]) -> str:
    """Everything the cells show, in order, with one H1 if a headline is among it."""
    written, shown = [], []
    for cell in cells:
        blocks = _blocks(cell)
        shown += blocks
        written += [cell.cell_type == "markdown"] * len(blocks)
    found = any(_H1.search(block) for block, own in zip(shown, written, strict=True) if not own)
    kept = [
        _H1.sub("", block) if own and found else block
        for block, own in zip(shown, written, strict=True)
    ]
    return "\n".join(block for block in kept if block.strip())


def _blocks(cell: NotebookNode) -> list[str]:
    if "not-on-page" in cell.metadata.get("tags", []):
        return []
    if cell.cell_type == "markdown":
        return [markdown(cell.source)] if cell.source.strip() else []
    outputs = cell.get("outputs", []) if cell.cell_type == "code" else []
    shown = [output.data for output in outputs if "data" in output]
    return [block for data in shown if (block := _block(data))]


def _block(data: NotebookNode) -> str:
    if MIME in data:
        return str(data[MIME])
    text = str(data.get("text/plain", "")).strip()
    return f"<pre>{_lines(text)}</pre>" if text else ""


def _lines(text: str) -> str:
    return "\n".join(escape(line) for line in text.split("\n"))


def _sections(body: str) -> tuple[str, list[Section]]:
    """The HTML before the first H2, and each H2 with what follows it, anchors unique."""
    starts = [found.start() for found in _H2.finditer(body)]
    sections: list[Section] = []
    used: set[str] = {"answer"}
    for start, stop in pairwise([*starts, len(body)]):
        part = body[start:stop].strip()
        found = _H2.match(part)
        heading = found.group(1) if found else ""
        anchor = base = slug(_TAG.sub("", heading))
        number = 2
        while anchor in used:
            anchor, number = f"{base}-{number}", number + 1
        used.add(anchor)
        after = part[found.end() :] if found else ""
        titled = f'<h2 id="{anchor}">{heading}</h2>{after}'
        sections.append(Section(anchor, _TAG.sub("", heading), titled))
    return (body[: starts[0]] if starts else body).strip(), sections


def _css(footer: str) -> str:
    """The style sheet of the page, with the palette for screen and paper."""
    parts = [
        (TEMPLATE / name).read_text(encoding="utf-8") for name in ("components.css", "page.css")
    ]
    words = clean(footer).replace("\\", "").replace('"', "'").replace("<", "").replace("\n", " ")
    small = "font:7.5pt system-ui,sans-serif;color:#55615c"
    running = (
        f'@page{{@bottom-left{{content:"{words}";{small}}}'
        f'@bottom-right{{content:"Page " counter(page) " of " counter(pages);{small}}}}}'
    )
    palette = (
        f":root{{{theme.declarations()}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{theme.declarations(dark=True)}}}}}"
    )
    return f"{palette}{''.join(parts)}{running}"
