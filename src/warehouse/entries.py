"""Entries of a catalogue in TOML: of one kind, each with a name of its own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from warehouse.errors import DataRefused, InputMissing


class Named(BaseModel):
    """An entry of a catalogue. A key it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1)


Kind = TypeVar("Kind", bound=Named)


def read(file: Path, table: str, kind: type[Kind]) -> tuple[Kind, ...]:
    """The entries ``[[table]]`` of ``file``, in its order.

    Raises ``InputMissing`` without the file, and ``DataRefused`` naming file,
    entry, key, rule and what was found, for all faults at once.
    """
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputMissing(f"{file} does not exist; it lists the [[{table}]] entries") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataRefused(f"{file} is not valid TOML: {error}") from error
    rows = told.get(table)
    if set(told) != {table} or not isinstance(rows, list) or not rows:
        raise DataRefused(
            f"{file} holds {', '.join(sorted(told)) or 'nothing'}; it should hold only "
            f"[[{table}]] entries, one or more"
        )
    found: list[Kind] = []
    faults: list[str] = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(kind.model_validate(row))
        except ValidationError as error:
            faults += _faults(error, f"{table} {_called(row, number)}")
    names = [each.name for each in found]
    faults += [
        f"{table} {name!r} is there {names.count(name)} times; give each a name of its own"
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    if faults:
        raise DataRefused("\n  ".join([f"{file} cannot be used:", *faults]))
    return tuple(found)


def _called(row: Any, number: int) -> str:
    name = row.get("name") if isinstance(row, dict) else None
    return repr(name) if name else f"number {number}"


def _faults(error: ValidationError, where: str) -> list[str]:
    told = []
    for fault in error.errors(include_url=False):
        key = ".".join(str(part) for part in fault["loc"])
        says = fault["msg"].removeprefix("Value error, ")
        held = "" if fault["type"] in ("missing", "value_error") else f"; found {fault['input']!r}"
        told.append(f"{where}{', ' if key else ''}{key}: {says}{held}")
    return told
