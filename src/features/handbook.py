"""The page of the features: every one of them, as the catalogue says it."""

from __future__ import annotations

from collections.abc import Iterator

from features.catalogue import DOMAINS, catalogue
from features.declare import PEERS, Feature
from features.drivers import driver

HEAD = """# Features

Made from the declarations by `make dictionary`; a test fails when the two differ.

These are the {columns} features the models may learn from, of {ideas} ideas: an idea is one
declaration, seen over one or several windows of days. Each is computed for every account
with recurring revenue at the close of a month, from what was known before the close and
nothing else.

## How to read it

**Windows.** `28d` is the 28 days before the close. A window that began before the table did
is unknown, not zero. Without a window a feature looks at all that was known.

**Empty.** What it is for an account without rows: a number, or *unknown*.

**Driver.** What a feature is a sign of: reasons are said by it. Where nothing finer is known it is
the family, which says who would look at the feature.

**More is.** Whether more means more risk of churn (*riskier*) or less (*safer*), as people who
do this work expect it; where nothing is said, a model may find either. No model is bound by it.

**Reads.** A table, or the features it is made from. *Peers* are the accounts of {peers} at
the same close, as known then; {beside} features are held against them.

A feature whose table or column a company does not keep is left out, not filled in.
"""


def handbook() -> str:
    """The page as Markdown: how to read it, then a table for each domain."""
    features = catalogue().features
    head = HEAD.format(
        columns=len(features),
        ideas=len({(f.domain, f.idea) for f in features}),
        peers=PEERS,
        beside=sum(bool(f.peers) for f in features),
    )
    return "\n".join([head, *(line for domain in DOMAINS for line in _table(domain.name))]) + "\n"


def _table(domain: str) -> Iterator[str]:
    ideas: dict[str, list[Feature]] = {}
    for feature in catalogue().features:
        if feature.domain == domain:
            ideas.setdefault(feature.idea, []).append(feature)
    yield f"## {domain.capitalize()}"
    yield ""
    yield "| feature | windows | what a CSM reads | unit | driver | more is | empty | reads |"
    yield "|---|---|---|---|---|---|---|---|"
    for idea, told in sorted(ideas.items()):
        first = told[0]
        windows = ", ".join(f"{f.window}d" for f in told if f.window)
        empty = "unknown" if first.empty is None else f"{first.empty:g}"
        more = {1: "riskier", -1: "safer", 0: ""}[first.riskier]
        reads = first.table or ", ".join(f"`{name}`" for name in sorted(first.reads))
        yield (
            f"| `{idea}` | {windows} | {first.title} | {first.unit} | {driver(first)} | {more} "
            f"| {'' if first.table is None else empty} "
            f"| {reads}{' and peers' if first.peers else ''} |"
        )
    yield ""
