"""Where the risk is concentrated: the first grouping the company keeps."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import LEADER, by, scored, stack
from reporting.notes import absent, decision
from reporting.shown import Shown
from reporting.tables import table

FEW = 30  # accounts a year ago: below this a rate is an anecdote
RATES = ["nrr", "grr"]
SUMS = ["customers", "arr", "at_risk", "expected_loss"]


def segments(book: Book) -> Shown:
    """ARR, retention and risk by group; rates over few accounts are left blank."""
    if book.segments.empty:
        return absent(
            "Segments: no segment, tier, region or industry with 2 to 12 values is recorded.",
            "One would show where losses concentrate.",
        )
    rows = shares(book)
    return stack(_table(book, rows), _decide(book, rows))


def shares(book: Book) -> pd.DataFrame:
    """The segments with risk as a share of their own ARR; NRR and GRR blank below ``FEW``."""
    rows = book.segments.copy()
    rows.loc[rows["n"] < FEW, RATES] = float("nan")
    whole = rows["arr"].where(rows["arr"] > 0).astype("float64")
    return rows.assign(risky=rows["at_risk"] / whole, lost=rows["expected_loss"] / whole)


def _finding(book: Book, rows: pd.DataFrame) -> str:
    if not scored(book):
        return f"Retention by {rows['grouping'].iloc[0]}; no account is scored"
    whole = max(1, int(rows["arr"].sum()))
    worst = rows.sort_values(["lost", "group"], ascending=[False, True]).iloc[0]
    return (
        f"{worst['group']} stands to lose {formats.pct(float(worst['lost']))} of its ARR, against "
        f"{formats.pct(int(rows['expected_loss'].sum()) / whole)} over all accounts"
    )


def _table(book: Book, rows: pd.DataFrame) -> Shown:
    grouping, whole = str(rows["grouping"].iloc[0]), max(1, int(rows["arr"].sum()))
    columns = [
        Column("group", grouping.capitalize(), "name"),
        Column("customers", "Customers", "count"),
        Column("arr", "ARR", "money", book.currency),
        Column("nrr", "NRR", "pct"),
        Column("grr", "GRR", "pct"),
        Column("at_risk", "At risk", "money", book.currency),
        Column("risky", "At risk, share", "pct"),
        Column("expected_loss", "Expected loss", "money", book.currency),
        Column("lost", "Loss, share", "pct", bar=True),
    ]
    sums = {name: int(rows[name].sum()) for name in SUMS}
    total: dict[str, object] = {
        "group": "All",
        **sums,
        **{name: book.figures[name].value for name in RATES},
        "risky": sums["at_risk"] / whole,
        "lost": sums["expected_loss"] / whole,
    }
    few = (rows["n"] < FEW).any()
    note = "Accounts are grouped as they are today."
    if few:
        note += f" Rates over fewer than {FEW} accounts of a year ago are left out."
    shown = columns if scored(book) else columns[:5]
    return table(rows, shown, _finding(book, rows), note, total=total)


def _decide(book: Book, rows: pd.DataFrame) -> Shown:
    whole = book.figures["grr"].value
    known = rows.dropna(subset=["grr", "grr_high"]).sort_values(["grr", "group"])
    if known.empty or whole is None:
        return decision("Which group to look at first.", LEADER, by(book, 28))
    apart = known[known["grr_high"] < whole]
    chosen = (apart if len(apart) else known).iloc[0]
    pattern = (
        "Whether {group} needs another model of service: it kept {grr} before growth, below all "
        "accounts beyond chance ({low} to {high})."
        if len(apart)
        else "Leave the model of service as it is: even the lowest, {group}, kept {grr} before "
        "growth, within chance of all accounts ({low} to {high})."
    )
    return decision(
        pattern,
        LEADER,
        by(book, 28),
        group=chosen["group"],
        grr=formats.pct(float(chosen["grr"])),
        low=formats.pct(float(chosen["grr_low"])),
        high=formats.pct(float(chosen["grr_high"])),
    )
