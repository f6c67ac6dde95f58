"""A PostgreSQL URL: what it may hold, what is never repeated, and rows as they are sent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import cast

import pyarrow.parquet as pq
import pytest
from psycopg import Copy
from pydantic import ValidationError

from perennial import settings
from perennial.notebooks import teach
from perennial.workspace import at
from reporting import runner
from reporting.kernel import environment
from tests.warehouse.inputs import frozen, mapping
from tests.warehouse.server import free_port
from warehouse import postgres_rows
from warehouse.draft import Files, toml
from warehouse.errors import CannotWrite, DataRefused, ServiceUnavailable, Usage
from warehouse.freeze import freeze
from warehouse.postgres import found_tables
from warehouse.postgres_url import is_url, parameters

CANARY = "canary-5fd1b2e7"
SECRETS = [
    f"postgresql://cs:{CANARY}@db.example/crm",
    f"postgres://cs:{CANARY}@db.example:5433/crm?sslmode=require",
    f"postgresql://cs@db.example/crm?password={CANARY}",
    f"postgresql://cs@db.example/crm?sslpassword={CANARY}",
    f"postgresql://cs:x{CANARY}@{CANARY}@db.example/crm",
    f"postgresql://cs:%63{CANARY}@db.example/crm",
]
UNREADABLE = [
    f"postgresql://cs:{CANARY}/x@db.example/crm",
    f"postgresql://cs:123/{CANARY}@db.example/crm",
    f"postgresql://cs@db.example/crm?{CANARY}=1",
    f"postgresql://cs@db.example/%zz{CANARY}",
]
OTHERS = [
    f"postgres:cs:{CANARY}@db.example/crm",
    f"PostgreSQL://cs:{CANARY}@db.example/crm",
    f"postgresql+psycopg://cs:{CANARY}@db.example/crm",
    f"jdbc:postgresql://db.example/crm?password={CANARY}",
    f"mysql://cs:{CANARY}@db.example/crm",
    f" postgresql://cs:{CANARY}@db.example/crm",
]
PAIRS = [
    f"host=db.example dbname=crm user=cs password={CANARY}",
    f"password = '{CANARY}' host=db.example",
]


def refused(source: str, root: Path) -> str:
    """What is said of ``source`` in perennial.toml, and of it as an argument of init."""
    (root / "perennial.toml").write_text(f'[company]\nname = "A"\n[data]\nsource = "{source}"\n')
    with pytest.raises(DataRefused) as caught:
        settings.read(root)
    assert CANARY not in caught.value.message
    if is_url(source):
        with pytest.raises(Usage) as asked:
            found_tables(source, "public")
        assert CANARY not in asked.value.message
    return caught.value.message


@pytest.mark.parametrize("source", SECRETS)
def test_a_url_with_a_password_is_refused(source: str, tmp_path: Path) -> None:
    said = refused(source, tmp_path)
    assert "data.source: a password must not lie in this file; give the password by PGPASS" in said
    assert "service file" in said


@pytest.mark.parametrize(
    ("source", "says"),
    [(source, "no URL of a PostgreSQL database") for source in UNREADABLE]
    + [(source, "only a PostgreSQL database can be read by its URL") for source in OTHERS]
    + [(source, "looks like a connection string") for source in PAIRS],
)
def test_what_cannot_be_read_is_refused_without_repeating_it(
    source: str, says: str, tmp_path: Path
) -> None:
    assert says in refused(source, tmp_path)


@pytest.mark.parametrize(
    "source",
    [
        *("data/raw", "crm.duckdb", "C:\\data", "../host=1/a@b", "postgres", "région=nord"),
        *("postgresql://cs@db.example:5432/crm", "postgres://cs@db.example", "postgresql:///crm"),
        *("postgresql://?service=crm", "postgresql://cs%40corp@a,b:5433,5434/crm"),
        "postgresql://cs@db.example/a%40b?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    ],
)
def test_a_path_or_a_url_without_a_secret_is_taken(source: str) -> None:
    assert mapping(data={"source": source}).data.source == source
    assert is_url(source) is ("://" in source)


def test_a_url_is_read_as_libpq_does() -> None:
    assert parameters("postgresql://cs%40corp@db.example:5433/a%2Fb?connect_timeout=3") == {
        "user": "cs@corp",
        "host": "db.example",
        "port": "5433",
        "dbname": "a/b",
        "connect_timeout": "3",
    }


def test_a_schema_is_of_a_database_and_in_no_digest() -> None:
    with pytest.raises(ValidationError, match="schema is of a PostgreSQL database"):
        mapping(data={"source": "data/raw", "schema": "cs"})
    made = mapping(data={"source": "postgresql://db/crm", "schema": "cs"})
    assert made.data.in_schema == "cs"
    assert "cs" not in str(made.model_dump(exclude={"data": {"source"}}))


def test_a_draft_names_the_schema() -> None:
    files = Files({"subs": ["customer_id", "start", "arr"]})
    assert "schema" not in toml("A", "EUR", "data/raw", files)
    files.schema = 'c"s'
    told = toml("A", "EUR", "postgresql://db/crm", files)
    assert 'source = "postgresql://db/crm"\nschema = "c\\"s"\n' in told


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Nobody listens, or nobody has the name: a sentence, and no folder."""
    for host in (f"127.0.0.1:{free_port()}", "no-such-host.invalid"):
        told = mapping(data={"source": f"postgresql://someone@{host}/somewhere"})
        with pytest.raises(ServiceUnavailable, match=r"does not answer; check that it runs") as no:
            freeze(told, tmp_path)
        assert no.value.code == 69
        for part in ("someone", "somewhere", host):
            assert part not in no.value.message
        assert (no.value.__cause__, no.value.__suppress_context__) == (None, True)
        assert list((tmp_path / "data").iterdir()) == []


def test_a_workspace_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(CannotWrite, match=r"data cannot be written") as no:
        freeze(mapping(data={"source": "postgresql://db.example/crm"}), tmp_path)
    assert no.value.code == 74


def test_a_notebook_gets_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("PGPASSWORD", "PGPASSFILE", "PGSERVICEFILE", "PGSERVICE", "PGUSER", "PGHOST")
    for name in names:
        monkeypatch.setenv(name, CANARY)
    seen = environment({}, tmp_path)
    assert os.environ["PGPASSWORD"] == CANARY
    assert not [name for name in seen if name.startswith("PG")]
    assert CANARY not in str(seen)


def test_a_notebook_is_handed_what_its_command_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "perennial.toml").write_text('[company]\nname = "Made"\n')
    made = frozen(tmp_path)
    handed: list[dict[str, str]] = []

    def run(*_: object, extra: dict[str, str], **__: object) -> None:
        handed.append(environment(extra, tmp_path))
        raise InterruptedError

    monkeypatch.setattr(runner, "run", run)
    with pytest.raises(InterruptedError):
        teach(at(tmp_path), "churn", "2024-01")
    assert handed[0]["PERENNIAL_SNAPSHOT"] == made.id


# Rows as the server sends them


def written(rows: Iterable[str], columns: tuple[str, ...], file: Path) -> str:
    """The digest of ``rows``, written to ``file``; a list stands in for the wire."""
    sent = cast("Copy", [row.encode() for row in rows])
    return postgres_rows.written(sent, columns, file, "t: t")


ROWS = {
    'a,"",\n': ("a", "", None),
    '"say ""no""","two\nlines",\\N\n': ('say "no"', "two\nlines", "\\N"),
    '"c,d",NULL, x \n': ("c,d", "NULL", " x "),
    ",,\n": (None, None, None),
    '"\r\n",nan,"\\."\n': ("\r\n", "nan", "\\."),
    "é😀,true,2024-01-01\n": ("é😀", "true", "2024-01-01"),
}


@pytest.mark.parametrize("batch", [1, 20, 8 << 20])
def test_text_stays_as_it_was_sent(
    batch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Null is null, nothing is ``''``, and where a batch ends does not show."""
    monkeypatch.setattr(postgres_rows, "BATCH", batch)
    digest = written(ROWS, ("x", 'y"', "z"), tmp_path / "t.parquet")
    found = pq.read_table(tmp_path / "t.parquet").to_pylist()
    assert [tuple(row.values()) for row in found] == list(ROWS.values())
    assert digest == sha256(f'1:x,2:y",1:z,{"".join(ROWS)}'.encode()).hexdigest()


def test_a_row_of_one_empty_cell_is_a_row(tmp_path: Path) -> None:
    written(["\n", '""\n', "\n"], ("x",), tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet")["x"].to_pylist() == [None, "", None]
    written([], ("x",), tmp_path / "none.parquet")
    assert pq.read_table(tmp_path / "none.parquet")["x"].to_pylist() == []


def test_a_digest_is_of_names_and_rows(tmp_path: Path) -> None:
    told = [
        written(["a,b\n"], ("x", "y"), tmp_path / "1"),
        written(["a,c\n"], ("x", "y"), tmp_path / "2"),
        written(["a,b\n"], ("x", "z"), tmp_path / "3"),
        written(["a,b\n"], ("x,1:y", "z"), tmp_path / "4"),
    ]
    assert len(set(told)) == 4


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    sent = cast("Copy", [b"caf\xe9\n"])
    with pytest.raises(DataRefused, match=r"t: t holds text that is not UTF-8"):
        postgres_rows.written(sent, ("x",), tmp_path / "t.parquet", "t: t")
