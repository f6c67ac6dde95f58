"""Reading the ledger: every question has an answer, on any company, and the notebook runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics.facts import facts
from perennial.notebooks import newest
from perennial.workspace import NOTEBOOKS, at
from reporting import ledger, page, runner
from reporting.audit import audit
from tests.perennial.examples import place
from warehouse.freeze import freeze

NOTEBOOK = NOTEBOOKS / "research" / "02-read-the-ledger.ipynb"


@pytest.mark.parametrize("name", ["displayr", "saas_growth", "online_retail"])
def test_every_question_has_an_answer_on_somebody_elses_tables(
    tmp_path: Path, samples: Path, name: str
) -> None:
    workspace = at(place(tmp_path, name, samples))
    snapshot = freeze(workspace.settings, workspace.root)
    told = facts(snapshot, newest(workspace), workspace.settings.policy, "contract_lines")
    money = workspace.settings.company.currency
    answers = [
        ledger.opening(told, money),
        ledger.walk(told, money),
        ledger.made(told, money),
        ledger.rules(told),
        ledger.bridge(told, "strict", money),
        ledger.bridge(told, "baremetrics", money),
        ledger.triangles(told),
        ledger.events(told, money),
    ]
    if name == "displayr":  # it keeps neither notices, nor parents, nor rates by the month
        told_not = ledger.rules(told).text.count("not told: no ")
        assert told_not == 5
        assert "not told: no rates" in ledger.bridge(told, "closing-rates", money).text
    for answer in answers:
        assert len(answer.text) > 20
        assert "nan" not in answer.text.lower().split()


def test_the_notebook_runs_and_makes_a_page_without_a_fault(tmp_path: Path, samples: Path) -> None:
    root, output = place(tmp_path, "displayr", samples), tmp_path / "read.ipynb"
    record = runner.run(NOTEBOOK, {"month": "2014-12", "workspace": str(root)}, output)
    assert record.facts == {"month": "2014-12"}
    html = page.render(output, footer="Displayr")
    assert audit(html) == []
    assert "ARR went from" in html
    assert "106.0" in html
