"""The answer: one finding, three sentences, seven numbers."""

from __future__ import annotations

import pandas as pd
from reporting.health.drivers import workable
from reporting.health.horizon import open_soon

from reporting import formats
from reporting.book import Book
from reporting.health.parts import (
    counted,
    money,
    opening_day,
    scored,
    since,
    span,
    then,
    unsaid,
    verb,
    window,
)
from reporting.health.why import noun
from reporting.notes import headline as heading
from reporting.shown import Shown
from reporting.tiles import Tile, tiles
from warehouse.months import shift

SAME = 0.02  # of last month's: a change smaller than this is not news
COURSE = 13


def headline(book: Book) -> Shown:
    """The page's finding, and under it what changed, where it sits, and where to start."""
    over = (
        f"{book.about['name']} · customer health, {formats.month(book.month)} · all accounts · "
        f"known by {formats.date(opening_day(book))}"
    )
    title, values = _title(book)
    sentences = [_changed(book, values), _sits(book, values), _start(book, values)]
    return heading(title, over, [each for each in sentences if each], **values)


def _title(book: Book) -> tuple[str, dict[str, object]]:
    """The finding as a pattern, and the values every sentence may use."""
    figures = book.figures
    values: dict[str, object] = {
        "arr": money(book, figures["arr"].value),
        "due": money(book, figures["arr_due"].value),
        "open": money(book, figures["arr_due_open"].value),
        "month": formats.month(book.month),
        "window": window(book),
        "quarter": span(shift(book.month, 1), shift(book.month, 3)),
    }
    if not scored(book):
        if not figures["arr_due"].value:
            return "{arr} of ARR, nothing due in {quarter}, and no account scored yet", values
        return (
            "{open} of the {due} due in {quarter} is still open; no account is scored yet",
            values,
        )
    risky, loss = figures["arr_at_risk"], figures["expected_loss"].value or 0
    values |= {
        "loss": money(book, loss),
        "risky": money(book, risky.value),
        "accounts": counted(risky.n, "account"),
        "holding": verb(risky.n, "is", "are"),
    }
    tail = (
        "; {accounts} with {risky} of ARR {holding} at risk" if risky.n else "; nobody is at risk"
    )
    former = then(book, "expected_loss")
    if former is None:
        return "{loss} of ARR is expected to leave from {window}" + tail, values
    moved = loss - former
    how = "rose to" if moved > 0 else "fell to"
    if abs(moved) <= SAME * former:
        how = "stays at"
    return f"Expected loss {how} {{loss}}" + tail, values


def _changed(book: Book, values: dict[str, object]) -> str:
    """What the month did to ARR, and its largest loss by name."""
    this = book.walk.iloc[-1]
    by = int(this["closing"] - this["opening"])
    won = int(this["new"] + this["expansion"] + this["reactivation"])
    lost = int(this["churn"] + this["contraction"])
    values |= {"by": money(book, abs(by)), "won": money(book, won), "lost": money(book, lost)}
    values["before"] = since(book)
    pattern = "ARR closed {month} at **{arr}**, " + (
        "as in {before}" if not by else f"{{by}} {'above' if by > 0 else 'below'} {{before}}"
    )
    if not lost:
        return pattern + ": {won} was won and nothing was lost."
    largest = book.moves[book.moves["kind"].isin(["churn", "contraction"])].iloc[0]
    values |= {"gone": largest["name"], "worth": money(book, abs(int(largest["amount"])))}
    one = "{gone}" if money(book, lost) == values["worth"] else "{gone} alone {worth}"
    return pattern + f": {{lost}} was lost, {one}, against {{won}} won and grown."


def _sits(book: Book, values: dict[str, object]) -> str:
    """With whom the expected loss sits, and what it is associated with."""
    if not scored(book):
        values["why"] = unsaid(book)
        return "{why}"
    first = book.scores.iloc[0]
    loss = book.figures["expected_loss"].value or 0
    if not loss:
        return ""
    values |= {
        "largest": first["name"],
        "most": formats.pct(int(first["expected_loss"]) / loss, 0),
    }
    pattern = "Of the {loss} expected to leave from {window}, **{most}** sits with {largest}"
    others = workable(book)
    if others.empty:
        return pattern + "."
    values |= {
        "family": noun(others["family"].iloc[0]),
        "part": money(book, int(others["expected_loss"].iloc[0])),
    }
    return pattern + "; beyond the contract itself, most is associated with {family} ({part})."


def _start(book: Book, values: dict[str, object]) -> str:
    """Where to start: the renewals that can still go either way."""
    soon = open_soon(book)
    if soon.empty:
        return "No contract that ends in the next 90 days is open."
    values |= {
        "soon": counted(len(soon), "open renewal"),
        "stake": money(book, int(soon["arr"].sum())),
        "fall": verb(len(soon), "falls", "fall"),
    }
    pattern = "**{soon}** worth {stake} {fall} due within 90 days"
    shaky = soon[soon["band"].isin(["at risk", "watch"])]
    if shaky.empty:
        return pattern + "; start with the largest."
    values |= {"shaky": formats.count(len(shaky)), "shaken": money(book, int(shaky["arr"].sum()))}
    return pattern + "; start with the {shaky} at risk or on watch ({shaken})."


def numbers(book: Book) -> Shown:
    """Six tiles: risk first, then what is due, then retention and ARR.

    A seventh, ARR not scored, stands second where there is any; the verdict says it if not.
    """
    return tiles(*_risk(book), _due(book), *_kept(book))


def _risk(book: Book) -> list[Tile]:
    currency, figures, before = book.currency, book.figures, since(book)
    whole, silent = figures["arr"].value or 0, figures["arr_not_scored"]
    nobody = "" if scored(book) else "no account is scored"
    silence = Tile(
        "ARR not scored", silent.value, "money", currency, "down",
        previous=then(book, "not_scored"), since=before, n=silent.n,
    )  # fmt: skip
    risky, loss = figures["arr_at_risk"], figures["expected_loss"]
    bounds = book.outlook[book.outlook["what"] == "loss"]
    low, high = (int(bounds[side].iloc[0]) if len(bounds) else None for side in ("low", "high"))
    share = f"{formats.pct((risky.value or 0) / whole)} of ARR" if whole else ""
    return [
        Tile(
            "ARR at risk", None if nobody else risky.value, "money", currency, "down",
            previous=then(book, "at_risk"), since=before, course=_course(book, "at_risk"),
            n=None if nobody else risky.n, note=nobody or share,
        ),
        Tile(
            f"Expected loss, {window(book)}", loss.value, "money", currency, "down",
            previous=then(book, "expected_loss"), since=before,
            course=_course(book, "expected_loss"), low=low, high=high, coverage=0.8, note=nobody,
        ),
        *([silence] if silent.n else []),
    ]  # fmt: skip


def _due(book: Book) -> Tile:
    figures = book.figures
    whole = figures["arr_due"].value or 0
    states = [(word, figures[f"arr_due_{word}"].value or 0) for word in ("signed", "cancelled")]
    states.append(("open", figures["arr_due_open"].value or 0))
    said = ", ".join(f"{formats.pct(part / whole, 0)} {word}" for word, part in states if part)
    quarter = span(shift(book.month, 1), shift(book.month, 3))
    n = figures["renewals_due"].value
    return Tile(
        f"ARR due, {quarter}", whole, "money", book.currency,
        n=int(n or 0), counted=verb(int(n or 0), "renewal", "renewals"),
        note=said if whole else "nothing due",
    )  # fmt: skip


def _kept(book: Book) -> list[Tile]:
    found = []
    now = book.trend.iloc[-1]
    for name, label in (("nrr", "Net revenue retention"), ("grr", "Gross revenue retention")):
        figure = book.figures[name]
        low, high = (None if pd.isna(now[f"{name}_{s}"]) else now[f"{name}_{s}"] for s in _SIDES)
        found.append(
            Tile(
                label, figure.value, "pct", good="up", previous=_previous(book, name),
                since=since(book), target=book.target(name), course=list(book.trend[name])[-COURSE:],
                n=figure.n if figure.value is not None else None, low=low, high=high,
                note="" if figure.value is not None else "needs a year of history",
            )
        )  # fmt: skip
    course = list(book.trend["arr"])[-COURSE:]
    arr = book.figures["arr"]
    before = _previous(book, "arr")
    found.append(
        Tile(
            "ARR", arr.value, "money", book.currency, "up", previous=before, since=since(book),
            course=course, n=arr.n,
        )
    )  # fmt: skip
    return found


_SIDES = ("low", "high")


def _previous(book: Book, name: str) -> float | None:
    row = book.trend[book.trend["month"] == shift(book.month, -1)]
    if row.empty or pd.isna(row[name].iloc[0]):
        return None
    return float(row[name].iloc[0])


def _course(book: Book, name: str) -> list[float | None]:
    """A number of the risk frame month by month, gaps where a month was not scored."""
    known = book.risk.dropna(subset=[name]).set_index("month")[name]
    if len(known) < 2:
        return []
    months = [shift(book.month, back) for back in range(1 - COURSE, 1)]
    first = min(month for month in months if month in known.index)
    return [float(known[m]) if m in known.index else None for m in months if m >= first]
