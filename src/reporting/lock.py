"""One publisher at a time: a lock the operating system frees when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from reporting.durable import refusing
from warehouse.errors import Locked

_HELD: dict[Path, int] = {}


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for as long as the block runs; ``Locked`` (75) at once if another run does.

    The thread that holds a folder may ask for it again, so a whole month's run
    may hold it around :func:`reporting.publish.publish`.
    """
    place = folder.resolve()
    if _HELD.get(place) == threading.get_ident():
        yield
        return
    with refusing(place / ".lock"):
        place.mkdir(parents=True, exist_ok=True)
        handle = os.open(place / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(
                f"another run holds {place / '.lock'}; try again when it is done"
            ) from None
        _HELD[place] = threading.get_ident()
        try:
            yield
        finally:
            del _HELD[place]
    finally:
        os.close(handle)
