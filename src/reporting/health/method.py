"""What is in it: rows, missing tables, definitions, and what the page was made from."""

from __future__ import annotations

import pandas as pd

from metrics.registry import entry
from models.health import edges
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import spoken, stack
from reporting.health.verdict import RECORDED
from reporting.notes import bullets, prose, provenance
from reporting.shown import Shown
from reporting.tables import table

NUMBERS = ("arr_at_risk", "expected_loss", "arr_due", "arr_due_open", "nrr", "grr")
ADDS = {
    "usage": "whether the product is used, by whom and how much of it",
    "tickets": "how much help accounts ask for, and how fast they get it",
    "surveys": "what customers say themselves",
    "invoices": "late and failed payments",
    "touches": "who spoke with whom, and who no longer answers",
    "milestones": "whether onboarding reaches first value in time",
    "opportunities": "what is being sold to whom",
    "contacts": "whether the people who wanted the product are still there",
    "incidents": "which accounts a failure struck",
    "payments": "which failed payments a retry recovers",
    "pulses": "what CSMs think, to hold against what happens",
}
DIGEST = 16


def rows(book: Book) -> Shown:
    """What became of every row read, and what each absent table would add."""
    read = _ledger(book) if eventful(book) else _plainly(book)
    return stack(*read, *_missing(book))


def _missing(book: Book) -> list[Shown]:
    """The tables that are not there, and what each would add."""
    names = [str(name) for name in book.about["absent"]]
    if not names:
        return []
    each = {f"t{i}": f"{name.replace('_', ' ').capitalize()}:" for i, name in enumerate(names)}
    adds = {f"a{i}": ADDS[name] for i, name in enumerate(names)}
    items = [(f"{{t{i}}}", f"{{a{i}}}.") for i in range(len(names))]
    return [prose("Not there, and what each would add:"), bullets(*items, **each, **adds)]


def eventful(book: Book) -> bool:
    """Whether any row was repaired or quarantined, or any table's clock had to be assumed."""
    told = book.sources
    mended = int(told["repaired"].sum() + told["quarantined"].sum())
    return mended > 0 or not told["clock"].str.endswith(RECORDED).all()


def _plainly(book: Book) -> list[Shown]:
    """The ledger of a month without events: nothing but how many rows each table had."""
    names, counts = _plain(book.sources["table"]), book.sources["rows_in"]
    each = [f"{name} {formats.count(n)}" for name, n in zip(names, counts, strict=True)]
    return [
        prose(
            "All **{total} rows** read were used, none repaired or quarantined: {each}. Each table "
            "records when a row became known.",
            total=formats.count(int(counts.sum())),
            each=spoken(each),
        )
    ]


def _ledger(book: Book) -> list[Shown]:
    columns = [
        Column("table", "Table"),
        Column("rows_in", "Rows read", "count"),
        Column("used", "Used", "count"),
        Column("repaired", "Repaired", "count"),
        Column("quarantined", "Quarantined", "count"),
        Column("clock", "When a row was known"),
    ]
    shown = book.sources.assign(
        table=_plain(book.sources["table"]),
        clock=[str(said).removeprefix("known_at ") for said in book.sources["clock"]],
    )
    return [
        table(shown, columns, "What became of every row", total=_total(book)),
        *_faults(book),
    ]


def _plain(names: pd.Series) -> list[str]:
    return [str(name).replace("_", " ") for name in names]


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
    shown = book.faults.sort_values(["rows", "table", "column"], ascending=[False, True, True])
    shown = shown.assign(table=_plain(shown["table"]))
    return [table(shown, columns, "Why rows were repaired or quarantined", limit=12)]


def defined(book: Book) -> Shown:
    """The registry's words for the numbers of this page, under the policy in force."""
    silent = ["arr_not_scored"] if book.figures["arr_not_scored"].n else []
    names = [*NUMBERS, *silent]
    told = [entry(name) for name in names]
    shown = pd.DataFrame(
        {
            "title": [each.title for each in told],
            "formula": [each.formula for each in told],
            "policy": [book.figures[name].policy for name in names],
        }
    )
    columns = [
        Column("title", "Number"),
        Column("formula", "Formula"),
        Column("policy", "Counted"),
    ]
    return table(shown, columns, "How each number is defined")


def made(book: Book) -> Shown:
    """What the page was made from: hashes and versions, the same for the same inputs."""
    about, churn = book.about, book.about["models"]["churn"]
    facts: dict[str, object] = {
        "Money and time": f"{about['currency']}, {about['timezone']}",
        "Retention policy": about["policy"],
    }
    if "base_rate" in churn:
        watch, risky = (formats.pct(edge) for edge in edges(float(churn["base_rate"])))
        facts["Bands, by risk"] = f"Watch from {watch}, At risk from {risky}"
    facts |= {f"{kind.capitalize()} model": _model(told) for kind, told in about["models"].items()}
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
        f"{formats.month(told['month'])}, taught by {formats.count(told['rows'])} account-months "
        f"to {formats.month(told['through'])} with {formats.count(told['events'])} events; "
        f"{str(told['digest'])[:DIGEST]}"
    )
