"""One number at the command line, on a real ledger, under every rule, tied to the cent."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from metrics.arr import at, close
from metrics.bridge import MONEY, bridge
from metrics.facts import Facts, facts
from metrics.movements import ledger, parted
from metrics.policy import PRESETS, Policy
from metrics.retention import contributions
from perennial.settings import Settings
from perennial.workspace import Workspace
from perennial.workspace import at as workspace_at
from tests.perennial.test_month import Perennial, perennial, workspace
from warehouse.freeze import freeze

__all__ = ["perennial"]
MONTH = "2014-12"


@pytest.fixture(scope="module")
def displayr(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Workspace:
    return workspace_at(workspace(tmp_path_factory.mktemp("displayr"), samples))


@pytest.fixture(scope="module")
def known(displayr: Workspace) -> Facts:
    snapshot = freeze(displayr.settings, displayr.root)
    return facts(snapshot, "2016-05", Policy(), "contract_lines")


def cents(text: str) -> int:
    return round(float(text.replace(",", "")) * 100)


def test_the_ledger_ties_to_the_lines_at_every_month_of_nine_years(known: Facts) -> None:
    walk = ledger(known.held, known.months, parted(known.lines, known.months, known.zone))
    assert len(walk) > 90
    for row in walk.itertuples():
        assert row.closing == at(known.lines, close(str(row.month), known.zone)).sum(), row.month
    for before, now in pairwise(walk.itertuples()):
        assert now.opening == before.closing


def test_every_two_policies_are_bridged_to_the_cent(known: Facts) -> None:
    told = Facts(MONTH, known.zone, Policy(), known.tables, known.today)

    def count(policy: Policy) -> pd.DataFrame:
        return contributions(told.balances(policy), MONTH, policy)

    books = {name: count(policy)[MONEY].sum() for name, policy in PRESETS.items()}
    for one, other in zip(PRESETS, [*list(PRESETS)[5:], *list(PRESETS)[:5]], strict=True):
        table = bridge(count, PRESETS[one], PRESETS[other])
        assert (table[MONEY].sum() == books[other] - books[one]).all(), (one, other)


def test_arr_is_told_with_its_walk(displayr: Workspace, perennial: Perennial) -> None:
    told = perennial("metric", "arr", "--month", MONTH, "--workspace", str(displayr.root))
    assert told.code == 0, told
    assert "terms half-open" in told.out
    terms = {
        word: cents(amount)
        for word, amount in re.findall(r"^    (\w+) +([+-]?[\d,]+\.\d\d) AUD", told.out, re.M)
    }
    closing = terms.pop("closing")
    assert sum(terms.values()) == closing == 270_517_648


@pytest.mark.parametrize("preset", PRESETS)
def test_a_rate_is_told_under_each_policy_with_its_bridge(
    displayr: Workspace, perennial: Perennial, preset: str
) -> None:
    words = ("metric", "nrr", "--month", MONTH, "--policy", preset)
    told = perennial(*words, "--workspace", str(displayr.root))
    if preset in ("notice", "day-after", "closing-rates", "invoiced-rates", "parents"):
        assert (told.code, "cannot be told from this company's tables" in told.err) == (66, True)
        return
    assert told.code == 0, told
    assert PRESETS[preset].retention in " ".join(told.out.split())
    assert all(f" {name} " in told.out for name in PRESETS)
    if preset == "filings":
        assert "From the company's rule" not in told.out
        return
    _, bridged = told.out.split("From the company's rule")
    amounts = [cents(amount) for amount in re.findall(r"([+-]?[\d,]+\.\d\d) AUD", bridged)]
    opening = amounts.pop() if "opening differs" in bridged else 0
    first, *steps, last = amounts
    assert first + sum(steps) == last
    assert (opening != 0) == (preset in ("netsuite", "two-years", "up-for-renewal"))


def test_what_cannot_be_told_is_said(displayr: Workspace, perennial: Perennial) -> None:
    place = ("--month", MONTH, "--workspace", str(displayr.root))
    told = perennial("metric", "nrr", "--policy", "baremetric", *place)
    assert (told.code, "did you mean baremetrics?" in told.err) == (64, True)
    told = perennial("metric", "nps", *place)
    assert (told.code, "table it is counted from is missing" in told.err) == (66, True)
    told = perennial("metric", "expected_loss", "--policy", "strict", *place)
    assert (told.code, "same under every policy" in told.err) == (64, True)


def test_a_company_may_choose_a_policy_by_name_and_differ_from_it() -> None:
    def read(policy: object) -> Policy:
        return Settings.model_validate({"company": {"name": "X"}, "policy": policy}).policy

    assert read("baremetrics") == PRESETS["baremetrics"]
    own = read({"preset": "baremetrics", "months": 3})
    assert own == PRESETS["baremetrics"].model_copy(update={"months": 3})
    with pytest.raises(ValueError, match="no policy 'bare'"):
        read("bare")
    for other in ("closing-rates", "parents", "notice", "up-for-renewal"):
        with pytest.raises(ValueError, match="so no page would tie"):
            read(other)
