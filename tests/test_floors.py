"""Imports only go down, and a package is imported by its own name."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "warehouse": 0,
    "features": 1,
    "metrics": 1,
    "models": 2,
    "plays": 3,
    "reporting": 4,
    "perennial": 5,
}


def faults(code: str, floor: str | None) -> list[str]:
    """What the imports of ``code`` break, if it stands on ``floor`` (None: outside them all)."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            if name.startswith(".") or top == "src":
                found.append(f"line {node.lineno}: {name} is not imported by its own name")
            elif floor and top in FLOORS and top != floor and FLOORS[top] >= FLOORS[floor]:
                found.append(f"line {node.lineno}: {floor} must not know {name}")
    return found


def sources() -> list[Path]:
    folders = ("src", "tests", "benchmarks")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_imports_only_go_down() -> None:
    """Every source file, on its floor."""
    broken = []
    for path in sources():
        parts = path.relative_to(ROOT).parts
        floor = parts[1] if parts[0] == "src" else None
        broken += [f"{path.relative_to(ROOT)} {fault}" for fault in faults(path.read_text(), floor)]
    assert not broken, "\n".join(broken)


def test_nothing_stands_outside_the_floors() -> None:
    """Each package under src/ is a floor, and no module lies beside them."""
    tops = {path.relative_to(ROOT / "src").parts[0] for path in (ROOT / "src").rglob("*.py")}
    assert tops
    assert tops <= set(FLOORS)


def test_notebooks_import_by_name() -> None:
    """A notebook stands above all floors; it may import any, by its own name."""
    broken = []
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code":
                code = "".join(cell["source"])
                broken += [f"{path.name} {fault}" for fault in faults(code, None)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("code", "floor"),
    [
        ("from models.outcomes import outcomes", "features"),
        ("import metrics.arr", "features"),
        ("from features.engine import features", "metrics"),
        ("import reporting", "plays"),
        ("def f():\n    from perennial import cli", "warehouse"),
        ("if TYPE_CHECKING:\n    from plays import signals", "models"),
        ("from src.warehouse import months", None),
        ("import src.metrics", "models"),
        ("from . import months", "warehouse"),
    ],
)
def test_a_wrong_import_is_seen(code: str, floor: str | None) -> None:
    """Imports that climb, cross or go through ``src`` are faults."""
    assert len(faults(code, floor)) == 1


def test_right_imports_pass() -> None:
    """Down, beside oneself, and other people's packages."""
    code = "import pandas\nfrom metrics.arr import at\nfrom warehouse import months\nimport models"
    assert faults(code, "models") == []
