"""Who is ready to grow: accounts by expected gain, or why nobody can say."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import by, counted, lists, money, owners, stack, unsaid, window
from reporting.health.why import reasons
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

LISTED = 5
REASONS = 1


def growth(book: Book) -> Shown:
    """The accounts with most to gain that are not at risk, with what the odds go with."""
    if book.scores["p_expansion"].isna().all():
        return absent(f"Expansion by account. {unsaid(book, 'expansion')}", "")
    rows = ready(book)
    return stack(_sum(book), _listed(book, rows), _decide(rows, book))


def ready(book: Book) -> pd.DataFrame:
    """Scored accounts that are not at risk, the largest expected gain first."""
    rows = book.scores[book.scores["p_expansion"].notna() & (book.scores["band"] != "at risk")]
    order = ["expected_gain", "account_id"]
    return rows.sort_values(order, ascending=[False, True], ignore_index=True)


def _sum(book: Book) -> Shown:
    held = book.scores[book.scores["p_expansion"].notna()]
    aside = held[held["band"] == "at risk"]
    return prose(
        "**{gain}** of growth is expected from {window}, over {n}. Not listed: {aside} at risk "
        "({part}), to be kept before they are sold to.",
        gain=money(book, int(held["expected_gain"].sum())),
        window=window(book),
        n=counted(len(held), "account"),
        aside=counted(len(aside), "account"),
        part=money(book, int(aside["expected_gain"].sum())),
    )


def _listed(book: Book, rows: pd.DataFrame) -> Shown:
    shown = rows.head(LISTED)
    why = [reasons(told)[:REASONS] for told in shown["expansion_reasons"]]
    columns = [
        Column("name", "Account", "name"),
        *owners(book),
        Column("band", "Band", "band"),
        Column("arr", "ARR", "money", book.currency),
        Column("p_expansion", "Odds", "pct"),
        Column("expected_gain", "Expected gain", "money", book.currency),
        Column("why", "Associated with higher odds", "list"),
    ]
    caption = f"The {counted(len(shown), 'account')} with most to gain"
    return table(shown.assign(why=lists(why, shown)), columns, caption)


def _decide(rows: pd.DataFrame, book: Book) -> Shown:
    top = rows.head(LISTED)
    part = int(top["expected_gain"].sum()) / max(1, int(rows["expected_gain"].sum()))
    return decision(
        "Which of these {n} go to sales, each with its CSM at the table: they carry {part} of the "
        "gain expected.",
        "CS leader with sales",
        by(book, 14),
        n=formats.count(len(top)),
        part=formats.pct(part, 0),
    )
