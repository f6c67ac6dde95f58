"""Judging the models: whether the score earned trust, and whether its world is still there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from features.catalogue import catalogue
from models import drift, measures, verdict
from models.trained import Trained

YEAR = 12


def verdicts(graded: pd.DataFrame) -> pd.DataFrame:
    """The verdict on our score and on the experts': a row each.

    ``graded`` as `models.grades.answered` gives it. Columns: score ("ours", "experts"), word,
    said, rows, events, auc, low, high, green, red, inversions; and ahead, ahead_low, ahead_high:
    how much our AUC exceeds the experts' on the same rows. NaN where it cannot be said.
    """
    nan = float("nan")
    theirs = graded.assign(risk=graded["expert"], band=graded["expert_band"])
    rows = []
    for name, each in (("ours", graded), ("experts", theirs)):
        told = verdict.verdict(each)
        area = told.auc or measures.Interval(nan, nan, nan, nan)
        row = {"score": name, **asdict(told), "auc": area.value, "low": area.low, "high": area.high}
        rows.append(row)
    table = pd.DataFrame(rows)
    ahead = measures.Interval(nan, nan, nan, nan)
    if table["auc"].notna().all():
        ahead = verdict.lead(graded, "expert")
    return table.assign(ahead=ahead.value, ahead_low=ahead.low, ahead_high=ahead.high)


def drifted(trained: Trained | None, matrices: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The features of ``trained`` in the newest of ``matrices`` against those it learned from.

    ``matrices`` has the features of each month; held against it are the last twelve that the
    model learned from. Columns: label, and those of `models.drift.drift`, the worst first;
    empty without a model, or where none of its months is there.
    """
    columns = ["label", "psi", "expected", "known_then", "known_now", "verdict", "advice"]
    if trained is None:
        return pd.DataFrame(columns=columns)
    taught = sorted(month for month in matrices if month <= trained.through)[-YEAR:]
    if not taught:
        return pd.DataFrame(columns=columns)
    names = list(trained.names)
    then = pd.concat([matrices[month].reindex(columns=names) for month in taught])
    found = drift.drift(then, matrices[max(matrices)], trained.vocabulary).reset_index()
    labels = {name: feature.label for name, feature in catalogue().by_name.items()}
    found["label"] = found["feature"].map(labels)
    order = found["verdict"].map({drift.BROKEN: 0, drift.MOVED: 1, drift.STEADY: 2})
    found = found.assign(order=order, over=found["expected"] - found["psi"])
    found = found.sort_values(["order", "over", "feature"], kind="stable", ignore_index=True)
    return found[columns]
