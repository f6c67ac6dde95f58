"""What was known: every question has an answer, on any company, and the notebook runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from perennial.notebooks import newest
from perennial.workspace import NOTEBOOKS, at
from reporting import known, page, runner
from reporting.attempts import ATTEMPTS, Attempt, refusal
from reporting.audit import audit
from tests.perennial.examples import place
from warehouse.freeze import freeze
from warehouse.months import shift

NOTEBOOK = NOTEBOOKS / "research" / "03-what-was-known.ipynb"


@pytest.mark.parametrize("name", ["displayr", "saas_growth", "online_retail"])
def test_every_question_has_an_answer_on_somebody_elses_tables(
    tmp_path: Path, samples: Path, name: str
) -> None:
    workspace = at(place(tmp_path, name, samples))
    snapshot = freeze(workspace.settings, workspace.root)
    month = newest(workspace)
    past = known.lived(snapshot, month, None)
    account = known.chosen(past)
    assert known.chosen(past, "A1") == "A1"
    answers = [
        known.opening(snapshot, past, account),
        known.history(past, account),
        known.clocks(snapshot),
        known.hindsight(snapshot, shift(month, -3)),
    ]
    for answer in answers:
        assert len(answer.text) > 20
        assert "nan" not in answer.text.lower().split()
    assert account in answers[1].text


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: a.tried)
def test_every_attempt_is_refused_with_what_to_write(attempt: Attempt) -> None:
    told = refusal(attempt)
    assert "attempt.feature" in told
    helps = ("write", "it shows", "name each column", "needs a docstring", "give one another")
    assert any(words in told for words in helps)


def test_the_notebook_runs_and_makes_a_page_without_a_fault(tmp_path: Path, samples: Path) -> None:
    root, output = place(tmp_path, "displayr", samples), tmp_path / "read.ipynb"
    record = runner.run(NOTEBOOK, {"month": "2014-12", "workspace": str(root)}, output)
    assert record.facts == {"month": "2014-12"}
    html = page.render(output, footer="Displayr")
    assert audit(html) == []
    assert "The second clock" in html
    assert "Attempts to know too much" in html
