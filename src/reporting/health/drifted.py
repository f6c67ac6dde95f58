"""Does what the model is asked about still look like what it learned from?"""

from __future__ import annotations

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import by, counted, stack, unsaid
from reporting.notes import absent, decision, prose
from reporting.shown import Shown
from reporting.tables import table

SHOWN = 8
MANY = 0.1  # of the features: more have moved than can be put down to single causes


def drifted(book: Book) -> Shown:
    """The features that moved or broke since training, the worst first, and what to do."""
    told = book.drift
    if told.empty:
        return absent(f"Drift. {unsaid(book, 'churn')}", "")
    moved = told[told["verdict"] != "steady"]
    broken = int((told["verdict"] == "broken").sum())
    sentence = prose(
        "Of {all} the churn model learned from, **{moved} moved and {broken} broke** since: values "
        "are held against the year it learned from last.",
        all=counted(len(told), "feature"),
        moved=formats.count(len(moved) - broken),
        broken=formats.count(broken),
    )
    if moved.empty:
        return sentence
    shown = table(
        moved,
        [
            Column("label", "Feature"),
            Column("verdict", "State"),
            Column("psi", "PSI", "number", digits=2),
            Column("expected", "By luck", "number", digits=2),
            Column("known_then", "Known then", "pct", digits=0),
            Column("known_now", "Known now", "pct", digits=0),
            Column("advice", "What to do"),
        ],
        "What moved most",
        "PSI: population stability index over the deciles of training. Broken: a table or column "
        "has stopped saying anything.",
        limit=SHOWN,
    )
    owner, day = "Data science", by(book, 14)
    if broken:
        todo = decision("Mend the broken sources before anybody acts on a score.", owner, day)
    elif len(moved) > MANY * len(told):
        todo = decision("Train again: too much has moved for single causes.", owner, day)
    else:
        todo = decision("Look at what moved most; the scores can stand.", owner, day)
    return stack(sentence, shown, todo)
