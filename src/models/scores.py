"""The score ledger: what was said of every account and renewal, month by month, never edited.

A folder a month, ``data/scores/as_of=YYYY-MM-DD``, where the date is the first day after
the month, with a file for each `Sheet`: ``scores.parquet``, a row an account;
``changes.parquet``, why its risk is not what it was; ``renewals.parquet``, a row a term that
ends in the months ahead; ``forecasts.parquet``, what is to become of the ARR due. Writing the
same content again changes nothing; other content is refused unless a reason is given, and
then what was said before is kept beside it under its own hash, with the reason. A score that
could be changed after the fact could not be graded.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd

from warehouse.errors import CannotWrite, DataRefused, InputMissing
from warehouse.months import shift

RESTATED = "restated.jsonl"


@dataclass(frozen=True)
class Sheet:
    """One file of a month: its name, its columns, and those that name a row."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def file(self) -> str:
        return f"{self.name}.parquet"


COLUMNS = (
    "account_id",
    "arr",
    "p_churn",
    "p_expansion",
    "p_drivers",
    "expected_loss",
    "expected_gain",
    "expected_change",
    "score",
    "band",
    "subscores",
    "expert",
    "reasons",
    "expansion_reasons",
    "families",
    "churn_model",
    "expansion_model",
)
SCORES = Sheet("scores", COLUMNS, ("account_id",))
RENEWALS = Sheet(
    "renewals",
    (
        "account_id",
        "ends_on",
        "decide_by",
        "due_in",
        "arr",
        "state",
        "p_lost",
        "p_contracted",
        "p_expanded",
        "contraction",
        "expansion",
        "model",
    ),
    ("account_id", "ends_on"),
)
CHANGES = Sheet(
    "changes",
    ("account_id", "status", "p_before", "p_after", "change", "parts", "lever", "drop"),
    ("account_id",),
)
FORECASTS = Sheet(
    "forecasts",
    (
        "period",
        "every",
        "what",
        "n",
        "due",
        "expected",
        "p10",
        "p50",
        "p90",
        "naive",
        "shock",
        "settled",
    ),
    ("period", "what"),
)


def path(workspace: Path, month: str, sheet: Sheet = SCORES) -> Path:
    """The ledger's file of ``month``, whether or not it exists."""
    return workspace / "data" / "scores" / f"as_of={shift(month, 1)}-01" / sheet.file


def months(workspace: Path, sheet: Sheet = SCORES) -> list[str]:
    """The months in the ledger, oldest first."""
    found = (workspace / "data" / "scores").glob(f"as_of=*/{sheet.file}")
    return sorted(shift(file.parent.name[len("as_of=") :][:7], -1) for file in found)


def read(workspace: Path, month: str, sheet: Sheet = SCORES) -> pd.DataFrame:
    """What the ledger says of ``month``, ordered by the keys; `InputMissing` if nothing.

    A column that was not kept yet when the month was written is empty.
    """
    file = path(workspace, month, sheet)
    if not file.exists():
        kept = months(workspace, sheet)
        there = f"it holds {kept[0]} to {kept[-1]}" if kept else "it is empty"
        raise InputMissing(
            f"{file}: the score ledger has no {month}; {there}. Run `perennial month {month}`"
        )
    return pd.read_parquet(file).reindex(columns=list(sheet.columns))


def write(
    workspace: Path,
    month: str,
    rows: pd.DataFrame,
    restate: str | None = None,
    sheet: Sheet = SCORES,
) -> bool:
    """Append ``rows`` (the columns of ``sheet``) as ``month``; whether anything was written.

    The same content as is there: nothing happens. Other content: `DataRefused`, unless
    ``restate`` gives a reason; then the former file stays as ``superseded-<sha8>.parquet`` and
    the reason is added to ``restated.jsonl``. A kill at any moment leaves the old month whole.
    """
    keys = list(sheet.keys)
    rows = rows[list(sheet.columns)].sort_values(keys, ignore_index=True)
    if rows.duplicated(keys).any():
        twice = " ".join(str(value) for value in rows.loc[rows.duplicated(keys), keys].iloc[0])
        raise DataRefused(
            f"{sheet.name} of {month}: account {twice} is there twice; a month has one row"
        )
    file = path(workspace, month, sheet)
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
    if len(kept) != len(rows):
        return f"{len(kept)} rows then, {len(rows)} now"
    names = [str(c) for c in rows if c not in kept or not kept[c].equals(rows[c])]
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
