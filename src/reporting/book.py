"""The book of a month: every number and table its pages are made from.

The month is computed once and bound here; a notebook opens the book and tells
the story. So the page, the workbook and ``metrics.json`` cannot disagree, and a
page can be written anew without computing anything again.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from metrics.registry import Figure, entry
from warehouse.errors import InputMissing


@dataclass(frozen=True)
class Book:
    """One month's book. Money is in cents, instants naive UTC, months text.

    ``about``    who, when, by which rules and inputs (JSON values);
    ``figures``  the registered numbers by name;
    ``walk``     the ARR ledger, one row a month, up to 24;
    ``trend``    month, arr, customers, nrr, grr, logo and their ranges (NaN where not defined);
    ``moves``    this month's movements, largest first, with the band a month before;
    ``due``      lines whose term ends in the next 12 months, with state and band;
    ``scores``   every account: score, band now and before, reasons (text), money, owner;
    ``flow``     ARR by band last month and this: before, after, accounts, arr;
    ``drivers``  expected loss by driver family now and a month before, largest first;
    ``bridge``   expected loss a month before, what moved it, and now: part, kind, amount;
    ``risk``     ARR at risk, expected loss, ARR not scored by scored month, up to 13;
    ``segments`` retention and risk by segment;
    ``pulse``    portfolio averages of a few features by month;
    ``worklist`` the actions that fit the hours; ``signals`` rules that fired;
    ``churn_folds``, ``expansion_folds`` the models' rehearsals, a row a fold and method;
    ``grades``   past months' scores against what then happened;
    ``verdicts`` whether our score, and the experts', deserve trust, by those grades;
    ``drift``    the churn model's features now against training, the worst first;
    ``left``     accounts that left, and whether they had been flagged;
    ``cohorts``  what is left of each quarter's new accounts, by age;
    ``departed`` accounts lost in the last 12 months, with the reason recorded;
    ``renewals`` terms ending by quarter, and where they stand;
    ``outlook``  ARR expected to be lost and gained in the models' window;
    ``forecast`` what is to become of the ARR due, by month and quarter, with ranges;
    ``forecast_grades`` how earlier forecasts did, a row for each part of the ARR due;
    ``sources``  the row ledger by table; ``faults`` its reasons.
    """

    about: dict[str, Any]
    figures: dict[str, Figure]
    walk: pd.DataFrame
    trend: pd.DataFrame
    moves: pd.DataFrame
    due: pd.DataFrame
    scores: pd.DataFrame
    flow: pd.DataFrame
    drivers: pd.DataFrame
    bridge: pd.DataFrame
    risk: pd.DataFrame
    segments: pd.DataFrame
    pulse: pd.DataFrame
    worklist: pd.DataFrame
    signals: pd.DataFrame
    churn_folds: pd.DataFrame
    expansion_folds: pd.DataFrame
    grades: pd.DataFrame
    verdicts: pd.DataFrame
    drift: pd.DataFrame
    left: pd.DataFrame
    cohorts: pd.DataFrame
    departed: pd.DataFrame
    renewals: pd.DataFrame
    outlook: pd.DataFrame
    forecast: pd.DataFrame
    forecast_grades: pd.DataFrame
    sources: pd.DataFrame
    faults: pd.DataFrame

    @property
    def month(self) -> str:
        return str(self.about["month"])

    @property
    def currency(self) -> str:
        return str(self.about["currency"])

    def target(self, name: str) -> float | None:
        """The target of a registered number, the company's own where it set one."""
        return entry(name, self.about["targets"]).target

    def save(self, folder: Path) -> None:
        """Write the book into ``folder`` whole, replacing an earlier one."""
        draft = folder.with_name(f".{folder.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        told = {
            "about": self.about,
            "figures": {name: figure.__dict__ for name, figure in self.figures.items()},
        }
        (draft / "book.json").write_text(json.dumps(told, indent=1), "utf-8")
        for name in _frames():
            getattr(self, name).to_parquet(draft / f"{name}.parquet", index=False)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)


def _frames() -> list[str]:
    return [f.name for f in fields(Book) if f.name not in ("about", "figures")]


def load(folder: Path) -> Book:
    """The book in ``folder``; ``InputMissing`` if there is none."""
    file = folder / "book.json"
    if not file.exists():
        raise InputMissing(
            f"{folder} holds no book; `perennial month {folder.name}` makes it, and the notebook "
            "can then be run as often as you like"
        )
    told = json.loads(file.read_text("utf-8"))
    return Book(
        about=told["about"],
        figures={name: Figure(**values) for name, values in told["figures"].items()},
        **{name: pd.read_parquet(folder / f"{name}.parquet") for name in _frames()},
    )
