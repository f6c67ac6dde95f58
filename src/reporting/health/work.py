"""What to do: the work list that fits the hours, and the plain rules that fired."""

from __future__ import annotations

import pandas as pd

from plays.signals import ABSENT, FIRED
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import LEADER, by, counted, money, stack
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

LISTED = 15


def work(book: Book) -> Shown:
    """The actions of the month that save most an hour, and what they ask of whom."""
    rows = book.worklist
    if rows.empty:
        return absent(
            "This month's work list: no account is scored, or no hours are set.",
            "It ranks plays by what they are expected to save; the signals below stand without it.",
        )
    return stack(_sum(book), _listed(book), _decide(book))


def _sum(book: Book) -> Shown:
    rows = book.worklist
    return prose(
        "**{n}** fit the {hours} hours of {csms}. If each play saved the share its prior states, "
        "{saved} of ARR would stay; **no play's effect has been measured yet**, so the list orders "
        "the work and promises nothing.",
        n=counted(len(rows), "action"),
        hours=formats.number(float(rows["hours"].sum()), 0),
        csms=counted(int(rows["csm"].nunique()), "CSM"),
        saved=money(book, int(rows["expected_saved"].sum())),
    )


def _listed(book: Book) -> Shown:
    columns = [
        Column("name", "Account", "name", under="csm"),
        Column("band", "Band", "band"),
        Column("play", "Play", under="first_step"),
        Column("hours", "Hours", "number"),
        Column("expected_saved", "Expected to save", "money", book.currency, bar=True),
        Column("do_by", "By", "date"),
    ]
    shown = book.worklist.astype({"name": "str"})
    return table(
        shown, columns, "The actions expected to save most an hour",
        "The whole list, a sheet to fill in, is worklist.xlsx beside this page.", limit=LISTED,
    )  # fmt: skip


def _decide(book: Book) -> Shown:
    rows = book.worklist
    top = rows.head(LISTED)
    return decision(
        "Take the list as the month's work, or say what comes off it. Its first {n} need {hours} "
        "hours and carry {part} of what it is expected to save.",
        LEADER,
        by(book, 3),
        n=formats.count(len(top)),
        hours=formats.number(float(top["hours"].sum()), 0),
        part=formats.pct(
            float(top["expected_saved"].sum()) / max(1.0, float(rows["expected_saved"].sum())), 0
        ),
    )


def signals(book: Book) -> Shown:
    """What the plain rules saw: accounts, their ARR, and how many the score had not named."""
    if book.signals.empty:
        return absent("Signals: no rule is declared.", "")
    shown = tallied(book)
    missing = book.signals.loc[book.signals["status"] == ABSENT, "title"].drop_duplicates()
    note = "A rule says what was seen; it knows no odds and needs no model."
    if len(missing):
        note += f" Not available with these tables: {'; '.join(missing)}."
    columns = [
        Column("title", "Signal"),
        Column("family", "Family"),
        Column("accounts", "Accounts", "count"),
        Column("arr", "ARR", "money", book.currency, bar=True),
        Column("unseen", "Of these, Healthy or not scored", "count"),
    ]
    return table(shown, columns, "Signals that fired this month", note, empty="No signal fired.")


def tallied(book: Book) -> pd.DataFrame:
    """title, family, accounts, arr (cents), unseen (accounts the score calls healthy or none)."""
    fired = book.signals[book.signals["status"] == FIRED]
    rows = fired.merge(book.scores[["account_id", "arr", "band"]], on="account_id", how="left")
    rows["calm"] = rows["band"].isin(["healthy", "not scored"])
    found = rows.groupby(["title", "family"], sort=True).agg(
        accounts=("account_id", "size"), arr=("arr", "sum"), unseen=("calm", "sum")
    )
    return found.reset_index().sort_values(
        ["arr", "title"], ascending=[False, True], ignore_index=True
    )
