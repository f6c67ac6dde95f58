"""What the risk is associated with, in money, and what has changed in that."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.bars import bars
from reporting.figure import Caption
from reporting.health.parts import LEADER, by, money, scored, unsaid, since, source, stack
from reporting.health.why import family
from reporting.notes import absent, decision
from reporting.shown import Shown
from reporting.tables import table

TIMING = "contract"
NONE = "no clear driver"
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
        return absent(f"Drivers of risk. {unsaid(book)}", "")
    return stack(_figure(book), _table(book), _decide(book))


def _others(book: Book) -> pd.DataFrame:
    """The families somebody can work on: all but the calendar."""
    return book.drivers[~book.drivers["family"].isin([TIMING, NONE])].reset_index(drop=True)


def _figure(book: Book) -> Shown:
    rows, others = book.drivers, _others(book)
    compared = rows["before"].notna().any()
    title = "The expected loss is associated with contract dates alone"
    if len(others):
        title = f"Beyond contract dates, most expected loss is associated with {others['family'].iloc[0]}"
    caption = Caption(
        title,
        "Expected loss shared among the families of reasons that raise each account's risk"
        + (f"; tick: {since(book)}." if compared else "."),
        source(book, book.figures["expected_loss"].n),
    )
    chosen = rows if compared else rows.drop(columns="before")
    return bars(
        chosen, caption, "money", book.currency, label="family", value="expected_loss",
        previous="before" if compared else "",
    )  # fmt: skip


def led(book: Book) -> pd.DataFrame:
    """family, accounts, arr (cents), largest: accounts at risk or on watch, by their first reason."""
    rows = book.scores[book.scores["band"].isin(["at risk", "watch"])]
    rows = rows.assign(family=[family(told) or NONE for told in rows["reasons"]])
    found = rows.groupby("family", sort=True).agg(
        accounts=("account_id", "size"),
        arr=("arr", "sum"),
        loss=("expected_loss", "sum"),
        largest=("name", "first"),
    )
    found = found.reset_index().sort_values(["loss", "family"], ascending=[False, True])
    return found.reset_index(drop=True)


def _table(book: Book) -> Shown:
    columns = [
        Column("family", "First reason", "text"),
        Column("accounts", "Accounts", "count"),
        Column("arr", "ARR", "money", book.currency),
        Column("loss", "Expected loss", "money", book.currency),
        Column("largest", "Most to lose", "name"),
    ]
    return table(
        led(book), columns, "Accounts at risk or on watch, by their first reason",
        "An account is in one row here and in several of the bars above.",
        empty="No account is at risk or on watch.",
    )  # fmt: skip


def _decide(book: Book) -> Shown:
    others = _others(book)
    if others.empty:
        return decision("Work the renewal dates; nothing else stands out.", LEADER, by(book, 14))
    grown = others.assign(rise=others["expected_loss"] - others["before"].astype("Int64"))
    rising = grown.dropna(subset=["rise"]).sort_values("rise", ascending=False, kind="stable")
    chosen = others.iloc[0]
    pattern = "What would take {family} off the list: it stands beside {part} of expected loss"
    extra = {"more": "", "rise": ""}
    if len(rising) and int(rising["rise"].iloc[0]) > 0:
        top = rising.iloc[0]
        extra = {"more": top["family"], "rise": money(book, int(top["rise"]))}
        pattern += "; {more} rose most, by {rise}"
    return decision(
        pattern + ".",
        OWNERS.get(str(chosen["family"]), LEADER),
        by(book, 14),
        family=chosen["family"],
        part=money(book, int(chosen["expected_loss"])),
        **extra,
    )


def share(part: int, whole: int) -> str:
    """A part of a whole in words; a dash for nothing of nothing."""
    return formats.pct(part / whole, 0) if whole else formats.MISSING
