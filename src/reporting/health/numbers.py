"""The numbers to take away: risk first, then what is due, then retention and ARR."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.health.parts import counted, quarter, scored, since, then, window
from reporting.shown import Shown
from reporting.tiles import Tile, tiles
from warehouse.months import shift

COURSE = 13
RATES = {"nrr": "Net revenue retention", "grr": "Gross revenue retention"}


def numbers(book: Book) -> Shown:
    """Six tiles, and a seventh for ARR not scored where there is any; the verdict says if not."""
    silent = [_silent(book)] if book.figures["accounts_not_scored"].value else []
    rates = [_rate(book, name) for name in RATES]
    return tiles(_risky(book), _loss(book), *silent, _due(book), *rates, _arr(book))


def _risky(book: Book) -> Tile:
    risky, whole = book.figures["arr_at_risk"], book.figures["arr"].value
    if not scored(book):
        return Tile("ARR at risk", None, "money", book.currency, note="no account is scored")
    return Tile(
        "ARR at risk",
        risky.value,
        "money",
        book.currency,
        good="down",
        previous=then(book, "at_risk"),
        since=since(book),
        course=_scored_course(book, "at_risk"),
        n=risky.n,
        counted="account" if risky.n == 1 else "accounts",
        note=f"{formats.pct((risky.value or 0) / whole)} of ARR" if whole else "",
    )


def _loss(book: Book) -> Tile:
    label, loss = f"Expected loss, {window(book)}", book.figures["expected_loss"]
    if loss.value is None:
        return Tile(label, None, "money", book.currency, note="no account is scored")
    bounds = book.outlook[book.outlook["what"] == "loss"]
    low, high = (int(bounds[side].iloc[0]) if len(bounds) else None for side in ("low", "high"))
    return Tile(
        label,
        loss.value,
        "money",
        book.currency,
        good="down",
        previous=then(book, "expected_loss"),
        since=since(book),
        course=_scored_course(book, "expected_loss"),
        low=low,
        high=high,
        coverage=0.8,
    )


def _silent(book: Book) -> Tile:
    silent, whole = book.figures["arr_not_scored"], book.figures["arr"].value
    return Tile(
        "ARR not scored",
        silent.value,
        "money",
        book.currency,
        good="down",
        previous=then(book, "not_scored") if scored(book) else None,
        since=since(book),
        n=silent.n,
        counted="account" if silent.n == 1 else "accounts",
        note=f"{formats.pct((silent.value or 0) / whole)} of ARR" if whole else "",
    )


def _due(book: Book) -> Tile:
    figures = book.figures
    whole, n = int(figures["arr_due"].value or 0), int(figures["renewals_due"].value or 0)
    parts = {word: int(figures[f"arr_due_{word}"].value or 0) for word in _STATES}
    said = [f"{formats.pct(part / whole, 0)} {word}" for word, part in parts.items() if part]
    return Tile(
        f"ARR due, {quarter(book)}",
        whole,
        "money",
        book.currency,
        n=n,
        counted="renewal" if n == 1 else "renewals",
        note=", ".join(said),
    )


_STATES = ("signed", "cancelled", "open")


def _rate(book: Book, name: str) -> Tile:
    figure, now = book.figures[name], book.trend.iloc[-1]
    if figure.value is None:
        return Tile(RATES[name], None, "pct", note="needs a year of history")
    low, high = (float(now[f"{name}_{side}"]) for side in ("low", "high"))
    return Tile(
        RATES[name],
        figure.value,
        "pct",
        good="up",
        previous=_before(book, name),
        since=since(book),
        target=book.target(name),
        course=_course(book, name),
        n=figure.n,
        low=None if pd.isna(low) else low,
        high=None if pd.isna(high) else high,
    )


def _arr(book: Book) -> Tile:
    figure = book.figures["arr"]
    return Tile(
        "ARR",
        figure.value,
        "money",
        book.currency,
        good="up",
        previous=_before(book, "arr"),
        since=since(book),
        course=_course(book, "arr"),
        note=counted(figure.n, "customer"),
    )


def _before(book: Book, name: str) -> float | None:
    row = book.trend[book.trend["month"] == shift(book.month, -1)]
    return None if row.empty or pd.isna(row[name].iloc[0]) else float(row[name].iloc[0])


def _course(book: Book, name: str) -> list[float | None]:
    last = book.trend[name].tail(COURSE).astype("float64")
    return _known(last) if last.notna().sum() > 1 else []


def _known(values: pd.Series[float]) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in values]


def _scored_course(book: Book, name: str) -> list[float | None]:
    """A number of the risk frame month by month, gaps where a month was not scored."""
    known = book.risk.dropna(subset=[name]).set_index("month")[name]
    months = [shift(book.month, back) for back in range(1 - COURSE, 1)]
    there = [month for month in months if month in known.index]
    if len(there) < 2:
        return []
    shown = known.reindex(months[months.index(there[0]) :]).astype("float64")
    return _known(shown)
