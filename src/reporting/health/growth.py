"""Who is ready to grow: accounts by expected gain, or why nobody can say."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import by, counted, money, unsaid, stack, window
from reporting.health.why import reasons
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

LISTED = 10


def growth(book: Book) -> Shown:
    """The accounts with most to gain that are not at risk, with what the odds go with."""
    if book.scores["p_expansion"].isna().all():
        return absent(f"Expansion by account. {unsaid(book, 'expansion')}", "")
    rows = ready(book)
    return stack(_sum(book, rows), _listed(book, rows), _decide(book, rows))


def ready(book: Book) -> pd.DataFrame:
    """Scored accounts that are not at risk, the largest expected gain first."""
    rows = book.scores[book.scores["p_expansion"].notna() & (book.scores["band"] != "at risk")]
    return rows.sort_values(
        ["expected_gain", "account_id"], ascending=[False, True], ignore_index=True
    )


def _sum(book: Book, rows: pd.DataFrame) -> Shown:
    held = book.scores[book.scores["p_expansion"].notna()]
    aside = held[held["band"] == "at risk"]
    return prose(
        "**{gain}** of growth is expected in {window} from {n}. Left off the list: {aside} at risk "
        "({part}), to be kept before they are sold to. The expansion model {verdict}.",
        gain=money(book, int(held["expected_gain"].sum())),
        window=window(book),
        n=counted(len(held), "account"),
        aside=counted(len(aside), "account"),
        part=money(book, int(aside["expected_gain"].sum())),
        verdict=book.about["models"]["expansion"]["verdict"],
    )


def _listed(book: Book, rows: pd.DataFrame) -> Shown:
    shown = rows.head(LISTED)
    shown = shown.assign(why=[reasons(told)[:2] for told in shown["expansion_reasons"]])
    columns = [
        Column("name", "Account", "name", under="csm"),
        Column("band", "Band", "band"),
        Column("arr", "ARR", "money", book.currency),
        Column("p_expansion", "Odds", "pct"),
        Column("expected_gain", "Expected gain", "money", book.currency, bar=True),
        Column("why", "Associated with higher odds", "list"),
    ]
    return table(shown, columns, f"The {len(shown)} accounts with most to gain")


def _decide(book: Book, rows: pd.DataFrame) -> Shown:
    top = rows.head(LISTED)
    part = int(top["expected_gain"].sum()) / max(1, int(rows["expected_gain"].sum()))
    return decision(
        "Which of these {n} go to sales, each with a named CSM at the table: they carry {part} of "
        "the gain on the list.",
        "CS leader with sales",
        by(book, 14),
        n=formats.count(len(top)),
        part=formats.pct(part, 0),
    )
