"""What comes next: ARR expected to be lost and gained in the models' window. An estimate."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.figure import Caption
from reporting.notes import absent, decision, prose
from reporting.retention.estimates import estimates
from reporting.retention.words import (
    FINANCE,
    by,
    counted,
    covers,
    money,
    section,
    source,
    span,
)
from reporting.shown import Shown
from warehouse.months import shift

GRADED = 3  # months; fewer cannot show a habit
LABELS = {
    "loss": "Expected loss",
    "gain": "Expected expansion",
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
    return section(_figure(book, frame), _limits(book), _decision(book, frame))


def _frame(book: Book) -> pd.DataFrame:
    past = book.walk.tail(length(book))
    loss, gain = int(past["churn"].sum()), int(past["expansion"].sum())
    before = {"loss": loss, "gain": gain, "net": gain - loss}
    whole = len(past) == length(book)
    return book.outlook.assign(
        label=book.outlook["what"].map(LABELS),
        before=book.outlook["what"].map(before if whole else {}).astype("Int64"),
    )


def _past(book: Book) -> str:
    """The closed months that the estimate is held against, in words."""
    months = book.walk["month"].tail(length(book))
    return span(str(months.iloc[0]), str(months.iloc[-1]))


def _figure(book: Book, frame: pd.DataFrame) -> Shown:
    loss = frame[frame["what"] == "loss"].iloc[0]
    when = span(*window(book))
    title = (
        f"An estimate: {money(book, loss['expected'])} lost {when}, "
        f"eight times in ten {money(book, loss['low'])} to {money(book, loss['high'])}"
    )
    tick = f"; tick: {_past(book)}" if frame["before"].notna().all() else ""
    caption = Caption(
        title,
        f"Churn and expansion of today's customers, {when}. Dot: expected; band: range{tick}.",
        source(book, counted(int(loss["accounts"])), covers(book, int(book.scores["arr"].sum()))),
    )
    return estimates(frame, caption, book.currency, _past(book))


def _limits(book: Book) -> Shown:
    return prose(
        "The range holds eight of ten futures in which each account decides on its own, by its "
        "own probability; a shock that strikes many at once is not in it, so the truth is wider. "
        "Not counted: accounts that leave before {opens}, contraction, new customers. {bias}",
        opens=formats.month(window(book)[0]),
        bias=_bias(book),
    )


def _bias(book: Book) -> str:
    """What the graded months say of such estimates, where they all err to one side."""
    side = one_sided(book.grades)
    if not side:
        return ""
    return f"Every one of {len(book.grades)} graded estimates was too {side}."


def one_sided(grades: pd.DataFrame) -> str:
    """``low`` or ``high`` if each of at least three graded months erred so; else empty."""
    if len(grades) < GRADED:
        return ""
    off = (grades["expected_arr"] - grades["observed_arr"]).astype("int64")
    return "low" if bool((off < 0).all()) else "high" if bool((off > 0).all()) else ""


def _decision(book: Book, frame: pd.DataFrame) -> Shown:
    loss = frame[frame["what"] == "loss"].iloc[0]
    bad, like = int(loss["high"]), ""
    if not formats.missing(loss["before"]) and int(loss["before"]) > bad:
        bad, like = int(loss["before"]), f", as in {_past(book)}"
    return decision(
        "Plan with a loss of {expected}; the bad case is {bad}{like}.",
        FINANCE,
        by(book, 14),
        expected=money(book, loss["expected"]),
        bad=money(book, bad),
        like=like,
    )
