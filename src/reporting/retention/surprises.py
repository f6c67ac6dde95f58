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

SHOWN = 6


def surprises(book: Book) -> Shown:
    """How much of the lost ARR was flagged in time; the rest by name, with what was last said."""
    if book.left.empty:
        return absent(
            "surprises.",
            "No account that was scored in time has left since; the list fills as months "
            "are scored and their windows close.",
        )
    missed = book.left[~book.left["flagged"].astype("bool")]
    return section(_caught(book), _missed(book, missed), _decision(book, missed))


def _caught(book: Book) -> Shown:
    flagged = book.left["flagged"].astype("bool")
    total = int(book.left["arr"].sum())
    rows = [
        {
            "label": label,
            "accounts": int(mask.sum()),
            "arr": int(book.left.loc[mask, "arr"].sum()),
            "share": int(book.left.loc[mask, "arr"].sum()) / total if total else None,
        }
        for label, mask in (
            ("Flagged at risk in time", flagged),
            ("Not flagged: surprises", ~flagged),
        )
    ]
    frame = pd.DataFrame(rows)
    columns = [
        Column("label", "Accounts that left"),
        Column("accounts", "Accounts", "count"),
        amount("arr", f"ARR, {book.currency}"),
        Column("share", "Share of ARR", "pct"),
    ]
    share = formats.pct(frame["share"].iloc[1], 0)
    return table(
        cents(frame, "arr"),
        columns,
        f"{share} of the ARR that left had not been flagged",
        "In time: in a month whose window holds the end. A flag raised later does not count.",
        total={
            "label": "All scored in time",
            "accounts": len(book.left),
            "arr": exactly(total),
            "share": 1.0 if total else None,
        },
    )


def _missed(book: Book, missed: pd.DataFrame) -> Shown:
    frame = missed.assign(
        said=missed["last_reasons"].map(_said).astype("object"), ended=days(book, missed["ended"])
    )
    columns = [
        Column("name", "Account", "name", under="csm"),
        Column("ended", "Left on", "date"),
        amount("arr", f"ARR, {book.currency}"),
        Column("last_band", "Last band", "band"),
        Column("highest_p", "Highest risk said", "pct"),
        Column("said", "What stood out then"),
    ]
    return table(
        cents(frame, "arr"),
        columns,
        "The surprises, largest first",
        "What stood out is what the model associated with the account's risk, not why it left.",
        limit=SHOWN,
        empty="Every account that left had been flagged in time.",
    )


def _said(reasons: str) -> str | None:
    found: list[dict[str, str]] = json.loads(reasons)
    raising = [one for one in found if one["direction"] == "raises"]
    return str(raising[0]["text"]).split(";")[0] if raising else None


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
