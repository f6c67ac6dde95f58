"""What a feature's function is given: the rows of one table as known, or finished features.

``t.<column>`` is an unbound expression over one table, so a function cannot name
another; a column that cannot be known as of a past instant is not there at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import narwhals as nw
import pandas as pd

from warehouse.asof import live
from warehouse.contract import NEVER, TABLES
from warehouse.errors import Refusal

Statistic = Literal["count", "sum", "mean", "median", "min", "max", "distinct", "latest"]


class DeclarationError(Refusal):
    """A feature is declared in a way that could mislead; the message says what to write."""

    code = 70


@dataclass(frozen=True)
class Aggregate:
    """One number per account: ``statistic`` of ``value`` over the rows where ``where`` holds.

    ``since`` turns an instant into days: 1 for days passed since it, -1 for days
    until it, 0 for no instant. ``over`` divides by the count of rows where it holds.
    """

    statistic: Statistic
    value: nw.Expr
    where: nw.Expr | None = None
    since: int = 0
    over: nw.Expr | None = None


@dataclass(frozen=True)
class Source:
    """The table a domain reads. Its clocks and late columns are those of the contract."""

    table: str

    def __post_init__(self) -> None:
        if self.table not in TABLES:
            raise DeclarationError(
                f"{self.table!r} is not a table of the contract; write one of {', '.join(TABLES)}"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns an author may use: those that can be known as of a past instant."""
        table = TABLES[self.table]
        return tuple(c.name for c in table.columns if c.known != NEVER and c.name != table.known)


class Rows:
    """The rows known at the cutoff, as a feature's function sees them.

    ``t.<column>`` is a Narwhals expression; ``t.cutoff`` is the instant itself.
    ``read`` collects the columns a function asked for.
    """

    def __init__(self, source: Source, cutoff: datetime) -> None:
        self._source = source
        self._cutoff = cutoff
        self.read: set[str] = set()
        self.cutoff = nw.lit(cutoff)

    @property
    def live(self) -> nw.Expr:
        """Whether a contract line runs at the close before the cutoff."""
        return live(self._cutoff)

    def __getattr__(self, name: str) -> nw.Expr:
        if name.startswith("_") or name not in self._source.columns:
            raise DeclarationError(
                f"{self._source.table} shows no column {name!r} as of a past instant; "
                f"it shows {', '.join(self._source.columns)}"
            )
        self.read.add(name)
        return nw.col(name)

    def count(self, where: nw.Expr | None = None) -> Aggregate:
        """How many rows there are."""
        return Aggregate("count", nw.lit(1), where)

    def share(self, part: nw.Expr, of: nw.Expr | None = None) -> Aggregate:
        """The rows where ``part`` holds, as a share of those where ``of`` holds (default: all)."""
        whole = ~nw.col("account_id").is_null() if of is None else of
        return Aggregate("count", nw.lit(1), part & whole, over=whole)

    def sum(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The sum of ``value``."""
        return Aggregate("sum", value, where)

    def mean(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The mean of ``value`` where it is known."""
        return Aggregate("mean", value, where)

    def median(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The median of ``value`` where it is known."""
        return Aggregate("median", value, where)

    def max(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The largest ``value``."""
        return Aggregate("max", value, where)

    def min(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The smallest ``value``."""
        return Aggregate("min", value, where)

    def distinct(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """How many different values there are."""
        return Aggregate("distinct", value, where)

    def latest(self, value: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The ``value`` of the row that happened last."""
        return Aggregate("latest", value, where)

    def days_since(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the last ``instant`` to the cutoff."""
        return Aggregate("max", instant, where, since=1)

    def days_since_first(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the first ``instant`` to the cutoff."""
        return Aggregate("min", instant, where, since=1)

    def days_until(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the cutoff to the nearest ``instant`` (negative: it has passed)."""
        return Aggregate("min", instant, where, since=-1)


class Finished:
    """Finished features by attribute, for the arithmetic of a derived one."""

    def __init__(self, columns: dict[str, pd.Series[float]]) -> None:
        self._columns = columns

    def __getattr__(self, name: str) -> pd.Series[float]:
        return self._columns[name]
