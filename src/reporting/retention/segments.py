"""Where do we win or lose: retention by segment, and how much rests on a few."""

from __future__ import annotations

import pandas as pd

from metrics.intervals import FEWEST
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.figure import Caption
from reporting.notes import absent, decision
from reporting.retention.dots import Block, dots
from reporting.retention.words import (
    CS,
    amount,
    by,
    cents,
    counted,
    covers,
    exactly,
    section,
    source,
)
from reporting.shown import Shown
from reporting.tables import table

RATES = ("nrr", "grr", "logo")
TOP = 10


def segments(book: Book) -> Shown:
    """NRR and GRR of each segment with ranges, n and money; too small a group has no rate."""
    told = book.segments
    if told.empty:
        return absent(
            "segments.",
            "The accounts table has no segment, tier, region or industry that splits "
            "customers into two to twelve groups.",
        )
    frame = told.assign(label=told["group"])
    sides = [f"{rate}{side}" for rate in RATES for side in ("", "_low", "_high")]
    frame.loc[frame["n"] < FEWEST, sides] = float("nan")
    pieces = [_table(book, frame), _decision(book, frame)]
    if frame["nrr"].notna().any():
        pieces.insert(0, _figure(book, frame))
    return section(*pieces)


def _figure(book: Book, frame: pd.DataFrame) -> Shown:
    rated = frame[frame["grr"].notna()].sort_values(["grr", "label"])
    first = rated.iloc[0]
    title = f"{first['label']} keeps least: GRR {formats.pct(first['grr'])}"
    if len(rated) > 1 and float(first["grr_high"]) >= float(rated["grr_low"].max()):
        title = "No segment's GRR stands clear of the others"
    caption = Caption(
        title,
        f"Trailing 12 months by {frame['grouping'].iloc[0]}, with 95 % ranges.",
        source(
            book,
            counted(int(frame["n"].sum())),
            covers(book, int(frame["arr"].sum())),
            policy=True,
        ),
    )
    blocks = [
        Block("nrr", "NRR", book.target("nrr")),
        Block("grr", "GRR", book.target("grr")),
    ]
    return dots(frame, blocks, caption)


def _table(book: Book, frame: pd.DataFrame) -> Shown:
    total = int(frame["arr"].sum())
    rows = frame.assign(share=frame["arr"] / total if total else float("nan"))
    columns = [
        Column("label", str(frame["grouping"].iloc[0]).capitalize(), "name"),
        Column("customers", "Customers", "count"),
        amount("arr", f"ARR, {book.currency}"),
        Column("share", "Share", "pct"),
        Column("n", "n, a year ago", "count"),
        Column("nrr", "NRR", "pct"),
        Column("grr", "GRR", "pct"),
        Column("logo", "Logos", "pct"),
    ]
    whole = {
        "label": "All",
        "customers": int(rows["customers"].sum()),
        "arr": exactly(total),
        "share": 1.0 if total else None,
        "n": int(rows["n"].sum()),
        "nrr": book.figures["nrr"].value,
        "grr": book.figures["grr"].value,
        "logo": book.figures["logo_retention"].value,
    }
    arr = book.scores["arr"].sort_values(ascending=False)
    top = formats.pct(int(arr.head(TOP).sum()) / int(arr.sum()), 0) if len(arr) else ""
    return table(
        cents(rows, "arr"),
        columns,
        "Retention and money by segment",
        f"A group of fewer than {FEWEST} accounts a year ago has no rate. Groups are today's. "
        f"The {min(TOP, len(arr))} largest customers hold {top} of ARR.",
        total=whole,
    )


def _decision(book: Book, frame: pd.DataFrame) -> Shown:
    if frame["grr"].isna().all():
        return decision("Wait: no group is large enough to be judged.", CS, by(book, 30))
    goal = book.target("grr")
    short = frame[frame["grr_high"] < goal] if goal is not None else frame.head(0)
    if len(short):
        return decision(
            "Look into {groups}: GRR is clearly below target.",
            CS,
            by(book, 30),
            groups=" and ".join(short["label"]),
        )
    return decision(
        "Keep one plan for all: no segment is clearly below its GRR target.",
        CS,
        by(book, 30),
    )
