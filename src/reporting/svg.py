"""Matplotlib's SVG made fit for a page: themed, light, without a trace of the machine.

Figures are drawn in the light palette. Here each of its colours becomes the
page's variable of that token, so a figure follows the reader's theme; text takes
the page's font; ids are dropped or derived from content; numbers are rounded to
a hundredth of a point.
"""

from __future__ import annotations

import hashlib
import re
from xml.etree import ElementTree

from reporting.theme import TOKENS, variable

_TOKEN_OF = {colours[0]: token for token, colours in TOKENS.items()}
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_FRACTION = re.compile(r"-?\d+\.\d{3,}")
_STILL = re.compile(r"rotate\(-?0 [^)]*\)")
_UNSEEN = "fill:none"
_GEOMETRY = frozenset({"d", "transform", "x", "y", "points", "cx", "cy", "r", "width", "height"})
_DROPPED = frozenset({"metadata", "style", "clipPath", "title"})


def house(raw: bytes, label: str, kind: str) -> str:
    """``raw`` as one inline ``<svg role="img">`` with ``label`` as its accessible name.

    ``kind`` becomes the class (``pr-wide`` or ``pr-phone``).
    """
    root = ElementTree.fromstring(raw)
    _tidy(root)
    box = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update({"class": kind, "viewBox": box, "role": "img", "aria-label": label})
    drawn = ElementTree.tostring(root, encoding="unicode")
    prefix = hashlib.sha256(f"{kind}{drawn}".encode()).hexdigest()[:8]
    for opening in ('id="', 'href="#', "url(#"):
        drawn = drawn.replace(f"{opening}§", f"{opening}{prefix}")
    return drawn


def _tidy(element: ElementTree.Element) -> None:
    """Clean ``element`` and all below it, in place."""
    element.tag = element.tag.rpartition("}")[2]
    for key in list(element.attrib):
        value = element.attrib.pop(key)
        short = key.rpartition("}")[2]
        if short == "id" and element.tag != "g":
            element.attrib["id"] = f"§{value}"
        elif short == "href":
            element.attrib["href"] = f"#§{value[1:]}"
        elif short == "style":
            element.attrib["style"] = _style(value)
        elif short in _GEOMETRY:
            numbers = _FRACTION.sub(_round, " ".join(value.split()))
            if not _STILL.fullmatch(numbers):
                element.attrib[short] = numbers
        elif short == "viewBox":
            element.attrib[short] = value
    kept: list[ElementTree.Element] = []
    for child in list(element):
        _tidy(child)
        empty = child.tag in {"g", "defs"} and not len(child)
        if empty or child.tag in _DROPPED or child.attrib.get("style") == _UNSEEN:
            continue
        kept.extend(child if child.tag == "g" and not child.attrib else [child])
        child.tail = None
    if element.tag != "text":
        element.text = None
    element[:] = kept


def _style(value: str) -> str:
    """One ``style`` attribute: tokens for colours, the page's own font, its weights and sizes."""
    parts = []
    for declaration in value.split(";"):
        key, _, setting = (part.strip() for part in declaration.partition(":"))
        if key == "font-weight":
            parts.append("font-weight:600")
        elif key == "font-size" or (key and not key.startswith(("font", "-"))):
            own = setting.replace("url(#", "url(#§")
            parts.append(f"{key}:{_COLOUR.sub(_themed, own)}")
    return ";".join(parts)


def _themed(found: re.Match[str]) -> str:
    token = _TOKEN_OF.get(found.group())
    return variable(token) if token else found.group()


def _round(found: re.Match[str]) -> str:
    short = f"{float(found.group()):.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short
