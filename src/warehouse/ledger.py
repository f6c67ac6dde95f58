"""The row ledger: what became of every raw row of a table.

Three fates, no fourth: ``rows_in = used + repaired + quarantined``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Reason:
    """Why rows met their fate: the rule, the column, how many, and the first of them."""

    fate: str
    rule: str
    column: str
    says: str
    rows: int
    first_row: int
    example: str


@dataclass(frozen=True)
class TableLedger:
    """What became of every row of one table. ``kept`` rows went on to the frozen table.

    ``columns`` are those the company records; ``clock`` says where ``known_at`` comes from.
    """

    table: str
    file: str
    sha256: str
    rows_in: int
    used: int
    repaired: int
    quarantined: int
    left_out: int
    kept: int
    clock: str
    columns: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if self.rows_in != self.used + self.repaired + self.quarantined:
            raise AssertionError(f"{self.table}: the row ledger does not add up: {asdict(self)}")


def refused(ledger: TableLedger, limit: float) -> str:
    """The message for a table with too many rows in quarantine, or with none left to use."""
    lines = [
        f"{ledger.table}: {ledger.quarantined:,} of {ledger.rows_in:,} rows of {ledger.file} "
        "are faulty, "
        + (
            f"more than the {limit:.0%} that [limits] quarantined allows:"
            if ledger.used
            else "and none can be used:"
        )
    ]
    lines += [
        f"  {r.rows:,} x {r.rule}: {r.says} ({r.column}, first in row {r.first_row}: {r.example!r})"
        for r in ledger.reasons
        if r.fate == "quarantined"
    ][:20]
    return "\n".join([*lines, "Mend the export or its mapping; nothing was changed."])
