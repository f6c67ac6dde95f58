"""The house palette, light and dark, and the words that go with its colours.

Text tokens stand at least 4.5 to 1 against every ground of their theme, fills
at least 3 to 1 against the page; the four band fills stay apart under the three
kinds of colour blindness. A colour never speaks alone: every band and status
has a word and a shape.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUNDS = ("paper", "panel", "sunken")
TEXTS = ("ink", "soft", "accent", "link", "risk", "watch", "healthy", "unscored")
FILLS = ("risk-fill", "watch-fill", "healthy-fill", "unscored-fill")
ON_FILLS = {"on-fill": ("risk-fill", "healthy-fill"), "on-watch": ("watch-fill",)}
SERIES = ("accent", "series-2", "series-3", "series-4")

TOKENS: dict[str, tuple[str, str]] = {
    "paper": ("#ffffff", "#121715"),
    "panel": ("#f6f7f5", "#1a211e"),
    "sunken": ("#eef1ef", "#222a27"),
    "rule": ("#d5dbd8", "#36413c"),
    "hair": ("#e7ebe9", "#28312d"),
    "ink": ("#1a2421", "#e9eeeb"),
    "soft": ("#55615c", "#a9b5b0"),
    "accent": ("#17594a", "#7cc8b2"),
    "link": ("#0b5a8a", "#84c3ea"),
    "risk": ("#a8201a", "#ff9a8f"),
    "watch": ("#8a5500", "#f0b54b"),
    "healthy": ("#12617f", "#7cc2e3"),
    "unscored": ("#5c6663", "#a3aeaa"),
    "risk-fill": ("#b3261e", "#e5594d"),
    "watch-fill": ("#c98200", "#f0b54a"),
    "healthy-fill": ("#26799d", "#4f9fc4"),
    "unscored-fill": ("#86918d", "#76817d"),
    "total-fill": ("#3f4b47", "#b4c0bb"),
    "series-2": ("#7b4fa0", "#c39be6"),
    "series-3": ("#a35a00", "#e8a552"),
    "series-4": ("#5b6762", "#9fada7"),
    "band-fill": ("#dbe9e4", "#24413a"),
    "on-fill": ("#fefefe", "#0d1110"),
    "on-watch": ("#1b1400", "#1b1401"),
}
"""Token name to its colour on a light and on a dark page. Light colours are unique."""


@dataclass(frozen=True)
class Mark:
    """A judgement as a reader meets it: word, shape, text token, fill token, plot marker."""

    key: str
    word: str
    glyph: str
    token: str
    fill: str
    marker: str


BANDS: dict[str, Mark] = {
    mark.key: mark
    for mark in (
        Mark("at_risk", "At risk", "◆", "risk", "risk-fill", "D"),
        Mark("watch", "Watch", "▲", "watch", "watch-fill", "^"),
        Mark("healthy", "Healthy", "●", "healthy", "healthy-fill", "o"),
        Mark("not_scored", "Not scored", "○", "unscored", "unscored-fill", "o"),
    )
}
"""The bands, worst first."""

STATUSES: dict[str, Mark] = {
    mark.key: mark
    for mark in (
        Mark("fail", "Fail", "◆", "risk", "risk-fill", "D"),
        Mark("warn", "Check", "▲", "watch", "watch-fill", "^"),
        Mark("pass", "Pass", "●", "healthy", "healthy-fill", "o"),
        Mark("none", "Not known", "○", "unscored", "unscored-fill", "o"),
    )
}


def band(value: object) -> Mark:
    """The band called ``value``: its key or its word, in any case (``at_risk``, ``At risk``).

    ``ValueError`` names a word that is no band.
    """
    key = str(value).strip().lower().replace(" ", "_").replace("-", "_")
    if key not in BANDS:
        known = ", ".join(mark.word for mark in BANDS.values())
        raise ValueError(f"{value!r} is not a band; the bands are {known}")
    return BANDS[key]


def light(token: str) -> str:
    """The colour of ``token`` on a light page, ``#rrggbb``."""
    return TOKENS[token][0]


def variable(token: str) -> str:
    """``token`` as a CSS value: the page's variable, its light colour where there is none."""
    return f"var(--{token}, {light(token)})"


def declarations(dark: bool = False) -> str:
    """Every token as a CSS custom property, for one theme."""
    column = 1 if dark else 0
    return "".join(f"--{token}:{colours[column]};" for token, colours in TOKENS.items())
