"""Tables as they were known at a close."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from models import history
from tests import company
from warehouse.errors import InputMissing


def test_rows_are_those_known_by_then_in_order_of_their_key(tmp_path: Path) -> None:
    tables = company.frames()
    snapshot = company.snapshot(tables, tmp_path)
    every = pd.to_datetime(tables["tickets"]["opened_at"]).sort_values()
    month = str(every.iloc[len(every) // 2].to_period("M"))
    found = history.seen(snapshot, "tickets", month)
    assert 0 < len(found) < len(tables["tickets"])
    assert found["ticket_id"].is_monotonic_increasing
    assert set(found["opened_at"].dt.strftime("%Y-%m")) <= set(_until(month))


def _until(month: str) -> list[str]:
    return [str(each) for each in pd.period_range("2000-01", month, freq="M")]


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    tables = company.frames()
    del tables["payments"]
    with pytest.raises(InputMissing, match="no table payments"):
        history.seen(company.snapshot(tables, tmp_path), "payments", "2024-06")
