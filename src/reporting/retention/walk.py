"""What made the change: the ARR walk of the month, and of the year up to it."""

from __future__ import annotations

import pandas as pd

from metrics.identities import GAINS, LOSSES
from reporting import formats
from reporting.book import Book
from reporting.figure import Caption
from reporting.notes import decision
from reporting.retention.bridges import bridges
from reporting.retention.words import CS, by, counted, covers, money, section, source, span
from reporting.shown import Shown

TERMS = {
    "new": "New",
    "expansion": "Expansion",
    "reactivation": "Reactivation",
    "contraction": "Contraction",
    "churn": "Churn",
}
SIGNS = {**dict.fromkeys(GAINS, 1), **dict.fromkeys(LOSSES, -1)}
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
    """The walk of the month and of up to twelve, and the decision on the largest loss."""
    year = book.walk.tail(YEAR)
    this = summed(year.tail(1))
    told = {span(book.month, book.month): this}
    if len(year) > 1:
        told[span(str(year["month"].iloc[0]), book.month)] = summed(year)
    return section(_figure(book, told), _decision(book, this))


def _figure(book: Book, told: dict[str, dict[str, int]]) -> Shown:
    names = {"opening": "Opening", **TERMS, "closing": "Closing"}
    frame = pd.DataFrame({"label": list(names.values())})
    frame["total"] = [name not in TERMS for name in names]
    for place, total in enumerate(told.values()):
        frame[f"walk_{place}"] = [SIGNS.get(name, 1) * total[name] for name in names]
    this = next(iter(told.values()))
    facts = (counted(book.figures["customers"].value), covers(book, this["closing"]))
    caption = Caption(
        f"{next(iter(told))}: {_conclusion(book, this)}",
        f"ARR from opening to closing, in {book.currency}, net monthly movements. Opening and "
        "closing are cut at the foot.",
        source(book, *facts),
    )
    return bridges(
        frame, [(f"walk_{place}", when) for place, when in enumerate(told)], caption, book.currency
    )


def _conclusion(book: Book, total: dict[str, int]) -> str:
    up, down = gained(total), lost(total)
    if not up and not down:
        return "nothing moved"
    if up >= down:
        return f"{money(book, up)} gained against {money(book, down)} lost"
    return f"{money(book, down)} lost against {money(book, up)} gained"


def _decision(book: Book, total: dict[str, int]) -> Shown:
    if not lost(total):
        return decision("Nothing was lost this month; keep to the plan.", CS, by(book, 14))
    largest = max(LOSSES, key=lambda name: total[name])
    return decision(
        "Name who answers for the largest loss: {line}, {money}, {share} of all.",
        CS,
        by(book, 14),
        line=TERMS[largest].lower(),
        money=money(book, total[largest]),
        share=formats.pct(total[largest] / lost(total), 0),
    )
