"""The month's spreadsheets: the work list a CSM keeps, as a workbook and as CSV."""

from __future__ import annotations

from datetime import datetime

from reporting.book import Book
from reporting.cells import Column
from reporting.workbook import Sheet, csv, workbook

NOTE = (
    "The list holds what fits the hours there are, the most ARR saved an hour first.",
    "What a play is expected to save rests on a stated prior, not on a measured effect.",
    "Write what came of it in the last column; nothing else reads it.",
)


def exports(book: Book) -> dict[str, bytes]:
    """``worklist.xlsx`` and ``worklist.csv``, byte for byte the same for the same book."""
    money = book.currency
    work = [
        Column("account_id", "Account id"),
        Column("name", "Account"),
        Column("csm", "CSM"),
        Column("arr", f"ARR, {money}", "money", money),
        Column("p_churn", "Risk of churn", "pct"),
        Column("band", "Band", "band"),
        Column("days_to_end", "Days to the next end", "count"),
        Column("reason_1", "First reason"),
        Column("reason_2", "Second reason"),
        Column("reason_3", "Third reason"),
        Column("play", "Play"),
        Column("first_step", "First step"),
        Column("hours", "Hours", "number"),
        Column("expected_saved", f"Expected to save, {money}", "money", money),
        Column("outcome", "Outcome (for you to fill in)"),
    ]
    every = [
        *work[:7],
        Column("score", "Health, 0 to 100", "count"),
        Column("p_expansion", "Odds of expansion", "pct"),
        Column("expected_loss", f"Expected loss, {money}", "money", money),
        *work[7:10],
    ]
    created = datetime.fromisoformat(str(book.about["as_of"]))
    sheets = [
        Sheet("Work list", book.worklist, work),
        Sheet("All accounts", book.scores, every),
    ]
    listed = csv(book.worklist, work)
    guarded = (
        f"In worklist.csv {listed.guarded} texts that a spreadsheet would run begin with an "
        "apostrophe."
    )
    notes = [*NOTE, guarded] if listed.guarded else list(NOTE)
    return {"worklist.xlsx": workbook(sheets, created, notes), "worklist.csv": listed.data}
