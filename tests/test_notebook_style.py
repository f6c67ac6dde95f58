"""A notebook is an argument, committed without its outputs.

One ``parameters`` cell, typed and commented; no ``def`` and no ``class``: what is
worth a name lives in ``src/``, where it is tested.
"""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
LONGEST = 12
RESEARCH = re.compile(r"\d{2}-[a-z]+(-[a-z0-9]+)+\.ipynb")

Notebook = dict[str, Any]


def shelf_faults(path: Path) -> list[str]:
    """What is wrong with where ``path``, relative to notebooks/, stands and how it is named."""
    shelf = path.parent.as_posix()
    if shelf not in {"research", "reports"}:
        return ["stands in neither notebooks/research nor notebooks/reports"]
    if shelf == "research" and not RESEARCH.fullmatch(path.name):
        return ["a research notebook is named NN-verb-noun.ipynb"]
    return []


def parameter_faults(source: str) -> list[str]:
    """What is wrong with a parameters cell: each line is ``name: type = value  # what it is``."""
    lines, found = source.encode().splitlines(), []
    for statement in ast.parse(source).body:
        code = ast.get_source_segment(source, statement)
        after = lines[(statement.end_lineno or 1) - 1][statement.end_col_offset :].decode()
        if not isinstance(statement, ast.AnnAssign) or statement.value is None:
            found.append(f"parameter without type and default: {code}")
        elif not re.match(r"\s*#\s*\S", after):
            found.append(f"parameter without a comment that says what it is: {code}")
    return found or ([] if ast.parse(source).body else ["the parameters cell is empty"])


def cell_faults(cell: Notebook) -> list[str]:
    """What is wrong with one code cell."""
    source, found = cell["source"], []
    name = f"cell {cell.get('id', '?')}"
    if cell["outputs"] or cell["execution_count"] is not None:
        found.append(f"{name} keeps an output or an execution count")
    if len(source.splitlines()) > LONGEST:
        found.append(f"{name} is longer than {LONGEST} lines")
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return [*found, f"{name} is not plain Python"]
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if any(isinstance(node, named) for node in ast.walk(tree)):
        found.append(f"{name} defines a function or a class")
    return found


def faults(notebook: Notebook) -> list[str]:
    """Everything in ``notebook`` that is against the house style."""
    cells = notebook["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    found = [fault for cell in code for fault in cell_faults(cell)]
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    if len(tagged) != 1:
        found.append(f"{len(tagged)} cells are tagged parameters, not one")
    found += [fault for cell in tagged for fault in parameter_faults(cell["source"])]
    if notebook["metadata"].get("kernelspec", {}).get("name") != "python3":
        found.append("the kernel is not python3")
    if not cells or cells[0]["cell_type"] != "markdown" or not cells[0]["source"].startswith("# "):
        found.append("the first cell is not a title")
    if not all(cell.get("id") for cell in cells):
        found.append("a cell has no id")
    return found


def test_notebooks_keep_the_house_style() -> None:
    """Every notebook there is, found and not listed; the two monthly reports among them."""
    paths = sorted(
        path for path in NOTEBOOKS.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
    )
    reports = {path.stem for path in paths if path.parent.name == "reports"}
    assert {"monthly-health", "monthly-retention"} <= reports
    broken = []
    for path in paths:
        notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
        where = path.relative_to(NOTEBOOKS)
        broken += [f"{where}: {fault}" for fault in [*shelf_faults(where), *faults(notebook)]]
    assert not broken, "\n".join(broken)


def good() -> Notebook:
    """A notebook in the house style."""
    tags = {"tags": ["parameters"]}
    title: Notebook = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Who left?"}
    parameters: Notebook = {
        "cell_type": "code",
        "id": "b",
        "metadata": tags,
        "source": 'month: str = "2026-01"  # the month reported on',
        "outputs": [],
        "execution_count": None,
    }
    step = parameters | {"id": "c", "metadata": {}, "source": "month"}
    return {"cells": [title, parameters, step], "metadata": {"kernelspec": {"name": "python3"}}}


def test_a_good_notebook_has_no_fault() -> None:
    """The style can be kept."""
    assert faults(good()) == []
    assert shelf_faults(Path("research/01-compare-models.ipynb")) == []


@pytest.mark.parametrize(
    ("cell", "change", "says"),
    [
        (0, {"source": "Who left?"}, "not a title"),
        (1, {"metadata": {}}, "0 cells are tagged"),
        (2, {"metadata": {"tags": ["parameters"]}, "source": "n: int = 1  # n"}, "2 cells"),
        (1, {"source": 'month = "2026-01"  # the month'}, "without type"),
        (1, {"source": "month: str  # the month"}, "without type and default"),
        (1, {"source": 'month: str = "2026-01"'}, "without a comment"),
        (1, {"source": 'month: str = "# no"'}, "without a comment"),
        (1, {"source": "# nothing"}, "is empty"),
        (2, {"source": "def f():\n    return 1"}, "defines a function"),
        (2, {"source": "if month:\n    class A:\n        pass"}, "defines a function"),
        (2, {"source": "%matplotlib inline"}, "not plain Python"),
        (2, {"source": "\n".join(["month"] * 13)}, "longer than 12 lines"),
        (2, {"outputs": [{"output_type": "stream"}]}, "keeps an output"),
        (2, {"execution_count": 3}, "keeps an output"),
        (2, {"id": ""}, "has no id"),
    ],
)
def test_each_fault_is_seen(cell: int, change: Notebook, says: str) -> None:
    """One thing wrong at a time, and it is the one that is named."""
    notebook = copy.deepcopy(good())
    notebook["cells"][cell] |= change
    assert [fault for fault in faults(notebook) if says in fault], faults(notebook)


def test_another_kernel_is_seen() -> None:
    """A kernel named after somebody's environment runs on one machine."""
    assert faults(good() | {"metadata": {"kernelspec": {"name": "conda-env-cs"}}})


@pytest.mark.parametrize("path", ["loose.ipynb", "research/churn.ipynb", "research/1-a-b.ipynb"])
def test_a_wrong_place_or_name_is_seen(path: str) -> None:
    """Research is numbered and named by what it does."""
    assert shelf_faults(Path(path))
