"""What must hold for every ledger: the same facts told otherwise give the same numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from metrics.arr import balances, close, stops
from metrics.movements import ledger, movements
from metrics.renewals import due, totals
from metrics.retention import trailing
from metrics.spells import spells
from tests.metrics.ledgers import MONTHS, ZONE, frame, ledgers, line, thorough
from warehouse.months import as_of

MONEY = ["opening", "new", "expansion", "reactivation", "contraction", "churn", "closing"]


def everything(lines: pd.DataFrame) -> dict[str, Any]:
    """All this floor says about ``lines``, except what it says about single lines."""
    held = balances(lines, MONTHS, ZONE)
    return {
        "balances": held.to_dict("list"),
        "movements": movements(held, MONTHS).to_dict("list"),
        "ledger": ledger(held, MONTHS).to_dict("list"),
        "retention": trailing(held, MONTHS[-1]),
        "spells": spells(lines, 30).astype("str").to_dict("list"),
    }


@thorough
@given(ledgers(1), st.data())
def test_a_line_split_in_two_says_the_same(lines: pd.DataFrame, data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, len(lines) - 1))
    whole = lines.loc[chosen]
    stop = stops(lines)[chosen]
    last = pd.Timestamp("2026-01-01") if pd.isna(stop) else stop
    share = data.draw(st.floats(0, 1))
    cut = (whole["starts_on"] + share * (last - whole["starts_on"])).floor("us")
    if not whole["starts_on"] < cut < last:
        return
    first = whole.copy()
    first[["ends_on", "ended_on"]] = cut, pd.NaT
    second = whole.copy()
    second[["starts_on", "line_id"]] = cut, "second"
    both = frame([*lines.drop(chosen).to_dict("records"), dict(first), dict(second)])
    assert everything(both) == everything(lines)


@thorough
@given(ledgers(), st.randoms(use_true_random=False))
def test_the_order_of_rows_says_nothing(lines: pd.DataFrame, shuffle: Any) -> None:
    order = list(range(len(lines)))
    shuffle.shuffle(order)
    mixed = lines.iloc[order]
    assert everything(mixed) == everything(lines)
    quarter = as_of("2024-09"), as_of("2024-12")
    pd.testing.assert_frame_equal(due(mixed, *quarter), due(lines, *quarter))


@thorough
@given(ledgers())
def test_twice_the_money_moves_twice_the_money_and_no_rate(lines: pd.DataFrame) -> None:
    once = balances(lines, MONTHS, ZONE)
    twice = balances(lines.assign(arr=lines["arr"] * 2), MONTHS, ZONE)
    assert (ledger(twice, MONTHS)[MONEY] == 2 * ledger(once, MONTHS)[MONEY]).all(axis=None)
    before, after = trailing(once, MONTHS[-1]), trailing(twice, MONTHS[-1])
    assert (before.nrr, before.grr, before.logo) == (after.nrr, after.grr, after.logo)
    pd.testing.assert_frame_equal(spells(lines, 30), spells(lines.assign(arr=lines["arr"] * 2), 30))


@thorough
@given(ledgers())
def test_segments_sum_to_the_whole(lines: pd.DataFrame) -> None:
    held = balances(lines, MONTHS, ZONE)
    inside = held["account_id"].isin(["A", "C"])
    # Each part is asked for the same months, the whole company's first one included.
    parts = [ledger(held[part], MONTHS)[MONEY] for part in (inside, ~inside)]
    assert (parts[0] + parts[1] == ledger(held, MONTHS)[MONEY]).all(axis=None)


@thorough
@given(ledgers())
def test_an_account_that_pays_nothing_changes_nothing(lines: pd.DataFrame) -> None:
    free = frame([*lines.to_dict("records"), line("nobody", "2023-01-01", None, 0, line_id="free")])
    assert everything(free) == everything(lines)


@thorough
@given(ledgers(), st.integers(0, len(MONTHS) - 1))
def test_lines_that_start_later_do_not_reach_back(lines: pd.DataFrame, last: int) -> None:
    months = MONTHS[: last + 1]
    now = as_of(months[-1], ZONE)
    known = lines[lines["starts_on"] < now]
    later, then = (balances(table, months, ZONE) for table in (lines, known))
    pd.testing.assert_frame_equal(later, then)
    pd.testing.assert_frame_equal(ledger(later, months), ledger(then, months))


@thorough
@given(ledgers())
def test_nobody_is_new_twice_and_every_return_follows_a_churn(lines: pd.DataFrame) -> None:
    moves = movements(balances(lines, MONTHS, ZONE), MONTHS)
    gate = moves[moves["kind"].isin(["new", "churn", "reactivation"])]
    for _, kinds in gate.groupby("account_id")["kind"]:
        expected = ["new", *["churn", "reactivation"] * len(kinds)]
        assert kinds.tolist() == expected[: len(kinds)]
    signs = moves["amount"].gt(0) == moves["kind"].isin(["new", "expansion", "reactivation"])
    assert signs.all()
    assert moves["amount"].ne(0).all()


@thorough
@given(ledgers())
def test_movements_from_nothing_add_up_to_each_balance(lines: pd.DataFrame) -> None:
    held = balances(lines, MONTHS, ZONE)
    moves = movements(held, MONTHS)
    for month in (MONTHS[4], MONTHS[-1]):
        summed = moves[moves["month"] <= month].groupby("account_id")["amount"].sum()
        now = held[held["month"] == month].set_index("account_id")["arr"]
        assert summed[summed != 0].to_dict() == now.to_dict()


@thorough
@given(ledgers())
def test_what_is_due_was_paid_just_before_it_ended(lines: pd.DataFrame) -> None:
    start, end = as_of("2024-06"), as_of("2024-12")
    table = due(lines, start, end)
    single = lines[~lines["account_id"].duplicated(keep=False)]
    alone = table[table["line_id"].isin(single["line_id"])]
    worth = balances(lines, ["2024-06"], "UTC").set_index("account_id")["arr"]
    running = single[single["starts_on"] <= close("2024-06")]["line_id"]
    for row in alone[alone["line_id"].isin(running)].itertuples():
        assert worth[row.account_id] == row.arr
    assert totals(table).arr == lines.set_index("line_id")["arr"].loc[table["line_id"]].sum()


def test_a_return_within_the_gap_is_one_spell_and_two_movements() -> None:
    edge = as_of("2024-03")
    away = timedelta(days=10)
    lines = frame(
        [
            line("A", "2024-01-10", None, 100) | {"ends_on": edge - away},
            line("A", "2024-01-10", None, 100) | {"starts_on": edge + away},
        ]
    )
    moves = movements(balances(lines, MONTHS), MONTHS)
    assert moves["kind"].tolist() == ["new", "churn", "reactivation"]
    assert len(spells(lines, 30)) == 1
