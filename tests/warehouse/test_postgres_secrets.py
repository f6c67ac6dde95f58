"""PostgreSQL by the command line: nothing is told of passwords and addresses."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from tests.warehouse.crm import (
    ACCOUNTS,
    LINES,
    TWO,
    TWO_ACCOUNTS,
    Database,
    perennial,
)
from tests.warehouse.inputs import duckdb_file
from tests.warehouse.server import CANARY, READER
from warehouse.errors import InputMissing

pytestmark = pytest.mark.services


@pytest.fixture
def root_log() -> Iterator[io.StringIO]:
    """What a program that logs everything would have in its log."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root, client = logging.getLogger(), logging.getLogger("psycopg")
    levels = root.level, client.level
    root.addHandler(handler)
    root.setLevel("DEBUG")
    client.setLevel("DEBUG")
    logging.getLogger("warehouse").debug("the log is on")
    yield log
    assert "the log is on" in log.getvalue()
    root.removeHandler(handler)
    root.setLevel(levels[0])
    client.setLevel(levels[1])


def test_no_secret_is_told(db: Database, root_log: io.StringIO) -> None:
    """Neither password nor address lies in what is printed, logged or written."""
    db.run(LINES, TWO, ACCOUNTS, TWO_ACCOUNTS)
    root = db.root / "w"
    url = db.server.url(db.name)
    runs = [perennial(root, "init", "--source", url)]
    assert "Found accounts, contract_lines." in runs[-1].stdout, runs[-1]
    runs.append(perennial(root, "check"))
    assert runs[-1].returncode == 0, runs[-1]
    assert "  contract_lines\n" in runs[-1].stdout
    runs.append(perennial(root, "check", PGPASSWORD=f"not-{CANARY}"))
    runs.append(perennial(root, "check", PGOPTIONS="-c nonsense"))
    runs.append(perennial(root, "init", "--source", url.replace("@", f":{CANARY}@")))
    assert [run.returncode for run in runs] == [0, 0, 65, 65, 64]
    db.freeze("in-process")
    with pytest.raises(InputMissing):
        db.freeze("in-process", data={"source": db.server.url("gone")})
    printed = "".join(run.stdout + run.stderr for run in runs) + root_log.getvalue()
    written = {p: p.read_bytes() for p in db.root.rglob("*") if p.is_file()}
    assert len(written) > 5
    assert url in written.pop(root / "perennial.toml").decode()
    for part in (CANARY, READER, "127.0.0.1", str(db.server.port), db.name, "postgresql://"):
        assert part not in printed
        assert [p for p, content in written.items() if part.encode() in content] == []
        assert [p for p in db.root.rglob("*") if part in p.name] == []


def test_a_draft_is_that_of_a_file(db: Database) -> None:
    """The tables of a server are guessed as those of a DuckDB file are."""
    tables = {
        "subs": "SELECT 'x' AS id, 'A' AS customer_id, DATE '2024-01-01' AS start_date, 1 AS mrr",
        "kunden": "SELECT 'A' AS customer_id, 'n' AS company, DATE '2024-01-01' AS signup_date",
    }
    db.run(f"CREATE SCHEMA cs; GRANT USAGE ON SCHEMA cs TO {READER}")
    with db.server.connect(db.name) as con:
        for name, query in tables.items():
            con.execute(f"CREATE TABLE cs.{name} AS {query}".encode())
    for name in ("here", "there"):
        (db.root / name).mkdir()
    duckdb_file(db.root / "there" / "crm.duckdb", tables)
    url = db.server.url(db.name)
    here = perennial(db.root / "here", "init", "--name", "A", "--source", url, "--schema", "cs")
    there = perennial(db.root / "there", "init", "--name", "A", "--source", "crm.duckdb")
    assert (here.returncode, there.returncode) == (0, 0), (here, there)
    own = (db.root / "here" / "perennial.toml").read_text()
    assert own.replace(f'source = "{url}"\nschema = "cs"', 'source = "crm.duckdb"') == (
        (db.root / "there" / "perennial.toml").read_text()
    )
    assert perennial(db.root / "here", "check").returncode == 0
    gone = perennial(db.root / "gone", "init", "--source", url, "--schema", "public")
    assert gone.returncode == 66
    assert "schema public of the database holds no table that may be read" in gone.stderr
