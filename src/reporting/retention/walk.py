"""What made the change: the ARR walk of the month, and of the year up to it."""

from __future__ import annotations

import pandas as pd

from metrics.identities import GAINS, LOSSES
from reporting import formats
from reporting.book import Book
from reporting.charts.waterfall import waterfall
from reporting.figure import Caption
from reporting.notes import decision
from reporting.retention.words import CS, by, counted, covers, money, section, source, span
from reporting.shown import Shown

TERMS = {
    "new": "New",
    "expansion": "Expansion",
    "reactivation": "Reactivation",
    "contraction": "Contraction",
    "churn": "Churn",
}
YEAR = 12


def summed(walk: pd.DataFrame) -> dict[str, int]:
    """Opening of the first row, closing of the last, and each term summed, in cents."""
    terms = {name: int(walk[name].sum()) for name in TERMS}
    return {
        "opening": int(walk["opening"].iloc[0]),
        **terms,
        "closing": int(walk["closing"].iloc[-1]),
    }


def gained(total: dict[str, int]) -> int:
    """ARR that came in, in cents: new, expansion, reactivation."""
    return sum(total[name] for name in GAINS)


def lost(total: dict[str, int]) -> int:
    """ARR that went, in cents: contraction, churn."""
    return sum(total[name] for name in LOSSES)


def walks(book: Book) -> Shown:
    """Two waterfalls, of the month and of up to twelve; the decision on the largest loss."""
    year = book.walk.tail(YEAR)
    this, whole = summed(year.tail(1)), summed(year)
    first, last = str(year["month"].iloc[0]), str(year["month"].iloc[-1])
    pieces = [_figure(book, this, span(last, last))]
    if len(year) > 1:
        pieces.append(_figure(book, whole, span(first, last)))
    return section(*pieces, _decision(book, this))


def _figure(book: Book, total: dict[str, int], when: str) -> Shown:
    steps = [("Opening", total["opening"], True)]
    for name, label in TERMS.items():
        steps.append((label, -total[name] if name in LOSSES else total[name], False))
    steps.append(("Closing", total["closing"], True))
    frame = pd.DataFrame(steps, columns=["label", "amount", "total"])
    facts = (counted(book.figures["customers"].value), covers(book, total["closing"]))
    caption = Caption(
        f"{when}: {_conclusion(book, total)}",
        f"ARR from opening to closing, in {book.currency}; net monthly movements.",
        source(book, *facts),
    )
    return waterfall(frame, caption, book.currency)


def _conclusion(book: Book, total: dict[str, int]) -> str:
    up, down = gained(total), lost(total)
    if not up and not down:
        return "nothing moved"
    if up >= down:
        return f"gains of {money(book, up)} against losses of {money(book, down)}"
    return f"losses of {money(book, down)} against gains of {money(book, up)}"


def _decision(book: Book, total: dict[str, int]) -> Shown:
    if not lost(total):
        return decision("Nothing was lost this month; keep to the plan.", CS, by(book, 14))
    largest = max(LOSSES, key=lambda name: total[name])
    return decision(
        "Name who answers for the largest loss, {line}: {money}, {share} of all that was lost.",
        CS,
        by(book, 14),
        line=TERMS[largest].lower(),
        money=money(book, total[largest]),
        share=formats.pct(total[largest] / lost(total), 0),
    )
