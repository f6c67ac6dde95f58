"""How each number is made: definitions, rules, sources, provenance."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from metrics.entry import Entry
from metrics.registry import entry
from reporting.book import Book
from reporting.cells import Column
from reporting.notes import provenance
from reporting.retention.words import section
from reporting.shown import Shown
from reporting.tables import table

NAMED = (
    "arr",
    "nrr",
    "grr",
    "logo_retention",
    "new_arr",
    "expansion_arr",
    "contraction_arr",
    "churned_arr",
    "reactivation_arr",
    "arr_due",
    "arr_due_signed",
    "arr_due_cancelled",
    "arr_due_open",
    "expected_loss",
)
DERIVED = (
    Entry(
        "gained_per_lost",
        "ARR gained for each 1 lost",
        purpose="Say whether what comes in outweighs what goes.",
        formula="(new + expansion + reactivation) / (contraction + churn), over the months named",
        unit="share",
        policy="net monthly, from one month's close to the next",
        owner="finance",
        decision="Grow, or repair first.",
        example="(300 + 90 + 10) / (20 + 80) = 4",
    ),
    Entry(
        "signed_share",
        "ARR due, signed share",
        purpose="Say how much of the next decisions is already taken well.",
        formula="ARR due, signed / ARR due",
        unit="share",
        policy="contracted terms ending in the period, as known at the close",
        owner="CS leader",
        decision="Start conversations earlier.",
        example="60 / 150 = 0.4",
    ),
)


def method(book: Book) -> Shown:
    """Every number's definition and rule, what was read, and what the page was made from."""
    return section(_definitions(book), _sources(book), _provenance(book))


def _definitions(book: Book) -> Shown:
    entries = [*(_ruled(book, name) for name in NAMED), *DERIVED]
    frame = pd.DataFrame(
        {
            "title": [one.title for one in entries],
            "formula": [one.formula for one in entries],
            "policy": [one.policy for one in entries],
            "owner": [one.owner for one in entries],
        }
    )
    columns = [
        Column("title", "Number"),
        Column("formula", "How it is counted"),
        Column("policy", "Under which rule"),
        Column("owner", "Owner"),
    ]
    return table(frame, columns, "How each number is defined")


def _ruled(book: Book, name: str) -> Entry:
    """The entry of a registered number, its policy as it was in force."""
    return replace(entry(name, book.about["targets"]), policy=book.figures[name].policy)


def _sources(book: Book) -> Shown:
    frame = book.sources.assign(
        table=book.sources["table"].str.replace("_", " "),
        digest=book.sources["sha256"].str[:12],
    )
    names = {
        "rows_in": "Rows read",
        "used": "Used",
        "repaired": "Repaired",
        "quarantined": "Quarantined",
    }
    columns = [Column("table", "Table")]
    columns += [Column(name, label, "count") for name, label in names.items()]
    columns += [Column("clock", "When a row became known"), Column("digest", "sha256, first 12")]
    totals = {name: int(frame[name].sum()) for name in names}
    return table(
        frame,
        columns,
        "What was read, and what became of every row",
        "Rows read = used + repaired + quarantined, in every table.",
        total={"table": "All tables", **totals, "clock": "", "digest": ""},
    )


def _provenance(book: Book) -> Shown:
    about = book.about
    facts: dict[str, object] = {
        "Company": about["name"],
        "Month": about["month"],
        "As of, UTC": about["as_of"],
        "Newest row, UTC": about["watermark"],
        "Time zone": about["timezone"],
        "Policy": about["policy"],
        "Snapshot": about["snapshot"],
        "Code": about["code"],
        "Features": f"{about['features']['count']} · {about['features']['digest']}",
    }
    for kind, told in sorted(about["models"].items()):
        facts[f"Model of {kind}"] = (
            f"{told['month']} · {told['digest'][:16]}" if "digest" in told else told["said"]
        )
    return provenance(facts)
