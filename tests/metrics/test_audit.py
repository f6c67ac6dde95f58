from __future__ import annotations

import pandas as pd
import pytest

from metrics.audit import audit
from tests.metrics.test_oracles import oracle


def scored(*rows: tuple[str | None, bool | None, bool | None], times: int = 1) -> pd.DataFrame:
    table = pd.DataFrame([*rows] * times, columns=["band", "lost", "intervened"])
    return table.astype({"band": "str", "lost": "boolean", "intervened": "boolean"})


def test_a_published_audit() -> None:
    given, expected = oracle(26)["input"], oracle(26)["expected"]
    saved = given["red_total"] - given["churned_red"] - given["red_renewed_without_intervention"]
    accounts = pd.concat(
        [
            scored(("red", True, False), times=given["churned_red"]),
            scored(("green", True, False), ("yellow", True, False), times=16),
            scored(("red", False, False), times=given["red_renewed_without_intervention"]),
            scored(("red", False, True), times=saved),
            scored(("green", False, False), times=100),
        ],
        ignore_index=True,
    )
    table = audit(accounts).set_index("measure")
    assert table.loc["recall", "n"] == given["churned"]
    assert table.loc["false_alarm_share", "n"] == given["red_total"]
    assert round(table.loc["recall", "share"], 4) == expected["recall_red"]
    assert round(table.loc["miss_rate", "share"], 4) == expected["miss_rate"]
    assert round(table.loc["false_alarm_share", "share"], 4) == expected["false_alarm_share"]
    assert table.loc["precision", "share"] == pytest.approx(9 / 63)
    assert (table["low"] < table["share"]).all()
    assert (table["share"] < table["high"]).all()


def test_who_counts_in_what() -> None:
    accounts = scored(
        ("red", None, None),  # nobody knows yet
        (None, True, None),  # lost and never scored: missed
        ("red", True, True),
        ("red", False, None),  # nobody is known to have acted
        ("red", False, True),  # perhaps saved
        ("amber", False, False),
    )
    table = audit(accounts).set_index("measure")
    assert table["hits"].to_dict() == {
        "recall": 1,
        "miss_rate": 1,
        "precision": 1,
        "false_alarm_share": 1,
    }
    assert table["n"].tolist() == [2, 2, 3, 3]
    other = audit(accounts, alarm="amber").set_index("measure")
    assert other["hits"].tolist() == [0, 2, 0, 1]


def test_by_group_and_over_nothing() -> None:
    accounts = scored(("red", True, False), ("green", False, False), ("red", False, False))
    groups = pd.Series(["small", "large", None], dtype="str")
    table = audit(accounts, groups=groups)
    assert table["group"].tolist() == ["large"] * 4 + ["not known"] * 4 + ["small"] * 4
    assert table["measure"].tolist()[:4] == [
        "recall",
        "miss_rate",
        "precision",
        "false_alarm_share",
    ]
    assert table.loc[table["group"] == "large", ["share", "low", "high"]].isna().all().all()
    assert table.loc[table["group"] == "small", "share"].tolist() == [1, 0, 1, 0]
    assert audit(accounts[:0]).empty
    assert audit(scored(("red", None, None))).empty
