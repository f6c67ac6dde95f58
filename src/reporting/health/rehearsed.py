"""The models' rehearsals: tested on months they had not seen, beside what must be beaten."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import counted, lists, span, stack, unsaid
from reporting.notes import absent, prose
from reporting.shown import Shown
from reporting.tables import table

LABEL = Column("label", "Method")
NOTE = (
    "Each fold is trained on what was certain then and tested on later months. Lift: events among "
    "the tenth with the highest odds, against all."
)
METHODS = {
    "model": "The model",
    "logistic": "Logistic regression",
    "rule": "One plain rule",
    "base rate": "Base rate for all",
}


def rehearsed(book: Book) -> Shown:
    """For each question its verdict, and every method's AUC fold by fold."""
    parts, rows, columns = [], pd.DataFrame({"label": list(METHODS.values())}), [LABEL]
    for kind, tests in (("churn", book.churn_folds), ("expansion", book.expansion_folds)):
        if tests.empty:
            parts.append(absent(f"Rehearsals of the {kind} model. {unsaid(book, kind)}", ""))
            continue
        parts.append(_verdict(book, kind, tests))
        rows = rows.merge(compared(kind, tests), on="label", how="left")
        columns += _columns(kind, tests["fold"].nunique())
    shown = [table(rows, columns, "What the models had to beat", NOTE)] if len(columns) > 1 else []
    return stack(*parts, *shown)


def _verdict(book: Book, kind: str, tests: pd.DataFrame) -> Shown:
    return prose(
        "The **{kind} model** {verdict}, {months}.",
        kind=kind,
        verdict=book.about["models"][kind]["verdict"],
        months=span(str(tests["origin"].min()), str(tests["last"].max())),
    )


def compared(kind: str, tests: pd.DataFrame) -> pd.DataFrame:
    """A row a method: label, and of ``kind`` its AUC by fold (oldest first), mean, range, lift."""
    found, courses = [], []
    for method, label in METHODS.items():
        chosen = tests[tests["method"] == method].sort_values("fold")
        area = chosen["auc"].astype("float64")
        low, high = (formats.number(each, 2) for each in (area.min(), area.max()))
        courses.append(area.tolist())
        found.append(
            {
                "label": label,
                f"{kind}_mean": area.mean(),
                f"{kind}_range": f"{low} to {high}",
                f"{kind}_lift": chosen["lift"].astype("float64").mean(),
            }
        )
    rows = pd.DataFrame(found)
    return rows.assign(**{f"{kind}_folds": lists(courses, rows)})


def _columns(kind: str, folds: int) -> list[Column]:
    return [
        Column(f"{kind}_folds", f"{kind.capitalize()}: AUC in {counted(folds, 'fold')}", "spark"),
        Column(f"{kind}_mean", "Mean", "number", digits=2),
        Column(f"{kind}_range", "Lowest to highest"),
        Column(f"{kind}_lift", "Lift", "number", digits=1),
    ]
