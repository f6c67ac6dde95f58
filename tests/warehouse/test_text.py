"""CSV files: what is torn, mis-encoded or no table is refused in words, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.warehouse.inputs import ACCOUNTS, LINES, Content, frozen, ledger, lines, rows
from warehouse.connect import columns_of
from warehouse.errors import DataRefused

UTF8 = ACCOUNTS.replace("One", "Zoë & Søn")


def refused(workspace: Path, content: Content, table: str = "contract_lines") -> str:
    """What is said of a table with this content."""
    with pytest.raises(DataRefused) as caught:
        frozen(workspace, {f"{table}.csv": content})
    assert str(caught.value).startswith(f"{table}: ")
    return str(caught.value)


@pytest.mark.parametrize("cut", range(1, 46))
def test_a_file_cut_anywhere_is_refused_unless_at_a_line_end(tmp_path: Path, cut: int) -> None:
    whole = LINES + "L3,A1,2024-03-01,2025-03-01,300.00\n"
    torn = whole[:-cut]
    if torn.endswith("\n"):  # so that nobody can tell that rows are missing
        assert rows(tmp_path / "lines.csv", torn)[1][1] == "L2"
    else:
        assert "its last row may be torn" in refused(tmp_path, torn)


@pytest.mark.parametrize(
    ("last", "says"),
    [
        ("L3,A1\n", "line 4 has 2 columns where the header has 5"),
        ("L3,A1,2024-03-01,2025-03-01,300.00,7\n", "line 4 has 6 columns"),
        ('L3,A1,2024-03-01,2025-03-01,"300.00\n', "line 4 holds a quoted value that does not end"),
        ("\0\n", "holds a NUL in line 4"),
        (f"L3,A1,{'9' * 5_000_000},,1\n", "line 4 is longer than 4,194,304 bytes"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, last: str, says: str) -> None:
    assert says in refused(tmp_path, LINES + last)


def test_an_error_never_repeats_the_line_itself(tmp_path: Path) -> None:
    table = "survey_id,account_id,sent_at,comment\nS1,A1,2024-01-01,ann@example.com,oops\n"
    assert "ann@example.com" not in refused(tmp_path, table, "surveys")


def test_a_bad_byte_far_down_is_found(tmp_path: Path) -> None:
    """Past the first megabyte, and in a column nobody reads."""
    long = ACCOUNTS.replace("name", "note") + "".join(
        f"B{i},{'x' * 60},2024-01-01\n" for i in range(20_000)
    )
    for bad, says in ((b"\xeb", "is not UTF-8 in line 20004"), (b"\0", "a NUL in line 20004")):
        row = b"C,Zo" + bad + b",2024-01-01\n"
        assert says in refused(tmp_path, long.encode() + row, "accounts")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty (0 bytes), not even a header"),
        (LINES.splitlines()[0] + "\n", "holds no contract line: it has a header and no rows"),
        ("\n" + LINES, "begins with an empty line"),
        (LINES.encode("utf-16"), "looks like UTF-16"),
        (LINES.encode("utf-16-le"), "looks like UTF-16"),
        (LINES.replace(",", ";"), 'set delimiter = ";" in [data]'),
        (LINES.replace(",", "\t"), 'set delimiter = "\\t" in [data]'),
        (LINES.replace("ends_on", "arr"), "has the column 'arr' twice; rename or drop one"),
        (LINES.replace("ends_on", "ARR"), "has the column 'ARR' and also 'arr'"),
        (LINES.replace("\n", "\r\n", 1), "mixes line endings (CRLF and LF)"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: Content, says: str) -> None:
    assert says in refused(tmp_path, content)


def test_latin_1_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, UTF8.encode("latin-1"), "accounts")
    assert "is not UTF-8 in line 2 (it may be Latin-1 or Windows-1252)" in said


@pytest.mark.parametrize(
    "content",
    [
        UTF8,
        b"\xef\xbb\xbf" + UTF8.encode(),
        UTF8.replace("\n", "\r\n"),
        UTF8.replace("\n", "\r"),
        UTF8.replace("account_id,name", " account_id , name "),
        # An index that was exported along has no name.
        UTF8.replace("account_id", ",account_id").replace("A1", "0,A1").replace("A2", "1,A2"),
        UTF8.replace("name,", "name,\"x'; copy (select 1) to 'pwn.csv'; --\",")
        .replace("Søn,", "Søn,1,")
        .replace("Two,", "Two,2,"),
        UTF8.replace("name", "name,_row").replace("Søn", "Søn,1").replace("Two", "Two,2"),
    ],
    ids=["plain", "bom", "crlf", "cr", "spaces", "index", "hostile", "_row"],
)
def test_the_same_table_written_in_other_ways(tmp_path: Path, content: Content) -> None:
    file = tmp_path / "accounts.csv"
    found = rows(file, content)
    at = [columns_of(file, "accounts").index(name) + 1 for name in ("account_id", "name")]
    assert [[row[0], *(row[i] for i in at)] for row in found] == [
        [1, "A1", "Zoë & Søn"],
        [2, "A2", "Two"],
    ]


def test_a_line_break_in_quotes_is_part_of_the_value(tmp_path: Path) -> None:
    for end in ("\n", "\r\n"):
        table = ACCOUNTS.replace("One", '"One\nand ""half"""').replace("\n", end)
        assert rows(tmp_path / "x.csv", table)[0][2] == f'One{end}and "half"'


def test_another_delimiter_is_told(tmp_path: Path) -> None:
    table = LINES.replace(",", ";").replace("100.00", '"100,00"')
    made = frozen(
        tmp_path,
        {"contract_lines.csv": table},
        data={"delimiter": ";"},
        limits={"quarantined": 1},
    )
    assert [r.example for r in ledger(made).reasons] == ["100,00"]


def test_a_bad_cell_is_named_by_its_row_however_far_down(tmp_path: Path) -> None:
    table = lines(["2024-01-01,1"] * 30_000 + ["2024-01-01,oops", "2024-01-01,1"])
    (reason,) = ledger(frozen(tmp_path, {"contract_lines.csv": table})).reasons
    assert (reason.first_row, reason.example, reason.column) == (30_001, "oops", "arr")
