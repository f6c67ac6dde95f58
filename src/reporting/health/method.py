"""What is in it: rows, missing tables, definitions, and what the page was made from."""

from __future__ import annotations

from dataclasses import replace

from metrics.registry import entry
from models.health import edges
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import opening_day, stack, window
from reporting.notes import absent, definitions, provenance
from reporting.shown import Shown
from reporting.tables import table

NUMBERS = (
    "arr", "arr_at_risk", "expected_loss", "arr_not_scored", "arr_due", "arr_due_open", "nrr", "grr",
)  # fmt: skip
ADDS = {
    "usage": "whether the product is used, by whom and how much of it",
    "tickets": "how much help accounts ask for, and how fast they get it",
    "surveys": "what customers say themselves",
    "invoices": "late and failed payments",
    "touches": "who spoke with whom, and who no longer answers",
    "milestones": "whether onboarding reaches first value in time",
    "opportunities": "what is being sold to whom",
}
DIGEST = 16


def rows(book: Book) -> Shown:
    """What became of every row read, and what each absent table would add."""
    columns = [
        Column("table", "Table"),
        Column("rows_in", "Rows read", "count"),
        Column("used", "Used", "count"),
        Column("repaired", "Repaired", "count"),
        Column("quarantined", "Quarantined", "count"),
        Column("clock", "When a row was known"),
    ]
    shown = book.sources.assign(table=[_plain(name) for name in book.sources["table"]])
    read = table(shown, columns, "What became of every row", total=_total(book))
    missing = [
        absent(f"the table {_plain(name)}.", f"It would add {ADDS.get(str(name), 'its part')}.")
        for name in book.about["absent"]
    ]
    return stack(read, *_faults(book), *missing)


def _plain(name: object) -> str:
    return str(name).replace("_", " ")


def _total(book: Book) -> dict[str, object]:
    sums = ("rows_in", "used", "repaired", "quarantined")
    return {"table": "All", **{name: int(book.sources[name].sum()) for name in sums}}


def _faults(book: Book) -> list[Shown]:
    if book.faults.empty:
        return []
    columns = [
        Column("table", "Table"),
        Column("column", "Column"),
        Column("says", "What was found"),
        Column("fate", "Fate"),
        Column("rows", "Rows", "count"),
        Column("first_row", "First in row", "count"),
    ]
    shown = book.faults.assign(table=[_plain(name) for name in book.faults["table"]])
    shown = shown.sort_values(["rows", "table", "column"], ascending=[False, True, True])
    return [table(shown, columns, "Why rows were repaired or quarantined", limit=12)]


def defined(book: Book) -> Shown:
    """The registry's words for the numbers of this page, under the policy in force."""
    entries = [replace(entry(name), policy=book.figures[name].policy) for name in NUMBERS]
    return definitions(entries)


def made(book: Book) -> Shown:
    """What the page was made from: hashes and versions, the same for the same inputs."""
    about, churn = book.about, book.about["models"]["churn"]
    facts: dict[str, object] = {
        "Company": f"{about['name']}, {about['currency']}, {about['timezone']}",
        "Known by": formats.date(opening_day(book)),
        "Churn is asked for": window(book),
        "Retention policy": about["policy"],
    }
    if "base_rate" in churn:
        watch, risky = edges(float(churn["base_rate"]))
        facts["Bands, by risk"] = (
            f"Watch from {formats.pct(watch)}, At risk from {formats.pct(risky)}"
        )
    facts |= {
        f"{kind.capitalize()} model": _model(about["models"][kind]) for kind in about["models"]
    }
    facts |= {
        "Snapshot of the tables": about["snapshot"],
        "Features": f"{about['features']['count']}, {about['features']['digest']}",
        "Code and definitions": about["code"],
    }
    return provenance(facts)


def _model(told: dict[str, object]) -> str:
    if "digest" not in told:
        return "none"
    return (
        f"of {formats.month(told['month'])}, from {formats.count(told['rows'])} account-months to "
        f"{formats.month(told['through'])} with {formats.count(told['events'])} events, "
        f"{str(told['digest'])[:DIGEST]}"
    )
