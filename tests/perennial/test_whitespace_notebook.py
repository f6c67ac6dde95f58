"""Who could own what: the notebook runs where there are products."""

from __future__ import annotations

from pathlib import Path

from perennial.demo import rates
from perennial.workspace import NOTEBOOKS
from reporting import page, runner
from reporting.audit import audit
from warehouse.simulate import simulate

NOTEBOOK = NOTEBOOKS / "research" / "11-find-whitespace.ipynb"


def test_gaps_are_ranked_and_held_against_popularity(tmp_path: Path) -> None:
    simulate(tmp_path / "data" / "raw", 300, 20, 5, workers=1)
    (tmp_path / "perennial.toml").write_text(
        f'[company]\nname = "Small"\ncurrency = "USD"\n\n[rates]\n{rates("default")}\n'
    )
    output = tmp_path / "read.ipynb"
    record = runner.run(NOTEBOOK, {"month": "2024-08", "workspace": str(tmp_path)}, output)
    assert record.facts == {"month": "2024-08"}
    html = page.render(output, footer="Small")
    assert audit(html) == []
    assert "similar accounts own it" in html
    assert "popularity" in html
