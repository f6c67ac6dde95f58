"""The store: a month's matrix, kept whole beside a note of what it was made from."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from warehouse.errors import CannotWrite

FILE, NOTE = "features.parquet", "made-from.json"


def folder(store: Path, as_of: datetime, timezone: str) -> Path:
    """Where the matrix at ``as_of`` (naive UTC) lies: named by its date in ``timezone``."""
    local = as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    return store / f"as_of={local:%Y-%m-%d}"


def read(month: Path, made_from: dict[str, str]) -> pd.DataFrame | None:
    """The matrix in the folder ``month``, if it is whole and was made from ``made_from``."""
    try:
        note = json.loads((month / NOTE).read_text("utf-8"))
        content = (month / FILE).read_bytes()
    except (OSError, ValueError):
        return None
    if note != {**made_from, "sha256": sha256(content).hexdigest()}:
        return None
    return pd.read_parquet(BytesIO(content))


def write(month: Path, matrix: pd.DataFrame, made_from: dict[str, str]) -> None:
    """Write the matrix, then the note that vouches for it; a kill between leaves no note.

    Raises ``CannotWrite``.
    """
    content = BytesIO()
    matrix.to_parquet(content)
    note = {**made_from, "sha256": sha256(content.getvalue()).hexdigest()}
    try:
        month.mkdir(parents=True, exist_ok=True)
        (month / NOTE).unlink(missing_ok=True)
        _replace(month / FILE, content.getvalue())
        _replace(month / NOTE, json.dumps(note, sort_keys=True).encode())
    except OSError as error:
        raise CannotWrite(f"{month} cannot be written: {error}") from error


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def code() -> str:
    """A hash of this floor's code: another way to compute is another matrix."""
    digest = sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
