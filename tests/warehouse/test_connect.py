"""Raw tables: what is missing, changed or outside is refused in words, and nothing escapes."""

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
    mapping,
    rows,
    write,
)
from warehouse.connect import database, literal, quoted
from warehouse.errors import DataRefused, InputMissing, Locked
from warehouse.freeze import freeze


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
    assert made.frame("accounts")["name"].tolist() == ["One", "Two"]
    assert made.frame("contract_lines")["account_id"].tolist() == ["A1", "A2"]


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
