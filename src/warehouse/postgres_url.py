"""The URL of a PostgreSQL database: told from a path, and refused where it holds a secret.

What is wrong with a URL is said without repeating any of it: where it is wrong, nobody
can tell which part of it is the password.
"""

from __future__ import annotations

import re

LIKE_THIS = "postgresql://user@host:5432/database"
NOT_HERE = (
    "give the password by PGPASSWORD, by PGPASSFILE (or ~/.pgpass), or by a service file "
    "(postgresql://?service=NAME); they are read where the database is"
)
KINDS = ("postgresql://", "postgres://")
_URL = re.compile(r"\s*(postgres(ql)?\s*:|[a-z][a-z0-9+.:-]*://)", re.IGNORECASE)
_PAIRS = re.compile(r"\b(password|dbname|user)\s*=", re.IGNORECASE)


def is_url(source: str) -> bool:
    """Whether ``source`` is meant as a URL and not as a path, whether or not it can be read.

    >>> is_url("postgresql://cs@db.example/crm"), is_url("data/raw")
    (True, False)
    """
    return _URL.match(source) is not None


def checked(source: str) -> str:
    """``source``, a path or the URL of a PostgreSQL database.

    Raises ``ValueError``, in words that hold nothing of ``source``, for a URL that cannot be
    read and for one that holds a password.
    """
    if not is_url(source):
        if _PAIRS.search(source):
            raise ValueError(
                f"it looks like a connection string; write a URL like {LIKE_THIS}, and {NOT_HERE}"
            )
        return source
    if not source.startswith(KINDS):
        raise ValueError(
            f"only a PostgreSQL database can be read by its URL; write one like {LIKE_THIS}"
        )
    told, secret = _parts(source)
    path = source.partition("://")[2].partition("/")[2].partition("?")[0]
    if secret:
        raise ValueError(f"a password must not lie in this file; {NOT_HERE}")
    if "@" in path or not re.fullmatch(r"[\d,]*", told.get("port", "")):
        raise _unreadable()
    return source


def parameters(url: str) -> dict[str, str]:
    """The connection parameters that ``url`` names; ``ValueError`` where it cannot be read."""
    return _parts(url)[0]


def _parts(url: str) -> tuple[dict[str, str], bool]:
    """The parameters of ``url`` as libpq reads it, and whether one of them is a secret."""
    import psycopg

    try:
        options = psycopg.pq.Conninfo.parse(url.encode())
    except (psycopg.Error, UnicodeEncodeError):
        raise _unreadable() from None
    set_ = [option for option in options if option.val]
    told = {o.keyword.decode(): (o.val or b"").decode("utf-8", "replace") for o in set_}
    # libpq marks with a star what a form should not show as it is typed.
    return told, any(option.dispchar == b"*" for option in set_)


def _unreadable() -> ValueError:
    return ValueError(
        f"it is no URL of a PostgreSQL database; write one like {LIKE_THIS}, without a password, "
        "with @ as %40, / as %2F and % as %25 where they are part of a name"
    )
