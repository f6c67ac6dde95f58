"""The work list as a file: read back by others, nothing in it alive."""

from __future__ import annotations

import csv
import io
import math
from datetime import datetime
from typing import Any

import openpyxl
import pandas as pd
import pytest

from reporting.tables import Column
from reporting.text import clean
from reporting.workbook import LONGEST, Sheet, workbook
from reporting.workbook import csv as comma
from tests.reporting.hostile import NAMES, accounts
from warehouse.errors import DataRefused

CREATED = datetime(2026, 11, 1)
COLUMNS = [
    Column("name", '=1+1 "Account"', "name"),
    Column("segment"),
    Column("reasons", "Why", "list"),
    Column("arr", "ARR", "money", "EUR"),
    Column("risk", "Risk", "pct"),
    Column("value", "n", "count"),
    Column("band", kind="band"),
    Column("due", "Decides by", "date"),
]


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_no_cell_is_a_formula_or_a_link() -> None:
    data = workbook([Sheet("Work list", accounts(), COLUMNS, "=note")], CREATED, ["=1+1"])
    seen = 0
    for sheet in opened(data):
        assert not sheet._hyperlinks
        for cell in (cell for row in sheet.iter_rows() for cell in row):
            assert cell.data_type != "f", cell.coordinate
            assert cell.hyperlink is None
            seen += 1
    assert seen > 200


def test_values_come_back_as_what_they_are() -> None:
    frame = accounts().assign(due=lambda rows: rows["due"].where(rows.index != 1))
    sheet = opened(workbook([Sheet("Work list", frame, COLUMNS)], CREATED))["Work list"]
    head, first, second, *_ = sheet.iter_rows(values_only=True)
    assert head[0] == '=1+1 "Account"'
    assert first[0] == clean(NAMES[0])
    assert first[2] == f"{clean(NAMES[0])}\n{clean(NAMES[-1])}"
    assert first[3:] == (10_000, pytest.approx(1 / 29), 1_000, "At risk", datetime(2026, 1, 31))
    assert second[7] is None
    assert [row[0] for row in sheet.iter_rows(2, values_only=True)] == [clean(n) for n in NAMES]
    assert sheet["D2"].number_format.startswith('"€"#,##0.00')
    assert sheet["H2"].number_format == "yyyy-mm-dd"


def test_the_sheet_is_ready_to_filter_and_explains_itself() -> None:
    book = opened(
        workbook([Sheet("Work list", accounts(), COLUMNS, "Most first.")], CREATED, ["Hi"])
    )
    assert book.sheetnames == ["Work list", "Read me"]
    sheet = book["Work list"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:H{len(NAMES) + 1}"
    told = [value for row in book["Read me"].iter_rows(values_only=True) for value in row if value]
    assert {"Hi", "Most first.", "Decides by", "due, date"} <= set(told)


def test_the_same_list_gives_the_same_bytes() -> None:
    sheets = [Sheet("Work list", accounts(), COLUMNS)]
    data = workbook(sheets, CREATED)
    assert workbook(sheets, CREATED) == data
    properties = opened(data).properties
    assert (properties.created, properties.modified) == (CREATED, CREATED)


@pytest.mark.parametrize("name", ["", "a" * 32, "a/b", "[a]", "'a", "Read me"])
def test_a_sheet_name_excel_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(DataRefused, match="sheet"):
        workbook([Sheet(name, accounts(), COLUMNS)], CREATED)


def test_what_does_not_fit_is_named() -> None:
    long = pd.DataFrame({"name": ["ok", "x" * (LONGEST + 1)]})
    with pytest.raises(DataRefused, match="Work list, row 3, name: 32,768 characters"):
        workbook([Sheet("Work list", long, [Column("name")])], CREATED)
    endless = pd.DataFrame({"risk": [math.inf]})
    with pytest.raises(DataRefused, match="row 2, risk: inf"):
        workbook([Sheet("Work list", endless, [Column("risk", kind="pct")])], CREATED)


def test_a_csv_guards_what_a_spreadsheet_would_run_and_counts_it() -> None:
    frame = accounts().assign(arr=-1_050)
    made = comma(frame, COLUMNS)
    assert made.data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(made.data.decode("utf-8-sig"), newline=""))
    assert head[0].startswith("'=1+1")
    assert len(rows) == len(NAMES)
    guarded = 1
    for row, name in zip(rows, NAMES, strict=True):
        assert row[0] in (clean(name), f"'{clean(name)}")
        guarded += sum(text.startswith(("'=", "'+", "'-", "'@")) for text in row[:3])
        assert not [text for text in row[:3] if text.strip()[0] in "=+-@"]
        assert row[3] == "-10.50"
        assert row[7].startswith("2026-")
    assert made.guarded == guarded > 5


@pytest.mark.parametrize(
    "text", ["=a", "+a", "-a", "@a", " =a", "\u00a0=a", "＝a", "＋a", "|a", "%a"]
)
def test_each_trigger_is_guarded(text: str) -> None:
    made = comma(pd.DataFrame({"name": [text]}), [Column("name")])
    assert made.guarded == 1
