"""The work list as a file: an ``.xlsx`` to filter, a ``.csv`` for another system.

Text stays text: nothing a customer is called becomes a formula or a link. The
same frame gives the same bytes.
"""

from __future__ import annotations

import csv as comma
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import xlsxwriter

from reporting import theme
from reporting.cells import NUMERIC, Column, words
from reporting.formats import SYMBOLS, missing
from reporting.text import clean
from warehouse.errors import DataRefused

LONGEST = 32_767
ROWS = 1_048_575
_TRIGGERS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20|%"
_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")
_MOST_WIDE, _LEAST_WIDE = 60, 9


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name (at most 31 characters), its rows and columns, a note for the reader."""

    name: str
    frame: pd.DataFrame
    columns: Sequence[Column]
    note: str = ""


@dataclass(frozen=True)
class Csv:
    """A CSV file's bytes, and how many texts in it carry a leading apostrophe."""

    data: bytes
    guarded: int


def workbook(sheets: Sequence[Sheet], created: datetime, readme: Sequence[str] = ()) -> bytes:
    """``sheets`` as one ``.xlsx``: frozen header, filters, money, shares and dates as such.

    ``created`` (naive UTC) is the file's own date: the report's ``as_of``, never the
    clock. ``readme`` lines open a last sheet that also explains every column.
    ``DataRefused`` names a cell, a sheet or a length Excel cannot hold.
    """
    held = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
               "nan_inf_to_errors": False, "in_memory": True}  # fmt: skip
    book = xlsxwriter.Workbook(held, options)
    book.set_properties({"created": created, "title": "", "author": "Perennial"})
    for sheet in sheets:
        _check_name(sheet.name, [other.name for other in sheets])
        _sheet(book, sheet)
    _readme(book, sheets, readme)
    book.close()
    return held.getvalue()


def csv(frame: pd.DataFrame, columns: Sequence[Column]) -> Csv:
    """``frame`` as CSV for spreadsheets: UTF-8 with its mark, amounts in whole units with cents.

    A text a spreadsheet would run as a formula is given a leading apostrophe, and
    counted: say so beside the file. Dates are ISO, shares ratios.
    """
    held = io.StringIO()
    writer = comma.writer(held, lineterminator="\r\n")
    guarded = 0
    rows = [[column.title for column in columns]]
    for record in _records(frame, columns):
        rows.append(
            [_csv_value(value, column) for value, column in zip(record, columns, strict=True)]
        )
    for number, row in enumerate(rows):
        kept = []
        for text, column in zip(row, columns, strict=True):
            risky = number == 0 or column.kind not in NUMERIC
            danger = risky and text.lstrip(" \u00a0").startswith(tuple(_TRIGGERS))
            guarded += danger
            kept.append(f"'{text}" if danger else text)
        writer.writerow(kept)
    return Csv(held.getvalue().encode("utf-8-sig"), guarded)


def _records(frame: pd.DataFrame, columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    return list(frame[[column.name for column in columns]].itertuples(index=False, name=None))


def _check_name(name: str, names: Sequence[str]) -> None:
    if not 1 <= len(name) <= 31 or _SHEET_NAME.search(name) or name.strip("'") != name:
        raise DataRefused(f"{name!r} cannot name a sheet; use 1 to 31 characters without []:*?/\\")
    if sum(name.lower() == other.lower() for other in names) > 1 or name.lower() == "read me":
        raise DataRefused(f"two sheets are called {name!r}; give each its own name")


def _sheet(book: Any, sheet: Sheet) -> None:
    if len(sheet.frame) > ROWS:
        raise DataRefused(f"{sheet.name} has {len(sheet.frame):,} rows; a sheet holds {ROWS:,}")
    page = book.add_worksheet(sheet.name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom"})
    page.set_row(0, 32)
    for place, column in enumerate(sheet.columns):
        page.write_string(0, place, _text(column.title, f"{sheet.name}, header"), head)
    widths = [min(len(column.title), 16) for column in sheet.columns]
    styles = [_style(book, column) for column in sheet.columns]
    for row, record in enumerate(_records(sheet.frame, sheet.columns), start=1):
        for place, (value, column) in enumerate(zip(record, sheet.columns, strict=True)):
            where = f"{sheet.name}, row {row + 1}, {column.name}"
            shown = _write(page, row, place, value, column, styles[place], where)
            widths[place] = max(widths[place], shown)
    for place, width in enumerate(widths):
        page.set_column(place, place, max(_LEAST_WIDE, min(_MOST_WIDE, width + 2)))
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, len(sheet.frame), len(sheet.columns) - 1)
    page.repeat_rows(0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)


def _style(book: Any, column: Column) -> Any:
    mark = SYMBOLS.get(column.unit or "EUR", "")
    sign = f'"{mark}"' if mark else ""
    code = {
        "money": f"{sign}#,##0.00;[Red]-{sign}#,##0.00",
        "pct": "0.0%",
        "points": "+0.0%;-0.0%",
        "count": "#,##0",
        "number": "#,##0.0",
        "date": "yyyy-mm-dd",
    }.get(column.kind, "@")
    return book.add_format({"num_format": code, "valign": "top", "text_wrap": code == "@"})


def _write(
    page: Any, row: int, place: int, value: Any, column: Column, style: Any, where: str
) -> int:
    """Write one cell; returns how many characters wide it is."""
    if not isinstance(value, (list, tuple)) and missing(value):
        page.write_blank(row, place, None, style)
        return 0
    if column.kind in NUMERIC:
        number = float(value) / 100 if column.kind == "money" else float(value)
        if not math.isfinite(number):
            raise DataRefused(f"{where}: {value!r} is not a number a spreadsheet can hold")
        page.write_number(row, place, number, style)
        return len(words(value, column)) + 3
    if column.kind == "date":
        page.write_datetime(row, place, pd.Timestamp(value).to_pydatetime(), style)
        return 10
    text = _text(words(value, column) if column.kind in {"band", "status"} else _raw(value), where)
    page.write_string(row, place, text, style)
    return max(len(line) for line in (text.split("\n") or [""]))


def _raw(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "\n".join(clean(item) for item in value if not missing(item))
    return clean(value)


def _text(text: str, where: str) -> str:
    if len(text) > LONGEST:
        raise DataRefused(f"{where}: {len(text):,} characters; a cell holds {LONGEST:,}")
    return text


def _csv_value(value: Any, column: Column) -> str:
    if isinstance(value, (list, tuple)):
        return "; ".join(clean(item) for item in value if not missing(item))
    if missing(value):
        return ""
    match column.kind:
        case "money":
            cents = int(value)
            return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
        case "pct" | "points" | "number":
            return repr(float(value))
        case "count":
            return str(int(value))
        case "date":
            return f"{pd.Timestamp(value):%Y-%m-%d}"
        case "band":
            return theme.band(value).word
        case "status":
            return theme.STATUSES[str(value)].word
    return clean(value)


def _readme(book: Any, sheets: Sequence[Sheet], lines: Sequence[str]) -> None:
    page = book.add_worksheet("Read me")
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "valign": "top"})
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 90)
    row = 0
    for line in lines:
        page.write_string(row, 1, _text(clean(line), "Read me"), plain)
        row += 1
    for sheet in sheets:
        row += 1
        page.write_string(row, 0, _text(sheet.name, "Read me"), bold)
        page.write_string(row, 1, _text(clean(sheet.note), "Read me"), plain)
        for column in sheet.columns:
            row += 1
            unit = f" ({column.unit})" if column.unit else ""
            page.write_string(row, 0, _text(column.title, "Read me"), plain)
            page.write_string(
                row, 1, _text(f"{column.name}, {column.kind}{unit}", "Read me"), plain
            )
        row += 1
