"""What counts as an outcome: how decisions ended, and how much of a ranking is the calendar."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from models.decisions import BECAME, FARTHEST
from models.trained import Trained
from reporting import formats
from reporting.cells import Column
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

METHODS = {"model": "The model", "calendar": "Calendar and size alone"}


def answer(decisions: pd.DataFrame, windowed: pd.DataFrame) -> Shown:
    """How the same company looks by decision and by window.

    ``decisions`` are those of `models.decisions.answers`, ``windowed`` those of
    `models.outcomes.outcomes` for churn.
    """
    decided = _decided(decisions)
    told = windowed[windowed["outcome"].notna()]
    keys = ["account_id", "month"]
    due = told[keys].merge(decisions[keys], how="left", indicator=True)["_merge"].eq("both").mean()
    lost = int((decided["became"] == "lost").sum())
    return prose(
        "Of {n} decisions whose end is certain **{lost}** were lost, {rate}. Asked by window "
        "instead, {events} of {rows} account-months left, {share}; only {due} of them had a term "
        "to be decided within {months} months. {waiting} account-months have no answer yet, and "
        "count as nothing.",
        n=formats.count(len(decided)),
        lost=formats.count(lost),
        rate=formats.pct(lost / len(decided)) if len(decided) else formats.MISSING,
        events=formats.count(int(told["outcome"].sum())),
        rows=formats.count(len(told)),
        share=formats.pct(told["outcome"].mean()),
        due=formats.pct(due, 0),
        months=formats.count(FARTHEST),
        waiting=formats.count(len(windowed) - len(told)),
    )


def competing(decisions: pd.DataFrame, currency: str) -> Shown:
    """What became of each decision, once, in the newest eight quarters in which terms ended."""
    decided = _decided(decisions)
    quarter = decided["ends_on"].dt.to_period("Q").astype("str")
    counted = pd.crosstab(quarter, decided["became"]).reindex(columns=list(BECAME), fill_value=0)
    rows = counted.assign(arr=decided.groupby(quarter)["arr"].sum()).tail(8)
    rows = rows.rename_axis("quarter").reset_index()
    columns = [Column("quarter", "Terms ended in")]
    columns += [Column(name, name.capitalize(), "count") for name in BECAME]
    columns += [Column("arr", f"ARR decided, {currency}", "money", unit=currency, bar=True)]
    return table(
        rows,
        columns,
        "What became of each decision",
        "One outcome each; who left unpaid did not decide to leave, and who shrank did not leave.",
        empty="No decision's end is certain yet.",
    )


def calendars(models: Mapping[str, Trained | None]) -> Shown:
    """Mean AUC of each question's model and of the calendar alone; ``models`` by question."""
    rows = [
        {"question": kind, **{name: _auc(trained, name) for name in METHODS}}
        for kind, trained in models.items()
        if trained is not None
    ]
    columns = [Column("question", "Question")]
    columns += [Column(name, title, "number", digits=2) for name, title in METHODS.items()]
    return table(
        pd.DataFrame(rows, columns=["question", *METHODS]),
        columns,
        "AUC on months not learnt from: how much the calendar tells by itself",
        "By window the calendar ranks well without knowing a customer; by decision it cannot.",
        empty="No model serves yet.",
    )


def _decided(decisions: pd.DataFrame) -> pd.DataFrame:
    """Each decision whose end is certain, once: as it was asked about last."""
    told = decisions[decisions["became"].astype("str") != ""].sort_values(["month", "account_id"])
    return told.drop_duplicates(["account_id", "ends_on"], keep="last", ignore_index=True)


def _auc(trained: Trained, method: str) -> float:
    return float(trained.folds.loc[trained.folds["method"] == method, "auc"].mean())
