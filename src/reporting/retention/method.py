"""How each number is made: definitions, rules, sources, provenance."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from metrics.entry import Entry
from metrics.registry import entry
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.formats import NBSP
from reporting.notes import prose, provenance
from reporting.retention.words import plural, section
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
FATES = ("used", "repaired", "quarantined")
RANGES = (
    "Ranges hold 95 % and take each account as one draw, so few or uneven accounts widen them; the "
    "noise of a year's change is that of two years that share no month."
)
DIGITS = 12  # of a digest: enough to tell two apart on paper
DERIVED = {
    "new_arr": Entry(
        "gained_per_lost",
        "ARR gained for each 1 lost",
        purpose="Say whether what comes in outweighs what goes.",
        formula="(new + expansion + reactivation) / (contraction + churn), over the months named",
        unit="share",
        policy="",
        owner="finance",
        decision="Grow, or repair first.",
        example="(300 + 90 + 10) / (20 + 80) = 4",
    ),
    "arr_due": Entry(
        "signed_share",
        "ARR due, signed share",
        purpose="Say how much of the next decisions is already taken well.",
        formula="ARR due, signed / ARR due",
        unit="share",
        policy="",
        owner="CS leader",
        decision="Start conversations earlier.",
        example="60 / 150 = 0.4",
    ),
}
"""Ratios of registered numbers, each by the number whose rule it is counted under."""


def method(book: Book) -> Shown:
    """Every number's definition and rule, what was read, and what the page was made from."""
    return section(
        _definitions(book),
        prose("**What was read**: rows, their fate, when a row became known, and its digest."),
        provenance(_sources(book)),
        prose("**What it was made from**: the month, its rules, and the versions that decided it."),
        provenance(_facts(book)),
    )


def _definitions(book: Book) -> Shown:
    entries = [_ruled(book, name) for name in NAMED]
    entries += [replace(one, policy=book.figures[like].policy) for like, one in DERIVED.items()]
    rules = {policy: number for number, policy in enumerate(_distinct(entries), start=1)}
    frame = pd.DataFrame(
        {
            "title": [one.title for one in entries],
            "formula": [[one.formula] for one in entries],
            "rule": [rules[one.policy] for one in entries],
            "owner": [one.owner.replace(" ", NBSP) for one in entries],
        }
    )
    columns = [
        Column("title", "Number"),
        Column("formula", "How it is counted", "list"),
        Column("rule", "Rule", "count"),
        Column("owner", "Owner"),
    ]
    told = "; ".join(f"({number}) {policy}" for policy, number in rules.items())
    return table(frame, columns, "How each number is defined", f"Rules: {told}. {RANGES}")


def _distinct(entries: list[Entry]) -> list[str]:
    return list(dict.fromkeys(one.policy for one in entries))


def _ruled(book: Book, name: str) -> Entry:
    """The entry of a registered number, its policy as it was in force."""
    return replace(entry(name, book.about["targets"]), policy=book.figures[name].policy)


def _sources(book: Book) -> dict[str, str]:
    """Each table with its rows, what became of them, and the first of its digest."""
    return {
        str(row["table"]).replace("_", " "): _fate(row) for row in book.sources.to_dict("records")
    }


def _fate(row: Mapping[Hashable, Any]) -> str:
    read = plural(int(row["rows_in"]), "row")
    told = [f"{formats.count(row[fate])} {fate}" for fate in FATES if row[fate]]
    fates = ", ".join(told) if row["used"] < row["rows_in"] else "all used"
    return f"{read}, {fates} · {row['clock']} · {str(row['sha256'])[:DIGITS]}"


def _facts(book: Book) -> dict[str, object]:
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
    return facts
