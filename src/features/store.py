"""The store: a month's matrix, kept beside a note of what each column was made from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from features import disk

FILE, NOTE = "features.parquet", "made-from.json"


@dataclass(frozen=True)
class Kept:
    """A matrix (index account_id) and the key of each of its columns."""

    matrix: pd.DataFrame
    keys: dict[str, str]

    def still(self, keys: dict[str, str]) -> list[str]:
        """The columns whose key is as in ``keys``."""
        return [name for name, key in keys.items() if self.keys.get(name) == key]


def folder(store: Path, as_of: datetime, timezone: str) -> Path:
    """Where the matrix at ``as_of`` (naive UTC) lies: named by its date in ``timezone``."""
    local = as_of.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    return store / f"as_of={local:%Y-%m-%d}"


def read(month: Path) -> Kept | None:
    """What is kept in the folder ``month``, if it is whole and kept as it is today."""
    try:
        note = json.loads((month / NOTE).read_text("utf-8"))
        content = (month / FILE).read_bytes()
        if note["sha256"] != sha256(content).hexdigest():
            return None
        keys = dict(note["columns"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Kept(pd.read_parquet(BytesIO(content)), keys)


def write(month: Path, kept: Kept) -> None:
    """Write the matrix, then the note that vouches for it; a kill between leaves no note.

    Raises ``CannotWrite``.
    """
    content = BytesIO()
    kept.matrix.to_parquet(content)
    note = {"columns": kept.keys, "sha256": sha256(content.getvalue()).hexdigest()}
    disk.remove(month / NOTE)
    disk.replace(month / FILE, content.getvalue())
    disk.replace(month / NOTE, json.dumps(note, sort_keys=True).encode())
