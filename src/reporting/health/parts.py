"""What the sections share: how pieces stand together, and how who and when are said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.shown import Shown
from warehouse.months import shift

SHORT = 8  # letters of a digest: enough to tell two apart on paper
LEADER = "CS leader"
NOBODY = "unassigned"
UNSCORED = "No account is scored yet."


def stack(*pieces: Shown) -> Shown:
    """Pieces one under the other as one; a sheet of paper may end between two of them.

    In a live notebook the first of them that has a picture is shown as that picture.
    """
    drawn = next((one for one in pieces if one.picture is not None), None)
    return Shown(
        html="".join(one.html for one in pieces),
        text="\n\n".join(one.text for one in pieces),
        picture=drawn.picture if drawn else None,
        live="".join((one.live or one.html) if one is drawn else one.html for one in pieces),
    )


def source(book: Book, covered: str = "") -> str:
    """The line under a figure: as-of date, whom it covers (default: all), its inputs."""
    whole = book.figures["arr"]
    who = covered or covering(book, whole.n, whole.value)
    return (
        f"As of {formats.date(opening_day(book))} · {who} · "
        f"snapshot {book.about['snapshot'][:SHORT]} · definitions {book.about['code'][:SHORT]}"
    )


def covering(book: Book, n: int, cents: object) -> str:
    """``802 accounts, $73.7m ARR``."""
    return f"{counted(n, 'account')}, {money(book, cents)} ARR"


def money(book: Book, cents: object) -> str:
    """Cents as a reader says them, in the company's currency."""
    return formats.money(cents, book.currency)


def counted(n: int, noun: str) -> str:
    """``1 account``, ``57 accounts``."""
    return f"{formats.count(n)} {noun}{'' if n == 1 else 's'}"


def verb(n: int, one: str, many: str) -> str:
    """The form that goes with ``n`` of something."""
    return one if n == 1 else many


def opening_day(book: Book) -> date:
    """The company's own date at the month's ``as_of``: the first after the month."""
    return date.fromisoformat(f"{shift(book.month, 1)}-01")


def by(book: Book, days: int) -> str:
    """The date ``days`` after the month's close, moved to Monday from a weekend."""
    due = opening_day(book) + timedelta(days=days)
    return formats.date(due + timedelta(days=max(0, 7 - due.weekday()) if due.weekday() > 4 else 0))


def local_days(book: Book, instants: pd.Series) -> pd.Series:
    """Instants (naive UTC) as days of the company's time zone; NaT stays."""
    there = pd.to_datetime(instants).dt.tz_localize("UTC").dt.tz_convert(book.about["timezone"])
    return there.dt.tz_localize(None).dt.normalize()


def window(book: Book) -> str:
    """The months the churn score speaks of: ``Aug to Oct 2025``."""
    first, last = (
        shift(book.month, book.about["lead"] + 1),
        shift(book.month, book.about["horizon"]),
    )
    return span(first, last)


def quarter(book: Book) -> str:
    """The three months after the close: ``Jul to Sep 2025``."""
    return span(shift(book.month, 1), shift(book.month, 3))


def span(first: str, last: str) -> str:
    """Two months in words, the year said once where it is one."""
    if first == last:
        return formats.month(last)
    same = first[:4] == last[:4]
    start = formats.month(first).split(formats.NBSP)[0] if same else formats.month(first)
    return f"{start} to {formats.month(last)}"


def since(book: Book) -> str:
    """The month before, short: ``May``."""
    return former(book).split(formats.NBSP)[0]


def former(book: Book) -> str:
    """The month before: ``May 2025``."""
    return formats.month(shift(book.month, -1))


def scored(book: Book) -> bool:
    """Whether any account has a probability of churn."""
    return bool(book.scores["p_churn"].notna().any())


def unsaid(book: Book, kind: str = "churn") -> str:
    """Why there is no ``kind`` model, in one sentence."""
    said = str(book.about["models"][kind]["said"]) or f"there is no {kind} model yet"
    return f"{said[:1].upper()}{said[1:].partition('. ')[0].rstrip('.')}."


def verdict_of(book: Book, kind: str) -> str:
    """The ``kind`` model's verdict, to follow its name in a sentence."""
    said = str(book.about["models"][kind]["verdict"])
    if said.startswith("beats"):
        return said
    return f"shows {said}" if said.startswith("no signal") else f"is {said}"


def owners(book: Book) -> list[Column]:
    """The column of CSMs, if any account has one."""
    named = (book.scores["csm"] != NOBODY).any()
    return [Column("csm", "CSM", "name")] if named else []


def then(book: Book, column: str) -> int | None:
    """``column`` of the risk frame in the month before; ``None`` where it was not scored."""
    row = book.risk[book.risk["month"] == shift(book.month, -1)]
    if row.empty or pd.isna(row[column].iloc[0]):
        return None
    return int(row[column].iloc[0])


def lists(each: Sequence[Sequence[object]], like: pd.DataFrame) -> pd.Series:
    """Lists as a column of ``like``."""
    return pd.Series(each, index=like.index, dtype="object")


def spoken(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
