"""The score ledger: what was said of every account, month by month, never edited.

One file a month, ``data/scores/as_of=YYYY-MM-DD/scores.parquet``, where the date is
the first day after the month. Writing the same content again changes nothing;
other content is refused unless a reason is given, and then what was said before is
kept beside it under its own hash, with the reason. A score that could be changed
after the fact could not be graded.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

import pandas as pd

from warehouse.errors import CannotWrite, DataRefused, InputMissing
from warehouse.months import shift

FILE = "scores.parquet"
RESTATED = "restated.jsonl"
COLUMNS = (
    "account_id",
    "arr",
    "p_churn",
    "p_expansion",
    "expected_loss",
    "expected_gain",
    "expected_change",
    "score",
    "band",
    "reasons",
    "expansion_reasons",
    "families",
    "churn_model",
    "expansion_model",
)


def path(workspace: Path, month: str) -> Path:
    """The ledger's file of ``month``, whether or not it exists."""
    return workspace / "data" / "scores" / f"as_of={shift(month, 1)}-01" / FILE


def months(workspace: Path) -> list[str]:
    """The months in the ledger, oldest first."""
    found = (workspace / "data" / "scores").glob(f"as_of=*/{FILE}")
    return sorted(shift(file.parent.name[len("as_of=") :][:7], -1) for file in found)


def read(workspace: Path, month: str) -> pd.DataFrame:
    """What the ledger says of ``month``, ordered by account_id; `InputMissing` if nothing."""
    file = path(workspace, month)
    if not file.exists():
        kept = months(workspace)
        there = f"it holds {kept[0]} to {kept[-1]}" if kept else "it is empty"
        raise InputMissing(
            f"{file}: the score ledger has no {month}; {there}. Run `perennial month {month}`"
        )
    return pd.read_parquet(file)


def write(workspace: Path, month: str, rows: pd.DataFrame, restate: str | None = None) -> bool:
    """Append ``rows`` (``COLUMNS``, one an account) as ``month``; whether anything was written.

    The same content as is there: nothing happens. Other content: `DataRefused`, unless
    ``restate`` gives a reason; then the former file stays as ``superseded-<sha8>.parquet`` and
    the reason is added to ``restated.jsonl``. A kill at any moment leaves the old month whole.
    """
    rows = rows[list(COLUMNS)].sort_values("account_id", ignore_index=True)
    if rows["account_id"].duplicated().any():
        twice = rows.loc[rows["account_id"].duplicated(), "account_id"].iloc[0]
        raise DataRefused(f"scores of {month}: account {twice} is there twice; a month has one row")
    file = path(workspace, month)
    if file.exists():
        kept = pd.read_parquet(file)
        if kept.equals(rows):
            return False
        if not restate:
            raise DataRefused(
                f"{file}: {month} was scored before and would now say something else "
                f"({_differing(kept, rows)}). What was said stays; to replace it and keep both, "
                "run again with --restate REASON"
            )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists():
            _set_aside(file, str(restate))
        _place(rows, file)
    except OSError as error:
        raise CannotWrite(f"{file}: {error.strerror or error}; nothing was changed") from error
    return True


def _differing(kept: pd.DataFrame, rows: pd.DataFrame) -> str:
    if not kept["account_id"].equals(rows["account_id"]):
        return f"{len(kept)} accounts then, {len(rows)} now"
    names = [c for c in COLUMNS if not kept[c].equals(rows[c])]
    return "different " + ", ".join(names)


def _set_aside(file: Path, reason: str) -> None:
    """Keep what ``file`` says now beside it, with the reason; safe to repeat."""
    beside = file.with_name(f"superseded-{sha256(file.read_bytes()).hexdigest()[:8]}.parquet")
    if not beside.exists():
        os.link(file, beside)
    line = json.dumps({"superseded": beside.name, "reason": reason}, ensure_ascii=False)
    notes = file.with_name(RESTATED)
    said = notes.read_text("utf-8").splitlines() if notes.exists() else []
    if line not in said:
        draft = notes.with_name(f".{notes.name}.draft")
        draft.write_text("\n".join([*said, line]) + "\n", "utf-8")
        draft.replace(notes)


def _place(rows: pd.DataFrame, file: Path) -> None:
    """Write whole or not at all: to a draft, to disk, then renamed over ``file``."""
    draft = file.with_name(f".{file.name}.draft")
    rows.to_parquet(draft, index=False)
    with draft.open("rb") as handle:
        os.fsync(handle.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
