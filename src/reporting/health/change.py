"""Why the expected loss is not what it was a month ago: accounts, values, data and models apart."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.charts.waterfall import waterfall
from reporting.figure import Caption
from reporting.health.parts import (
    LEADER,
    UNSCORED,
    by,
    counted,
    former,
    money,
    scored,
    source,
    stack,
)
from reporting.health.why import noun
from reporting.notes import absent, decision, prose
from reporting.shown import Shown

NAMED = 5  # families with a bar of their own; the rest share one
LABELS = {
    "coverage": "Data come or gone",
    "model": "Another model",
    "new accounts": "New accounts",
    "gone accounts": "Accounts gone",
    "ARR of the same accounts": "Their ARR",
}


def change(book: Book) -> Shown:
    """The bridge from last month's expected loss to this one's, to the cent."""
    if not scored(book):
        return absent(f"What moved the risk. {UNSCORED}", "")
    if book.bridge.empty:
        return absent(
            "what moved the risk.", "The month before was not scored, so nothing can be compared."
        )
    return stack(_figure(book), _told(book), _decide(book))


def steps(book: Book) -> pd.DataFrame:
    """label, amount (cents), total: the bridge with small families put together."""
    rows = book.bridge
    families = rows[rows["kind"] == "family"]
    order = families["amount"].abs().sort_values(ascending=False, kind="stable").index
    large, small = families.loc[order[:NAMED]], families.loc[order[NAMED:]]
    told = [("Expected loss then", int(rows["amount"].iloc[0]), True)]
    for kind in ("accounts", "arr"):
        each = rows[rows["kind"] == kind]
        told += [
            (LABELS[part], int(cents), False)
            for part, cents in zip(each["part"], each["amount"], strict=True)
        ]
    told += [
        (str(part).capitalize(), int(cents), False)
        for part, cents in zip(large["part"], large["amount"], strict=True)
    ]
    if len(small):
        told.append(("Other reasons", int(small["amount"].sum()), False))
    for kind in ("coverage", "model"):
        told.append((LABELS[kind], int(rows.loc[rows["kind"] == kind, "amount"].sum()), False))
    told = [step for step in told if step[1] or step[2]]
    told.append(("Expected loss now", int(rows["amount"].iloc[-1]), True))
    return pd.DataFrame(told, columns=["label", "amount", "total"])


def _figure(book: Book) -> Shown:
    first, last = (int(book.bridge["amount"].iloc[at]) for at in (0, -1))
    way = "rose" if last > first else "fell" if last < first else "stayed"
    caption = Caption(
        f"The expected loss {way} from {money(book, first)} to {money(book, last)}",
        f"Since {former(book)}. Each account's change is split by what moved it; the parts add up "
        "to the cent.",
        source(book, counted(len(book.scores), "account")),
    )
    return waterfall(steps(book), caption, book.currency, good="down")


def _told(book: Book) -> Shown:
    def part(*kinds: str) -> str:
        rows = book.bridge[book.bridge["kind"].isin(kinds)]
        return formats.money(int(rows["amount"].sum()), book.currency, signed=True)

    return prose(
        "Of the change, {accounts} are accounts that came or went and ARR that moved, {customers} "
        "is what customers did, {data} is data that came or went, and {model} is another model, "
        "which says nothing of a customer.",
        accounts=part("accounts", "arr"),
        customers=part("family"),
        data=part("coverage"),
        model=part("model"),
    )


def _decide(book: Book) -> Shown:
    families = book.bridge[book.bridge["kind"] == "family"]
    worst = families.sort_values(["amount", "part"], ascending=[False, True]).head(1)
    if worst.empty or int(worst["amount"].iloc[0]) <= 0:
        return decision("No reason has grown: keep to the work list.", LEADER, by(book, 14))
    return decision(
        "Ask what is behind {family}: {rise} more expected loss is associated with it.",
        LEADER,
        by(book, 14),
        family=noun(str(worst["part"].iloc[0])),
        rise=money(book, int(worst["amount"].iloc[0])),
    )
