"""Why they left: the year's lost accounts by the reason recorded."""

from __future__ import annotations

import pandas as pd

from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.notes import absent, decision
from reporting.past import NO_REASON, REASONS
from reporting.retention.words import (
    CS,
    amount,
    by,
    cents,
    exactly,
    money,
    plural,
    section,
    span,
)
from reporting.shown import Shown
from reporting.tables import table

FAILED = REASONS["payment_failure"]
NAMED = 3


def departures(book: Book) -> Shown:
    """Lost ARR by recorded reason, tied to the ledger's churn."""
    gone = book.departed
    if gone.empty:
        return absent("reasons of leaving.", "No account left in the last 12 months.")
    grouped = _by_reason(gone)
    return section(_table(book, grouped), _decision(book))


def _by_reason(gone: pd.DataFrame) -> pd.DataFrame:
    grouped = gone.groupby("reason", sort=True).agg(
        accounts=("account_id", "size"),
        arr=("arr", "sum"),
        tenure=("tenure", "median"),
        back=("back", lambda months: int((months != "").sum())),
    )
    table_ = grouped.reset_index().sort_values(["arr", "reason"], ascending=[False, True])
    table_["share"] = table_["arr"] / table_["arr"].sum()
    table_["label"] = table_["reason"].str.capitalize()
    return table_.reset_index(drop=True)


def _title(grouped: pd.DataFrame) -> str:
    unknown = grouped.loc[grouped["reason"] == NO_REASON, "share"].sum()
    if unknown > 0.5:
        return f"For {formats.pct(unknown, 0)} of the ARR lost no reason is recorded"
    top = grouped.iloc[0]
    return f"{formats.pct(top['share'], 0)} of the year's churn is recorded as {top['reason']}"


def _table(book: Book, grouped: pd.DataFrame) -> Shown:
    months = book.walk["month"].tail(12)
    columns = [
        Column("label", "Reason recorded"),
        Column("accounts", "Departures", "count"),
        amount("arr", f"ARR lost, {book.currency}"),
        Column("share", "Share", "pct", bar=True),
        Column("tenure", "Months, median", "count"),
        Column("back", "Came back", "count"),
    ]
    return table(
        cents(grouped, "arr"),
        columns,
        _title(grouped),
        f"{span(months.iloc[0], months.iloc[-1])}, by the reason on the contract line: what was "
        "written down, not a cause shown. The total is the ledger's churn. Months: as a customer. "
        "Who came back stands here and, with the return, under reactivation.",
        total={
            "label": "All that left",
            "accounts": int(grouped["accounts"].sum()),
            "arr": exactly(grouped["arr"].sum()),
            "share": 1.0,
            "tenure": float(book.departed["tenure"].median()),
            "back": int(grouped["back"].sum()),
        },
    )


def _decision(book: Book) -> Shown:
    lost = book.departed.groupby("reason")["arr"].sum()
    unknown = lost.get(NO_REASON, 0)
    if unknown > lost.sum() / 2:
        return decision(
            "Record a reason for every line that stops; without one nothing can be learned.",
            CS,
            by(book, 30),
        )
    failed = book.departed[book.departed["reason"] == FAILED]
    others = book.departed[(book.departed["reason"] != FAILED) & (book.departed["back"] == "")]
    names = ", ".join(others["name"].head(NAMED))
    values = {
        "names": names,
        "accounts": plural(len(failed), "account"),
        "money": money(book, int(failed["arr"].sum())),
    }
    ask = "ask what would have kept {names}" if names else "ask what would have kept them"
    if len(failed):
        text = "Chase failed payments, which took {accounts} and {money}; " + ask + "."
        return decision(text, CS, by(book, 30), **values)
    return decision(f"{ask[0].upper()}{ask[1:]}, and write it down.", CS, by(book, 30), **values)
