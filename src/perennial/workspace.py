"""The workspace: one company's folder, and where everything in it lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path

from perennial import settings as stored
from perennial.settings import Settings

HOUSE = Path(__file__).resolve().parents[2]
NOTEBOOKS = HOUSE / "notebooks"


class Engine(StrEnum):
    """Where features are computed."""

    DUCKDB = "duckdb"
    SPARK = "spark"


@dataclass(frozen=True)
class Workspace:
    """A folder with ``perennial.toml``, ``data/``, ``mlruns/`` and ``reports/``."""

    root: Path

    @cached_property
    def settings(self) -> Settings:
        """What ``perennial.toml`` says; read once."""
        return stored.read(self.root)

    @property
    def features(self) -> Path:
        return self.root / "data" / "features"

    @property
    def books(self) -> Path:
        return self.root / "data" / "books"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def runs(self) -> Path:
        """Executed notebooks, whether they succeeded or not."""
        return self.root / "data" / "runs"


def at(root: Path | str | None = None) -> Workspace:
    """The workspace at ``root``; without one, that of the repository itself."""
    return Workspace(Path(root).resolve() if root else HOUSE)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A hash of all code, templates, settings and notebooks that decide a page's bytes."""
    digest = sha256()
    kept = (".py", ".toml", ".css", ".j2", ".json", ".ipynb")
    for folder in (HOUSE / "src", NOTEBOOKS):
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder).parts
            if file.suffix in kept and not any(part.startswith(".") for part in inside):
                if any(part.endswith(".egg-info") for part in inside):
                    continue
                digest.update("/".join(inside).encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
