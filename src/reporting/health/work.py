"""What to do: the work list that fits the hours, and the plain rules that fired."""

from __future__ import annotations

import pandas as pd

from plays.signals import ABSENT, FIRED
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import LEADER, by, counted, money, owners, stack
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

LISTED = 15
SIGNALS = 8


def work(book: Book) -> Shown:
    """The actions of the month that save most an hour, the signals, and what to agree on."""
    if book.worklist.empty:
        nothing = absent(
            "This month's work list: no account is scored, or no hours are set.",
            "Signals stand without it.",
        )
        return stack(nothing, signals(book), _by_hand(book))
    return stack(_sum(book), _listed(book), signals(book), _decide(book))


def _sum(book: Book) -> Shown:
    rows = book.worklist
    return prose(
        "**{n}** fit the hours {csms} have: {hours} hours in all. If each play saved the share its "
        "prior states, {saved} of ARR would stay; **no play's effect has been measured yet**, so "
        "the list orders the work and promises nothing.",
        n=counted(len(rows), "action"),
        hours=formats.number(float(rows["hours"].sum()), 0),
        csms=counted(int(rows["csm"].nunique()), "CSM"),
        saved=money(book, int(rows["expected_saved"].sum())),
    )


def _listed(book: Book) -> Shown:
    columns = [
        Column("name", "Account", "name"),
        *owners(book),
        Column("band", "Band", "band"),
        Column("play", "Play"),
        Column("hours", "Hours", "number"),
        Column("expected_saved", "Expected to save", "money", book.currency),
        Column("do_by", "By", "date"),
    ]
    return table(
        book.worklist,
        columns,
        "The actions expected to save most an hour",
        f"{_steps(book)} The whole list, with room for what came of it: worklist.xlsx.",
        limit=LISTED,
    )


def _steps(book: Book) -> str:
    """The first step of each play listed, said once."""
    plays = book.worklist.head(LISTED).drop_duplicates("play")
    said = zip(plays["play"], plays["first_step"], strict=True)
    return " ".join(f"{play}: {step}{'' if step.endswith('?') else '.'}" for play, step in said)


def _decide(book: Book) -> Shown:
    rows = book.worklist
    top = rows.head(LISTED)
    share = int(top["expected_saved"].sum()) / max(1, int(rows["expected_saved"].sum()))
    return decision(
        "Take the list as the month's work, or say what comes off it. Its first {n} need {hours} "
        "hours and carry {part} of what it is expected to save.",
        LEADER,
        by(book, 3),
        n=formats.count(len(top)),
        hours=formats.number(float(top["hours"].sum()), 0),
        part=formats.pct(share, 0),
    )


def _by_hand(book: Book) -> Shown:
    return decision("Who works the signals by hand, the largest ARR first.", LEADER, by(book, 3))


def signals(book: Book) -> Shown:
    """What the plain rules saw: accounts, their ARR, and how many the score calls healthy.

    A rule that fired for most accounts tells few apart, and is named beneath instead.
    """
    found = tallied(book)
    common = found["accounts"] * 2 > len(book.scores)
    missing = book.signals.loc[book.signals["status"] == ABSENT, "title"].drop_duplicates()
    note = ["A rule says what was seen; it knows no odds and needs no model."]
    note += [
        f"{row['title']}: {row['accounts']} of {len(book.scores)} accounts, too many to tell apart."
        for row in found[common].to_dict("records")
    ]
    if len(missing):
        note.append(f"Not available with these tables: {'; '.join(missing)}.")
    columns = [
        Column("title", "Signal"),
        Column("family", "Family"),
        Column("accounts", "Accounts", "count"),
        Column("arr", "ARR", "money", book.currency),
        Column("calm", "Healthy or not scored", "count"),
    ]
    caption = "Signals that fired this month"
    return table(
        found[~common], columns, caption, " ".join(note), limit=SIGNALS, empty="No signal fired."
    )


def tallied(book: Book) -> pd.DataFrame:
    """title, family, accounts, arr (cents), calm (accounts the score calls healthy or not at all).

    Rules that fired for somebody, the largest ARR first.
    """
    fired = book.signals[book.signals["status"] == FIRED]
    rows = fired.merge(book.scores[["account_id", "arr", "band"]], on="account_id", how="left")
    rows["calm"] = rows["band"].isin(["healthy", "not scored"])
    found = rows.groupby(["title", "family"], sort=True).agg(
        accounts=("account_id", "size"), arr=("arr", "sum"), calm=("calm", "sum")
    )
    order = ["arr", "title"]
    return found.reset_index().sort_values(order, ascending=[False, True], ignore_index=True)
