"""Meeting a company: every question has an answer, on any company, from the tables it has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from perennial.notebooks import newest
from perennial.workspace import NOTEBOOKS, at
from reporting import company, page, runner
from reporting.audit import audit
from reporting.company.lives import CHOSEN, account_of
from reporting.shown import Shown
from warehouse.errors import InputMissing
from warehouse.freeze import freeze
from warehouse.simulate import simulate

HOUSE = Path(__file__).resolve().parents[2]
NOTEBOOK = NOTEBOOKS / "research" / "01-meet-the-company.ipynb"
MONTH = "2024-06"
QUESTIONS: tuple[Callable[[company.Company], Shown], ...] = (
    company.opening,
    company.who,
    company.size,
    company.contracts,
    company.arr,
    company.rhythm,
    company.products,
    company.service,
    company.voice,
    company.onboarding,
    company.billing,
    company.doubt,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("met")
    shutil.copy(HOUSE / "perennial.toml", root)
    simulate(root / "data" / "raw", 500, 18, 7)
    return root


@pytest.fixture(scope="module")
def met(place: Path) -> company.Company:
    return company.met(freeze(at(place).settings, place), MONTH)


def sample(root: Path, name: str, samples: Path) -> company.Company:
    shutil.copy(HOUSE / "examples" / name / "perennial.toml", root)
    (root / "data" / "raw").parent.mkdir()
    (root / "data" / "raw").symlink_to(samples / name)
    workspace = at(root)
    return company.met(freeze(workspace.settings, root), newest(workspace))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.__name__)
def test_every_question_has_an_answer(
    met: company.Company, question: Callable[[company.Company], Shown]
) -> None:
    told = question(met)
    assert len(told.text) > 20
    assert not told.text.startswith("Not shown")
    assert "nan" not in told.text.lower().split()


def test_the_opening_says_what_the_lines_add_up_to(met: company.Company) -> None:
    held = met.ask("SELECT count(DISTINCT account_id) AS n, sum(arr) AS arr FROM held")
    assert f"{held['n'].iloc[0]:,} customers" in company.opening(met).text
    assert held["arr"].iloc[0] > 0


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_life_is_chosen_by_its_rule(met: company.Company, kind: str) -> None:
    account = account_of(met, kind)
    assert account
    live = set(met.ask("SELECT DISTINCT account_id FROM held")["account_id"])
    assert (account in live) == (kind in ("steady", "grew"))
    assert account_of(met, kind) == account
    assert len(company.life(met, kind).text) > 20


def test_what_nobody_could_see_is_shown_where_a_truth_is_kept(
    met: company.Company, place: Path, tmp_path: Path
) -> None:
    source = place / "data" / "raw"
    assert "left because of" in company.behind(met, source, "chose to leave").text
    assert "departures have the cause" in company.causes(met, source).text
    for told in (company.behind(met, tmp_path, "chose to leave"), company.causes(met, tmp_path)):
        assert told.text.startswith("Not shown")


@pytest.mark.parametrize("name", ["displayr", "saas_growth", "online_retail"])
def test_it_works_on_somebody_elses_tables(tmp_path: Path, samples: Path, name: str) -> None:
    try:
        theirs = sample(tmp_path, name, samples)
    except InputMissing as error:
        pytest.fail(str(error))
    for question in QUESTIONS:
        assert question(theirs).text
    for kind in CHOSEN:
        assert company.life(theirs, kind).text


def test_the_notebook_runs_and_makes_a_page_without_a_fault(place: Path, tmp_path: Path) -> None:
    output = tmp_path / "met.ipynb"
    record = runner.run(NOTEBOOK, {"month": MONTH, "workspace": str(place)}, output)
    assert record.facts == {"month": MONTH}
    html = page.render(output, footer="Fernworks")
    assert audit(html) == []
    assert "Four lives" in html
