"""A company's own names, units and words, mapped to the contract.

One TOML file, ``perennial.toml``, says who the company is, where its tables
lie, and how each of its columns becomes one of ours. A table that already has
our names needs no mapping.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from warehouse.contract import TABLES
from warehouse.errors import DataRefused, InputMissing


class Typed(BaseModel):
    """Settings that know their own names: a misspelt one is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Typed):
    """Who the tables belong to. ``currency`` is the one ARR is reported in."""

    name: str
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    timezone: str = "UTC"
    fiscal_year_starts: int = Field(default=1, ge=1, le=12)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is not a time zone; write one like Europe/Oslo") from error
        return zone


class From(Typed):
    """How one column of the contract is made from the company's columns.

    ``column`` names the source; ``value`` is a constant instead. Then, in this
    order: ``words`` translates enumerations, ``format`` parses a date that is
    not ISO, ``times`` multiplies by another column, ``trunc`` cuts an instant
    to its day, ``plus_days`` and ``plus_hours`` add to it, and ``per`` says what
    span a money amount covers, so that it can be made annual.
    """

    column: str | None = None
    value: str | None = None
    words: dict[str, str] = {}
    format: str | None = None
    times: str | None = None
    trunc: Literal["day"] | None = None
    plus_days: int = 0
    plus_hours: str | None = None
    per: Literal["year", "month", "day", "term"] = "year"

    @model_validator(mode="after")
    def _one_origin(self) -> From:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column (whose values to read) or value (a constant)")
        return self


class TableMap(Typed):
    """Where one table comes from and which of its rows belong to it.

    ``file`` is a file of the source folder or a table of the source database;
    ``where`` keeps rows whose column holds one of the words, ``present`` rows
    whose columns are not empty; ``delay_days`` is how long after it happened a
    row is known, for a company that does not record it; ``sum_by`` groups rows
    by columns of the contract and adds up their numbers; ``drop_copies`` takes
    rows equal in every source column for one.
    """

    file: str = Field(alias="from")
    columns: dict[str, From]
    where: dict[str, list[str]] = {}
    present: list[str] = []
    delay_days: int = Field(default=0, ge=0)
    sum_by: list[str] = []
    drop_copies: bool = False

    @field_validator("columns", mode="before")
    @classmethod
    def _plain_names(cls, columns: Any) -> Any:
        if not isinstance(columns, dict):
            return columns
        return {k: {"column": v} if isinstance(v, str) else v for k, v in columns.items()}


class Data(Typed):
    """Where the tables are: a folder of CSV and Parquet, or one DuckDB file.

    ``complete_through`` is the last day every table is loaded to, where the
    newest row does not say it; ``empty`` lists words that mean "no value".
    """

    source: str = "data/raw"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    complete_through: str | None = None
    empty: list[str] = []


class Limits(Typed):
    """Beyond these a row, or a whole table, is not believed."""

    quarantined: float = Field(default=0.2, ge=0, le=1)
    term_days: int = Field(default=3660, ge=1)


class Mapping(Typed):
    """All that says how raw files become the tables of the contract."""

    company: Company
    data: Data = Data()
    limits: Limits = Limits()
    rates: dict[str, Decimal] = {}
    tables: dict[str, TableMap] = {}

    @model_validator(mode="after")
    def _names_of_the_contract(self) -> Mapping:
        for name, table in self.tables.items():
            _known_name(name, list(TABLES), "a table of the contract")
            for column in table.columns:
                names = [n for n in TABLES[name].names]
                _known_name(column, names, f"a column of {name}")
            for column in table.sum_by:
                _known_name(column, list(table.columns), f"a mapped column of {name}")
        return self


def _known_name(name: str, names: list[str], what: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(names)}"
        raise ValueError(f"{name!r} is not {what}{hint}")


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a TOML file; ``InputMissing`` or ``DataRefused`` in plain words."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputMissing(f"{file} does not exist; `perennial init` drafts one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataRefused(f"{file} is not valid TOML: {error}") from error


def explained(file: Path, error: ValidationError) -> DataRefused:
    """A validation error as one sentence for each fault, naming the setting."""
    faults = [
        f"  {'.'.join(str(part) for part in fault['loc']) or 'file'}: "
        f"{fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_url=False, include_input=False)
    ]
    return DataRefused("\n".join([f"{file} cannot be used:", *faults]))
