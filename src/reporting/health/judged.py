"""Does the health score deserve trust? Ours and the experts', judged by what then happened."""

from __future__ import annotations

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import counted, stack
from reporting.notes import absent, prose
from reporting.shown import Shown
from reporting.tables import table

NAMES = {"ours": "This score", "experts": "Experts' weights"}
EARLY = "too early"


def judged(book: Book) -> Shown:
    """The verdict in a sentence, and both scores side by side on the same accounts."""
    ours = book.verdicts[book.verdicts["score"] == "ours"].iloc[0]
    if ours["word"] == EARLY:
        return absent("a verdict on the health score.", f"So far {ours['said']}.")
    rows = book.verdicts.assign(
        label=book.verdicts["score"].map(NAMES),
        span=[
            _span(*ends) for ends in zip(book.verdicts["low"], book.verdicts["high"], strict=True)
        ],
    )
    shown = table(
        rows,
        [
            Column("label", "Score"),
            Column("word", "Verdict"),
            Column("auc", "AUC", "number", digits=2),
            Column("span", "95 % range", align="end"),
            Column("green", "Left while healthy", "pct"),
            Column("red", "At risk and stayed", "pct"),
            Column("inversions", "Bands out of order", "count"),
        ],
        "Two scores, held against the same answers",
        "Left while healthy: of those that left, the share the score had called healthy. The "
        "experts' bands hold as many accounts as ours each month, so the two can be compared.",
    )
    return stack(_sentence(book), shown)


def _span(low: float, high: float) -> str:
    if formats.missing(low):
        return formats.MISSING
    return f"{formats.number(low, 2)} to {formats.number(high, 2)}"


def _sentence(book: Book) -> Shown:
    ours = book.verdicts[book.verdicts["score"] == "ours"].iloc[0]
    lead = ""
    if not formats.missing(ours["ahead"]):
        better = "better than" if ours["ahead_low"] > 0 else "not shown to be better than"
        better = "worse than" if ours["ahead_high"] < 0 else better
        lead = (
            f"It ranks {better} the experts' weights: "
            f"{formats.number(ours['ahead'], 2, signed=True)} AUC, "
            f"{_span(ours['ahead_low'], ours['ahead_high'])}."
        )
    return prose(
        "**The health score is {word}**: {said}, in {rows}, {events} of them before a "
        "departure. {lead}",
        word=ours["word"],
        said=ours["said"],
        rows=counted(int(ours["rows"]), "account-month"),
        events=formats.count(int(ours["events"])),
        lead=lead,
    )
