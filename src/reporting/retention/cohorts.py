"""Do newer customers stay better: those who started together, by age."""

from __future__ import annotations

import math

import pandas as pd

from metrics.intervals import FEWEST, Z
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.doubt import wilson
from reporting.figure import Caption
from reporting.notes import absent, decision
from reporting.retention.triangle import triangle
from reporting.retention.words import CS, by, counted, section, source, span
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import shift

AGE = 12
DRAWN = 9
GROUP = 4  # quarters compared with the four before them


def cohorts(book: Book) -> Shown:
    """Logo and ARR retention by the quarter of start; the newest year against the one before."""
    told = book.cohorts
    if told.empty:
        return absent(
            "cohorts.",
            "No account that started in the last three years is three months old yet.",
        )
    compared = _compared(told)
    return section(_figure(book, told, compared), _table(compared), _decision(book, compared))


def _labelled(told: pd.DataFrame) -> pd.DataFrame:
    return told.assign(
        label=[span(starts, shift(starts, 2)) for starts in told["starts"]],
        logo=told["kept"] / told["reached"],
        arr=told["net"] / told["opening"],
        whole=told["reached"] == told["n"],
    )


def _compared(told: pd.DataFrame) -> pd.DataFrame:
    """The newest ``GROUP`` complete quarters at ``AGE`` months, and those before: a row a group."""
    at = told[(told["age"] == AGE) & (told["reached"] == told["n"])].sort_values("starts")
    rows = []
    for words, part in (
        ("Newer", at.tail(GROUP)),
        ("Older", at.iloc[: -GROUP or None].tail(GROUP)),
    ):
        if part.empty:
            continue
        n, kept, opening = (int(part[name].sum()) for name in ("n", "kept", "opening"))
        low, high = wilson(kept, n)
        first, final = str(part["starts"].iloc[0]), str(part["starts"].iloc[-1])
        rows.append(
            {
                "group": words,
                "label": f"{words}: started {span(first, shift(final, 2))}",
                "n": n,
                "kept": kept,
                "logo": kept / n,
                "range": f"{formats.pct(low)} to {formats.pct(high)}",
                "gross": int(part["gross"].sum()) / opening,
                "net": int(part["net"].sum()) / opening,
            }
        )
    return pd.DataFrame(rows)


def _verdict(compared: pd.DataFrame) -> str:
    """``better``, ``worse``, ``alike``, or ``unknown`` where the two cannot be compared."""
    if len(compared) < 2 or int(compared["n"].min()) < FEWEST:
        return "unknown"
    (new, old), sizes = compared["logo"], compared["n"]
    error = math.sqrt(new * (1 - new) / sizes.iloc[0] + old * (1 - old) / sizes.iloc[1])
    if abs(new - old) <= Z * error:
        return "alike"
    return "better" if new > old else "worse"


def _title(compared: pd.DataFrame) -> str:
    found = _verdict(compared)
    if found == "unknown":
        return "What is left of each quarter's new customers"
    new, old = (formats.pct(rate, 0) for rate in compared["logo"])
    tail = {
        "alike": "no clear difference",
        "better": "newer customers stay better",
        "worse": "newer customers stay less",
    }[found]
    return f"A year on, {new} of newer customers stayed, {old} of older: {tail}"


def _figure(book: Book, told: pd.DataFrame, compared: pd.DataFrame) -> Shown:
    frame = _labelled(told[told["starts"].isin(sorted(told["starts"].unique())[-DRAWN:])])
    ages = sorted(int(age) for age in frame["age"].unique())
    n = int(frame.drop_duplicates("starts")["n"].sum())
    part = "" if bool(frame["whole"].all()) else " Hatched: not every account is that old yet."
    caption = Caption(
        _title(compared),
        f"What is kept of each quarter's new accounts, by months since each one's start.{part}",
        source(book, counted(n)),
    )
    blocks = [("logo", "Accounts still customers"), ("arr", "Their ARR, growth included")]
    return triangle(frame, blocks, ages, caption)


def _table(compared: pd.DataFrame) -> Shown:
    if compared.empty:
        return absent("the year after start.", "No quarter's accounts are all a year old.")
    columns = [
        Column("label", "Accounts"),
        Column("n", "n", "count"),
        Column("kept", "Stayed 12 months", "count"),
        Column("logo", "Share", "pct"),
        Column("range", "95 % range"),
        Column("gross", "ARR, losses only", "pct"),
        Column("net", "ARR, with growth", "pct"),
    ]
    return table(compared, columns, "Newer against older customers, a year after they started")


def _decision(book: Book, compared: pd.DataFrame) -> Shown:
    found = _verdict(compared)
    text = {
        "worse": "Find what changed in who is sold to and how they are started.",
        "better": "Keep what changed in the last year's selling and onboarding.",
        "alike": "Change nothing on this evidence.",
        "unknown": "Wait: too few accounts are a year old to compare.",
    }[found]
    return decision(text, CS, by(book, 30))
