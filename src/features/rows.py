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
    ``read`` collects the columns a function asked for, ``beside`` those that ``live``
    needs; unlike the former, a company may do without the latter.
    """

    def __init__(self, source: Source, cutoff: datetime) -> None:
        self._source = source
        self._cutoff = cutoff
        self.read: set[str] = set()
        self.beside: set[str] = set()
        self.cutoff = nw.lit(cutoff)

    @property
    def live(self) -> nw.Expr:
        """Whether a contract line runs at the close before the cutoff."""
        if self._source.table != "contract_lines":
            raise DeclarationError(
                f"t.live is said of contract_lines, not of {self._source.table}; "
                "write t.count(where=...) with a column of its own"
            )
        self.beside |= {"starts_on", "ends_on", "ended_on"}
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

    def checked(self, made: object) -> Aggregate:
        """``made`` itself, if it is an aggregate of the columns asked for and of no others."""
        if not isinstance(made, Aggregate):
            raise DeclarationError(
                f"returns {type(made).__name__}; return one aggregate of t, such as "
                "t.count(where=...) or t.sum(t.minutes)"
            )
        nothing = _nothing(self._source.table, self.read | self.beside | {"account_id"})
        for part, holds in ((made.value, False), (made.where, True), (made.over, True)):
            if part is None:
                continue
            if not isinstance(part, nw.Expr):
                raise DeclarationError(
                    f"gives {part!r} where an expression of t is needed; write t.minutes "
                    "for a column, t.events > 0 for a condition"
                )
            try:
                dtype = nothing.select(part.alias("made")).schema["made"]
            except Exception as error:
                why = str(error).strip().splitlines()[0]
                raise DeclarationError(
                    f"cannot be made from what it asks of t ({why}); name each column as "
                    f"t.<column>: {', '.join(self._source.columns)}"
                ) from error
            if holds and dtype != nw.Boolean:
                raise DeclarationError(
                    f"has a condition that is {dtype}, not true or false; write one like "
                    "t.events > 0"
                )
        return made


PANDAS = {"integer": "Int64", "number": "Float64", "money": "Int64", "flag": "boolean"}


def _nothing(table: str, columns: set[str]) -> nw.DataFrame[pd.DataFrame]:
    """``columns`` of ``table`` with their types and without rows."""
    types = {c.name: PANDAS.get(c.kind, "str") for c in TABLES[table].columns}
    types |= {c.name: "datetime64[us]" for c in TABLES[table].columns if c.kind == "instant"}
    empty = {name: pd.Series(dtype=types[name]) for name in TABLES[table].names if name in columns}
    return nw.from_native(pd.DataFrame(empty), eager_only=True)


class Finished:
    """Finished features by attribute, for the arithmetic of a derived one.

    ``KeyError`` where there is none of that name.
    """

    def __init__(self, columns: dict[str, pd.Series[float]]) -> None:
        self._columns = columns

    def __getattr__(self, name: str) -> pd.Series[float]:
        return self._columns[name]
