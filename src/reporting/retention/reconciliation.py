"""Does it tie to the cent: the ledger, the accounts behind it, the rows behind them."""

from __future__ import annotations

import pandas as pd

from metrics.identities import GAINS, LOSSES
from reporting.book import Book
from reporting.cells import Column
from reporting.notes import decision
from reporting.retention.walk import TERMS, YEAR, summed
from reporting.retention.words import (
    FINANCE,
    amount,
    by,
    cents,
    exactly,
    full,
    plural,
    section,
    span,
)
from reporting.shown import Shown
from reporting.tables import table

SIGNS = {**dict.fromkeys(GAINS, 1), **dict.fromkeys(LOSSES, -1)}


def computed(total: dict[str, int]) -> int:
    """Opening plus every movement, in cents: what closing must be."""
    return total["opening"] + sum(SIGNS[name] * total[name] for name in TERMS)


def differences(book: Book) -> dict[str, int]:
    """Every way the same ARR is counted twice, and by how many cents the two differ."""
    this, year = summed(book.walk.tail(1)), summed(book.walk.tail(YEAR))
    return {
        "Opening and movements against closing, month": computed(this) - this["closing"],
        "Opening and movements against closing, year": computed(year) - year["closing"],
        "Ledger against the sum over accounts": this["closing"] - int(book.scores["arr"].sum()),
        "Movements by name against the ledger": int(book.moves["amount"].sum())
        - (this["closing"] - this["opening"]),
        "Accounts that left against the ledger's churn": int(book.departed["arr"].sum())
        - year["churn"],
    }


def difference(book: Book) -> int:
    """The largest of the differences, in cents; 0 if everything ties."""
    return max((abs(cents_off) for cents_off in differences(book).values()), default=0)


def reconciliation(book: Book) -> Shown:
    """The walk to the cent, what it was held against, and the fate of every row read."""
    return section(_walk(book), _checks(book), _rows(book), _decision(book))


def _walk(book: Book) -> Shown:
    year = book.walk.tail(YEAR)
    this, whole = summed(year.tail(1)), summed(year)
    lines = [("Opening ARR", this["opening"], whole["opening"])]
    lines += [
        (label, SIGNS[name] * this[name], SIGNS[name] * whole[name])
        for name, label in TERMS.items()
    ]
    frame = pd.DataFrame(lines, columns=["line", "month", "year"])
    unit, first = book.currency, str(year["month"].iloc[0])
    return table(
        cents(frame, "month", "year"),
        [
            Column("line", "Line of the walk"),
            amount("month", f"{span(book.month, book.month)}, {unit}"),
            amount("year", f"{span(first, book.month)}, {unit}"),
        ],
        "From opening to closing",
        "Closing is the closing ARR of the contract lines, not the sum of the lines above it; "
        "the differences are in the next table. Hold it against the general ledger: "
        "no billing system was read.",
        total={
            "line": "Closing ARR",
            "month": exactly(this["closing"]),
            "year": exactly(whole["closing"]),
        },
    )


def _checks(book: Book) -> Shown:
    found = differences(book)
    frame = pd.DataFrame(
        {
            "check": list(found),
            "off": list(found.values()),
            "status": ["fail" if off else "pass" for off in found.values()],
        }
    )
    columns = [
        Column("check", "Two ways to the same amount"),
        amount("off", f"Difference, {book.currency}"),
        Column("status", "Verdict", "status"),
    ]
    return table(cents(frame, "off"), columns, "What the walk was held against")


def _rows(book: Book) -> Shown:
    names = ["rows_in", "used", "repaired", "quarantined"]
    frame = book.sources.assign(table=book.sources["table"].str.replace("_", " "))
    columns = [Column("table", "Table")]
    columns += [
        Column(name, label, "count")
        for name, label in zip(names, ["Rows read", "Used", "Repaired", "Quarantined"], strict=True)
    ]
    totals = {name: int(frame[name].sum()) for name in names}
    tied = table(
        frame,
        columns,
        "What became of every row",
        "Rows read = used + repaired + quarantined, in every table.",
        total={"table": "All tables", **totals},
    )
    if book.faults.empty:
        return tied
    reasons = [
        Column("table", "Table"),
        Column("fate", "Fate"),
        Column("says", "What was found"),
        Column("rows", "Rows", "count"),
    ]
    ordered = book.faults.sort_values(["rows", "table", "rule"], ascending=[False, True, True])
    return section(tied, table(ordered, reasons, "Why rows were repaired or set aside", limit=8))


def _decision(book: Book) -> Shown:
    closing = full(book, book.figures["arr"].value)
    if difference(book):
        return decision(
            "do not sign: two ways to the same ARR differ by {off}.",
            FINANCE,
            by(book, 5),
            off=full(book, difference(book)),
        )
    quarantined = int(book.sources["quarantined"].sum())
    if quarantined:
        return decision(
            "mend or accept {rows} in quarantine, then sign off a closing ARR of {closing}.",
            FINANCE,
            by(book, 10),
            rows=plural(quarantined, "row"),
            closing=closing,
        )
    return decision("sign off a closing ARR of {closing}.", FINANCE, by(book, 10), closing=closing)
