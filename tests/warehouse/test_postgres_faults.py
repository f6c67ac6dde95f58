"""PostgreSQL as a source: whatever goes wrong is one sentence, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse import server
from tests.warehouse.crm import (
    ACCOUNTS,
    LINES,
    MANY,
    PERENNIAL,
    TWO,
    TWO_ACCOUNTS,
    Database,
    database,
    hidden,
    stamps,
)
from tests.warehouse.inputs import column, ledger, mapping
from tests.warehouse.server import CANARY, READER
from warehouse import freeze as freezing
from warehouse import postgres_session
from warehouse.errors import DataRefused, InputMissing, Locked, Refusal, ServiceUnavailable
from warehouse.freeze import freeze

pytestmark = pytest.mark.services


BREAKS: dict[str, Callable[[Database], None]] = {
    "the wire is cut": lambda _: (_ for _ in ()).throw(ConnectionError),
    "the session is ended": lambda db: db.server.run(
        "postgres",
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{READER}'",
    ),
    "the server is stopped": lambda db: db.server.stop(),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_connection_leaves_nothing(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a table, after a whole one; what was frozen before stays as it was."""
    with server.running() as own:
        own.run("postgres", f"CREATE ROLE {READER} LOGIN PASSWORD '{CANARY}'")
        db = database(own, tmp_path, monkeypatch)
        db.run(LINES, TWO, ACCOUNTS, TWO_ACCOUNTS)
        before = db.freeze()
        kept = stamps(tmp_path / "w")
        db.run(MANY, "INSERT INTO accounts SELECT account_id, '', starts_on FROM contract_lines")
        seen: list[str] = []
        broken: list[int] = []

        def then() -> None:
            place = next((tmp_path / "w" / "data").glob(".postgres-*"))
            broken.append(len(list(place.rglob("*.parquet"))))
            BREAKS[how](db)

        with server.wire(own, 9_000_000, then) as port:
            told = mapping(data={"source": own.url(db.name, port=port)})
            with pytest.raises(ServiceUnavailable) as caught:
                freeze(told, tmp_path / "w", seen.append)
        assert caught.value.code == 69
        assert str(caught.value).startswith("contract_lines: contract_lines: the PostgreSQL server")
        assert "broke off" in str(caught.value)
        assert "nothing was kept. Run again" in str(caught.value)
        assert seen == ["read accounts", "read contract_lines"]
        assert broken in ([1], [2])  # the first table is whole, the second at most begun
    assert hidden(tmp_path / "w") == []
    assert stamps(tmp_path / "w") == kept
    assert freezing.load(before.folder).id == before.id


def test_who_is_stopped_leaves_nothing(db: Database) -> None:
    """A scheduler that stops the command in the middle of a table: no file, and no session."""
    db.run(LINES, MANY)
    root = db.root / "w"
    root.mkdir()
    started: list[subprocess.Popen[bytes]] = []
    with server.wire(db.server, 2_000_000, lambda: started[0].terminate()) as port:
        url = db.server.url(db.name, port=port)
        (root / "perennial.toml").write_text(f'[company]\nname = "A"\n[data]\nsource = "{url}"\n')
        started.append(subprocess.Popen([PERENNIAL, "check", "--workspace", root]))
        assert started[0].wait(60) == 128 + signal.SIGTERM
    assert hidden(root) == []
    assert list((root / "data").iterdir()) == []
    with db.server.connect() as con:
        for _ in range(100):
            left = con.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", [db.name])
            if not left.fetchall():
                return
            con.execute("SELECT pg_sleep(0.1)")
    raise AssertionError("the session goes on")


def test_a_wire_that_is_left_alone_is_no_hindrance(db: Database) -> None:
    """The control: through the same wire, nothing done, all rows arrive."""
    db.run(LINES, MANY)
    called: list[bool] = []
    with server.wire(db.server, 2_000_000, lambda: called.append(True)) as port:
        told = mapping(data={"source": db.server.url(db.name, port=port)})
        assert ledger(freeze(told, db.root / "w")).used == 200_000
    assert called == [True]
    assert hidden(db.root / "w") == []


def said(kind: type[Refusal], db: Database, url: str | None = None, **settings: Any) -> str:
    """What is said where nothing can be read, and nothing half made is left."""
    with pytest.raises(kind) as caught:
        db.freeze(data=({"source": url} if url else {}) | settings.pop("data", {}), **settings)
    assert type(caught.value) is kind
    assert hidden(db.root / "w") == []
    for part in (CANARY, READER, "127.0.0.1", str(db.server.port), db.name):
        assert part not in caught.value.message
    # A traceback, should there ever be one, must not show what the server said.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.message


def test_who_is_not_let_in_is_told_why(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    db.run(LINES, TWO)
    url = db.server.url(db.name)
    gone = said(InputMissing, db, db.server.url("gone"))
    assert gone.endswith("has no database of that name; correct the last part of the URL")
    assert "do not agree on encryption" in said(ServiceUnavailable, db, url + "?sslmode=require")
    nowhere = "postgresql://?service=nowhere"
    assert "check its service (in the service file)" in said(InputMissing, db, nowhere)
    assert "does not answer" in said(ServiceUnavailable, db, url + "?port=70000")
    monkeypatch.setenv("PGPASSWORD", f"not-{CANARY}")
    assert "or the password where it is kept (PGPASSWORD" in said(DataRefused, db)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    assert "asks for a password and was given none; give the p" in said(DataRefused, db)
    secret = db.root / "secret"
    secret.write_text(f"127.0.0.1:*:*:{READER}:{CANARY}\n")
    secret.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secret))
    assert db.freeze().tables
    db.run(f"REVOKE CONNECT ON DATABASE {db.name} FROM PUBLIC")
    assert "does not accept this user" in said(DataRefused, db, limits={"quarantined": 1})


def test_a_full_server_may_have_room_later(db: Database) -> None:
    with db.server.connect() as con:
        con.execute(f"ALTER ROLE {READER} CONNECTION LIMIT 0")
    try:
        assert "has no connection free; run again later" in said(ServiceUnavailable, db)
    finally:
        with db.server.connect() as con:
            con.execute(f"ALTER ROLE {READER} CONNECTION LIMIT -1")


def test_what_is_missing_is_named(db: Database) -> None:
    db.run("CREATE SCHEMA cs", "CREATE TABLE subscriptions (a int)")
    assert "has no schema 'crm'; name one of cs, public" in said(
        InputMissing, db, data={"schema": "crm"}
    )
    assert "holds no table contract_lines (the one" in said(InputMissing, db)
    told: dict[str, Any] = {"contract_lines": {"from": "subscription", "columns": {}}}
    assert said(InputMissing, db, tables=told) == (
        "contract_lines: schema public has no table 'subscription'; the nearest is "
        "'subscriptions'; it has subscriptions"
    )
    told["contract_lines"]["from"] = "subscriptions"
    told["contract_lines"]["columns"] = {"line_id": "id"}
    assert "subscriptions has no column 'id' (for contract_lines.line_id)" in said(
        DataRefused, db, tables=told
    )


def test_what_may_not_be_read_is_named(db: Database) -> None:
    db.run(LINES, TWO, f"REVOKE SELECT ON contract_lines FROM {READER}")
    assert "contract_lines: permission denied for account_id, arr, " in said(DataRefused, db)
    db.run("CREATE SCHEMA cs", f"REVOKE USAGE ON SCHEMA cs FROM {READER}")
    assert "schema cs: permission denied; have its owner GRANT USAGE" in said(
        DataRefused, db, data={"schema": "cs"}
    )
    # Of a view over it, the server knows only once it reads.
    db.run(
        "ALTER TABLE contract_lines RENAME TO base",
        "CREATE VIEW contract_lines WITH (security_invoker) AS SELECT * FROM base",
    )
    assert "have the owner GRANT SELECT on it, and on what it is made of" in said(DataRefused, db)


VIEW = (
    "CREATE VIEW contract_lines AS SELECT 'L' AS line_id, 'A' AS account_id, "
    "date '2024-01-01' AS starts_on, "
)


def test_a_table_that_cannot_be_read(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    db.run(VIEW + "1 / (n - 5) AS arr FROM generate_series(1, 9) AS n")
    assert said(DataRefused, db) == (
        "contract_lines: contract_lines: the server cannot give all of its rows "
        "(DivisionByZero, 22012); SELECT * FROM it says more"
    )
    db.run("DROP VIEW contract_lines", VIEW + f"'{CANARY}'::text::int AS arr")
    assert "(InvalidTextRepresentation, 22P02)" in said(DataRefused, db)
    db.run(
        "DROP VIEW contract_lines",
        VIEW.replace("VIEW", "MATERIALIZED VIEW") + "1 AS arr WITH NO DATA",
    )
    assert "refresh it, if it is a materialised view" in said(DataRefused, db)
    db.run("DROP MATERIALIZED VIEW contract_lines", VIEW + "pg_sleep(9)::text AS arr")
    monkeypatch.setitem(postgres_session.SETTINGS, "statement_timeout", "100ms")
    assert "the server stopped reading it" in said(ServiceUnavailable, db)


def test_a_locked_table_may_be_free_later(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    db.run(LINES, TWO)
    monkeypatch.setitem(postgres_session.SETTINGS, "lock_timeout", "100ms")
    with db.server.connect(db.name) as con, con.transaction():
        con.execute("LOCK TABLE contract_lines")
        assert "another program holds a lock on it" in said(Locked, db)
    assert db.freeze().tables


def test_text_of_another_encoding(db: Database) -> None:
    """A database without an encoding may hold anything; one with Latin-1 is converted."""
    for encoding, byte in (("SQL_ASCII", "\\351"), ("LATIN1", "\\351")):
        name = f"{db.name}_{encoding.lower()}"
        with db.server.connect() as con:
            con.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0".encode())
        other = Database(db.server, name, db.root / encoding)
        with db.server.connect(name) as con:
            con.execute(f"GRANT pg_read_all_data TO {READER}".encode())
            con.execute(LINES)
            con.execute(TWO)
            con.execute(
                f"UPDATE contract_lines SET account_id = convert_from('caf{byte}', "
                f"'{encoding}')".encode()
            )
        if encoding == "LATIN1":
            assert set(column(other.freeze(), "account_id")) == {"café"}
        else:
            assert "holds text that is not UTF-8" in said(DataRefused, other)
