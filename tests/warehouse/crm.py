"""A company's database on a private PostgreSQL server, and who reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import pytest
from psycopg import sql

from tests.warehouse.inputs import mapping
from tests.warehouse.server import CANARY, READER, Server
from warehouse.freeze import freeze
from warehouse.snapshot import Snapshot

PERENNIAL = Path(sys.executable).with_name("perennial")
LINES = (
    "CREATE TABLE contract_lines (line_id text, account_id text, starts_on date, ends_on date, "
    "arr numeric)"
)
TWO = (
    "INSERT INTO contract_lines VALUES ('L2', 'A2', '2024-02-01', '2025-02-01', 200.50), "
    "('L1', 'A1', '2024-01-01', '2025-01-01', 100.00)"
)
ACCOUNTS = "CREATE TABLE accounts (account_id text, name text, created_at timestamptz)"
TWO_ACCOUNTS = "INSERT INTO accounts VALUES ('A1', 'One', '2024-01-01'), ('A2', '', '2024-01-01')"
MANY = (
    "INSERT INTO contract_lines SELECT 'L' || n, 'A' || n, '2024-01-01', NULL, n "
    "FROM generate_series(1, 200000) AS n"
)


@dataclass(frozen=True)
class Database:
    """A database of its own, with the rights of a reader in it, and a workspace beside it."""

    server: Server
    name: str
    root: Path

    def run(self, *statements: LiteralString) -> None:
        self.server.run(self.name, *statements)

    def freeze(
        self,
        place: str = "w",
        progress: Callable[[str], None] | None = None,
        data: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Snapshot:
        """What the reader freezes in the workspace ``place``."""
        told = {"source": self.server.url(self.name), **(data or {})}
        return freeze(mapping(data=told, **settings), self.root / place, progress)


def database(running: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A new database on ``running``; whoever connects from here on has the reader's password."""
    monkeypatch.setenv("PGPASSWORD", CANARY)
    with running.connect() as con:
        made: Any = con.execute("SELECT count(*) FROM pg_database").fetchall()[0][0]
        name = f"crm_{made}"
        con.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    running.run(name, f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {READER}")
    return Database(running, name, tmp_path)


def hidden(workspace: Path) -> list[str]:
    """What is half made in the workspace's ``data``."""
    return sorted(str(p.relative_to(workspace)) for p in (workspace / "data").rglob(".*"))


def stamps(workspace: Path) -> dict[Path, int]:
    """All that lies in the workspace, and when each file was last written."""
    return {p: p.stat().st_mtime_ns if p.is_file() else 0 for p in workspace.rglob("*")}


def perennial(root: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it."""
    return subprocess.run(
        [PERENNIAL, *words, "--workspace", root],
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
