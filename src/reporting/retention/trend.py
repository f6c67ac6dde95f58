"""Better or noise: two years of retention, and whether the year's change is larger than luck."""

from __future__ import annotations

import math

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.trend import Line
from reporting.charts.trend import trend as chart
from reporting.figure import Caption
from reporting.notes import absent, decision
from reporting.retention.words import CS, by, counted, covers, last, section, source
from reporting.shown import Shown
from reporting.tables import table

RATES = {
    "nrr": ("NRR", "nrr"),
    "grr": ("GRR", "grr"),
    "logo": ("Logos", "logo_retention"),
}
YEAR = 12


def trend(book: Book) -> Shown:
    """NRR and GRR over up to 24 months with ranges and targets; the year's change, judged."""
    if book.figures["nrr"].value is None:
        return absent(
            "the trend of retention.",
            "A rate compares today's customers with those of 12 months ago; "
            f"there are {len(book.walk)} months of history.",
        )
    found = changes(book)
    return section(_figure(book, found), _table(found), _decision(found, book))


def changes(book: Book) -> pd.DataFrame:
    """Each rate now and a year ago; ``noise`` is the half-width of their difference's range."""
    rows = []
    for column, (label, name) in RATES.items():
        now, before = last(book.trend, column), last(book.trend, column, YEAR)
        low, high = last(book.trend, f"{column}_low"), last(book.trend, f"{column}_high")
        noise = _noise(book.trend, column)
        change = None if now is None or before is None else now - before
        rows.append(
            {
                "rate": label,
                "now": now,
                "range": _range(low, high),
                "target": book.target(name),
                "before": before,
                "change": change,
                "noise": noise,
                "spread": None if noise is None else f"±{formats.points(noise).lstrip('+')}",
                "verdict": _verdict(change, noise),
            }
        )
    numbers = ["now", "target", "before", "change", "noise"]
    return pd.DataFrame(rows).astype(dict.fromkeys(numbers, "float64"))


def _noise(frame: pd.DataFrame, column: str) -> float | None:
    widths = []
    for back in (0, YEAR):
        low, high = last(frame, f"{column}_low", back), last(frame, f"{column}_high", back)
        if low is None or high is None:
            return None
        widths.append((high - low) / 2)
    return math.hypot(*widths)


def _range(low: float | None, high: float | None) -> str | None:
    if low is None or high is None:
        return None
    return f"{formats.pct(low)} to {formats.pct(high)}"


def _verdict(change: float | None, noise: float | None) -> str:
    if change is None or noise is None:
        return "no year before to compare with"
    if abs(change) <= noise:
        return "within noise"
    return "better, beyond noise" if change > 0 else "worse, beyond noise"


def _figure(book: Book, found: pd.DataFrame) -> Shown:
    first = found.iloc[0]
    if formats.missing(first["change"]):
        title = f"NRR is {formats.pct(first['now'])}; there is no year before to compare with"
    else:
        points = formats.points(first["change"])
        title = f"NRR {points} on a year ago: {first['verdict']}"
    lines = [
        Line("nrr", "NRR", book.target("nrr"), "nrr_low", "nrr_high"),
        Line("grr", "GRR", book.target("grr"), "grr_low", "grr_high"),
    ]
    caption = Caption(
        title,
        "Trailing 12 months; band: 95 % range. A change within its noise is one luck often brings.",
        source(
            book,
            counted(book.figures["nrr"].n),
            covers(book, book.figures["arr"].value),
            policy=True,
        ),
    )
    return chart(book.trend, lines, caption)


def _table(found: pd.DataFrame) -> Shown:
    columns = [
        Column("rate", "Rate"),
        Column("now", "Now", "pct"),
        Column("range", "95 % range"),
        Column("target", "Target", "pct"),
        Column("before", "A year ago", "pct"),
        Column("change", "Change", "points", signed=True),
        Column("spread", "Noise", align="end"),
        Column("verdict", "So"),
    ]
    return table(found, columns)


def _decision(found: pd.DataFrame, book: Book) -> Shown:
    worse = found[found["verdict"].str.startswith("worse")]
    if len(worse):
        return decision(
            "React: {rates} fell by more than luck explains.",
            CS,
            by(book, 14),
            rates=" and ".join(worse["rate"]),
        )
    short = found[found["now"] < found["target"]]
    if len(short):
        return decision(
            "Close the gap to target: {gaps}.",
            CS,
            by(book, 30),
            gaps=", ".join(
                f"{rate} {formats.points(gap)}"
                for rate, gap in zip(short["rate"], short["now"] - short["target"], strict=True)
            ),
        )
    return decision("Wait: every rate is on target.", CS, by(book, 30))
