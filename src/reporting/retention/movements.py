"""Which customers moved it: the month's largest movements by name."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.notes import decision
from reporting.retention.words import CS, amount, by, cents, exactly, money, plural, section
from reporting.shown import Shown
from reporting.tables import table

SHOWN = 5
NAMED = ["name", "kind", "csm", "amount"]


def movements(book: Book) -> Shown:
    """The ``SHOWN`` largest movements, the rest in one row; all of them sum to the change."""
    shown, rest = book.moves.head(SHOWN), book.moves.iloc[SHOWN:]
    net = int(book.moves["amount"].sum())
    frame = shown.assign(kind=shown["kind"].str.capitalize())[NAMED]
    if len(rest):
        other = {"name": plural(len(rest), "smaller movement"), "kind": "Net"}
        row = pd.DataFrame([{**other, "csm": None, "amount": int(rest["amount"].sum())}])
        frame = pd.concat([frame, row], ignore_index=True)
    columns = [
        Column("name", "Account", "name"),
        Column("kind", "Movement"),
        Column("csm", "CSM", "name"),
        amount("amount", f"ARR, {book.currency}", signed=True),
    ]
    listed = table(
        cents(frame, "amount"),
        columns,
        _title(book),
        total={"name": "Net change of the month", "kind": None, "csm": None, "amount": exactly(net)}
        if len(frame)
        else None,
        empty="No customer's ARR changed this month.",
    )
    return section(listed, _decision(book))


def _title(book: Book) -> str:
    sizes = book.moves["amount"].abs()
    if not sizes.sum():
        return "Movements by name"
    share = formats.pct(int(sizes.head(SHOWN).sum()) / int(sizes.sum()), 0)
    most = min(SHOWN, len(sizes))
    return f"{plural(most, 'movement')} of {len(sizes)} hold {share} of all that moved"


def _decision(book: Book) -> Shown:
    losses = book.moves[book.moves["amount"] < 0]
    if losses.empty:
        return decision("Nothing was lost; no review is due.", CS, by(book, 14))
    top = losses.head(3)
    return decision(
        "Review, seen coming or not: {names}; together {money}.",
        CS,
        by(book, 14),
        names=", ".join(top["name"]),
        money=money(book, int(top["amount"].sum())),
    )
