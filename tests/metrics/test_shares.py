from __future__ import annotations

import pandas as pd
import pytest

from metrics.intervals import proportion
from metrics.shares import groups, shares


def test_each_row_has_its_share_and_interval() -> None:
    found = shares(pd.DataFrame({"n": [10, 0, 4], "hits": [9, 0, 0]}, index=["a", "b", "c"]))
    assert found.loc["a"].tolist() == [10, 9, 0.9, *proportion(9, 10)]
    assert found.loc["b", ["share", "low", "high"]].isna().all()
    assert found.loc["c", "share"] == 0
    assert found.loc["c", "high"] == pytest.approx(proportion(0, 4)[1])


def test_nothing_counted_keeps_its_columns() -> None:
    found = shares(pd.DataFrame({"n": [], "hits": []}))
    assert list(found.columns) == ["n", "hits", "share", "low", "high"]
    assert len(found) == 0


def test_a_row_without_a_group_is_not_lost() -> None:
    table = pd.DataFrame({"segment": pd.Series(["Large", None], dtype="str")})
    assert groups(table, "segment").tolist() == ["Large", "not known"]
    bare = pd.DataFrame({"segment": pd.Series([None, None], dtype="object")})
    assert groups(bare, "segment").tolist() == ["not known"] * 2
