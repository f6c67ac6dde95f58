"""Does it tie to the cent: the ledger, the accounts behind it, the rows behind them."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.notes import decision
from reporting.retention.walk import SIGNS, TERMS, YEAR, summed
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

QUARTER = 3


def computed(total: dict[str, int]) -> int:
    """Opening plus every movement, in cents: what closing must be."""
    return total["opening"] + sum(SIGNS[name] * total[name] for name in TERMS)


def differences(book: Book) -> dict[str, int]:
    """Every way the same ARR is counted twice, and by how many cents the two differ."""
    this, year = summed(book.walk.tail(1)), summed(book.walk.tail(YEAR))
    change = this["closing"] - this["opening"]
    return {
        "the month": computed(this) - this["closing"],
        "the year": computed(year) - year["closing"],
        "the sum over accounts": this["closing"] - int(book.scores["arr"].sum()),
        "the movements by name": int(book.moves["amount"].sum()) - change,
        "the accounts gone": int(book.departed["arr"].sum()) - year["churn"],
    }


def difference(book: Book) -> int:
    """The largest of the differences, in cents; 0 if everything ties."""
    return max((abs(cents_off) for cents_off in differences(book).values()), default=0)


def reconciliation(book: Book) -> Shown:
    """The walk to the cent, month by month and over the year, and what it was held against."""
    return section(_walk(book), _faults(book), _decision(book))


def _walk(book: Book) -> Shown:
    year = book.walk.tail(YEAR)
    months = year.tail(QUARTER)
    totals = {f"m{place}": summed(months.iloc[[place]]) for place in range(len(months))}
    heads = [formats.month(month) for month in months["month"]]
    if len(year) > 1:
        totals["year"] = summed(year)
        heads.append(span(str(year["month"].iloc[0]), book.month))
    names = {"opening": "Opening ARR", **TERMS}
    frame = pd.DataFrame(
        {
            "line": list(names.values()),
            **{
                column: [SIGNS.get(name, 1) * total[name] for name in names]
                for column, total in totals.items()
            },
        }
    )
    columns = [Column("line", f"In {book.currency}")]
    columns += [amount(name, head) for name, head in zip(totals, heads, strict=True)]
    closing = {name: exactly(total["closing"]) for name, total in totals.items()}
    return table(
        cents(frame, *totals),
        columns,
        note=f"{_held(book)} No general ledger was read.",
        total={"line": "Closing ARR", **closing},
    )


def _held(book: Book) -> str:
    """What the walk was held against, and how far apart the two were."""
    found = differences(book)
    fails = [f"{label} {full(book, off)} apart" for label, off in found.items() if off]
    if fails:
        return f"Do not agree: {'; '.join(fails)}."
    return f"Tied to the cent: {'; '.join(found)}."


def _faults(book: Book) -> Shown:
    if book.faults.empty:
        return section()
    columns = [
        Column("table", "Table"),
        Column("fate", "Fate"),
        Column("says", "What was found"),
        Column("rows", "Rows", "count"),
    ]
    ordered = book.faults.sort_values(["rows", "table", "rule"], ascending=[False, True, True])
    return table(ordered, columns, "Why rows were repaired or set aside", limit=6)


def _decision(book: Book) -> Shown:
    closing = full(book, book.figures["arr"].value)
    if difference(book):
        return decision(
            "Do not sign: two ways to the same ARR differ by {off}.",
            FINANCE,
            by(book, 5),
            off=full(book, difference(book)),
        )
    quarantined = int(book.sources["quarantined"].sum())
    if quarantined:
        return decision(
            "Mend or accept {rows} in quarantine, then sign off a closing ARR of {closing}.",
            FINANCE,
            by(book, 10),
            rows=plural(quarantined, "row"),
            closing=closing,
        )
    return decision("Sign off a closing ARR of {closing}.", FINANCE, by(book, 10), closing=closing)
