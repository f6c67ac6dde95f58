"""What a movement is made of, when it happened, and what exchange rates did."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given

from metrics.arr import balances
from metrics.classify import PARTS
from metrics.movements import ledger, log, movements, parted
from metrics.rates import rates
from tests.metrics.ledgers import MONTHS, ZONE, frame, ledgers, line, thorough
from tests.metrics.test_oracles import oracle
from warehouse.errors import DataRefused
from warehouse.months import between

YEAR = between("2024-01", "2024-12")


def told(*rows: dict[str, object]) -> pd.DataFrame:
    """Lines with the columns a movement is split by."""
    table = frame(rows)
    more = pd.DataFrame(
        [
            {name: row.get(name) for name in ("seats", "uplift", "currency", "billing")}
            for row in rows
        ]
    )
    types = {"seats": "Int64", "uplift": "float64", "currency": "str", "billing": "str"}
    return pd.concat([table, more.astype(types)], axis=1)


def expansion(*rows: dict[str, object]) -> dict[str, int]:
    """The parts of the only movement in 2024 of what was there before, without the zeros."""
    moves = parted(told(*rows), YEAR)
    assert len(moves) == 1
    row = moves.iloc[0]
    assert sum(row[part] for part in PARTS) == row["amount"]
    return {part: int(row[part]) for part in PARTS if row[part]}


BEFORE = "2023-05-01"


def test_more_seats_at_the_same_price_are_seats() -> None:
    assert expansion(
        line("A", BEFORE, "2024-05-01", 1000, seats=10),
        line("A", "2024-05-01", None, 1500, seats=15),
    ) == {"seats": 500}


def test_a_dearer_seat_is_price_and_beside_more_seats_both() -> None:
    assert expansion(
        line("A", BEFORE, "2024-05-01", 1000, seats=10),
        line("A", "2024-05-01", None, 1100, seats=10),
    ) == {"price": 100}
    assert expansion(
        line("A", BEFORE, "2024-05-01", 1000, seats=10),
        line("A", "2024-05-01", None, 1650, seats=15),
    ) == {"seats": 500, "price": 150}


def test_what_the_contract_promised_is_no_ones_merit() -> None:
    rise = line("A", "2024-05-01", "2025-05-01", 50, seats=0, uplift=0.05)
    assert expansion(line("A", BEFORE, "2025-05-01", 1000, seats=10, uplift=0.05), rise) == {
        "escalator": 50
    }
    renewed = line("A", "2024-05-01", None, 1120, seats=10)
    assert expansion(line("A", BEFORE, "2024-05-01", 1000, seats=10, uplift=0.05), renewed) == {
        "escalator": 50,
        "price": 70,
    }


def test_without_seats_nobody_can_say_which() -> None:
    assert expansion(
        line("A", BEFORE, "2024-05-01", 1000), line("A", "2024-05-01", None, 1500)
    ) == {"unsplit": 500}


def test_another_product_and_another_plan() -> None:
    kept = line("A", BEFORE, None, 1000, seats=10)
    assert expansion(kept, line("A", "2024-05-01", None, 400, product="more", seats=10)) == {
        "product": 400
    }
    basic = line("A", BEFORE, "2024-05-01", 300, product="basic", seats=10)
    pro = line("A", "2024-05-01", None, 450, product="pro", seats=10)
    assert expansion(kept, basic, pro) == {"tier": 150}


def test_a_credit_that_hid_arr_is_a_part_of_its_own() -> None:
    credit = line("A", "2024-01-01", "2024-05-01", -700)
    lines = told(line("A", BEFORE, "2024-05-01", 500, seats=5), credit)
    after = told(*[*lines.to_dict("records"), line("A", "2024-05-01", None, 500, seats=5)])
    moves = parted(after, YEAR)
    assert moves["kind"].tolist() == ["churn", "reactivation"]
    more = told(line("A", BEFORE, None, 1000, seats=5), line("A", "2024-05-01", None, -200))
    only = parted(more, YEAR).iloc[0]
    assert (only["kind"], only["amount"]) == ("contraction", -200)
    assert sum(only[part] for part in PARTS) == -200


@thorough
@given(ledgers())
def test_parts_add_up_and_the_kinds_are_those_of_the_balances(lines: pd.DataFrame) -> None:
    months = between("2022-01", MONTHS[-1])
    moves = parted(lines, months, ZONE)
    plain = movements(balances(lines, months, ZONE), months)
    pd.testing.assert_frame_equal(moves[["account_id", "month", "kind", "amount"]], plain)
    split = moves["kind"].isin(["expansion", "contraction"])
    assert (moves[PARTS].sum(axis=1) == moves["amount"].where(split, 0)).all()


def test_every_change_is_logged_when_it_happened() -> None:
    lines = frame(
        [
            line("A", "2024-01-10", "2024-03-10", 100),
            line("A", "2024-03-20", None, 150),  # back after ten days
            line("B", "2024-01-05", "2024-02-05", 50),
            line("B", "2024-06-05", None, 60),  # back after four months
            line("C", "2024-04-03", None, 70),
            line("C", "2024-04-20", None, 50),  # up and down within a month
            line("C", "2024-04-20", None, 0),
        ]
    )
    told_ = log(lines, gap_days=30)
    assert told_[["account_id", "kind", "amount"]].to_numpy().tolist() == [
        ["A", "new", 100],
        ["A", "pause", -100],
        ["A", "resume", 150],
        ["B", "new", 50],
        ["B", "churn", -50],
        ["B", "reactivation", 60],
        ["C", "new", 70],
        ["C", "expansion", 50],
    ]
    assert told_["at"].iloc[1] == pd.Timestamp("2024-03-10")
    assert log(lines, gap_days=9)["kind"].iloc[1] == "churn"


@thorough
@given(ledgers())
def test_the_log_of_a_month_sums_to_its_net_movement(lines: pd.DataFrame) -> None:
    moves = parted(lines, between("2022-01", MONTHS[-1]))
    events = log(lines, 30)
    month = events["at"].dt.strftime("%Y-%m")
    net = events.groupby(["account_id", month])["amount"].sum()
    net = net[(net != 0) & (net.index.get_level_values(1) <= MONTHS[-1])]
    expected = moves.set_index(["account_id", "month"])["amount"]
    assert net.to_dict() == expected.to_dict()


# Exchange rates


def test_rates_alone_move_what_is_billed_by_the_month() -> None:
    given_, expected = oracle(11)["input"], oracle(11)["expected"]
    jan, mar = Decimal(str(given_["eurusd_jan"])), Decimal(str(given_["eurusd_mar"]))
    fixed = {"USD": 1 / jan}
    dated = {"USD": {"2024-01": 1 / jan, "2024-03": 1 / mar}}
    months = between("2024-01", "2024-03")
    monthly, annual = (round(given_[k] * 100 / jan) for k in ("usd_monthly_billed",) * 2)
    lines = told(
        line("M", "2024-01-01", None, monthly, currency="USD", billing="monthly"),
        line("Y", "2024-01-01", None, annual, currency="USD", billing="annual"),
    )
    invoiced = rates(dated, fixed, months, "invoiced")
    held = balances(lines, months, rates=invoiced)
    total = held.groupby("month")["arr"].sum() / 100
    assert total["2024-01"] == pytest.approx(expected["eur_jan"], abs=0.011)
    assert total["2024-03"] == pytest.approx(expected["eur_mar"], abs=0.011)
    moves = parted(lines, months, rates=invoiced)
    walk = ledger(held, months, moves)
    assert walk["fx"].sum() / 100 == pytest.approx(expected["fx_effect"], abs=0.011)
    organic = walk[["expansion", "contraction", "churn", "reactivation"]].sum().sum()
    assert organic == expected["organic"]
    # At closing rates the one billed by the year moves too; at a fixed rate nothing does.
    closing = rates(dated, fixed, months, "closing")
    both = ledger(
        balances(lines, months, rates=closing), months, parted(lines, months, rates=closing)
    )
    assert both["fx"].sum() == pytest.approx(2 * walk["fx"].sum(), abs=1)
    assert ledger(balances(lines, months), months)["fx"].sum() == 0


@pytest.mark.parametrize("rule", ["closing", "invoiced"])
def test_the_walk_closes_whatever_rates_and_customers_do(rule: str) -> None:
    dated = {"USD": {f"2024-{m:02d}": Decimal(80 + 3 * m) / 100 for m in range(1, 13)}}
    lines = told(
        line("A", "2023-07-10", "2024-07-10", 1000, currency="USD", billing="annual", seats=10),
        line("A", "2024-07-10", None, 1200, currency="USD", billing="annual", seats=12),
        line("B", "2024-02-10", "2024-09-10", 700, currency="USD", billing="monthly", seats=7),
        line("C", "2023-02-10", None, 500, currency="EUR", billing="annual", seats=5),
    )
    months = between("2023-01", "2024-12")
    chosen = rates(dated, {"USD": Decimal("0.8")}, months, rule)  # type: ignore[arg-type]
    moves = parted(lines, months, rates=chosen)
    walk = ledger(balances(lines, months, rates=chosen), months, moves)
    assert walk["fx"].ne(0).any()
    assert set(moves["kind"]) == {"new", "expansion", "churn", "fx"}
    assert not moves.loc[moves["account_id"] == "C", "kind"].eq("fx").any()
    grown = moves[(moves["account_id"] == "A") & (moves["kind"] == "expansion")].iloc[0]
    assert grown["seats"] == pytest.approx(grown["amount"], abs=1)  # each line is whole cents
    assert 200 < grown["amount"] < 280


def test_a_currency_without_a_fixed_rate_is_refused() -> None:
    with pytest.raises(DataRefused, match=r"fx: USD .* none under \[rates\]"):
        rates({"USD": {"2024-01": Decimal(1)}}, {}, YEAR, "closing")
    with pytest.raises(DataRefused, match="'2024-13' is not a month"):
        rates({"USD": {"2024-13": Decimal(1)}}, {"USD": Decimal(1)}, YEAR, "closing")
