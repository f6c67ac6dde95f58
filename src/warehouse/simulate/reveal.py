"""Open the truth of a simulated company, to show a person what nobody there could see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

TRUTH = "truth"


@dataclass(frozen=True)
class Revealed:
    """What was hidden.

    ``stress`` has a row a month (column ``month``) and a column a driver: the pressures of
    one account. ``cause`` is what made it leave, empty where it stayed; ``causes`` how many
    departures each cause made in the whole company, largest first.
    """

    stress: pd.DataFrame
    cause: str
    causes: pd.Series[int]


def reveal(source: Path, account: str) -> Revealed | None:
    """The truth about ``account`` of the company in ``source``; ``None`` where none was written.

    For drawing only: what scores, explains or forecasts is refused the same folder.
    """
    folder = source / TRUTH
    if not (folder / "churns.parquet").is_file():
        return None
    churns = pq.read_table(folder / "churns.parquet").to_pandas()
    mine = churns[churns["account_id"] == account]
    months = pq.read_table(
        folder / "account_months.parquet", filters=[("account_id", "=", account)]
    ).to_pandas()
    names = [name for name in months if name.startswith("stress_")]
    stress = months[["month", *names]].rename(columns=lambda name: name.removeprefix("stress_"))
    cause = str(mine["cause"].iloc[-1]) if len(mine) else ""
    return Revealed(stress, cause, churns["cause"].value_counts())
