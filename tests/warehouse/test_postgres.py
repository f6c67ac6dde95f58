"""PostgreSQL as a source, over a real server: every value, all of one moment, the same bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg import sql

from tests.warehouse import inputs
from tests.warehouse.crm import (
    ACCOUNTS,
    LINES,
    TWO,
    Database,
)
from tests.warehouse.inputs import column, frozen, ledger, mapping, quarantine
from tests.warehouse.server import CANARY, READER
from warehouse import freeze as freezing
from warehouse import postgres_session
from warehouse.errors import DataRefused, InputMissing
from warehouse.freeze import HANDED, freeze
from warehouse.postgres import found_tables
from warehouse.postgres_session import session
from warehouse.simulate import simulate
from warehouse.snapshot import Snapshot

pytestmark = pytest.mark.services


# What is read


def test_the_rows_are_those_of_a_csv(db: Database) -> None:
    """NULL, an empty text, quotes and line breaks, in types of their own: the same frozen bytes."""
    db.run(
        "CREATE TABLE accounts (account_id int, name varchar(40), created_at timestamptz, "
        "segment char(8), csm text)",
        "INSERT INTO accounts VALUES (2, E'two\\nlines', '2024-01-02 05:30+05:30', '', NULL), "
        "(10, 'say \"ten\", 100 %', '2024-01-01Z', 'smb', '')",
        "CREATE TABLE contract_lines (line_id uuid, account_id bigint, starts_on date, "
        "ends_on timestamp, arr float8, seats numeric)",
        "INSERT INTO contract_lines VALUES "
        "('00000000-0000-0000-0000-00000000000b', 2, '2024-01-01', NULL, 0.1, 3.0), "
        "('00000000-0000-0000-0000-00000000000a', 10, '2024-01-01', '2025-01-01 12:00', 1e3, NULL)",
    )
    read = db.freeze()
    as_csv = frozen(
        db.root / "csv",
        {
            "accounts.csv": "account_id,name,created_at,segment,csm\n"
            '10,"say ""ten"", 100 %",2024-01-01,smb,\n2,"two\nlines",2024-01-02,,\n',
            "contract_lines.csv": "line_id,account_id,starts_on,ends_on,arr,seats\n"
            "00000000-0000-0000-0000-00000000000a,10,2024-01-01,2025-01-01T12:00,1000,\n"
            "00000000-0000-0000-0000-00000000000b,2,2024-01-01,,0.1,3\n",
        },
    )
    assert inputs.frozen_files(read) == inputs.frozen_files(as_csv)
    assert [(e.table, e.file, e.rows_in, e.used) for e in read.ledger] == [
        ("accounts", "accounts", 2, 2),
        ("contract_lines", "contract_lines", 2, 2),
    ]
    assert read.watermark == as_csv.watermark


ODD = {
    "starts_on": ("'infinity'::date", "infinity"),
    "ends_on": ("'-infinity'::timestamp", "-infinity"),
    "signed_at": ("'0044-03-15 BC'::date", "0044-03-15 BC"),
    "arr": ("'NaN'::numeric", "NaN"),
    "seats": ("'Infinity'::float8", "Infinity"),
    "account_id": ("NULL::uuid", ""),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_value_costs_its_row(db: Database, odd: str) -> None:
    sound = {
        "line_id": "n",
        "account_id": "'A'::text",
        "starts_on": "'2024-01-01'::date",
        "ends_on": "'2025-01-01'::timestamp",
        "signed_at": "'2023-12-01'::date",
        "arr": "1::numeric",
        "seats": "1::float8",
    }
    value, shown = ODD[odd]
    # The odd one is last in the table and first in the order of the key.
    picks = ", ".join(f"{cell} AS {name}" for name, cell in sound.items())
    worse = ", ".join(f"{value if name == odd else cell}" for name, cell in sound.items())
    query = (
        f"CREATE VIEW contract_lines AS SELECT {picks} FROM generate_series(2, 9) AS n "
        f"UNION ALL SELECT {worse} FROM generate_series(1, 1) AS n"
    ).replace("'A'::text", "'A'" if odd != "account_id" else "gen_random_uuid()")
    with db.server.connect(db.name) as con:
        con.execute(query.encode())
    made = db.freeze()
    entry = ledger(made)
    assert (entry.rows_in, entry.used, entry.quarantined) == (9, 8, 1)
    assert [v for _, v in quarantine(made).values()] == [shown]
    assert list(quarantine(made)) == [1]


def test_types_of_every_kind_are_text(db: Database) -> None:
    db.run(
        "CREATE TYPE mood AS ENUM ('fine', 'so so')",
        "CREATE TYPE pair AS (a int, b text)",
        "CREATE DOMAIN code AS text",
        LINES,
        TWO,
        "CREATE TABLE accounts AS SELECT 'A1' AS account_id, ARRAY[1, NULL, 3] AS name, "
        "'{\"a\": [1, \"x,y\"]}'::jsonb AS region, 'so so'::mood AS segment, "
        "'\\xdead'::bytea AS csm, 'infinity'::timestamptz AS created_at",
        "CREATE TABLE contacts AS SELECT 'C1'::code AS contact_id, 'A1' AS account_id, "
        "(1, 'b')::pair AS role, interval '1 day' AS name, "
        "'[2024-01-01,2024-02-01)'::daterange AS added_at",
    )
    limits = {"quarantined": 1}
    told = {
        "accounts": {
            "from": "accounts",
            "columns": {n: n for n in ("account_id", "name", "region", "segment", "csm")}
            | {"created_at": {"value": "2024-01-01"}},
        }
    }
    made = db.freeze(tables=told, limits=limits)
    row = {n: column(made, n, "accounts") for n in ("name", "region", "csm")}
    assert row == {"name": ["{1,NULL,3}"], "region": ['{"a": [1, "x,y"]}'], "csm": ["\\xdead"]}
    assert ledger(made, "contacts").rows_in == 1


def test_views_and_parts_are_tables(db: Database) -> None:
    db.run(
        LINES.replace("contract_lines (", "parts (") + " PARTITION BY LIST (account_id)",
        "CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN ('A1')",
        "CREATE TABLE part_2 PARTITION OF parts DEFAULT",
        TWO.replace("contract_lines", "parts"),
        "CREATE VIEW contract_lines AS SELECT * FROM parts",
        "CREATE MATERIALIZED VIEW accounts AS SELECT account_id, account_id AS name, "
        "starts_on AS created_at FROM parts",
    )
    assert column(db.freeze(), "line_id") == ["L1", "L2"]
    found = found_tables(db.server.url(db.name), "public")
    assert sorted(found) == ["accounts", "contract_lines", "parts"]


TYPES = {"VARCHAR": "text", "DOUBLE": "float8", "TINYINT": "smallint"}


@pytest.mark.parametrize("dirty", [False, True])
def test_a_simulated_company_is_the_same_from_either(db: Database, dirty: bool) -> None:
    """Loaded into typed tables, it has the row ledger and the frozen rows of its own folder."""
    folder = db.root / "folder" / "data" / "raw"
    simulate(folder, 200, 12, 7, workers=1, dirty=dirty)
    with duckdb.connect() as con, db.server.connect(db.name) as there:
        for file in sorted(folder.glob("*.parquet")):
            rows = con.sql(f"SELECT * FROM '{file}'")
            names = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(TYPES.get(kind, kind)))
                for name, kind in zip(rows.columns, map(str, rows.types), strict=True)
            )
            table = sql.Identifier(file.stem)
            there.execute(sql.SQL("CREATE TABLE {} ({})").format(table, names))
            copy = sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)
            with there.cursor() as cursor, cursor.copy(copy) as sent:
                con.execute(f"COPY (SELECT * FROM '{file}') TO '{db.root}/t.csv' (HEADER false)")
                sent.write((db.root / "t.csv").read_bytes())
    told: dict[str, Any] = {"rates": {"CAD": 0.74, "EUR": 1.08, "GBP": 1.26, "AUD": 0.66}}
    read = db.freeze(**told)
    own = freeze(mapping(**told), db.root / "folder")
    assert len(read.ledger) == 13
    assert fates(read) == fates(own)
    assert sum(entry.repaired for entry in read.ledger) > 0 or not dirty
    kept = [f for f in inputs.frozen_files(own) if not f.startswith("quarantine")]
    assert {f: inputs.frozen_files(read)[f] for f in kept} == {
        f: inputs.frozen_files(own)[f] for f in kept
    }


def fates(snapshot: Snapshot) -> dict[str, Any]:
    """What became of each table's rows and why, whatever their file and their order."""
    return {
        e.table: (
            *(e.rows_in, e.used, e.repaired, e.quarantined, e.left_out, e.kept, e.clock, e.columns),
            sorted((r.fate, r.rule, r.column, r.rows) for r in e.reasons),
        )
        for e in snapshot.ledger
    }


def test_hostile_names_are_names(db: Database) -> None:
    name = 'x"; DROP TABLE kept; --%s'
    with db.server.connect(db.name) as con:
        made = sql.Identifier(name)
        con.execute("CREATE TABLE kept (a int)")
        con.execute(sql.SQL("CREATE SCHEMA {}").format(made))
        con.execute(
            sql.SQL("CREATE TABLE {} ({} text, day date, {} int)").format(
                sql.Identifier(name, name), made, sql.Identifier("é 100%")
            )
        )
        con.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO reader").format(made))
        con.execute(
            sql.SQL("INSERT INTO {} VALUES ('L1', '2024-01-01', 7)").format(
                sql.Identifier(name, name)
            )
        )
    columns = {"line_id": name, "account_id": name, "starts_on": "day", "arr": "é 100%"}
    told = {"contract_lines": {"from": name, "columns": columns}}
    made_of = db.freeze(data={"schema": name}, tables=told)
    assert column(made_of, "arr") == [700]
    assert ledger(made_of).file == name
    assert "kept" in found_tables(db.server.url(db.name), "public")


def test_only_what_is_mapped_is_read(db: Database) -> None:
    """Columns the reader may not see are no hindrance where nobody asks for them."""
    db.run(
        LINES,
        TWO,
        "ALTER TABLE contract_lines ADD COLUMN salary text, ADD COLUMN seats int",
        f"REVOKE SELECT ON contract_lines FROM {READER}",
        f"GRANT SELECT (line_id, account_id, starts_on, arr, salary) ON contract_lines TO {READER}",
    )
    names = {n: n for n in ("line_id", "account_id", "starts_on", "arr")}
    told: dict[str, Any] = {"contract_lines": {"from": "contract_lines", "columns": names}}
    made = db.freeze(tables=told)
    db.run("UPDATE contract_lines SET salary = 'more', seats = 3")
    assert db.freeze("again", tables=told).id == made.id
    for wanted in (names | {"seats": "seats"}, names):
        told["contract_lines"].update(columns=wanted, drop_copies=wanted == names)
        with pytest.raises(DataRefused, match=r"permission denied for .*seats; have its owner"):
            db.freeze(tables=told)


# One moment, and the same bytes


def test_the_same_rows_are_the_same_snapshot(db: Database) -> None:
    """In another order, another schema, with other columns, read by another user."""
    db.run(
        LINES,
        TWO,
        "INSERT INTO contract_lines VALUES ('L2', 'A2', '2024-02-01', NULL, 7), "
        "('a', 'A1', '2024-02-01', NULL, 9), ('B', 'A1', '2024-02-01', NULL, 9)",
    )
    here = db.freeze(limits={"quarantined": 1})
    db.run(
        f"CREATE SCHEMA cs; GRANT USAGE ON SCHEMA cs TO {READER}",
        'CREATE TABLE cs.contract_lines (arr numeric, line_id varchar COLLATE "en-x-icu", '
        "note text, account_id varchar, ends_on date, starts_on timestamp)",
        "INSERT INTO cs.contract_lines SELECT arr, line_id, 'n', account_id, ends_on, starts_on "
        "FROM contract_lines ORDER BY arr",
    )
    there = db.freeze("cs", data={"schema": "cs"}, limits={"quarantined": 1})
    assert there.id != here.id  # a timestamp is written otherwise than a date
    db.run("ALTER TABLE cs.contract_lines ALTER starts_on TYPE date")
    again = db.freeze("again", data={"schema": "cs"}, limits={"quarantined": 1})
    assert again.id == here.id
    assert inputs.frozen_files(again) == inputs.frozen_files(here)
    assert inputs.manifest(again) == inputs.manifest(here)
    db.run("UPDATE cs.contract_lines SET arr = 8 WHERE arr = 7")
    changed = db.freeze("changed", data={"schema": "cs"}, limits={"quarantined": 1})
    assert changed.id != here.id


@pytest.mark.parametrize("level", ["REPEATABLE READ", "READ COMMITTED"])
def test_all_tables_are_of_one_moment(
    db: Database, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer between two tables is not seen; the control is a level at which it is."""
    begin = postgres_session.BEGIN
    assert begin == "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    monkeypatch.setattr(postgres_session, "BEGIN", begin.replace("REPEATABLE READ", level))
    db.run(LINES, TWO, ACCOUNTS, "INSERT INTO accounts VALUES ('A1', 'One', '2024-01-01')")
    read: list[str] = []

    def write_between(doing: str) -> None:
        read.append(doing)
        if doing == "read contract_lines":
            db.run("INSERT INTO contract_lines VALUES ('L3', 'A1', '2024-03-01', NULL, 1)")

    made = db.freeze(progress=write_between, limits={"quarantined": 1})
    assert read[:2] == ["read accounts", "read contract_lines"]
    assert ledger(made).rows_in == (2 if level == "REPEATABLE READ" else 3)
    monkeypatch.undo()
    monkeypatch.setenv("PGPASSWORD", CANARY)
    assert ledger(db.freeze("after", limits={"quarantined": 1})).rows_in == 3


def test_a_session_is_read_only_and_ends(db: Database) -> None:
    db.run(LINES, TWO)
    names = ("transaction_isolation", "transaction_read_only", "default_transaction_read_only",
             "TimeZone", "statement_timeout", "lock_timeout",
             "idle_in_transaction_session_timeout", "application_name")  # fmt: skip
    with session(db.server.url(db.name)) as con:
        assert [con.execute("SELECT current_setting(%s)", [n]).fetchall()[0][0] for n in names] == [
            *("repeatable read", "on", "on", "UTC", "2h", "1min", "10min", "perennial")
        ]
        told = con.info.get_parameters()
        assert {n: v for n, v in told.items() if "keepalives" in n or "timeout" in n} == {
            "connect_timeout": "10",
            "keepalives": "1",
            "keepalives_idle": "30",
            "keepalives_interval": "10",
            "keepalives_count": "3",
            "tcp_user_timeout": "60000",
        }
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            con.execute("CREATE TABLE t (a int)")
    assert con.closed
    with session(db.server.url(db.name) + "?connect_timeout=3&keepalives_idle=7") as con:
        assert con.info.get_parameters()["keepalives_idle"] == "7"


def test_a_process_reads_a_server_once(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a notebook, which has no password, reads what the command that runs it has read."""
    db.run(LINES, TWO)
    made = db.freeze()
    db.run("DELETE FROM contract_lines WHERE line_id = 'L1'")
    assert db.freeze().id == made.id
    monkeypatch.setenv("PGPASSWORD", "wrong")
    monkeypatch.setattr(freezing, "_read", {})
    with pytest.raises(DataRefused, match="does not accept this user with this password"):
        db.freeze()
    monkeypatch.setenv(HANDED, made.id)
    assert db.freeze().id == made.id
    monkeypatch.setenv(HANDED, "gone")
    with pytest.raises(InputMissing, match="is no snapshot"):
        db.freeze()


def test_a_column_filled_by_the_clock_of_the_server(db: Database) -> None:
    """The server keeps Kolkata time; an instant is read as UTC all the same."""
    db.run(LINES, TWO, ACCOUNTS, "INSERT INTO accounts VALUES ('A1', 'One', '2024-01-01 00:00')")
    made = db.freeze(limits={"quarantined": 1})
    assert column(made, "created_at", "accounts") == [datetime(2023, 12, 31, 18, 30)]
