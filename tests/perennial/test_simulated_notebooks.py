"""Notebooks that need products and payments run where there are some."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.demo import rates
from perennial.workspace import NOTEBOOKS
from reporting import page, runner
from reporting.audit import audit
from warehouse.simulate import simulate


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("company")
    simulate(root / "data" / "raw", 300, 20, 5, workers=1)
    (root / "perennial.toml").write_text(
        f'[company]\nname = "Small"\ncurrency = "USD"\n\n[rates]\n{rates("default")}\n'
    )
    return root


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("11-find-whitespace", ("similar accounts own it", "popularity")),
        ("12-collect-what-failed", ("failed payment open", "There is no model of it", "failed 2")),
    ],
)
def test_it_runs_and_answers(name: str, said: tuple[str, ...], company: Path) -> None:
    output = company / f"{name}.ipynb"
    notebook = NOTEBOOKS / "research" / f"{name}.ipynb"
    record = runner.run(notebook, {"month": "2024-08", "workspace": str(company)}, output)
    assert record.facts == {"month": "2024-08"}
    html = page.render(output, footer="Small")
    assert audit(html) == []
    assert [words for words in said if words not in html] == []
