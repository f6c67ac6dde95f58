"""What did we miss: accounts that left without having been flagged in time."""

from __future__ import annotations

import json

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.notes import absent, decision
from reporting.retention.words import (
    SCIENCE,
    amount,
    by,
    cents,
    days,
    exactly,
    money,
    plural,
    section,
)
from reporting.shown import Shown
from reporting.tables import table

SHOWN = 5


def surprises(book: Book) -> Shown:
    """How much of the lost ARR was flagged in time; the rest by name, with what was last said."""
    if book.left.empty:
        return absent(
            "surprises.",
            "No account that was scored in time has left since; the list fills as months "
            "are scored and their windows close.",
        )
    missed = book.left[~book.left["flagged"].astype("bool")]
    return section(_missed(book, missed), _decision(book, missed))


def _title(book: Book, missed: pd.DataFrame) -> str:
    total, unseen = int(book.left["arr"].sum()), int(missed["arr"].sum())
    share = formats.pct(unseen / total if total else None, 0)
    return (
        f"{share} of the ARR that left had not been flagged: {money(book, unseen)} of "
        f"{money(book, total)}, {len(missed)} of {plural(len(book.left), 'account')}"
    )


def _missed(book: Book, missed: pd.DataFrame) -> Shown:
    shown, rest = missed.head(SHOWN), missed.iloc[SHOWN:]
    names = ["name", "csm", "arr", "last_band", "highest_p"]
    frame = shown.assign(
        said=pd.Series([_said(text) for text in shown["last_reasons"]], index=shown.index),
        ended=days(book, shown["ended"]),
    )[[*names, "ended", "said"]]
    if len(rest):
        row = {"name": plural(len(rest), "smaller surprise"), "arr": int(rest["arr"].sum())}
        frame = pd.concat([frame, pd.DataFrame([row])], ignore_index=True)
    columns = [
        Column("name", "Account", "name", under="csm"),
        Column("ended", "Left on", "date"),
        amount("arr", f"ARR, {book.currency}"),
        Column("last_band", "Last band", "band"),
        Column("highest_p", "Highest risk said", "pct"),
        Column("said", "What stood out then", "list"),
    ]
    blank = {"ended": "", "last_band": None, "highest_p": None, "said": None}
    return table(
        cents(frame, "arr"),
        columns,
        _title(book, missed),
        "Flagged: at risk in a month whose window holds the end; a later flag does not count. "
        "What stood out is what the model associated with the account's risk, not why it left.",
        total={"name": "All surprises", "arr": exactly(missed["arr"].sum()), **blank}
        if len(missed)
        else None,
        empty="Every account that left had been flagged in time.",
    )


def _said(reasons: str) -> list[str]:
    """The first reason that raised the risk, if any did."""
    found: list[dict[str, str]] = json.loads(reasons)
    return [one["text"].split(";")[0] for one in found if one["direction"] == "raises"][:1]


def _decision(book: Book, missed: pd.DataFrame) -> Shown:
    if missed.empty:
        return decision("Nothing was missed; keep the rules as they are.", SCIENCE, by(book, 30))
    top = missed.head(3)
    return decision(
        "Ask what was visible before {names} left ({money} of {all}), and write a rule or a "
        "feature for it.",
        SCIENCE,
        by(book, 30),
        names=", ".join(top["name"]),
        money=money(book, int(top["arr"].sum())),
        all=f"{money(book, int(missed['arr'].sum()))}, {plural(len(missed), 'account')}",
    )
