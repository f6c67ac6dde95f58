"""How wrong were we: what was expected of past months, beside what then happened."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.trend import Line, trend
from reporting.figure import Caption
from reporting.notes import absent, decision
from reporting.retention.outlook import length, one_sided, window
from reporting.retention.words import (
    SCIENCE,
    by,
    counted,
    plural,
    section,
    source,
    span,
)
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import shift

DRAWN = 3  # months; a line of fewer is no course


def scoreboard(book: Book) -> Shown:
    """Each graded month: ARR said to be lost, ARR lost, and what repeating the past had said."""
    if book.grades.empty:
        first = shift(book.month, 1)
        return absent(
            "the forecast's grade.",
            f"A month is graded once its window has closed and every gap is over; the scores "
            f"of {formats.month(book.month)} speak of {span(*window(book))}. "
            f"No earlier score is old enough in {formats.month(first)}.",
        )
    graded = _graded(book)
    pieces = [_figure(book, graded)] if len(graded) >= DRAWN else []
    return section(*pieces, _table(book, graded), _decision(book, graded))


def _graded(book: Book) -> pd.DataFrame:
    """The graded months with the naive forecast: churn of the as many months before the score."""
    walk = book.walk.set_index("month")["churn"]
    naive = []
    for month in book.grades["month"]:
        asked = [shift(month, -back) for back in range(length(book))]
        seen = walk.reindex(asked)
        naive.append(None if seen.isna().any() else int(seen.sum()))
    frame = book.grades.assign(
        naive=pd.Series(naive, index=book.grades.index, dtype="Int64"),
        when=[span(*window(book, month)) for month in book.grades["month"]],
        scored=[formats.month(month) for month in book.grades["month"]],
    )
    off = (frame["expected_arr"] - frame["observed_arr"]).astype("int64")
    return frame.assign(off=off, error=_share(off, frame["observed_arr"]))


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part.astype("float64") / whole.astype("float64").where(whole > 0)


def errors(graded: pd.DataFrame) -> tuple[float | None, float | None]:
    """Mean absolute error of ours and of the naive forecast, as shares of the mean observed.

    Over the months that have both; None where there are none or nothing was lost.
    """
    both = graded[graded["naive"].notna()]
    observed = float(both["observed_arr"].sum())
    if not observed:
        return None, None
    ours = float((both["expected_arr"] - both["observed_arr"]).abs().sum()) / observed
    naive = float((both["naive"] - both["observed_arr"]).abs().sum()) / observed
    return ours, naive


def _title(graded: pd.DataFrame) -> str:
    ours, naive = errors(graded)
    if ours is None or naive is None:
        return "Expected and observed loss, by month of score"
    side = "less than" if ours < naive else "more than" if ours > naive else "as much as"
    habit = one_sided(graded)
    tail = f", too {habit} each time" if habit else ""
    return (
        f"Off by {formats.pct(ours, 0)} on average{tail}; {side} "
        f"repeating the last quarter, {formats.pct(naive, 0)}"
    )


def _figure(book: Book, graded: pd.DataFrame) -> Shown:
    columns = ["expected_arr", "observed_arr", "naive"]
    frame = graded[["month", *columns]].astype(dict.fromkeys(columns, "float64"))
    lines = [
        Line("expected_arr", "Expected"),
        Line("observed_arr", "Lost"),
        Line("naive", "Repeating", back=True),
    ]
    if not frame["naive"].notna().any():
        lines = lines[:2]
    caption = Caption(
        _title(graded),
        f"ARR lost in the window of {plural(length(book), 'month')} each score spoke of, "
        f"in {book.currency}, by month of score.",
        source(book, counted(int(graded["n"].astype("int64").iloc[-1]), "accounts, last month")),
    )
    return trend(frame, lines, caption, "money", book.currency)


def _table(book: Book, graded: pd.DataFrame) -> Shown:
    frame = graded.assign(
        events=[plural(int(n), "account") for n in graded["events"]],
        said=[f"{formats.number(n, 1)} expected" for n in graded["expected"]],
    )
    unit = book.currency
    columns = [
        Column("scored", "Scored at the close of", under="when"),
        Column("expected_arr", "Expected", "money", unit, under="said"),
        Column("observed_arr", "Lost", "money", unit, under="events"),
        Column("off", "Difference", "money", unit, signed=True),
        Column("error", "Error", "pct", signed=True),
        Column("naive", "Repeating", "money", unit),
        Column("auc", "AUC", "number", digits=2),
    ]
    return table(
        frame.iloc[::-1],
        columns,
        "What was said, and what was lost",
        "Windows of neighbouring months overlap, so a loss may stand in several rows. Repeating: "
        "as much churn as in the same number of months before the score. Accounts "
        "that left before their window opened are in neither column. AUC: how well the "
        "ranking told leavers from stayers, 0.5 being chance.",
        limit=6,
    )


def _decision(book: Book, graded: pd.DataFrame) -> Shown:
    ours, naive = errors(graded)
    if ours is None or naive is None:
        return decision("Wait: there is nothing to compare yet.", SCIENCE, by(book, 30))
    values = {"ours": formats.pct(ours, 0), "naive": formats.pct(naive, 0)}
    if ours < naive:
        habit = one_sided(graded)
        side = {"low": "above", "high": "below"}.get(habit)
        tail = f"; it was too {habit} every time, so plan {side} it." if habit else "."
        return decision(
            "Plan with the model's number: off by {ours}, against {naive} for repeating the "
            "quarter" + tail,
            SCIENCE,
            by(book, 30),
            **values,
        )
    return decision(
        "Plan with last quarter's loss, not with the model's: it is off by {naive}, the model "
        "by {ours}.",
        SCIENCE,
        by(book, 30),
        **values,
    )
