"""Text at the boundary: what people typed becomes what readers see, never markup.

Account names, reasons and notes come from other people's systems. Every one
passes through here before it stands in HTML, in a figure or in Markdown.
"""

from __future__ import annotations

import html
import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[\t\r\n\u2028\u2029]+")
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$^=:&@/])")


def clean(value: object) -> str:
    """``value`` as one line of text that any XML parser accepts.

    Control characters and lone surrogates become U+FFFD, line breaks and tabs
    a space. Marks that override writing direction are dropped: they would
    reorder what stands beside the name.
    """
    text = _SPACE.sub(" ", str(value))
    return _CONTROL.sub("\ufffd", _DIRECTION.sub("", text)).strip()


def escape(value: object) -> str:
    """``value`` cleaned and escaped for HTML text and for a quoted attribute."""
    return html.escape(clean(value), quote=True)


def name(value: object) -> str:
    """HTML for a name: escaped, and isolated so that its writing direction stays inside it."""
    return f"<bdi>{escape(value)}</bdi>"


def shorten(value: object, width: int) -> str:
    """``value`` cleaned and cut to ``width`` characters, an ellipsis for what was cut.

    A cut never falls between a letter and its combining mark.
    """
    text = clean(value)
    if len(text) <= width:
        return text
    cut = width - 1
    while cut > 1 and unicodedata.combining(text[cut]):
        cut -= 1
    return text[:cut].rstrip() + "…"


def escape_markdown(value: object) -> str:
    """``value`` so that Markdown shows it letter by letter.

    Every character Markdown, a maths extension or an automatic link could act
    on is preceded by a backslash; HTML is escaped first.

    >>> escape_markdown("**bold**")
    '\\\\*\\\\*bold\\\\*\\\\*'
    """
    return _MARKDOWN.sub(r"\\\1", clean(value))


def slug(value: object) -> str:
    """``value`` as an anchor or file name: lower-case ASCII letters, digits and hyphens.

    Two values may share a slug; who needs a unique one adds to it.

    >>> slug("Renewal horizon: 4 quarters")
    'renewal-horizon-4-quarters'
    """
    plain = unicodedata.normalize("NFKD", clean(value)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60] or "part"
