"""The seal: a folder that bears it is never read as a company's data.

A simulated company lies beside its own truth. Whoever scores, explains or forecasts may
not see it, by whatever path, link or name; so what reads tables asks here first.
"""

from __future__ import annotations

from pathlib import Path

from warehouse.errors import DataRefused

_MARK = ".sealed"


def seal(folder: Path) -> None:
    """Seal ``folder`` and all below it."""
    (folder / _MARK).write_text("Not to be read as data.\n", encoding="utf-8")


def unsealed(path: Path) -> Path:
    """``path`` with its links followed; ``DataRefused`` where it lies in a sealed folder."""
    real = path.resolve()
    for folder in (real, *real.parents):
        if (folder / _MARK).is_file():
            raise DataRefused(
                f"{path} lies in {folder}, which holds the truth of a simulated company; it is for "
                "grading and never an input. Name the folder with the company's own tables"
            )
    return real
