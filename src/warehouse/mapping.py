"""A company's own names, units and words, mapped to the contract.

One TOML file, ``perennial.toml``, says who the company is, where its tables
lie, and how each of its columns becomes one of ours. A table that already has
our names needs no mapping.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from warehouse.contract import TABLES, Column
from warehouse.errors import DataRefused, InputMissing
from warehouse.postgres_url import checked, is_url


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
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{zone!r} is not a time zone; write one like Europe/Oslo") from error
        if zone == "localtime":
            raise ValueError("'localtime' is another zone on another machine; name the place")
        return zone


class From(Typed):
    """How one column of the contract is made from the company's columns.

    ``column`` names the source; ``value`` is a constant instead. Then, in this
    order: ``words`` translates enumerations, ``format`` parses a date that is
    not ISO (as strptime does), ``times`` multiplies money by another column,
    ``trunc`` cuts an instant to its day and ``plus_days`` adds days to it, both
    by the company's own calendar, ``plus_hours`` adds the hours another column
    holds, and ``per`` says what span an amount of ARR covers, so that it can be
    made annual.
    """

    column: str | None = None
    value: str | None = None
    words: dict[str, str] = {}
    format: str | None = None
    times: str | None = None
    trunc: Literal["day"] | None = None
    plus_days: int = Field(default=0, ge=-36500, le=36500)
    plus_hours: str | None = None
    per: Literal["year", "month", "day", "term"] = "year"

    @model_validator(mode="after")
    def _one_origin(self) -> From:
        if (self.column is None) == (self.value is None):
            raise ValueError("give either column (whose values to read) or value (a constant)")
        return self

    @field_validator("format")
    @classmethod
    def _readable_format(cls, form: str | None) -> str | None:
        if form is not None and not _is_format(form):
            raise ValueError(f"{form!r} is no date format; write one like %d/%m/%Y")
        return form

    def misplaced(self, table: str, column: Column) -> str | None:
        """What is set here and means nothing for ``column``; ``None`` if all fits."""
        fits = {
            "format": column.kind == "instant",
            "trunc": column.kind == "instant",
            "plus_days": column.kind == "instant",
            "plus_hours": column.kind == "instant",
            "times": column.kind == "money",
            "per": column.unit.endswith("a year")
            and (self.per != "term" or table == "contract_lines"),
        }
        return next((n for n in sorted(self.model_fields_set) if not fits.get(n, True)), None)


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
    """Where the tables are: a folder of CSV and Parquet, one DuckDB file, or a PostgreSQL URL.

    ``schema`` is where they lie in such a database; ``complete_through`` is the last day every
    table is loaded to, where the newest row does not say it; ``empty`` lists words that mean
    "no value".
    """

    source: str = "data/raw"
    # Neither place decides what the tables hold, so this one is in no digest of settings.
    in_schema: str = Field(default="public", alias="schema", min_length=1, exclude=True)
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    complete_through: str | None = None
    empty: list[str] = []

    @field_validator("source")
    @classmethod
    def _without_secrets(cls, source: str) -> str:
        return checked(source)

    @model_validator(mode="after")
    def _a_schema_of_a_database(self) -> Data:
        if "in_schema" in self.model_fields_set and not is_url(self.source):
            raise ValueError("schema is of a PostgreSQL database; this source is a folder or file")
        return self

    @field_validator("complete_through", mode="before")
    @classmethod
    def _a_day(cls, day: Any) -> Any:
        try:
            return None if day is None else date.fromisoformat(str(day)).isoformat()
        except ValueError as error:
            raise ValueError(f"{day!r} is not a day; write one like 2026-10-31") from error


class Limits(Typed):
    """Beyond these a row, or a whole table, is not believed."""

    quarantined: float = Field(default=0.2, ge=0, le=1)
    term_days: int = Field(default=3660, ge=1)


Rate = Annotated[Decimal, Field(gt=0, max_digits=15)]


class Mapping(Typed):
    """All that says how raw files become the tables of the contract.

    ``rates`` holds what one unit of each foreign currency is worth in the
    reporting currency.
    """

    company: Company
    data: Data = Data()
    limits: Limits = Limits()
    rates: dict[str, Rate] = {}
    tables: dict[str, TableMap] = {}

    @model_validator(mode="after")
    def _names_of_the_contract(self) -> Mapping:
        for name, table in self.tables.items():
            _known_name(name, list(TABLES), "a table of the contract")
            for column, how in table.columns.items():
                _known_name(column, list(TABLES[name].names), f"a column of {name}")
                if wrong := how.misplaced(name, TABLES[name].column(column)):
                    raise ValueError(f"{name}.{column}: {wrong} means nothing for this column")
            for column in table.sum_by:
                _known_name(column, list(table.columns), f"a mapped column of {name}")
            if table.sum_by and "account_id" not in table.sum_by:
                raise ValueError(f"{name}: sum_by without account_id would add accounts together")
        if self.rates.get(self.company.currency, 1) != 1:
            raise ValueError(f"rates: {self.company.currency} is the reporting currency, worth 1")
        return self


def _is_format(form: str) -> bool:
    try:
        with duckdb.connect(":memory:") as con:
            con.execute("SELECT try_strptime('', ?)", [form])
    except duckdb.Error:
        return False
    return True


def _known_name(name: str, names: list[str], what: str) -> None:
    if name not in names:
        near = nearest(name, names)
        hint = f"; did you mean {near}?" if near else f"; there are {', '.join(names)}"
        raise ValueError(f"{name!r} is not {what}{hint}")


def nearest(name: str, names: Iterable[str], cutoff: float = 0.5) -> str | None:
    """The one of ``names`` most like ``name``, whatever their case and signs; ``None`` if none is.

    >>> nearest("Account ID", ["created", "accountid"])
    'accountid'
    """
    plain = {re.sub(r"[\W_]", "", n.casefold()): n for n in names}
    near = get_close_matches(re.sub(r"[\W_]", "", name.casefold()), plain, n=1, cutoff=cutoff)
    return plain[near[0]] if near else None


def distinct(names: tuple[str, ...], where: str) -> tuple[str, ...]:
    """``names``; ``DataRefused`` where two are equal, or differ in case alone: SQL knows none."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if names.count(name) > 1 or other != name:
            both = f"{name!r} twice" if other == name else f"{other!r} and also {name!r}"
            raise DataRefused(f"{where} has the column {both}; rename or drop one")
    return names


def read_toml(file: Path) -> dict[str, Any]:
    """The content of a TOML file; ``InputMissing`` or ``DataRefused`` in plain words."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputMissing(f"{file} does not exist; `perennial init` drafts one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataRefused(f"{file} is not valid TOML: {error}") from error


def explained(file: Path, error: ValidationError) -> DataRefused:
    """A validation error as one sentence for each fault, naming the setting."""
    faults = []
    for fault in error.errors(include_url=False, include_input=False):
        says = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            near = nearest(str(fault["loc"][-1]), _settings(Typed))
            says = "there is no such setting" + (f"; did you mean {near}?" if near else "")
        faults.append(f"  {'.'.join(str(part) for part in fault['loc']) or 'file'}: {says}")
    return DataRefused("\n".join([f"{file} cannot be used:", *faults]))


def _settings(kind: type[Typed]) -> list[str]:
    """The names of all settings there are."""
    names = [field.alias or name for name, field in kind.model_fields.items()]
    return names + [name for each in kind.__subclasses__() for name in _settings(each)]
