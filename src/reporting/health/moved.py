"""Who moved band: from last month's bands to this month's, in money."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.flow import flow
from reporting.figure import Caption
from reporting.health.parts import (
    LEADER,
    UNSCORED,
    by,
    counted,
    former,
    money,
    owners,
    scored,
    since,
    source,
    stack,
)
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

MOVERS = 5
RANK = {"healthy": 0, "watch": 1, "at risk": 2}


def moved(book: Book) -> Shown:
    """The flow between bands, who left from which band, and the movers with most at stake."""
    if not compared(book):
        why = f"{former(book)} was not scored, so there is nothing to compare with."
        why = why if scored(book) else UNSCORED
        return stack(absent(f"Who moved between bands. {why}", ""), _left(book))
    return stack(_flow(book), _left(book), _movers(book), _decide(book))


def compared(book: Book) -> bool:
    """Whether anybody has a band now and had one a month before."""
    return bool((book.flow["before"].isin(RANK) & book.flow["after"].isin(RANK)).any())


def _flow(book: Book) -> Shown:
    pairs = book.flow[book.flow["before"].isin(RANK) & book.flow["after"].isin(RANK)]
    step = pairs["after"].map(RANK).astype(int) - pairs["before"].map(RANK).astype(int)
    worse, better = int(pairs.loc[step > 0, "arr"].sum()), int(pairs.loc[step < 0, "arr"].sum())
    caption = Caption(
        f"{money(book, worse)} moved to a worse band, {money(book, better)} to a better one",
        f"Pale: stayed.{_retrained(book)}",
        source(book),
    )
    renamed = book.flow.rename(columns={"after": "now", "arr": "amount"})
    sides = (former(book), formats.month(book.month))
    return flow(renamed, caption, book.currency, sides=sides)


def _retrained(book: Book) -> str:
    """A change of model moves accounts too, and the reader must know."""
    if book.about["models"]["churn"].get("month") != book.month:
        return ""
    return " The model was trained anew at this close, so some moves are its own."


def _left(book: Book) -> Shown:
    gone = book.moves[book.moves["kind"] == "churn"]
    if gone.empty:
        return prose("No account left in {month}.", month=formats.month(book.month))
    before, values = (
        gone["band_before"],
        {
            "n": counted(len(gone), "account"),
            "lost": money(book, int(-gone["amount"].sum())),
            "name": gone["name"].iloc[0],
            "most": money(book, int(-gone["amount"].iloc[0])),
        },
    )
    if not before.isin(RANK).any():
        return prose("**{n} left** with {lost}, the largest {name} ({most}).", **values)
    flagged = gone[before == "at risk"]
    return prose(
        "**{n} left** with {lost}: {flagged} of them, {part}, had been at risk a month before. "
        "The largest, {name} ({most}), had been {band}.",
        flagged=formats.count(len(flagged)) if len(flagged) else "none",
        part=money(book, int(-flagged["amount"].sum())),
        band={"watch": "on watch"}.get(before.iloc[0], before.iloc[0] or "not scored"),
        **values,
    )


def movers(book: Book) -> pd.DataFrame:
    """Accounts whose band changed, the largest change in expected loss (cents) first."""
    rows = book.scores
    known = rows["band"].isin(RANK) & rows["band_before"].isin(RANK)
    changed = rows[known & (rows["band"] != rows["band_before"])]
    change = (changed["p_churn"] - changed["p_before"]) * changed["arr"]
    found = changed.assign(change=change.round().astype("int64"))
    found["size"] = found["change"].abs()
    return found.sort_values(["size", "account_id"], ascending=[False, True], ignore_index=True)


def _movers(book: Book) -> Shown:
    unit = book.currency
    columns = [
        Column("name", "Account", "name"),
        *owners(book),
        Column("arr", "ARR", "money", unit),
        Column("band_before", since(book), "band"),
        Column("band", "Now", "band"),
        Column("p_before", f"Risk, {since(book)}", "pct"),
        Column("p_churn", "Risk now", "pct"),
        Column("change", "Change in expected loss", "money", unit, signed=True, good="down"),
    ]
    return table(
        movers(book),
        columns,
        "Largest moves, by the change in expected loss",
        limit=MOVERS,
        empty="No account changed band.",
    )


def _decide(book: Book) -> Shown:
    fell = movers(book)
    fell = fell[(fell["band"] == "at risk") & (fell["change"] > 0)]
    if fell.empty:
        return decision(
            "Leave last month's assignments as they are: nobody fell to At risk.",
            LEADER,
            by(book, 7),
        )
    return decision(
        "Who goes to the **{n}** that fell to At risk ({arr}), {name} first.",
        LEADER,
        by(book, 7),
        n=counted(len(fell), "account"),
        arr=money(book, int(fell["arr"].sum())),
        name=fell["name"].iloc[0],
    )
