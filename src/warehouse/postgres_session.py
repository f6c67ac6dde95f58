"""One transaction on a PostgreSQL server: read-only, of one moment, and with an end.

What goes wrong is told in our own sentences. The server's may hold its address, its
users or a row's content, and are never passed on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.conninfo import make_conninfo

from warehouse.errors import DataRefused, InputMissing, Locked, Refusal, ServiceUnavailable
from warehouse.postgres_url import NOT_HERE, parameters

# psycopg's own log names the host and the user.
logging.getLogger("psycopg").addHandler(logging.NullHandler())
logging.getLogger("psycopg").propagate = False

HOURS = 2
WHERE = "the PostgreSQL server that [data] source names"
BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": f"{HOURS}h",
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "10min",
    # How values are written as text must not depend on who asks, or where.
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "lc_monetary": "C",
}
OURS = {
    "application_name": "perennial",
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What holds where the URL does not say otherwise: a silent server is given up in a minute."""

Connection = psycopg.Connection[Any]
_DOWN = ("08", "40", "53", "57", "58", "XX")
"""The classes of errors that are the server's and not those of what it was asked."""


@contextmanager
def session(url: str) -> Iterator[Connection]:
    """A transaction that sees the database as it is at its first query, and changes nothing.

    All is set for the transaction alone, so a pool of connections hands none of it on.
    """
    con = _connected(url)
    try:
        with told("the session"):
            settings = [f"SET LOCAL {name} = '{value}'" for name, value in SETTINGS.items()]
            con.execute("; ".join([BEGIN, *settings]).encode())
        yield con
    finally:
        con.close()


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn what the server says while ``doing`` (a table, mostly) into a refusal."""
    try:
        yield
    except psycopg.Error as error:
        raise refusal(error, doing) from None


def _connected(url: str) -> Connection:
    dsn = make_conninfo("", **{**OURS, **parameters(url), "client_encoding": "UTF8"})
    try:
        return psycopg.connect(dsn, autocommit=True, prepare_threshold=None)
    except psycopg.Error as error:
        raise _unconnected(error, dsn) from None


def _unconnected(error: psycopg.Error, dsn: str) -> Refusal:
    """Why there is no connection. libpq gives no code for it, so the server is asked again."""
    said, tried = str(error), error.pgconn
    answers = (
        pq.Ping.NO_RESPONSE
        if isinstance(error, errors.ConnectionTimeout)
        else pq.PGconn.ping(dsn.encode())
    )
    if "SSL" in said or "certificate" in said:
        return ServiceUnavailable(
            f"{WHERE} and this machine do not agree on encryption; set sslmode and sslrootcert in "
            "the URL as whoever runs the server says"
        )
    if answers == pq.Ping.NO_ATTEMPT or "service file" in said or "definition of service" in said:
        return InputMissing(
            "[data] source names a PostgreSQL server in a way that cannot be followed; check its "
            "service (in the service file), port and options"
        )
    if answers != pq.Ping.OK:
        reason = "is starting or stopping" if answers == pq.Ping.REJECT else "does not answer"
        return ServiceUnavailable(
            f"{WHERE} {reason}; check that it runs, that host and port are right and that this "
            "machine may reach it, then run again"
        )
    if tried is not None and tried.needs_password:
        return DataRefused(f"{WHERE} asks for a password and was given none; {NOT_HERE}")
    if "does not exist" in said and "database" in said:
        return InputMissing(
            f"{WHERE} has no database of that name; correct the last part of the URL"
        )
    if "connection slots" in said or "too many" in said:
        return ServiceUnavailable(f"{WHERE} has no connection free; run again later")
    if tried is not None and tried.used_password:
        return DataRefused(
            f"{WHERE} does not accept this user with this password; correct the user in the URL, "
            "or the password where it is kept (PGPASSWORD, PGPASSFILE or a service file)"
        )
    return DataRefused(
        f"{WHERE} answers and does not let this user in; ask whoever runs it to allow the user, "
        "from this machine, to connect to this database (pg_hba.conf)"
    )


def refusal(error: psycopg.Error, doing: str) -> Refusal:
    """What the server's ``error`` means for ``doing``, and what to do."""
    code = error.sqlstate or "08006"
    kind = f"{type(error).__name__}, {code}"
    if isinstance(error, errors.InsufficientPrivilege):
        return DataRefused(
            f"{doing}: permission denied; have the owner GRANT SELECT on it, and on what it is "
            "made of, to the user that [data] source names"
        )
    if isinstance(error, errors.LockNotAvailable):
        return Locked(f"{doing}: another program holds a lock on it; run again when it is done")
    if isinstance(error, errors.QueryCanceled):
        return ServiceUnavailable(
            f"{doing}: the server stopped reading it, after {HOURS} hours or because somebody "
            "cancelled it; nothing was kept. Run again, or read a smaller view"
        )
    if code.startswith(_DOWN):
        return ServiceUnavailable(
            f"{doing}: {WHERE} broke off ({kind}): it stopped, is short of something, or ended "
            "the session; nothing was kept. Run again"
        )
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
        return ServiceUnavailable(f"{doing}: it was changed while it was read; run again")
    hint = "SELECT * FROM it says more"
    if isinstance(error, errors.ObjectNotInPrerequisiteState):
        hint = "refresh it, if it is a materialised view"
    if isinstance(error, errors.CharacterNotInRepertoire | errors.UntranslatableCharacter):
        hint = "it holds text that is not UTF-8; read a view that mends the text"
    return DataRefused(f"{doing}: the server cannot give all of its rows ({kind}); {hint}")
