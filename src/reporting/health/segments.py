"""Where the risk is concentrated: the first grouping the company keeps."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import by, scored, stack
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

FEW = 30  # accounts a year ago: below this a rate is an anecdote


def segments(book: Book) -> Shown:
    """ARR, retention and risk by group; rates over few accounts are left blank."""
    if book.segments.empty:
        return absent(
            "Segments: the accounts table has no segment, tier, region or industry with 2 to 12 "
            "values.",
            "One would show where losses concentrate.",
        )
    rows = shares(book)
    return stack(_sum(book, rows), _table(book, rows), _decide(book, rows))


def shares(book: Book) -> pd.DataFrame:
    """The segments with risk as a share of their own ARR; NRR and GRR blank below ``FEW``."""
    rows = book.segments.copy()
    few = rows["n"] < FEW
    rows.loc[few, ["nrr", "grr"]] = float("nan")
    rows["risky"] = rows["at_risk"] / rows["arr"].where(rows["arr"] > 0)
    rows["lost"] = rows["expected_loss"] / rows["arr"].where(rows["arr"] > 0)
    return rows


def _sum(book: Book, rows: pd.DataFrame) -> Shown:
    if not scored(book):
        return prose("No account is scored, so the groups show retention alone.")
    whole = int(rows["expected_loss"].sum()) / max(1, int(rows["arr"].sum()))
    worst = rows.sort_values(["lost", "group"], ascending=[False, True]).iloc[0]
    return prose(
        "**{group}** stands to lose {lost} of its ARR, against {whole} over all; it holds {part} "
        "of the ARR.",
        group=worst["group"],
        lost=formats.pct(float(worst["lost"])),
        whole=formats.pct(whole),
        part=formats.pct(int(worst["arr"]) / max(1, int(rows["arr"].sum())), 0),
    )


def _table(book: Book, rows: pd.DataFrame) -> Shown:
    columns = [
        Column("group", str(rows["grouping"].iloc[0]).capitalize(), "name"),
        Column("customers", "Customers", "count"),
        Column("arr", "ARR", "money", book.currency),
        Column("nrr", "NRR", "pct"),
        Column("grr", "GRR", "pct"),
        Column("at_risk", "At risk", "money", book.currency),
        Column("risky", "of its ARR", "pct"),
        Column("expected_loss", "Expected loss", "money", book.currency),
        Column("lost", "of its ARR", "pct", bar=True),
    ]
    if not scored(book):
        columns = columns[:5]
    note = f"A rate over fewer than {FEW} accounts of a year ago is left out."
    total = {
        "group": "All",
        "customers": int(rows["customers"].sum()),
        "arr": int(rows["arr"].sum()),
        "nrr": book.figures["nrr"].value,
        "grr": book.figures["grr"].value,
        "at_risk": int(rows["at_risk"].sum()),
        "risky": int(rows["at_risk"].sum()) / max(1, int(rows["arr"].sum())),
        "expected_loss": int(rows["expected_loss"].sum()),
        "lost": int(rows["expected_loss"].sum()) / max(1, int(rows["arr"].sum())),
    }
    caption = f"By {rows['grouping'].iloc[0]}, as accounts are grouped today"
    return table(rows, columns, caption, note, total=total)


def _decide(book: Book, rows: pd.DataFrame) -> Shown:
    known = rows.dropna(subset=["grr"])
    if known.empty:
        return decision("Which group to watch first.", "CS leader", by(book, 28))
    low = known.sort_values(["grr", "group"]).iloc[0]
    return decision(
        "Whether {group} needs another model of service: it kept {grr} of last year's ARR before "
        "growth.",
        "Executive sponsor",
        by(book, 28),
        group=low["group"],
        grr=formats.pct(float(low["grr"])),
    )
