"""Groups sum to the whole, whatever moves between them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.arr import balances
from metrics.groups import NOBODY, by_product, retention, started, walks
from metrics.movements import COLUMNS, ledger
from metrics.policy import PRESETS, Policy
from metrics.retention import retained
from tests.metrics.ledgers import MONTHS, ZONE, frame, held, ledgers, line, thorough
from warehouse.months import between


def groups(**of: str) -> pd.DataFrame:
    return pd.DataFrame({"account_id": list(of), "group": list(of.values())}, dtype="str")


def test_a_walk_a_group() -> None:
    book = held({"A": [100, 150], "B": [80, 0], "C": [0, 40], "D": [70, 60]})
    table = walks(book, ["2024-02"], groups(A="big", B="big", C="small")).set_index("group")
    assert table.loc["big", COLUMNS].tolist() == [180, 0, 50, 0, 0, 80, 0, 150]
    assert table.loc["small", "new"] == 40
    assert table.loc[NOBODY, ["opening", "contraction", "closing"]].tolist() == [70, 10, 60]
    assert not table[["transfer_in", "transfer_out"]].any(axis=None)


def test_who_moved_is_nobodys_gain_and_nobodys_loss() -> None:
    book = held({"A": [100, 130], "B": [80, 80]})
    dated = pd.DataFrame(
        {
            "account_id": ["A", "A", "B"],
            "month": ["2024-01", "2024-02", "2024-01"],
            "group": ["small", "big", "big"],
        }
    )
    table = walks(book, ["2024-02"], dated).set_index("group")
    assert table.loc["small", ["opening", "transfer_out", "closing"]].tolist() == [100, 100, 0]
    big = table.loc["big", ["opening", "transfer_in", "expansion", "closing"]]
    assert big.tolist() == [80, 100, 30, 210]


@thorough
@given(ledgers(1), st.lists(st.sampled_from(["x", "y"]), min_size=12, max_size=12))
def test_groups_sum_to_the_whole_with_transfers(lines: pd.DataFrame, drawn: list[str]) -> None:
    book = balances(lines, MONTHS, ZONE)
    dated = pd.DataFrame(
        {
            "account_id": list("ABCDEF") * 2,
            "month": ["2024-01"] * 6 + ["2024-08"] * 6,
            "group": drawn,
        }
    )
    table = walks(book, MONTHS[1:], dated)
    total = table.groupby("month")[[*COLUMNS, "transfer_in", "transfer_out"]].sum()
    assert (total["transfer_in"] == total["transfer_out"]).all()
    whole = ledger(book, MONTHS[1:]).set_index("month")
    assert (total[COLUMNS] == whole.reindex(total.index)[COLUMNS]).all(axis=None)


@thorough
@given(ledgers(1))
def test_retention_by_group_sums_to_the_whole(lines: pd.DataFrame) -> None:
    book = balances(lines, MONTHS, ZONE)
    group = groups(A="x", B="y", C="x", D="y")
    for name in ("filings", "strict", "chartmogul"):
        policy = PRESETS[name]
        parts = retention(book, MONTHS[-1], policy, group).values()
        whole = retained(book, MONTHS[-1], policy)
        for term in ("n", "kept", "opening", "closing"):
            assert sum(getattr(part, term) for part in parts) == getattr(whole, term)


def test_one_of_two_products_given_up_is_a_loss_of_that_product() -> None:
    lines = frame(
        [
            line("A", "2023-01-01", None, 100),
            line("A", "2023-01-01", "2024-06-15", 40, product="more"),
        ]
    )
    months = between("2023-01", "2024-12")
    found = by_product(lines, months, "2024-12", Policy())
    assert (found["core"].nrr, found["more"].nrr) == (1.0, 0.0)
    whole = retained(balances(lines, months), "2024-12", Policy())
    assert whole.nrr == pytest.approx(100 / 140)
    assert whole.logo == 1.0


def test_cohorts_are_years_of_first_arr() -> None:
    book = held({"A": [1] * 14, "B": [0] * 12 + [5, 5]})
    assert dict(started(book).to_numpy().tolist()) == {"A": "2024", "B": "2025"}
