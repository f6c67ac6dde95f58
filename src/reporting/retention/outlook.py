"""What comes next: ARR expected to be lost and gained in the models' window. An estimate."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.charts.bars import bars
from reporting.figure import Caption
from reporting.notes import absent, decision
from reporting.retention.words import (
    FINANCE,
    amount,
    by,
    cents,
    counted,
    covers,
    money,
    section,
    source,
    span,
)
from reporting.shown import Shown
from reporting.tables import table
from warehouse.months import shift

LABELS = {
    "loss": "Expected loss",
    "gain": "Expected gain, from customers there are",
    "net": "Net",
}


def window(book: Book, month: str = "") -> tuple[str, str]:
    """First and last month of the window that the scores of ``month`` speak of."""
    lead, horizon = int(book.about["lead"]), int(book.about["horizon"])
    of = month or book.month
    return shift(of, lead + 1), shift(of, horizon)


def length(book: Book) -> int:
    """Months in the models' window."""
    return int(book.about["horizon"]) - int(book.about["lead"])


def outlook(book: Book) -> Shown:
    """Expected loss and gain with their range, beside what as many closed months brought."""
    if book.outlook.empty:
        said = str(book.about["models"].get("churn", {}).get("said", ""))
        return absent("the outlook.", said or "No churn model serves this month.")
    frame = _frame(book)
    return section(_figure(book, frame), _table(book, frame), _decision(book, frame))


def _frame(book: Book) -> pd.DataFrame:
    past = book.walk.tail(length(book))
    loss, gain = int(past["churn"].sum()), int(past["expansion"].sum())
    before = {"loss": loss, "gain": gain, "net": gain - loss}
    whole = len(past) == length(book)
    return book.outlook.assign(
        label=book.outlook["what"].map(LABELS),
        before=book.outlook["what"].map(before if whole else {}).astype("Int64"),
    )


def _figure(book: Book, frame: pd.DataFrame) -> Shown:
    loss = frame[frame["what"] == "loss"].iloc[0]
    when = span(*window(book))
    title = (
        f"An estimate: {money(book, loss['expected'])} is expected to be lost {when}, "
        f"eight times in ten {money(book, loss['low'])} to {money(book, loss['high'])}"
    )
    shown = frame[frame["what"] != "net"]
    has = bool(shown["before"].notna().all())
    past = book.walk["month"].tail(length(book))
    tick = f" Tick: what {span(past.iloc[0], past.iloc[-1])} brought." if has else ""
    caption = Caption(
        title,
        f"Churn and expansion of today's customers, {when}, in {book.currency}.{tick}",
        source(book, counted(int(loss["accounts"])), covers(book, int(book.scores["arr"].sum()))),
    )
    return bars(
        shown, caption, "money", book.currency, value="expected",
        previous="before" if has else "", tone="unscored-fill", sort=False,
    )  # fmt: skip


def _table(book: Book, frame: pd.DataFrame) -> Shown:
    names = ["expected", "low", "high", "before"]
    past = book.walk["month"].tail(length(book))
    columns = [
        Column("label", f"{span(*window(book))}, estimated"),
        amount("expected", f"Expected, {book.currency}"),
        amount("low", "Range from"),
        amount("high", "to"),
        amount("before", f"Actual, {span(past.iloc[0], past.iloc[-1])}"),
    ]
    return table(
        cents(frame, *names),
        columns,
        "Estimate beside actual",
        "The range holds eight of ten futures in which each account decides on its own by its "
        "own probability; a shock that strikes many at once is not in it, so the truth is "
        f"wider. Accounts that leave before {formats.month(window(book)[0])} are not counted, "
        "nor are new customers and contraction.",
    )


def _decision(book: Book, frame: pd.DataFrame) -> Shown:
    loss = frame[frame["what"] == "loss"].iloc[0]
    return decision(
        "plan with a loss of {expected} and hold cash for {high}.",
        FINANCE,
        by(book, 14),
        expected=money(book, loss["expected"]),
        high=money(book, loss["high"]),
    )
