"""How much of the ARR that falls due will be renewed: a range a month, and how earlier ones did."""

from __future__ import annotations

import pandas as pd

from models import forecast as method
from models import outlook
from reporting import formats
from reporting.book import Book
from reporting.cells import Column
from reporting.figure import Caption
from reporting.notes import absent, decision, prose
from reporting.retention.estimates import estimates
from reporting.retention.words import (
    FINANCE,
    by,
    counted,
    money,
    section,
    source,
)
from reporting.shown import Shown
from reporting.tables import table

WIDE = 0.8  # of futures between p10 and p90


def forecast(book: Book) -> Shown:
    """ARR lost at the renewals ahead with its range, what last year's rates say, and the grade."""
    lost = book.forecast[book.forecast["what"] == "lost"]
    if lost.empty:
        return absent(
            "the renewal forecast.",
            "No contract line has a term of more than a month that ends in the next half year.",
        )
    return section(_figure(book, lost), _table(book), _limits(book), _grade(book), _decision(book))


def label(period: str) -> str:
    """A period in words: ``Oct 2026``, ``Q4 2026``."""
    return f"{period[5:]} {period[:4]}" if "Q" in period else formats.month(period, short=True)


def headed(rows: pd.DataFrame) -> pd.Series:
    """The row that speaks for the rest: the first whole quarter, or else the first month."""
    quarters = rows[rows["every"] == "quarter"]
    return (quarters if len(quarters) else rows).iloc[0]


def _figure(book: Book, lost: pd.DataFrame) -> Shown:
    months = lost[lost["every"] == "month"]
    frame = pd.DataFrame(
        {
            "label": [label(period) for period in months["period"]],
            "expected": months["expected"].to_numpy(),
            "low": months["p10"].to_numpy(),
            "high": months["p90"].to_numpy(),
            "before": months["naive"].astype("Int64").to_numpy(),
        }
    )
    first = headed(lost)
    caption = Caption(
        f"{money(book, first['expected'])} of the {money(book, first['due'])} due in "
        f"{label(str(first['period']))} is expected to be lost, eight times in ten "
        f"{money(book, first['p10'])} to {money(book, first['p90'])}",
        "ARR lost by the month in which the term ends. Dot: expected; band: P10 to P90; tick: "
        "what last year's rate of loss would say.",
        source(book, counted(int(months["n"].sum()), "renewals")),
    )
    return estimates(frame, caption, book.currency, "Last year's rate")


def _table(book: Book) -> Shown:
    parts = {"due": "Due", "settled": "Settled by now", "renewed": "Renewed"}
    parts |= {"lost": "Lost", "contracted": "Contracted", "expanded": "Expanded"}
    wide = book.forecast.pivot(index="period", columns="what", values="expected")
    first = book.forecast.drop_duplicates("period").set_index("period")
    rows = wide.join(first[["every", "n", "due", "settled"]]).reset_index()
    told = book.forecast[book.forecast["what"] == "renewed"].set_index("period")
    rows["range"] = [
        f"{money(book, told.loc[p, 'p10'])}–{money(book, told.loc[p, 'p90'])}"
        for p in rows["period"]
    ]
    for name in parts:
        rows[name] = [money(book, cents) for cents in rows[name]]
    rows = rows.assign(label=[label(p) for p in rows["period"]])
    columns = [Column("label", "Term ends in"), Column("n", "Renewals", "count")]
    columns += [Column(name, title, align="end") for name, title in parts.items()]
    columns.insert(5, Column("range", "P10 to P90", align="end"))
    return table(
        rows,
        columns,
        "Due = renewed + lost + contracted; expanded comes on top",
        "A quarter's range is not the sum of its months', for bad months come together. Settled: "
        "signed or cancelled at the close.",
    )


def _limits(book: Book) -> Shown:
    about = book.about["renewals"]
    model = str(about["model"])
    served = (
        "last year's rates, the same for each renewal: no renewal model serves this month"
        if model == "last year"
        else f"the renewal model trained at the close of {formats.month(model)}"
    )
    return prose(
        "The chances are those of {served}. A quarter's renewals share {shock} of their luck, as "
        "past quarters {learnt}. To tell the renewed ARR to within {close} nine times in ten takes "
        "{needed} renewals like next quarter's, for somebody who knew every chance; it has {n}. "
        "Not counted: lines without an end, terms of about a month, and what is sold anew.",
        served=served,
        shock=formats.pct(book.forecast["shock"].iloc[0]),
        learnt="did" if about["learnt"] else "are taken to do until four of them have closed",
        close=formats.pct(outlook.CLOSE, 0),
        needed=formats.count(about["attainable"]),
        n=formats.count(about["n"]),
    )


def _grade(book: Book) -> Shown:
    if book.forecast_grades.empty:
        return prose("No earlier forecast has come due yet, so none is graded here.")
    labels = {what: what.capitalize() for what in method.WHAT}
    rows = book.forecast_grades.assign(label=book.forecast_grades["what"].map(labels))
    return table(
        rows,
        [
            Column("label", "ARR"),
            Column("n", "Forecasts graded", "count"),
            Column("error", "Off by, of ARR due", "pct"),
            Column("naive_error", "Last year's rate, off by", "pct"),
            Column("inside", "Inside P10 to P90", "pct"),
            Column("close", "Within 5 % of ARR due", "pct"),
        ],
        "How earlier forecasts did",
        f"Months and quarters forecast up to half a year ahead and certain by now. Inside should "
        f"be near {formats.pct(WIDE, 0)}. Forecasts of one period are not independent.",
    )


def _decision(book: Book) -> Shown:
    first = headed(book.forecast[book.forecast["what"] == "renewed"])
    return decision(
        "Commit {low} of the {due} due in {period} as renewed; {high} is the good case.",
        FINANCE,
        by(book, 14),
        low=money(book, first["p10"]),
        due=money(book, first["due"]),
        period=label(str(first["period"])),
        high=money(book, first["p90"]),
    )
