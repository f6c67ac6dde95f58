"""Exchange rates by month, and what they alone do to ARR.

Money in the tables is in the reporting currency at one fixed rate a currency, so that no
movement is a rate's. Two other rules of the field value it anew: every line at each month's
closing rate (Chargebee), or at the rate of its last invoice, so that what is billed by the
year moves once a year and what is billed by the month each month (Fincome).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import duckdb
import pandas as pd

from metrics.axis import number
from warehouse.errors import DataRefused
from warehouse.months import check

Fixed = Mapping[str, Decimal]
Dated = Mapping[str, Mapping[str, Decimal]]


@dataclass(frozen=True)
class Rates:
    """What a unit of each currency was worth at each month's close, over its fixed rate.

    ``factors`` has a row a currency and month: currency, place (of the month), factor. A
    line in a currency without any is worth its ``arr`` always. ``rule`` says which month's
    rate counts for a line: that of the ``closing`` month, or of the last time it was
    ``invoiced`` (by the month where its billing says so, else on each anniversary).
    """

    factors: pd.DataFrame
    rule: Literal["closing", "invoiced"]

    def value(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make ``valued``: the view ``line`` with what each is worth at its first and last close.

        And ``revalued``: k, product, place, fx (cents), where rates alone moved a line: in the
        month it stops too, so that what follows it is compared at one rate. Before the first
        month of the factors a line is worth what it is in it.
        """
        con.register("factor", self.factors)
        rated = "place"
        if self.rule == "invoiced":
            rated = (
                "CASE WHEN billing = 'monthly' THEN place ELSE "
                "greatest(b + (place - b) // 12 * 12, (SELECT min(place) FROM factor)) END"
            )
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE monthly AS
            SELECT spread.*, round(arr * factor.factor)::BIGINT AS worth
            FROM (
                SELECT line.*, place, {rated} AS rated
                FROM line JOIN (SELECT DISTINCT place FROM factor) ON place >= b AND place <= e
            ) AS spread
            JOIN factor ON factor.currency = spread.currency AND factor.place = rated"""
        )
        con.execute(
            """CREATE OR REPLACE TEMP TABLE valued AS
            SELECT line.*, coalesce(starts, arr) AS first, coalesce(stops, arr) AS last
            FROM line LEFT JOIN (
                SELECT line_row, arg_min(worth, place) AS starts, arg_max(worth, place) AS stops
                FROM monthly GROUP BY line_row
            ) USING (line_row)"""
        )
        con.execute(
            """CREATE OR REPLACE TEMP TABLE revalued AS SELECT * FROM (
                SELECT k, product, place,
                    worth - lag(worth) OVER (PARTITION BY line_row ORDER BY place) AS fx
                FROM monthly
            ) WHERE fx <> 0"""
        )
        con.unregister("factor")


def rates(
    dated: Dated, fixed: Fixed, months: Sequence[str], rule: Literal["closing", "invoiced"]
) -> Rates:
    """The rates of ``months``, each carried on until there is another.

    ``dated`` holds what a unit of a currency was worth in the reporting one, by currency and
    month, ``fixed`` the rate the tables were read at. Raises ``DataRefused`` for a currency
    that has dated rates and no fixed one, and for what is no month.
    """
    rows = []
    for currency, told in sorted(dated.items()):
        if currency not in fixed:
            raise DataRefused(
                f"fx: {currency} has rates by the month and none under [rates]; give the fixed one "
                "too, at which its amounts are read"
            )
        try:
            known = sorted((check(month), rate) for month, rate in told.items())
        except ValueError as error:
            raise DataRefused(f"fx.{currency}: {error}") from error
        for month in months if known else ():
            rate = next((r for m, r in reversed(known) if m <= month), known[0][1])
            rows.append((currency, number(month), float(rate / fixed[currency])))
    frame = pd.DataFrame(rows, columns=["currency", "place", "factor"])
    types = {"currency": "str", "place": "int64", "factor": "float64"}
    return Rates(frame.astype(types), rule)
