"""What the risk is associated with, in money, and what has changed in that."""

from __future__ import annotations

import pandas as pd

from features.declare import FRAMES
from reporting import formats
from reporting.book import Book
from reporting.charts.bars import bars
from reporting.figure import Caption
from reporting.health.parts import (
    LEADER,
    UNSCORED,
    by,
    counted,
    covering,
    former,
    money,
    scored,
    source,
    spoken,
    stack,
)
from reporting.health.why import NONE, family, noun
from reporting.notes import absent, decision, prose
from reporting.shown import Shown

SLIVER = 0.005  # of the expected loss: a bar nobody could see
OWNERS = {
    "adoption": "Product and CS leader",
    "support load": "Support lead",
    "billing": "Finance",
    "relationship": LEADER,
    "sentiment": "Product",
    "onboarding": "Onboarding lead",
}


def drivers(book: Book) -> Shown:
    """Expected loss by driver family beside last month's, and the accounts each leads in."""
    if not scored(book):
        return absent(f"What goes with risk. {UNSCORED}", "")
    return stack(_figure(book), _led(book), _decide(book))


def workable(book: Book) -> pd.DataFrame:
    """The driver families somebody can work on: all but calendar and size."""
    return book.drivers[~book.drivers["family"].isin([*FRAMES, NONE])].reset_index(drop=True)


def _figure(book: Book) -> Shown:
    others = workable(book)
    known = book.scores[book.scores["p_churn"].notna()]
    whole = int(book.drivers["expected_loss"].sum())
    rows = book.drivers[book.drivers["expected_loss"] >= SLIVER * whole]
    rows = rows.assign(family=[str(name).capitalize() for name in rows["family"]])
    compared = bool(rows["before"].notna().any())
    title = "The expected loss is associated with calendar and size alone"
    if len(others):
        named = noun(others["family"].iloc[0])
        title = f"Beyond calendar and size, most expected loss is associated with {named}"
    caption = Caption(
        title,
        "Shared among the families of reasons that raise each account's risk."
        + (f" Tick: {former(book)}." if compared else ""),
        source(book, covering(book, len(known), known["arr"].sum())),
    )
    return bars(
        rows if compared else rows.drop(columns="before"),
        caption,
        "money",
        book.currency,
        label="family",
        value="expected_loss",
        previous="before" if compared else "",
    )


def led(book: Book) -> pd.DataFrame:
    """family, accounts: those at risk or on watch by the family of their first reason."""
    rows = book.scores[book.scores["band"].isin(["at risk", "watch"])]
    first = pd.Series([family(told) for told in rows["reasons"]], dtype="str")
    found = first.groupby(first).size().rename_axis("family").rename("accounts").reset_index()
    order = ["accounts", "family"]
    return found.sort_values(order, ascending=[False, True], ignore_index=True)


def _led(book: Book) -> Shown:
    """By how many accounts at risk or on watch each family is the first reason."""
    rows = led(book)
    if rows.empty:
        return prose("No account is at risk or on watch.")
    values = {f"f{i}": noun(each) for i, each in enumerate(rows["family"])}
    values |= {f"n{i}": formats.count(each) for i, each in enumerate(rows["accounts"])}
    listed = spoken([f"{{f{i}}} for {{n{i}}}" for i in range(len(rows))])
    return prose(
        "The first reason of **{all}** at risk or on watch is " + listed + ".",
        all=counted(int(rows["accounts"].sum()), "account"),
        **values,
    )


def _decide(book: Book) -> Shown:
    others = workable(book)
    if others.empty:
        return decision("Work the renewal dates: nothing else stands out.", LEADER, by(book, 14))
    chosen = str(others["family"].iloc[0])
    values = {
        "family": noun(chosen),
        "part": money(book, int(others["expected_loss"].iloc[0])),
    }
    pattern = "One remedy for {family}: {part} of expected loss is associated with it"
    rise = (others["expected_loss"] - others["before"]).fillna(0).astype("int64")
    if rise.max() > 0:
        values |= {
            "more": noun(str(others["family"].iloc[int(rise.argmax())])),
            "rise": money(book, int(rise.max())),
        }
        pattern += "; {more} has risen most, by {rise}"
    return decision(pattern + ".", OWNERS.get(chosen, LEADER), by(book, 14), **values)
