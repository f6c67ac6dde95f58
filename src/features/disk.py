"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from warehouse.errors import CannotWrite


def replace(file: Path, content: bytes) -> None:
    """Write ``content`` as ``file``, in one step for every reader; ``CannotWrite`` if it fails."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:
        raise CannotWrite(f"{file} cannot be written: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def remove(file: Path) -> None:
    """Remove ``file`` if it is there; ``CannotWrite`` if it stays."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(f"{file} cannot be removed: {error}") from error
