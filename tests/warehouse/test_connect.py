"""Raw files: what is torn, mis-encoded, missing or outside is refused in words; nothing escapes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import PIPE, Popen

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.warehouse.inputs import (
    ACCOUNTS,
    LINES,
    Content,
    column,
    duckdb_file,
    frozen,
    ledger,
    lines,
    mapping,
    write,
)
from warehouse.connect import Origin, columns_of, database, literal, quoted, relation
from warehouse.errors import DataRefused, InputMissing, Locked
from warehouse.freeze import freeze
from warehouse.mapping import Data

UTF8 = ACCOUNTS.replace("One", "Zoë & Søn")


def refused(workspace: Path, content: Content, table: str = "contract_lines") -> str:
    """What is said of a table with this content."""
    with pytest.raises(DataRefused) as caught:
        frozen(workspace, {f"{table}.csv": content})
    assert str(caught.value).startswith(f"{table}: ")
    return str(caught.value)


def rows(file: Path, content: Content | None = None) -> list[tuple[str, ...]]:
    """The raw rows of a file, each after its number."""
    if isinstance(content, pa.Table):
        pq.write_table(content, file)
    elif content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    names = columns_of(file, "accounts")
    with database(file.parent) as con:
        return relation(con, Origin("accounts", file, None, "", names), Data()).fetchall()


@pytest.mark.parametrize("cut", range(1, 46))
def test_a_file_cut_anywhere_is_refused_unless_at_a_line_end(tmp_path: Path, cut: int) -> None:
    whole = LINES + "L3,A1,2024-03-01,2025-03-01,300.00\n"
    torn = whole[:-cut]
    if torn.endswith("\n"):
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


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="data/raw does not exist"):
        freeze(mapping(), tmp_path)
    write(tmp_path, {"accounts.csv": ACCOUNTS})
    with pytest.raises(InputMissing, match="holds no table contract_lines"):
        freeze(mapping(), tmp_path)
    told = {"contract_lines": {"from": "lines.csv", "columns": {}}}
    with pytest.raises(
        InputMissing, match=r"lines.csv does not exist; the folder has accounts.csv"
    ):
        freeze(mapping(tables=told), tmp_path)
    write(tmp_path, {"accounts.parquet": b"", "contract_lines.csv": LINES})
    with pytest.raises(DataRefused, match=r"both .*accounts.csv and accounts.parquet exist"):
        freeze(mapping(), tmp_path)


def test_what_else_lies_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    clean = frozen(tmp_path / "clean")
    strays: dict[str, Content] = dict.fromkeys(
        ("tmp_accounts.parquet", "~$accounts.csv", "usage.csv.crdownload", ".usage.csv", "x.xlsx"),
        b"\0torn",
    )
    write(tmp_path / "strays", strays)
    (tmp_path / "strays" / "data" / "raw" / "tickets.csv").mkdir()
    strayed = frozen(tmp_path / "strays")
    assert (strayed.id, strayed.tables) == (clean.id, {"accounts", "contract_lines"})


def test_a_name_with_a_wildcard_is_one_file(tmp_path: Path) -> None:
    """``accounts[1].csv`` is not accounts1.csv, and ``a*.parquet`` not all that begin with a."""
    for name, other in (("a[1].csv", "a1.csv"), ("b*.parquet", "b1.parquet"), ("c?.csv", "c1.csv")):
        for file, word in ((other, "wrong"), (name, "right")):
            csv = f"account_id,name\nA1,{word}\n"
            table = pa.table({"account_id": ["A1"], "name": [word]})
            found = rows(tmp_path / file, csv if name.endswith("csv") else table)
        assert found == [(1, "A1", "right")]


def test_a_folder_is_no_column(tmp_path: Path) -> None:
    """``name=acme`` on the way to a file would fill the column ``name`` if it were let."""
    table = pa.table({"account_id": ["A1", "A2"], "name": ["One", "Two"]})
    made = frozen(tmp_path / "name=acme" / "account_id=7", {"accounts.parquet": table})
    assert column(made, "name", "accounts") == ["One", "Two"]
    assert column(made, "account_id") == ["A1", "A2"]


def test_a_damaged_parquet_is_refused(tmp_path: Path) -> None:
    raw = write(tmp_path, {"contract_lines.csv": LINES})
    file = raw / "usage.parquet"
    day = ["2024-01-01"] * 20_000
    pq.write_table(pa.table({"account_id": ["A1"] * 20_000, "day": day}), file, compression="gzip")
    whole = file.read_bytes()
    for damaged in (whole[:-30], b"", whole[:4], b"no parquet"):
        file.write_bytes(damaged)
        with pytest.raises(DataRefused, match=r"usage: .*cannot be read as Parquet"):
            freeze(mapping(), tmp_path)
    # The footer is whole, a page is not.
    file.write_bytes(whole[:8] + bytes(60) + whole[68:])
    with pytest.raises(
        DataRefused, match=r"usage: usage.parquet cannot be read: .*export it again"
    ):
        freeze(mapping(), tmp_path)
    names = pa.schema([("account_id", pa.string()), ("day", pa.string()), ("day", pa.string())])
    pq.write_table(pa.table([["A1"], ["x"], ["y"]], schema=names), file)
    with pytest.raises(DataRefused, match="has the column 'day' twice"):
        freeze(mapping(), tmp_path)


def test_sums_are_honoured(tmp_path: Path) -> None:
    digest = sha256(ACCOUNTS.encode()).hexdigest()
    for line in (f"{digest}  accounts.csv", f"{digest.upper()} *./accounts.csv"):
        sums = f"{line}\n{'0' * 64}  unread.csv\n"
        assert frozen(tmp_path, {"accounts.csv": ACCOUNTS, "SHA256SUMS": sums}).tables
        with pytest.raises(DataRefused, match="does not match its line in SHA256SUMS"):
            frozen(tmp_path, {"accounts.csv": ACCOUNTS + "A3,Cut,2024-01-01\n"})
    with pytest.raises(DataRefused, match="SHA256SUMS line 1 is no line of sha256sum"):
        frozen(tmp_path, {"SHA256SUMS": "accounts.csv is fine\n"})


def test_a_source_is_not_led_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(ACCOUNTS)
    raw = write(tmp_path, {"contract_lines.csv": LINES})
    told = {"accounts": {"from": "../../secret.csv", "columns": {"account_id": "account_id"}}}
    with pytest.raises(DataRefused, match="outside the source"):
        freeze(mapping(tables=told), tmp_path)
    (raw / "accounts.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(DataRefused, match="outside the source"):
        freeze(mapping(), tmp_path)
    (raw / "accounts.csv").unlink()
    told["accounts"]["from"] = "contract_lines.xlsx"
    (raw / "contract_lines.xlsx").write_bytes(b"PK")
    with pytest.raises(DataRefused, match=r"is neither .csv nor .parquet"):
        freeze(mapping(tables=told), tmp_path)


def test_a_database_file_is_read_or_named(tmp_path: Path) -> None:
    file = tmp_path / "crm.duckdb"
    data = {"source": "crm.duckdb"}
    hostile = "x'; copy (select 1) to 'pwn.csv'; --\""
    made = "SELECT 'L1' AS line_id, 'A1' AS account_id, DATE '2024-01-01' AS starts_on, 1.005 AS v"
    duckdb_file(file, {hostile: made, "other": "SELECT 1 AS a"})
    names = {"line_id": "line_id", "account_id": "account_id", "starts_on": "starts_on", "arr": "v"}
    told = {"contract_lines": {"from": hostile, "columns": names}}
    snapshot = freeze(mapping(data=data, tables=told), tmp_path)
    assert column(snapshot, "arr") == [101]
    assert ledger(snapshot).file == f"crm.duckdb:{hostile}"
    with pytest.raises(InputMissing, match="holds no table contract_lines"):
        freeze(mapping(data=data), tmp_path)
    told["contract_lines"]["from"] = "gone"
    with pytest.raises(InputMissing, match=r"has no table 'gone'; it has other, x"):
        freeze(mapping(data=data, tables=told), tmp_path)
    assert not list(tmp_path.rglob("pwn.csv"))


def test_a_database_file_that_is_not_closed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "crm.duckdb"
    duckdb_file(file, {"contract_lines": "SELECT 1 AS a"})
    (tmp_path / "crm.duckdb.wal").write_bytes(b"")
    with pytest.raises(DataRefused, match=r"did not close it\. Run CHECKPOINT"):
        freeze(mapping(data={"source": "crm.duckdb"}), tmp_path)
    (tmp_path / "crm.duckdb.wal").unlink()
    file.write_bytes(b"no database" * 100)
    with pytest.raises(DataRefused, match="cannot be opened as a DuckDB file"):
        freeze(mapping(data={"source": "crm.duckdb"}), tmp_path)


def test_a_view_cannot_reach_outside_its_file(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(LINES)
    (tmp_path / "raw").mkdir()
    with duckdb.connect(str(tmp_path / "raw" / "crm.duckdb")) as con:
        secret = literal(str(tmp_path / "secret.csv"))
        con.execute(f"CREATE VIEW contract_lines AS SELECT * FROM read_csv({secret})")
    with pytest.raises(DataRefused, match="cannot be read: Permission Error"):
        freeze(mapping(data={"source": "raw/crm.duckdb"}), tmp_path)


ESCAPES: dict[str, Callable[[Path], str]] = {
    "copy out": lambda out: f"COPY (SELECT 1) TO '{out}/pwn.csv'",
    "copy out through ..": lambda out: f"COPY (SELECT 1) TO '{out}/in/../pwn.csv'",
    "copy out through a link": lambda out: f"COPY (SELECT 1) TO '{out}/in/link/pwn.csv'",
    "read a file": lambda out: f"SELECT content FROM read_text('{out}/secret.txt')",
    "read through a link": lambda out: f"SELECT content FROM read_text('{out}/in/link/secret.txt')",
    "list a folder": lambda out: f"SELECT * FROM glob('{out}/*')",
    "attach": lambda out: f"ATTACH '{out}/pwn.db' AS pwn",
    "export": lambda out: f"EXPORT DATABASE '{out}/pwn'",
    "install": lambda out: "INSTALL httpfs",
    "load": lambda out: f"LOAD '{out}/pwn.duckdb_extension'",
    "allow everything": lambda out: "SET enable_external_access = true",
    "allow one folder": lambda out: f"SET allowed_directories = ['{out}/']",
    "spill elsewhere": lambda out: f"SET temp_directory = '{out}/pwn'",
    "log elsewhere": lambda out: f"SET log_query_path = '{out}/pwn.log'",
    "another time zone": lambda out: "SET TimeZone = 'Asia/Kolkata'",
    "a Python variable": lambda out: "SELECT * FROM tempting",
}


@pytest.mark.parametrize("escape", ESCAPES)
def test_the_database_stays_in_its_folder(tmp_path: Path, escape: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    tempting = pa.table({"a": [1]})
    before = sorted(tmp_path.iterdir())
    with database(tmp_path / "in") as con, pytest.raises(duckdb.Error):
        con.execute(ESCAPES[escape](tmp_path)).fetchall()
    assert sorted(tmp_path.iterdir()) == before
    assert tempting.num_rows == 1


def test_the_database_works_inside_its_folder(tmp_path: Path) -> None:
    """A control: the same statements are possible where they should be."""
    with database(tmp_path) as con:
        con.execute(f"COPY (SELECT 7 AS a) TO {literal(str(tmp_path / 'x.csv'))}")
        con.execute(f"ATTACH {literal(str(tmp_path / 'x.db'))} AS x")
        found = con.execute(f"SELECT content FROM read_text({literal(str(tmp_path / 'x.csv'))})")
        assert "7" in found.fetchall()[0][0]
        name = 'a"b; DROP TABLE x'
        con.execute(f"CREATE TABLE {quoted(name)} AS SELECT 'it''s' AS {quoted(name)}")
        assert con.execute(f"SELECT {quoted(name)} FROM {quoted(name)}").fetchall() == [("it's",)]


def test_a_database_open_elsewhere_may_be_free_later(tmp_path: Path) -> None:
    duckdb_file(tmp_path / "crm.duckdb", {"contract_lines": "SELECT 1 AS a"})
    holding = "import duckdb, sys; c = duckdb.connect('crm.duckdb'); print(1, flush=True); input()"
    with Popen([sys.executable, "-c", holding], cwd=tmp_path, stdin=PIPE, stdout=PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Locked, match="is open in another program") as caught:
            freeze(mapping(data={"source": "crm.duckdb"}), tmp_path)
        other.communicate(b"\n")
    assert caught.value.code == 75
