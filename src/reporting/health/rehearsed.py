"""The models' rehearsals: tested on months they had not seen, beside what must be beaten."""

from __future__ import annotations

import pandas as pd

from reporting.book import Book
from reporting.charts.folds import folds
from reporting.figure import Caption
from reporting.health.parts import counted, unsaid, source, span, stack
from reporting.notes import absent
from reporting.shown import Shown

METHODS = {
    "model": "The model",
    "logistic": "Logistic regression",
    "rule": "One plain rule",
    "base rate": "Base rate, the same for all",
}


def rehearsed(book: Book) -> Shown:
    """For each question, every fold of the model and of its baselines."""
    return stack(
        _one(book, "churn", book.churn_folds), _one(book, "expansion", book.expansion_folds)
    )


def _one(book: Book, kind: str, tests: pd.DataFrame) -> Shown:
    if tests.empty:
        return absent(f"Rehearsals of the {kind} model. {unsaid(book, kind)}", "")
    told = book.about["models"][kind]
    named = tests.assign(model=tests["method"].map(METHODS), value=tests["auc"])
    each = named.groupby("model", sort=False)["value"].mean()
    summary = pd.DataFrame({"model": each.index, "value": each.to_numpy()})
    summary = summary.assign(low=float("nan"), high=float("nan"))
    caption = Caption(
        f"The {kind} model {told['verdict']}",
        f"AUC on months not yet known when it learned; dots: {counted(tests['fold'].nunique(), 'fold')} "
        f"({span(str(tests['origin'].min()), str(tests['last'].max()))}), large: their mean. "
        f"The rule: {told['rule']}.",
        source(book, int(tests["n"].max() // 3)),
    )
    scores = named[["model", "fold", "value"]]
    return folds(scores, summary, caption, ours=METHODS["model"])
