"""What a feature's function is given: the rows of one table as they were known.

``t.<column>`` is an unbound expression over one table, so a function cannot name
another; a column that cannot be known as of a past instant is not there at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import narwhals as nw

from features.instants import microseconds
from warehouse.asof import live
from warehouse.contract import NEVER, TABLES
from warehouse.errors import Refusal

Statistic = Literal[
    "count",
    "sum",
    "mean",
    "median",
    "min",
    "max",
    "distinct",
    "latest",
    "days",
    "weekend days",
    "weeks",
    "longest gap",
    "last day",
]
OF_DAYS = frozenset({"days", "weekend days", "weeks", "longest gap", "last day"})
TILED = OF_DAYS | {"count", "sum", "mean", "min", "max", "distinct"}
"""What can be put together from parts of a window, to the last unit."""


DAY = 86_400  # seconds


class DeclarationError(Refusal):
    """A feature is declared in a way that could mislead; the message says what to write."""

    code = 70


@dataclass(frozen=True)
class Aggregate:
    """One number per account: ``statistic`` of ``value`` over the rows where ``where`` holds.

    ``since`` turns an instant into days: 1 for days passed since it, -1 for days
    until it, 0 for no instant. ``over`` divides by the count of rows where it holds,
    ``per`` by a sum. ``by`` is what the latest row is latest by, its own clock if none.
    """

    statistic: Statistic
    value: nw.Expr
    where: nw.Expr | None = None
    since: int = 0
    over: nw.Expr | None = None
    per: nw.Expr | None = None
    by: nw.Expr | None = None


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

    @property
    def tiled(self) -> bool:
        """Whether its rows are read once and for all, and windows put together from tiles."""
        return TABLES[self.table].by_month


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

    @property
    def cutoff(self) -> nw.Expr:
        """The instant before which everything was known."""
        if self._source.tiled:
            raise DeclarationError(
                f"{self._source.table} is read once for all cutoffs, so t.cutoff is not known; "
                "write a trailing window, or t.days_since_last()"
            )
        return nw.lit(self._cutoff)

    @property
    def live(self) -> nw.Expr:
        """Whether a contract line runs at the close before the cutoff."""
        return self.ran(0)

    def ran(self, days: int) -> nw.Expr:
        """Whether a contract line ran ``days`` before the cutoff, as is known at the cutoff."""
        if self._source.table != "contract_lines":
            raise DeclarationError(
                f"t.live is said of contract_lines, not of {self._source.table}; "
                "write t.count(where=...) with a column of its own"
            )
        self.beside |= {"starts_on", "ends_on", "ended_on"}
        return live(self._cutoff - timedelta(days=days))

    def __getattr__(self, name: str) -> nw.Expr:
        if name.startswith("_") or name not in self._source.columns:
            raise DeclarationError(
                f"{self._source.table} shows no column {name!r} as of a past instant; "
                f"it shows {', '.join(self._source.columns)}"
            )
        self.read.add(name)
        return nw.col(name)

    def days_between(self, earlier: nw.Expr, later: nw.Expr) -> nw.Expr:
        """The days from one instant to another, with their fraction; unknown if either is."""
        return (microseconds(later) - microseconds(earlier)) / (DAY * 1_000_000)

    def minutes_between(self, earlier: nw.Expr, later: nw.Expr) -> nw.Expr:
        """The whole minutes from one instant to another, which can be added up."""
        return (microseconds(later) - microseconds(earlier)) // 60_000_000

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

    def ratio(self, value: nw.Expr, per: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """The sum of ``value`` divided by the sum of ``per``; unknown where that is 0."""
        if where is not None:
            per = nw.when(where).then(per)
        return Aggregate("sum", value, where, per=per)

    def portion(self, value: nw.Expr, part: nw.Expr) -> Aggregate:
        """The sum of ``value`` where ``part`` holds, as a share of its whole sum."""
        return Aggregate("sum", value, part, per=value)

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

    def latest(
        self, value: nw.Expr, where: nw.Expr | None = None, by: nw.Expr | None = None
    ) -> Aggregate:
        """The ``value`` of the row that happened last, or of the one with the largest ``by``."""
        return Aggregate("latest", value, where, by=by)

    def days_since(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the last ``instant`` to the cutoff."""
        return Aggregate("max", instant, where, since=1)

    def days_since_first(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the first ``instant`` to the cutoff."""
        return Aggregate("min", instant, where, since=1)

    def days_until(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the cutoff to the nearest ``instant`` (negative: it has passed)."""
        return Aggregate("min", instant, where, since=-1)

    def days_until_last(self, instant: nw.Expr, where: nw.Expr | None = None) -> Aggregate:
        """Days from the cutoff to the last ``instant`` (negative: it has passed)."""
        return Aggregate("max", instant, where, since=-1)

    def days(self, where: nw.Expr | None = None) -> Aggregate:
        """On how many of the company's own days any row happened."""
        return self._of_days("days", where)

    def weekend_days(self, where: nw.Expr | None = None) -> Aggregate:
        """On how many Saturdays and Sundays any row happened."""
        return self._of_days("weekend days", where)

    def weeks(self, where: nw.Expr | None = None) -> Aggregate:
        """In how many of the whole weeks counted back from the cutoff any row happened."""
        return self._of_days("weeks", where)

    def longest_gap(self, where: nw.Expr | None = None) -> Aggregate:
        """The longest run of days of the window without any row."""
        return self._of_days("longest gap", where)

    def days_since_last(self, where: nw.Expr | None = None) -> Aggregate:
        """Days from the last day with any row to the cutoff; unknown without one."""
        return self._of_days("last day", where)

    def _of_days(self, statistic: Statistic, where: nw.Expr | None) -> Aggregate:
        if not self._source.tiled:
            raise DeclarationError(
                f"days are counted of tables kept by month, not of {self._source.table}; write "
                "t.count(where=...), or t.days_since(...) of one of its instants"
            )
        return Aggregate(statistic, nw.lit(1), where)
