"""A PostgreSQL server for all the tests that need one, started when the first of them does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse import server
from tests.warehouse.crm import Database, database
from tests.warehouse.server import CANARY, READER, Server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with server.running() as started:
        started.run("postgres", f"CREATE ROLE {READER} LOGIN PASSWORD '{CANARY}'")
        yield started


@pytest.fixture
def db(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    return database(postgres, tmp_path, monkeypatch)
