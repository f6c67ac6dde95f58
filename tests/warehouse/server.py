"""A private PostgreSQL server for tests, and a wire to it that can be cut at a byte."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import pq

OWNER, PASSWORD = "owner", "owner-secret"
READER, CANARY = "reader", "canary-5fd1b2e7"
"""Who reads, and the password that must never be seen again."""


@dataclass
class Server:
    """A running server: its port on 127.0.0.1 and its process."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, database: str, user: str = READER, port: int | None = None) -> str:
        """The URL of ``database``, without a password."""
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection of the owner, each of whose statements is its own transaction."""
        return psycopg.connect(
            self.url(database, OWNER), password=PASSWORD, autocommit=True, client_encoding="UTF8"
        )

    def run(self, database: str, *statements: LiteralString) -> None:
        """Execute ``statements`` as the owner."""
        with contextlib.closing(self.connect(database)) as con:
            for statement in statements:
                con.execute(statement)

    def stop(self) -> None:
        """Stop the server at once, as a crash would, and wait until it is gone."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)


def binaries() -> Path:
    """The folder of the newest installed ``initdb``; fails in words where there is none."""
    homes = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(homes, key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0)
    on_path = shutil.which("initdb")
    found = newest[-1] if newest else Path(on_path).resolve() if on_path else None
    assert found, (
        "these tests need PostgreSQL's server: initdb is neither in /usr/lib/postgresql/*/bin nor "
        "on PATH; install it (apt-get install postgresql) and run make test-services again"
    )
    return found.parent


def _as_user() -> dict[str, Any]:
    """What makes a process run as another user where we are root, whom the server refuses."""
    if os.getuid():
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A new, empty server on a loopback port, which is stopped and removed at the end."""
    bin_ = binaries()
    # Not in pytest's own folder: another user could not enter that.
    home = Path(tempfile.mkdtemp(prefix="perennial-postgres-"))
    as_user = _as_user()
    try:
        if as_user:
            os.chown(home, as_user["user"], as_user["group"])
        secret = home / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": home, **as_user}
        subprocess.run(
            [bin_ / "initdb", "-D", home / "data", "-U", OWNER, "-E", "UTF8", "--locale=C",
             "--auth=scram-sha-256", "--pwfile", secret, "--no-sync"],
            check=True, **quiet,
        )  # fmt: skip
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "fsync": "off",
            "log_statement": "all",
            "max_connections": 20,
            "timezone": "Asia/Kolkata",
        }
        told = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [bin_ / "postgres", "-D", home / "data", *told], stderr=log, **quiet
            )
        server = Server(port, process)
        try:
            _wait(server, home / "log")
            yield server
        finally:
            if process.poll() is None:
                server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait(server: Server, log: Path) -> None:
    """Wait until the server takes connections; fails with its log where it ends instead."""
    for _ in range(600):
        if pq.PGconn.ping(server.url("postgres", OWNER).encode()) == pq.Ping.OK:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(0.1)
            break
    raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}")


@contextlib.contextmanager
def wire(server: Server, after: int, then: Callable[[], None]) -> Iterator[int]:
    """A port that leads to ``server``; once ``after`` bytes came back, ``then`` is called, once.

    What the server had sent until then still arrives, unless ``then`` raises
    ``ConnectionError``, which cuts the wire.
    """
    told = threading.Lock()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def carry(source: socket.socket, to: socket.socket, counted: bool) -> None:
            passed = 0
            with contextlib.suppress(OSError):
                while block := source.recv(4096):
                    passed += len(block)
                    if counted and passed > after and told.acquire(blocking=False):
                        then()
                    to.sendall(block)
            for end in (source, to):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    near, _ = listening.accept()
                    far = socket.create_connection(("127.0.0.1", server.port))
                    for pair in ((near, far, False), (far, near, True)):
                        threading.Thread(target=carry, args=pair, daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
