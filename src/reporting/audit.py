"""The gate before publication: what a page must not contain, found by parsing it.

Escaping keeps hostile text out and the page's policy would keep it from running;
this is the third look, at the finished file. It also finds what a broken run
leaves behind: a traceback, a ``nan`` in a cell, a picture nobody described.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from reporting.page import POLICY

_FORBIDDEN = frozenset(
    "script iframe frame object embed applet base form input button select textarea link "
    "video audio source track portal foreignobject animate animatemotion animatetransform set "
    "image math noscript template slot".split()
)
_VOID = frozenset("meta br hr img col wbr area".split())
_LINKS = frozenset("href src srcset action formaction poster background cite data ping".split())
_EMPTY_WORDS = frozenset({"nan", "nat", "none", "null", "inf", "-inf", "<na>", "undefined"})
_LEFTOVERS = (
    "Traceback (most recent call last)",
    "No description has been provided for this image",
    "<IPython.core",
    "object at 0x",
)
_PLACE = re.compile(r"[\w./#%=&?~+-]*")
_SCHEME = re.compile(r"^\s*[a-z][a-z0-9+.\-]*\s*:|^\s*[/\\]", re.IGNORECASE)
_CSS = re.compile(r"url\s*\(\s*['\"]?(?!data:image/|#)|@import|expression\s*\(", re.IGNORECASE)


def audit(html: str) -> list[str]:
    """Every fault of a page, with its line; empty if it may be published.

    Live content, anything that would ask for another file, event handlers, links
    that leave the page's folder, text left by a fault, cells that hold a program's
    word for nothing, and what a reader of a screen reader would miss. Text that
    people typed stands in ``<bdi>`` or in a drawing and may say anything: a company
    called None is not a fault.
    """
    walk = _Walk()
    walk.feed(html)
    walk.close()
    return walk.faults + walk.missing()


class _Walk(HTMLParser):
    """One pass over a page, faults noted as they are met."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []
        self.seen: dict[str, int] = {}
        self.ids: set[str] = set()
        self.words: list[str] = []
        self.named = False
        self.policy = ""
        self.lang = ""
        self.title = ""

    def fault(self, said: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {said}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key.lower(): value or "" for key, value in attrs}
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag in _FORBIDDEN:
            self.fault(f"<{tag}> has no place on a page")
        for key, value in given.items():
            self._attribute(tag, key, value)
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag == "meta":
            self._meta(given)
        self._described(tag, given)
        if tag in {"td", "th", "dd"} or "pr-value" in given.get("class", ""):
            self.words, self.named = [], False
        if tag == "bdi":
            self.named = True
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "dd", "p"} and not self.named:
            word = "".join(self.words).strip().lower()
            if word in _EMPTY_WORDS:
                self.fault(f"a cell says {word!r}; what is not known is a dash")
        if tag in self.open:
            while (left := self.open.pop()) != tag:
                self.fault(f"<{left}> is never closed")
        elif tag not in _VOID:
            self.fault(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "title":
            self.title += data
        if inside == "style" and _CSS.search(data):
            self.fault("a style asks for another file")
        if inside in {"style", "title"} or "bdi" in self.open or "text" in self.open:
            return
        self.words.append(data)
        for left in _LEFTOVERS:
            if left in data:
                self.fault(f"the text {left!r} was left by a fault")

    def _attribute(self, tag: str, key: str, value: str) -> None:
        bare = key.rpartition(":")[2]
        if bare.startswith("on"):
            self.fault(f"<{tag} {key}> is an event handler")
        if bare == "srcdoc":
            self.fault(f"<{tag} srcdoc> holds a second page")
        if bare == "style" and _CSS.search(value):
            self.fault(f"<{tag} style> asks for another file")
        if bare == "id":
            if value in self.ids:
                self.fault(f"the id {value!r} stands twice")
            self.ids.add(value)
        if bare in _LINKS and not _safe(tag, bare, value):
            self.fault(f"<{tag} {key}> leaves the page: {value[:80]!r}")

    def _meta(self, given: dict[str, str]) -> None:
        kind = given.get("http-equiv", "").lower()
        if kind == "content-security-policy":
            self.policy = given.get("content", "")
        elif kind:
            self.fault(f"<meta http-equiv={kind!r}> has no place on a page")

    def _described(self, tag: str, given: dict[str, str]) -> None:
        if tag == "img" and not given.get("alt", "").strip():
            self.fault("<img> has no alt text")
        if tag == "svg" and not given.get("aria-label", "").strip():
            self.fault("<svg> has no aria-label")
        if tag == "th" and "scope" not in given:
            self.fault("<th> has no scope")

    def missing(self) -> list[str]:
        """What the page as a whole lacks."""
        checks: Sequence[tuple[bool, str]] = (
            (bool(self.lang), "the page names no language"),
            (bool(self.title.strip()), "the page has no title"),
            (self.seen.get("h1", 0) == 1, f"the page has {self.seen.get('h1', 0)} H1, not one"),
            (self.seen.get("main", 0) == 1, "the page has no main part"),
            (self.policy == POLICY, "the page does not carry the house content policy"),
            (not self.open, f"never closed: {', '.join(self.open)}"),
        )
        return [said for holds, said in checks if not holds]


def _safe(tag: str, key: str, value: str) -> bool:
    """Whether a link stays within the page, its folder, or a picture held in the page."""
    if key == "src":
        return tag == "img" and value.startswith("data:image/png;base64,")
    if key != "href" or tag not in {"a", "use"}:
        return False
    if tag == "use":
        return value.startswith("#")
    return not _SCHEME.match(value) and bool(_PLACE.fullmatch(value))
