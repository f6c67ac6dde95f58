"""A piece of a report: one object, at home in a live notebook and on the exported page.

A cell that ends with such an object shows it. The exported page takes the
``MIME`` entry alone; JupyterLab takes ``text/html``, which carries its own style
and still reads well where styles are stripped; a terminal takes the text.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reporting import theme
from reporting.text import escape

MIME = "application/vnd.perennial.report+html"
TEMPLATE = Path(__file__).parent / "template"


@cache
def component_css() -> str:
    """The style of tables, tiles and figures, with the palette, for a live notebook."""
    css = (TEMPLATE / "components.css").read_text(encoding="utf-8")
    return (
        f".pr{{{theme.declarations()}}}"
        f'body[data-jp-theme-light="false"] .pr{{{theme.declarations(dark=True)}}}{css}'
    )


@dataclass(frozen=True)
class Shown:
    """HTML of one piece, the same in words, and for a figure the way to its PNG."""

    html: str
    text: str
    picture: Callable[[], bytes] | None = None
    live: str | None = None

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        body = self.live or self.html
        data = {MIME: self.html, "text/plain": self.text}
        metadata: dict[str, dict[str, str]] = {}
        if self.picture is not None:
            png = base64.b64encode(self.picture()).decode("ascii")
            data["image/png"] = png
            metadata["image/png"] = {"alt": self.text}
            image = f'<img src="data:image/png;base64,{png}" alt="{escape(self.text)}">'
            body = body.replace("<!--picture-->", image)
        data["text/html"] = f"<style>{component_css()}</style>{body}"
        return data, metadata

    def __str__(self) -> str:
        return self.text


def piece(kind: str, inner: str, text: str, tag: str = "div") -> Shown:
    """``inner`` HTML in the outer element all pieces share; ``kind`` names its class."""
    html = f'<{tag} class="pr pr-{kind} mathjax_ignore">{inner}</{tag}>'
    return Shown(html, text)


def together(*pieces: Shown, columns: int = 1) -> Shown:
    """Pieces that stay together on paper, side by side in ``columns`` where there is room."""
    kind = f"together pr-columns-{columns}"
    inner = "".join(one.html for one in pieces)
    return piece(kind, inner, "\n\n".join(one.text for one in pieces))
