"""The parts a table is declared with: columns, rules, and the clocks they are known by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import narwhals as nw

Kind = Literal["id", "text", "category", "integer", "number", "money", "flag", "instant"]
Personal = Literal["none", "internal", "personal"]

ROW = "row"
NEVER = "never"


@dataclass(frozen=True)
class Column:
    """One column of the contract.

    ``kind`` decides how a value is read and kept: ``id``, ``text`` and
    ``category`` as text; ``integer`` as BIGINT; ``number`` as
    DECIMAL(18, 6), whose sums do not depend on their order; ``money``
    is read as a decimal amount in the currency's main unit and kept as BIGINT
    cents; ``flag`` as BOOLEAN; ``instant`` as TIMESTAMP in UTC (a naive value,
    or a date, is local to the company's time zone).

    ``default`` is the value of a column the company does not have (for an
    instant: the name of the column to copy); for a word, and for the clock a row
    happened by, also of a cell left empty, which is counted. ``choices`` closes a category:
    another word becomes ``other`` and is counted. ``low`` and ``high`` are
    inclusive bounds in the column's unit.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    known: str = ROW
    late: str | None = None
    personal: Personal = "none"
    choices: tuple[str, ...] = ()
    unit: str = ""
    default: str | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Rule:
    """A statement every admitted row makes true, over the table's own columns.

    A row for which ``holds`` is false is quarantined with ``says`` as its
    reason; null counts as true, because a missing value has its own rule.
    """

    name: str
    holds: nw.Expr
    says: str
    column: str


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key, its two clocks, its columns and rules.

    ``by_month`` is a table that outgrows the others: its rows never change once known, and
    it is frozen as one file a month, so that a month can be read without all the others.
    """

    name: str
    row: str
    key: tuple[str, ...]
    happened: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    required: bool = False
    known: str = "known_at"
    by_month: bool = False

    def column(self, name: str) -> Column:
        """The column called ``name``; ``KeyError`` if the table has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def account() -> Column:
    """The column every table has: whose row it is."""
    return Column("account_id", "id", "The account the row belongs to.", required=True)


def known(happened: str) -> Column:
    """The second clock; a company that does not keep it has ``happened`` copied."""
    return Column(
        "known_at",
        "instant",
        "When the row reached the company's own systems.",
        default=happened,
    )


def late(name: str, meaning: str) -> Column:
    """An instant that becomes known when it comes."""
    return Column(name, "instant", meaning, late=name)
