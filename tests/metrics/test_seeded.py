"""The tests of the tests: faults of the kinds that ledgers have, each caught by a property.

The famous identity, opening plus movements is closing, catches few of them. ``PROPERTIES``
are the statements that together catch all; here each fault is put in, one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrics import arr, classify, groups, movements, retention, steps
from metrics.identities import MetricIdentityError
from metrics.policy import PRESETS, Policy
from metrics.rates import Rates, rates
from tests.metrics.ledgers import MONTHS, at_by_hand, frame, line
from warehouse.months import between

SPAN = between("2023-11", MONTHS[-1])
LAST = MONTHS[-1]


@cache
def ledgers() -> tuple[pd.DataFrame, ...]:
    """Ledgers with every kind of line: month edges, overlaps, credits, free lines, returns."""
    made = []
    for seed in range(4):
        draw = np.random.default_rng(seed)
        rows = []
        for account in "ABCDEF":
            for _ in range(int(draw.integers(1, 5))):
                start = pd.Timestamp("2023-11-01") + pd.DateOffset(
                    months=int(draw.integers(0, 12)), days=int(draw.choice([0, 0, 14]))
                )
                end = start + pd.DateOffset(months=int(draw.integers(1, 9)))
                cents = int(draw.choice([10_000, 25_000, 120_001, 0, -5_000]))
                product = str(draw.choice(["core", "more"]))
                row = line(account, str(start), str(end), cents, product=product)
                rows.append(row | {"currency": "USD" if account in "ABC" else "EUR"})
        back = [("2023-11-01", "2024-03-01"), ("2024-08-01", None)]
        rows += [line("R", start, end, 9_900) | {"currency": "EUR"} for start, end in back]
        rows += [line("Z", "2023-12-01", None, 0) | {"currency": "EUR"}]
        rows += [line("N", "2024-06-10", None, 7_700) | {"currency": "EUR"}]
        table = frame(rows)
        made.append(
            table.assign(currency=[row["currency"] for row in rows]).astype({"currency": "str"})
        )
    return tuple(made)


def held(lines: pd.DataFrame) -> pd.DataFrame:
    return arr.balances(lines, SPAN)


def by_the_definition(lines: pd.DataFrame) -> None:
    book = held(lines)
    for month in SPAN:
        found = book[book["month"] == month].set_index("account_id")["arr"].to_dict()
        assert found == at_by_hand(lines, arr.close(month))


def the_walk_closes(lines: pd.DataFrame) -> None:
    movements.ledger(held(lines), SPAN[1:])


def parts_are_whole(lines: pd.DataFrame) -> None:
    moves = movements.parted(lines, SPAN)
    plain = movements.movements(held(lines), SPAN)
    split = moves["kind"].isin(["expansion", "contraction"])
    assert (moves[classify.PARTS].sum(axis=1) == moves["amount"].where(split, 0)).all()
    assert moves[["account_id", "month", "kind", "amount"]].equals(plain)
    credited = lines.loc[lines["arr"] < 0, "account_id"]
    assert not moves.loc[~moves["account_id"].isin(credited), "credit"].any()


def kinds_say_what_happened(lines: pd.DataFrame) -> None:
    book = held(lines).pivot(index="account_id", columns="month", values="arr")
    book = book.reindex(columns=SPAN).fillna(0)
    for row in movements.movements(held(lines), SPAN).itertuples():
        place = SPAN.index(str(row.month))
        now = book.loc[row.account_id].iloc[place]
        before = book.loc[row.account_id].iloc[place - 1] if place else 0
        earlier = (book.loc[row.account_id].iloc[:place] > 0).any()
        kind = {
            "new": before == 0 and not earlier,
            "reactivation": before == 0 and earlier,
            "churn": now == 0,
            "expansion": now > before > 0,
            "contraction": before > now > 0,
        }[str(row.kind)]
        assert kind, row


def order_says_nothing(lines: pd.DataFrame) -> None:
    mixed = lines.sample(frac=1, random_state=3)
    assert held(mixed).equals(held(lines))


def twice_is_twice(lines: pd.DataFrame) -> None:
    twice = held(lines.assign(arr=lines["arr"] * 2))
    assert twice["arr"].tolist() == (held(lines)["arr"] * 2).tolist()


def a_line_cut_in_two_is_one(lines: pd.DataFrame) -> None:
    first, second = lines.copy(), lines.copy()
    cut = lines["starts_on"] + pd.DateOffset(months=1)
    inside = cut < lines["ends_on"].fillna(pd.Timestamp("2030-01-01"))
    first.loc[inside, "ends_on"] = cut[inside]
    second = second[inside].assign(starts_on=cut[inside], line_id=second["line_id"] + "-2")
    both = pd.concat([first, second], ignore_index=True)
    assert held(both).equals(held(lines))


def what_is_to_come_is_not_seen(lines: pd.DataFrame) -> None:
    later = frame([line("A", "2026-01-01", None, 500_000)]).assign(currency="EUR")
    assert held(pd.concat([lines, later], ignore_index=True)).equals(held(lines))


def nothing_for_nothing(lines: pd.DataFrame) -> None:
    paid = lines[lines["arr"] != 0].reset_index(drop=True)
    assert held(paid).equals(held(lines))
    found, expected = (retention.retained(held(each), LAST, Policy()) for each in (lines, paid))
    assert found == expected


def gross_is_capped_account_by_account(lines: pd.DataFrame) -> None:
    book = held(lines).pivot(index="account_id", columns="month", values="arr")
    book = book.reindex(columns=SPAN).fillna(0)
    for end, months in ((LAST, 12), (SPAN[9], 4)):
        then, now = book[SPAN[SPAN.index(end) - months]], book[end]
        cohort = then > 0
        found = retention.retained(held(lines), end, Policy(months=months))
        gross = found.opening - found.contraction - found.churn
        assert found.opening == then.sum()
        assert found.closing == now[cohort].sum() == gross + found.expansion
        assert gross == np.minimum(now, then)[cohort].sum()


def groups_are_the_whole(lines: pd.DataFrame) -> None:
    dated = pd.DataFrame(
        {
            "account_id": ["A", "A", "B"],
            "month": ["2023-11", "2024-05", "2023-11"],
            "group": list("xyx"),
        }
    )
    table = groups.walks(held(lines), SPAN[1:], dated)
    whole = movements.ledger(held(lines), SPAN[1:]).set_index("month")
    total = table.groupby("month")[movements.COLUMNS].sum()
    assert (total == whole.reindex(total.index)[movements.COLUMNS]).all(axis=None)


def a_hundred_euros_are_a_hundred_and_ten_dollars(lines: pd.DataFrame) -> None:
    """A company that bills in dollars, told in dollars and told in euros at the rate of the day."""
    dated = {"USD": {month: Decimal("1.1") for month in SPAN}}
    chosen = rates(dated, {"USD": Decimal(1)}, SPAN, "closing")
    told = arr.balances(lines, SPAN, rates=chosen)
    foreign = lines["currency"] == "USD"
    own = lines.assign(arr=(lines["arr"] * np.where(foreign, 1.1, 1.0)).round().astype("int64"))
    assert told.equals(held(own))


PROPERTIES: tuple[Callable[[pd.DataFrame], None], ...] = (
    by_the_definition,
    the_walk_closes,
    parts_are_whole,
    kinds_say_what_happened,
    order_says_nothing,
    twice_is_twice,
    a_line_cut_in_two_is_one,
    what_is_to_come_is_not_seen,
    nothing_for_nothing,
    gross_is_capped_account_by_account,
    groups_are_the_whole,
    a_hundred_euros_are_a_hundred_and_ten_dollars,
)


@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda each: each.__name__)
def test_every_property_holds(holds: Callable[[pd.DataFrame], None]) -> None:
    for lines in ledgers():
        holds(lines)


def sql(module: Any, name: str, right: str, wrong: str) -> Callable[[pytest.MonkeyPatch], None]:
    """A fault in a piece of SQL."""

    def put_in(patch: pytest.MonkeyPatch) -> None:
        text = getattr(module, name)
        assert right in text
        patch.setattr(module, name, text.replace(right, wrong))

    return put_in


def stops_late(patch: pytest.MonkeyPatch) -> None:
    right = steps.place

    def inclusive(instant: str, axis: Any, zone: str) -> str:
        late = f"({instant} + INTERVAL 1 MONTH)" if "ends_on" in instant else instant
        return right(late, axis, zone)

    patch.setattr(steps, "place", inclusive)


def starts_early(patch: pytest.MonkeyPatch) -> None:
    right = steps.place

    def early(instant: str, axis: Any, zone: str) -> str:
        return right(f"least({instant}, TIMESTAMP '2024-01-05')", axis, zone)

    patch.setattr(steps, "place", early)


def rows_twice(patch: pytest.MonkeyPatch) -> None:
    """The last of several lines of a product stands for all of them."""
    right = steps.of_lines

    def last(con: Any, lines: pd.DataFrame, *more: Any, **named: Any) -> None:
        right(con, lines.drop_duplicates(["account_id", "product", "starts_on"]), *more, **named)

    patch.setattr(steps, "of_lines", last)


def one_opening_too_early(patch: pytest.MonkeyPatch) -> None:
    right = movements.calendar.shift
    patch.setattr(
        movements.calendar, "shift", lambda month, by: right(month, 2 * by if by == -1 else by)
    )


def cap_on_the_total(patch: pytest.MonkeyPatch) -> None:
    right = retention.contributions

    def uncapped(*asked: Any) -> pd.DataFrame:
        table = right(*asked)
        shrunk = table["net"].sum() <= table["opening"].sum()
        return table.assign(gross=table["net"] if shrunk else table["opening"])

    patch.setattr(retention, "contributions", uncapped)


def newcomers_in_the_cohort(patch: pytest.MonkeyPatch) -> None:
    right = retention.contributions

    def everyone(book: pd.DataFrame, month: str, policy: Policy) -> pd.DataFrame:
        table = right(book, month, policy)
        more = book[(book["month"] == month) & ~book["account_id"].isin(table["account_id"])]
        fresh = pd.DataFrame({"account_id": more["account_id"], "opening": 0, "net": more["arr"]})
        return pd.concat([table, fresh.assign(gross=0, kept=0)], ignore_index=True)

    patch.setattr(retention, "contributions", everyone)


def groups_lose_the_unnamed(patch: pytest.MonkeyPatch) -> None:
    right = groups._placed
    patch.setattr(
        groups, "_placed", lambda *asked: right(*asked).loc[lambda t: t["group"] != groups.NOBODY]
    )


def rates_forgotten(patch: pytest.MonkeyPatch) -> None:
    right = Rates.value

    def flat(self: Rates, con: Any) -> None:
        right(Rates(self.factors.assign(factor=1.0), self.rule), con)

    patch.setattr(Rates, "value", flat)


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "a term counts its last day": stops_late,
    "a term counts before it starts": starts_early,
    "of two lines one counts": rows_twice,
    "who is back is new": sql(classify, "_MOVED", "'reactivation'", "'new'"),
    "who left has contracted": sql(classify, "_MOVED", "'churn'", "'contraction'"),
    "small movements are lost": sql(
        classify, "_MOVED", "after - before - fx > 0", "after - before - fx > 20000"
    ),
    "a credit makes ARR negative": sql(arr, "_HELD", "arr > 0", "arr <> 0"),
    "a free line makes a customer": sql(arr, "_HELD", "arr > 0", "arr >= 0"),
    "a product counts twice": sql(
        classify,
        "_MOVED",
        "THEN 0 ELSE more + less END AS product",
        "THEN 0 ELSE 2 * more END AS product",
    ),
    "the month before last is the opening": one_opening_too_early,
    "gross is capped on the total": cap_on_the_total,
    "newcomers are in the cohort": newcomers_in_the_cohort,
    "accounts without a group are dropped": groups_lose_the_unnamed,
    "rates are forgotten": rates_forgotten,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](monkeypatch)
    assert any(map(fails, PROPERTIES)), f"no property noticed that {fault}"


def fails(holds: Callable[[pd.DataFrame], None]) -> bool:
    try:
        for lines in ledgers():
            holds(lines)
    except (AssertionError, MetricIdentityError, KeyError, IndexError):
        return True
    return False


def test_presets_name_rules_that_differ() -> None:
    assert len({policy.model_dump_json() for policy in PRESETS.values()}) == len(PRESETS)
