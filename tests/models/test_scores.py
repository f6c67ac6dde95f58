"""The ledger: written once, the same twice, otherwise only with a reason and a trace."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from models import scores
from warehouse.errors import DataRefused, InputMissing


def month(p: float = 0.1) -> pd.DataFrame:
    rows = pd.DataFrame({"account_id": ["b", "a"]}).assign(
        arr=[2_00, 1_00],
        p_churn=[p, np.nan],
        p_expansion=np.nan,
        p_drivers=p,
        band=["watch", "not scored"],
        subscores="{}",
        expert=[40.0, float("nan")],
        reasons="[]",
        expansion_reasons="[]",
        families="{}",
        churn_model="2024-01 abc",
        expansion_model="",
    )
    for name in ("expected_loss", "expected_gain", "expected_change", "score"):
        rows[name] = pd.array([7, None], dtype="Int64")
    return rows.astype(dict.fromkeys(rows.select_dtypes(["object", "str"]), "str"))


def test_what_is_written_is_read_back_in_order(tmp_path) -> None:
    assert scores.write(tmp_path, "2024-01", month())
    found = scores.read(tmp_path, "2024-01")
    assert found["account_id"].to_list() == ["a", "b"]
    assert list(found.columns) == list(scores.COLUMNS)
    assert found.dtypes.astype(str).loc[["arr", "score", "p_churn"]].to_list() == [
        "int64",
        "Int64",
        "float64",
    ]
    assert (tmp_path / "data/scores/as_of=2024-02-01/scores.parquet").exists()


def test_the_same_again_is_no_change(tmp_path) -> None:
    scores.write(tmp_path, "2024-01", month())
    before = scores.path(tmp_path, "2024-01").stat().st_mtime_ns
    assert not scores.write(tmp_path, "2024-01", month().iloc[::-1])
    assert not scores.write(tmp_path, "2024-01", month(), restate="no need")
    assert scores.path(tmp_path, "2024-01").stat().st_mtime_ns == before


def test_another_content_is_refused_and_leaves_what_was_said(tmp_path) -> None:
    scores.write(tmp_path, "2024-01", month())
    with pytest.raises(DataRefused, match=r"different p_churn.*--restate REASON"):
        scores.write(tmp_path, "2024-01", month(0.2))
    with pytest.raises(DataRefused, match="2 rows then, 1 now"):
        scores.write(tmp_path, "2024-01", month().head(1))
    assert scores.read(tmp_path, "2024-01")["p_churn"].to_list()[1] == 0.1


def test_a_restatement_keeps_what_was_said_and_why(tmp_path) -> None:
    scores.write(tmp_path, "2024-01", month())
    file = scores.path(tmp_path, "2024-01")
    said = file.read_bytes()
    assert scores.write(tmp_path, "2024-01", month(0.2), restate="late invoices")
    assert scores.write(tmp_path, "2024-01", month(0.3), restate="later invoices")
    notes = [json.loads(line) for line in (file.parent / "restated.jsonl").read_text().splitlines()]
    assert [note["reason"] for note in notes] == ["late invoices", "later invoices"]
    assert (file.parent / notes[0]["superseded"]).read_bytes() == said
    assert scores.read(tmp_path, "2024-01")["p_churn"].to_list()[1] == 0.3
    # Only the month itself is in the ledger, not what it superseded.
    assert scores.months(tmp_path) == ["2024-01"]


def test_a_kill_before_the_last_step_leaves_the_old_month(tmp_path, monkeypatch) -> None:
    scores.write(tmp_path, "2024-01", month())

    def killed(rows, file):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(scores, "_place", killed)
        with pytest.raises(KeyboardInterrupt):
            scores.write(tmp_path, "2024-01", month(0.2), restate="late")
    assert scores.read(tmp_path, "2024-01")["p_churn"].to_list()[1] == 0.1
    assert scores.write(tmp_path, "2024-01", month(0.2), restate="late")
    folder = scores.path(tmp_path, "2024-01").parent
    assert len((folder / "restated.jsonl").read_text().splitlines()) == 1
    assert len(list(folder.glob("superseded-*.parquet"))) == 1


def test_months_are_listed_and_a_missing_one_says_what_there_is(tmp_path) -> None:
    with pytest.raises(InputMissing, match="it is empty"):
        scores.read(tmp_path, "2024-01")
    for name in ("2024-02", "2023-12", "2024-01"):
        scores.write(tmp_path, name, month())
    assert scores.months(tmp_path) == ["2023-12", "2024-01", "2024-02"]
    with pytest.raises(InputMissing, match="no 2025-01; it holds 2023-12 to 2024-02"):
        scores.read(tmp_path, "2025-01")


def test_an_account_twice_is_refused(tmp_path) -> None:
    with pytest.raises(DataRefused, match="account a is there twice"):
        scores.write(tmp_path, "2024-01", month().assign(account_id="a"))
