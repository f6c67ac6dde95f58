"""The page on other people's data: its measures, its rows and its markers."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import others
from models import measures
from warehouse.errors import InputMissing


def held(accounts: int = 60, folds: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame(
        [(f"a{i:02d}", fold) for fold in range(folds) for i in range(accounts)],
        columns=["account_id", "fold"],
    )
    rows["outcome"] = (rng.random(len(rows)) < 0.3).astype(float)
    return rows.assign(p=np.round(rng.normal(size=len(rows)) + rows["outcome"], 1))


def test_average_precision_is_the_mean_of_the_folds_within_its_interval() -> None:
    rows = held()
    each = [
        measures.average_precision(part["outcome"].to_numpy(), part["p"].to_numpy())
        for _, part in rows.groupby("fold")
    ]
    found = others.precision(rows, "p")
    assert found.value == pytest.approx(np.mean(each))
    assert found.low < found.value < found.high
    assert others.precision(rows, "p") == found


def test_the_interval_draws_accounts_not_rows() -> None:
    """The same rows four times over tell nothing new."""
    rows = held(folds=1)
    again = pd.concat([rows] * 4, ignore_index=True)
    assert others.precision(again, "p").error == pytest.approx(
        others.precision(rows, "p").error, rel=1e-6
    )


def test_only_lines_that_end_in_the_quarter_asked_about_are_kept() -> None:
    """At the close of January the quarter is March to May: 28 to 120 days later, of 2023."""
    rows = pd.DataFrame({"month": "2023-01", "days_to_last_end": [27.0, 28, 119, 120, np.nan]})
    assert others.ending(rows)["days_to_last_end"].tolist() == [28, 119]


def test_a_rate_made_of_all_answers_knows_the_answer() -> None:
    rows = pd.DataFrame({"account_id": ["a", "a", "b"], "outcome": [1.0, 0.0, np.nan]})
    rate = others._encode(rows)["rate_of_account"]
    assert rate[:2].tolist() == [0.5, 0.5]
    assert np.isnan(rate[2])


def test_a_block_is_filled_anew_and_the_words_around_it_stay() -> None:
    page = "Words.\n\n<!-- a -->\n<!-- /a -->\n\nMore.\n"
    once = others.filled(page, {"a": ["| 1 |"]})
    assert once == "Words.\n\n<!-- a -->\n\n| 1 |\n\n<!-- /a -->\n\nMore.\n"
    assert others.filled(once, {"a": ["| 1 |"]}) == once
    assert "| 1 |" not in others.filled(once, {"a": ["| 2 |"]})


def test_the_page_has_a_figure_in_every_block() -> None:
    page = others.PAGE.read_text("utf-8")
    blocks = re.findall(r"<!-- ([a-z-]+) -->(.*?)<!-- /\1 -->", page, re.DOTALL)
    assert len(blocks) == page.count("<!-- /")
    for name, text in blocks:
        assert re.search(r"\d", text), name


def test_without_the_data_it_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_SAMPLES", str(tmp_path))
    with pytest.raises(InputMissing, match="set PERENNIAL_SAMPLES"):
        others.samples("displayr")


def test_what_is_odd_in_the_ledger_is_counted(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_SAMPLES", str(samples))
    lines, drafts = others.ledger()
    assert "3,769 lines of 778 organisations; 438 are free, 15 negative" in lines
    assert re.match(r"- 946 lines with an amount .*; 639 of them begin", drafts)
