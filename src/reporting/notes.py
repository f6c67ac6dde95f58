"""The words of a report: headline, verdict, bullets, decisions, definitions, provenance.

Prose with a number or a name in it is made here, never in Markdown: the pattern
is the author's, the values are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from reporting import theme
from reporting.cells import mark
from reporting.formats import MISSING
from reporting.shown import Shown, piece
from reporting.text import clean, escape, name

_STRONG = re.compile(r"\*\*(.+?)\*\*")


class Defined(Protocol):
    """A number's entry in a registry, as far as a page prints it."""

    @property
    def title(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def policy(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def decision(self) -> str: ...


@dataclass(frozen=True)
class Check:
    """One line of a verdict: what was looked at, what was found, how it stands."""

    label: str
    found: str
    status: Literal["pass", "warn", "fail", "none"] = "pass"


def _fill(pattern: str, values: Mapping[str, object]) -> tuple[str, str]:
    """``pattern`` with its values, as HTML and as text."""
    marked = _STRONG.sub(r"<strong>\1</strong>", escape(pattern))
    html = marked.format_map({key: name(value) for key, value in values.items()})
    bare = _STRONG.sub(r"\1", clean(pattern))
    return html, bare.format_map({key: clean(value) for key, value in values.items()})


def prose(pattern: str, /, **values: object) -> Shown:
    """One paragraph: ``pattern`` with ``{name}`` places for values and ``**strong**`` words.

    Values are shown letter by letter, whatever they contain.

    >>> print(prose("**{n} accounts** are due; the largest is {account}.", n=3, account="<b>"))
    3 accounts are due; the largest is <b>.
    """
    html, text = _fill(pattern, values)
    return piece("prose", f"<p>{html}</p>", text)


def headline(title: str, over: str = "", sentences: Sequence[str] = (), **values: object) -> Shown:
    """The page's one H1: the finding itself, ``over`` it what and when, under it the answer.

    ``title`` and ``sentences`` are patterns as in :func:`prose`. The page takes
    its title from here.
    """
    heading, text = _fill(title, values)
    filled = [_fill(sentence, values) for sentence in sentences]
    eyebrow = f'<p class="pr-over">{name(over)}</p>' if over else ""
    answer = " ".join(html for html, _ in filled)
    lead = f'<p class="pr-lead">{answer}</p>' if filled else ""
    said = "\n".join(part for part in (over, text, *(bare for _, bare in filled)) if part)
    return piece("headline", f"{eyebrow}<h1>{heading}</h1>{lead}", said, tag="header")


def verdict(checks: Sequence[Check], title: str = "Can this be trusted?") -> Shown:
    """The strip at the top of a page: the worst of the checks, then each of them."""
    worst = next((key for key in theme.STATUSES if any(c.status == key for c in checks)), "none")
    items = "".join(
        f"<div><dt>{name(check.label)}</dt>"
        f"<dd>{mark(theme.STATUSES[check.status], check.found)}</dd></div>"
        for check in checks
    )
    sign = theme.STATUSES[worst]
    head = f'<p class="pr-verdict-head">{name(title)} {mark(sign)}</p>'
    text = "\n".join(f"{check.label}: {check.found} ({check.status})" for check in checks)
    inner = f"{head}<dl>{items}</dl>"
    return piece(f"verdict pr-edge-{sign.token}", inner, f"{title} {sign.word}\n{text}")


def bullets(*items: tuple[str, str], **values: object) -> Shown:
    """A short list of (lead, rest): both are patterns as in :func:`prose`, the lead stands out."""
    filled = [(_fill(lead, values), _fill(rest, values)) for lead, rest in items]
    inner = "".join(
        f"<li><strong>{lead[0]}</strong> <span>{rest[0]}</span></li>" for lead, rest in filled
    )
    text = "\n".join(f"- {lead[1]} {rest[1]}" for lead, rest in filled)
    return piece("bullets", inner, text, tag="ul")


def decision(decide: str, owner: str, by: str, **values: object) -> Shown:
    """The line every section ends with: what to decide, whose it is, by when."""
    html, text = _fill(decide, values)
    inner = (
        f'<p><span class="pr-decide">Decide</span> {html}</p>'
        f"<dl><div><dt>Owner</dt><dd>{name(owner)}</dd></div>"
        f"<div><dt>By</dt><dd>{name(by)}</dd></div></dl>"
    )
    said = f"Decide: {text} Owner: {clean(owner)}. By: {clean(by)}."
    return piece("decision", inner, said)


def absent(what: str, adds: str) -> Shown:
    """One line in place of a section the company has no data for, and what the data would add."""
    html = f"<p><strong>Not shown:</strong> {name(what)} <span>{name(adds)}</span></p>"
    return piece("absent", html, f"Not shown: {what} {adds}")


def key(*signs: theme.Mark) -> Shown:
    """What the shapes and colours of a figure mean; all bands if none is named."""
    inner = "".join(mark(sign) for sign in signs or tuple(theme.BANDS.values()))
    return piece("key", inner, "  ".join(f"{s.glyph} {s.word}" for s in signs), tag="p")


def definitions(entries: Iterable[Defined], title: str = "How each number is defined") -> Shown:
    """Each entry's purpose, formula, unit, policy, owner and the decision it drives."""
    inner, said = "", []
    for entry in entries:
        rows = (
            ("Formula", entry.formula),
            ("Unit", entry.unit),
            ("Policy", entry.policy),
            ("Owner", entry.owner),
            ("Decides", entry.decision),
        )
        facts = "".join(
            f"<div><dt>{label}</dt><dd>{name(fact)}</dd></div>" for label, fact in rows if fact
        )
        inner += (
            f"<details><summary><strong>{name(entry.title)}</strong> "
            f"<span>{name(entry.purpose)}</span></summary><dl>{facts}</dl></details>"
        )
        said.append(f"{entry.title}: {entry.purpose} {entry.formula}")
    head = f'<p class="pr-caption">{name(title)}</p>' if title else ""
    return piece("definitions", head + inner, "\n".join(said))


def provenance(facts: Mapping[str, object]) -> Shown:
    """What the page was made from, name by name: hashes and versions, never times or paths."""
    inner = "".join(
        f"<div><dt>{name(label)}</dt><dd>{name(fact) if clean(fact) else MISSING}</dd></div>"
        for label, fact in facts.items()
    )
    text = "\n".join(f"{label}: {clean(fact)}" for label, fact in facts.items())
    return piece("provenance", inner, text, tag="dl")
