"""The models' rehearsals: tested on months they had not seen, beside what must be beaten."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.health.parts import lists, span, stack, unsaid, verdict_of
from reporting.notes import absent
from reporting.shown import Shown
from reporting.tables import table

LABEL = Column("label", "Method")
NOTE = (
    "Each fold is trained on what was certain then and tested on later months. Lift: events among "
    "the tenth with the highest odds, against all. The rule:"
)
METHODS = {
    "model": "The model",
    "logistic": "Logistic regression",
    "calendar": "Calendar and size alone",
    "five factors": "Five factors, weighted by hand",
    "rule": "One plain rule",
    "base rate": "Base rate for all",
}


def rehearsed(book: Book) -> Shown:
    """For each question its verdict, and every method's AUC fold by fold."""
    rows, columns = pd.DataFrame({"label": list(METHODS.values())}), [LABEL]
    said, rules, missing = [], [], []
    for kind, tests in (("churn", book.churn_folds), ("expansion", book.expansion_folds)):
        if tests.empty:
            missing.append(absent(f"Rehearsals of the {kind} model. {unsaid(book, kind)}", ""))
            continue
        said.append(f"the {kind} model {verdict_of(book, kind)}")
        rules.append(f"{book.about['models'][kind]['rule']} ({kind})")
        rows = rows.merge(compared(kind, tests), on="label", how="left")
        columns += _columns(kind, tests)
    caption = "; ".join(said)
    if not said:
        return stack(*missing)
    note = f"{NOTE} {'; '.join(rules)}."
    return stack(table(rows, columns, f"{caption[:1].upper()}{caption[1:]}", note), *missing)


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


def _columns(kind: str, tests: pd.DataFrame) -> list[Column]:
    months = span(str(tests["origin"].min()), str(tests["last"].max()))
    title = kind.capitalize()
    return [
        Column(f"{kind}_folds", f"{title}: AUC, {months}", "spark"),
        Column(f"{kind}_mean", f"{title}: mean", "number", digits=2),
        Column(f"{kind}_range", f"{title}: range"),
        Column(f"{kind}_lift", f"{title}: lift", "number", digits=1),
    ]
