"""What a renewal forecast rests on: each term's chance, how close anybody could be, shared luck."""

from __future__ import annotations

import pandas as pd

from models import forecast
from models.outlook import CLOSE
from reporting import formats
from reporting.cells import Column
from reporting.notes import prose
from reporting.shown import Shown
from reporting.tables import table

LARGEST = 10
SHOCKS = (0.0, forecast.PRIOR, 0.05, 0.1)


def chances(due: pd.DataFrame, currency: str) -> Shown:
    """The open terms with the most ARR expected to be lost, and what they are worth.

    ``due`` are rows of the ledger's sheet of renewals.
    """
    rows = due[due["state"] == "open"]
    rows = rows.assign(loss=(rows["arr"] * rows["p_lost"]).round().astype("int64"))
    rows = rows.sort_values(["loss", "account_id"], ascending=[False, True], ignore_index=True)
    return table(
        rows,
        [
            Column("account_id", "Account"),
            Column("ends_on", "Term ends", "date"),
            Column("decide_by", "Decides by", "date"),
            Column("arr", f"ARR, {currency}", "money", unit=currency),
            Column("p_lost", "Chance of loss", "pct"),
            Column("loss", "Expected loss", "money", unit=currency, bar=True),
        ],
        "The open terms with most to lose",
        limit=LARGEST,
        empty="No term is open.",
    )


def reach(due: pd.DataFrame) -> Shown:
    """How often the renewed ARR of these terms can be told closely, by anybody at all."""
    if due.empty:
        return prose("No term ends in the half year ahead, so there is nothing to tell.")
    sure = forecast.certainty(due["arr"], due["p_lost"], CLOSE)
    return prose(
        "Of these {n} terms the renewed ARR lies within {close} of what is expected in **{sure}** "
        "of futures, for somebody who knew every chance and if all drew alone. To be so close nine "
        "times in ten takes {needed} such terms.",
        n=formats.count(len(due)),
        close=formats.pct(CLOSE, 0),
        sure=formats.pct(sure, 0),
        needed=formats.count(forecast.attainable(due["arr"], due["p_lost"], CLOSE)),
    )


def shocks(due: pd.DataFrame, currency: str) -> Shown:
    """The range of the lost ARR of each quarter under several shares of common luck."""
    rows = []
    for rho in SHOCKS:
        told = forecast.forecast(due, rho)
        lost = told[(told["what"] == "lost") & (told["every"] == "quarter")]
        for row in lost.itertuples():
            low, high = (formats.money(cents, currency) for cents in (row.p10, row.p90))
            rows.append({"rho": rho, "period": row.period, "range": f"{low} to {high}"})
    frame = pd.DataFrame(rows, columns=["rho", "period", "range"])
    wide = frame.pivot(index="rho", columns="period", values="range").reset_index()
    columns = [Column("rho", "Shared luck", "pct", digits=0)]
    columns += [Column(str(name), str(name), align="end") for name in wide.columns[1:]]
    return table(
        wide,
        columns,
        "ARR lost, P10 to P90, by quarter",
        "Quarters that have begun hold the terms still ahead.",
        empty="No term ends in the half year ahead.",
    )
