"""What moved a risk, as the ledger keeps it, and the bridge read back from it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from features.catalogue import catalogue
from models.moved import bridge, moved
from models.scores import CHANGES


def months(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    then, now = (frame[frame["month"] == m].set_index("account_id") for m in ("2022-05", "2022-06"))
    return then.iloc[1:], now.iloc[:-1]  # the first is new, the last gone


def test_rows_of_the_ledger_add_up_and_make_the_bridge_to_the_cent(trained, frame) -> None:
    then, now = months(frame)
    rows = moved(trained, trained, then, now, catalogue())
    assert tuple(rows.columns) == CHANGES.columns
    stayed = rows[rows["status"] == "stayed"]
    parts = pd.DataFrame([json.loads(text) for text in stayed["parts"]], index=stayed.index)
    assert parts.sum(axis=1).to_numpy() == pytest.approx(stayed["change"].to_numpy(), abs=1e-6)
    assert rows["status"].value_counts()[["new", "gone"]].to_list() == [1, 1]
    arr_then, arr_now = (pd.Series(100_000, index=each.index) for each in (then, now))
    table = bridge(rows, arr_then, arr_now)
    assert table["amount"][:-1].sum() == table["amount"].iloc[-1]
    loss = round(float((trained.predict(now) * 100_000).sum()))
    assert table["amount"].iloc[-1] == pytest.approx(loss, abs=1)


def test_a_first_month_has_levers_and_no_parts(trained, frame) -> None:
    _, now = months(frame)
    rows = moved(None, trained, None, now, catalogue())
    assert set(rows["status"]) == {"new"}
    assert set(rows["parts"]) == {"{}"}
    assert (rows["drop"] >= 0).all()
    assert rows["lever"].ne("").any()
    assert bridge(rows, pd.Series(dtype="int64"), pd.Series(1, index=now.index)).empty


def test_without_a_model_nothing_is_said(frame) -> None:
    assert moved(None, None, None, months(frame)[1], catalogue()).empty
