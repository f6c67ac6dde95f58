"""One figure of every kind, from given names."""

from __future__ import annotations

from functools import cache

import pandas as pd

from reporting import figures as f
from reporting.shown import Shown
from tests.reporting.hostile import NAMES, accounts

CAPTION = f.Caption(NAMES[0], NAMES[2], NAMES[5])
MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]


def walk() -> pd.DataFrame:
    rows = [
        ("Opening", 199_100_000, True),
        (NAMES[0], 3_100_000, False),
        (NAMES[18], -1_430_000, False),
        ("Closing", 200_770_000, True),
    ]
    return pd.DataFrame(rows, columns=["label", "amount", "total"])


def trend() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "month": MONTHS,
            "nrr": [None, *(1 + i / 100 for i in range(11))],
            "low": [None, *(0.99 + i / 100 for i in range(11))],
            "high": [None, *(1.01 + i / 100 for i in range(11))],
            "grr": [0.9 + i / 500 for i in range(12)],
        }
    ).astype({"nrr": "float64", "low": "float64", "high": "float64"})


@cache
def every() -> dict[str, Shown]:
    """Each kind of figure by name, drawn from hostile text."""
    rows = accounts()
    due = pd.DataFrame(
        [(m, b, 1_000_000 + 10_000 * i) for i, m in enumerate(MONTHS) for b in rows["band"][:4]],
        columns=["month", "band", "amount"],
    )
    moved = pd.DataFrame(
        [("healthy", "At risk", 50), ("healthy", "healthy", 900), ("new", "Watch", 40),
         ("at_risk", "gone", 30)],
        columns=["before", "now", "amount"],
    )  # fmt: skip
    bins = pd.DataFrame(
        {"predicted": [0.1, 0.4], "observed": [0.12, 0.35], "low": [0.08, 0.2],
         "high": [0.2, 0.5], "n": [400, 30]}
    )  # fmt: skip
    tests = pd.DataFrame(
        [(m, k, 0.5 + 0.1 * i + k / 100) for i, m in enumerate(NAMES[:3]) for k in range(4)],
        columns=["model", "fold", "value"],
    )
    means = pd.DataFrame(
        {"model": NAMES[:3], "value": [0.5, 0.6, 0.7], "low": [0.45, 0.55, None],
         "high": [0.55, 0.65, None]}
    )  # fmt: skip
    lines = [f.Line("nrr", NAMES[0], 1.05, "low", "high"), f.Line("grr", NAMES[18], 0.92)]
    return {
        "waterfall": f.waterfall(walk(), CAPTION),
        "trend": f.trend(trend(), lines, CAPTION, events={"2026-03": NAMES[2]}),
        "bars": f.bars(rows, CAPTION, label="name", value="arr", previous="value"),
        "scatter": f.scatter(rows, CAPTION, across=NAMES[3], up=NAMES[4]),
        "stacked": f.stacked(due, CAPTION),
        "calibration": f.calibration(bins, CAPTION),
        "flow": f.flow(moved, CAPTION, sides=(NAMES[0], NAMES[3])),
        "folds": f.folds(tests, means, CAPTION, ours=NAMES[2]),
    }
