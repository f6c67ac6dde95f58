from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from metrics import adoption as module
from metrics.adoption import (
    above,
    active,
    adoption,
    band,
    days_before,
    matrix,
    owned,
    trend,
    weighted,
    whitespace,
    worth,
)
from metrics.definitions.adoption import ADOPTION
from metrics.facts import Facts
from metrics.policy import Policy
from metrics.registry import REGISTRY, Figure
from tests.metrics.ledgers import frame, line
from tests.metrics.test_oracles import oracle

AS_OF = datetime(2024, 7, 1)  # a Monday
WORKDAYS = pd.bdate_range("2024-06-03", "2024-06-28")


def used(account: str, days: Any, people: int, product: str = "core") -> pd.DataFrame:
    """Rows of usage: ``people`` on each of ``days``."""
    table = pd.DataFrame({"day": pd.DatetimeIndex(days).astype("datetime64[us]")})
    table = table.assign(account_id=account, product=product, active_users=people)
    return table.astype({"account_id": "str", "product": "str", "active_users": "Int64"})


def usage(*parts: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([used("A", [], 0), *parts], ignore_index=True)


def sold(*rows: dict[str, Any]) -> pd.DataFrame:
    return frame(rows).assign(seats=pd.array([r.get("seats") for r in rows], dtype="Int64"))


def has(account: str, seats: int | None, product: str = "core", **rest: Any) -> dict[str, Any]:
    start = rest.pop("start", "2023-01-01")
    arr = rest.pop("arr", 100)
    return line(account, start, None, arr, seats=seats, product=product, **rest)


def shares(use: pd.DataFrame, lines: pd.DataFrame, zone: str = "UTC") -> dict[str, Any]:
    table = adoption(use, lines, AS_OF, zone)
    return dict(zip(table["account_id"], table["utilisation"], strict=True))


def test_people_on_a_working_day_over_seats() -> None:
    use = usage(used("A", WORKDAYS, 6), used("B", WORKDAYS[:10], 6))
    found = shares(use, sold(has("A", 10), has("B", 10)))
    # B was idle for half of the twenty days.
    assert found == {"A": pytest.approx(0.6), "B": pytest.approx(0.3)}


def test_the_window_is_twenty_eight_days_and_weekends_fill_no_seats() -> None:
    use = usage(
        used("A", WORKDAYS, 5),
        used("A", ["2024-05-31", "2024-07-01"], 500),
        used("A", ["2024-06-08", "2024-06-30"], 500),
        # Only on a Sunday: a product in use, and no seats taken.
        used("A", ["2024-06-09"], 3, "more"),
    )
    row = adoption(use, sold(has("A", 10), has("A", 10, "more")), AS_OF).iloc[0]
    assert (row["people"], row["seats"], row["utilisation"]) == (5, 20, 0.25)
    assert (row["used"], row["breadth"]) == (2, 1)


def test_a_day_without_anybodys_rows_is_nobodys_idle_day() -> None:
    # The last working day has not arrived yet, and on the 12th nothing was recorded.
    days = WORKDAYS[:-1].drop(pd.Timestamp("2024-06-12"))
    assert shares(usage(used("A", days, 6)), sold(has("A", 10)))["A"] == pytest.approx(0.6)


def test_a_day_belongs_to_the_company_and_clocks_may_change() -> None:
    zone = "Australia/Sydney"
    sunday, monday = datetime(2024, 6, 29, 14), datetime(2024, 6, 30, 14)
    use = usage(used("A", [monday], 4), used("A", [sunday], 9))
    _, days = active(use, datetime(2024, 6, 1), AS_OF, zone)
    assert days.tolist() == [pd.Timestamp("2024-07-01")]
    # In Sydney clocks went back on 7 April 2024: 28 days before the 30th is an hour more.
    assert days_before(datetime(2024, 4, 29, 14), 28, zone) == datetime(2024, 4, 1, 13)
    assert days_before(AS_OF, 28) == datetime(2024, 6, 3)


def test_use_over_seats_is_capped_for_health_and_not_for_selling() -> None:
    use = usage(used("A", WORKDAYS, 15), used("B", WORKDAYS, 9), used("C", WORKDAYS, 10))
    table = adoption(use, sold(has("A", 10), has("B", 10), has("C", 10)), AS_OF)
    assert table["utilisation"].tolist() == pytest.approx([1.5, 0.9, 1.0])
    assert table["capped"].tolist() == pytest.approx([1.0, 0.9, 1.0])
    assert above(table)["account_id"].tolist() == ["A", "C"]
    assert above(table, 0.5)["account_id"].tolist() == ["A", "C", "B"]


def test_seats_are_those_of_the_products_in_use() -> None:
    use = usage(used("A", WORKDAYS, 6), used("A", WORKDAYS, 50, "never bought"))
    lines = sold(
        has("A", 10), has("A", 5), has("A", 0), has("A", 100, "more"), has("B", 10), has("C", 10)
    )
    table = adoption(pd.concat([use, used("B", ["2024-01-02"], 3)]), lines, AS_OF)
    first, idle, silent = table.to_dict("records")
    assert (first["seats"], first["utilisation"]) == (15, pytest.approx(0.4))
    assert (first["owned"], first["used"], first["breadth"]) == (2, 1, 0.5)
    # B has been seen before and uses nothing now; of C nothing was ever seen.
    assert (idle["seats"], idle["utilisation"], idle["breadth"]) == (10, 0, 0)
    assert (silent["measured"], silent["owned"]) == (False, 1)
    assert np.isnan([silent["utilisation"], silent["capped"], silent["breadth"]]).all()


def test_a_product_counts_from_its_own_first_day() -> None:
    # A tried it for a fortnight before it bought.
    trial = used("A", WORKDAYS[:10], 6)
    use = usage(trial, used("A", WORKDAYS[10:], 6), used("B", WORKDAYS, 6), used("C", WORKDAYS, 6))
    lines = sold(
        has("A", 10, start="2024-06-17"),
        has("B", 10),
        has("B", 90, "more", start="2024-06-29"),
        # A renewal is no first day.
        has("C", 10, start="2024-06-24"),
        line("C", "2023-06-24", "2024-06-24", 100, seats=10),
    )
    assert shares(use, lines) == pytest.approx({"A": 0.6, "B": 0.6, "C": 0.6})
    assert adoption(use, lines, AS_OF)["breadth"].tolist() == [1, 1, 1]


def test_what_cannot_be_measured_is_not_nought() -> None:
    lines = sold(has("A", 10), has("B", None))
    use = usage(used("A", WORKDAYS, 6, "Core (EU)"), used("B", WORKDAYS, 6, "Core (EU)"))
    assert not adoption(use, lines, AS_OF)["measured"].any()
    blank = usage(used("A", WORKDAYS, 6)).assign(active_users=None)
    for none in (use[:0], blank, usage(used("A", ["2024-01-02"], 6))):
        table = adoption(none, lines, AS_OF)
        assert table["account_id"].tolist() == ["A", "B"]
        assert table[["people", "utilisation", "capped", "breadth"]].isna().all().all()
    seatless = adoption(usage(used("B", WORKDAYS, 6)), lines, AS_OF).iloc[1]
    assert (seatless["breadth"], np.isnan(seatless["utilisation"])) == (1, True)
    assert adoption(use, sold(), AS_OF).empty


def test_what_is_owned_at_the_close() -> None:
    lines = sold(
        line("A", "2023-01-01", "2024-07-01", 100, seats=5),
        line("A", "2024-07-01", None, 100, seats=7),
        line("A", "2023-01-01", None, 0, seats=3, product="free"),
        line("A", "2023-01-01", None, -10, seats=None, product="credit"),
        line("B", "2023-01-01", None, 0, seats=3),
        line("C", "2023-01-01", "2024-06-30", 10, seats=3),
    )
    table = owned(lines, AS_OF)
    assert table["product"].tolist() == ["core", "free"]
    assert table["account_id"].tolist() == ["A", "A"]
    assert table["arr"].tolist() == [100, 0]
    assert table["seats"].tolist() == [5, 3]


def test_bands_of_a_published_table() -> None:
    told = oracle(24)["expected"]["table"]
    used_ = [0.05, 0.30, 0.60, 0.90]
    months = [4.0, 7.5, 12.0]
    grid = pd.DataFrame([(u, m) for u in used_ for m in months], columns=["used", "months"])
    found = band(grid["used"], grid["months"]).str[0].str.upper()
    assert found.to_numpy().reshape(4, 3).tolist() == told


def test_bands_have_no_gap_and_keep_their_printed_edges() -> None:
    young = pd.Series(4.0, index=range(9))
    shares_ = pd.Series([0.0, 0.0999, 0.10, 0.50, 0.505, 0.51, 0.75, 0.755, 3.0])
    assert band(shares_, young).str[0].tolist() == list("rryygg") + list("ggg")
    middle = pd.Series(7.0, index=range(9))
    assert band(shares_, middle).str[0].tolist() == list("rrrryyygg")
    ages = pd.Series([1.99, 2.0, 5.99, 6.0, 9.0, 9.01, np.nan])
    found = band(pd.Series(0.6, index=ages.index), ages)
    assert found.tolist()[1:6] == ["green", "green", "yellow", "yellow", "red"]
    assert pd.isna(found.iloc[[0, 6]]).all()
    assert pd.isna(band(pd.Series([np.nan]), pd.Series([4.0]))).all()


def test_a_weighted_score() -> None:
    given, expected = oracle(23)["input"]["points"], oracle(23)["expected"]["score"]
    assert round(float(weighted(given)), 2) == expected
    assert float(weighted(given, [1, 1, 2])) == 5
    several = weighted([[10, 10, 0], [10, np.nan, 0], [10, np.nan, np.nan]], [1, 1, 2])
    assert several.tolist() == pytest.approx([5, 10 / 3, np.nan], nan_ok=True)
    assert weighted([[10, np.nan, np.nan]], [2, 1, 1]).tolist() == [10]
    assert np.isnan(weighted([np.nan, np.nan]))


def test_use_against_an_accounts_own_past() -> None:
    past = pd.bdate_range("2024-03-05", "2024-05-31")
    use = usage(
        used("A", past, 10), used("A", WORKDAYS, 5), used("B", past, 10), used("C", WORKDAYS, 9)
    )
    lines = sold(has("A", 10), has("B", 10), has("C", 10), has("D", 10, start="2024-05-01"))
    table = trend(use, lines, AS_OF).set_index("account_id")
    assert table["now"].tolist() == [5, 0, 9, 0]
    assert table["before"].tolist() == [10, 10, 0, 0]
    assert table["ratio"].tolist() == pytest.approx([0.5, 0, np.nan, np.nan], nan_ok=True)
    later = sold(has("A", 10, start="2024-04-01"))
    assert trend(use, later, AS_OF)["ratio"].isna().all()


def test_a_published_whitespace_matrix() -> None:
    given, expected = oracle(25)["input"], oracle(25)["expected"]
    products = [f"P{i}" for i in range(5)]
    cells = pd.DataFrame(
        [(a, p, c) for a, row in given.items() for p, c in zip(products, row, strict=True)],
        columns=["account_id", "product", "cell"],
    ).astype("str")
    held = cells[cells["cell"].str.startswith("O")]
    held = held.assign(arr=held["cell"].str[1:].astype("int64"))
    selling = cells[cells["cell"] == "P"]
    table = whitespace(matrix(held, products, selling)).set_index("account_id")
    assert table["owned_arr"].to_dict() == expected["owned_arr_k"]
    assert table["penetration"].to_dict() == expected["penetration"]
    assert table["gaps"].to_dict() == expected["gaps"]
    assert table["pipeline"][table["pipeline"] > 0].to_dict() == expected["pipeline"]
    # A chance whose product nobody wrote down fills a gap, while there is one.
    unplaced = pd.Series({"Acme": 1, "Initech": 2, "Nobody": 1})
    other = whitespace(matrix(held, products, selling), unplaced).set_index("account_id")
    assert other["gaps"].to_dict() == {"Acme": 1, "Globex": 2, "Initech": 0, "Massive": 3}
    assert other["pipeline"].to_dict() == {"Acme": 1, "Globex": 1, "Initech": 0, "Massive": 1}
    assert other["penetration"].to_dict() == expected["penetration"]


def test_what_must_not_be_sold_is_no_gap() -> None:
    held = pd.DataFrame(
        {"account_id": ["A", "B", "B"], "product": ["x", "x", "y"], "arr": [5, 6, 7]}
    )
    barred = pd.DataFrame({"account_id": ["A", "B"], "product": ["y", "x"]})
    cells = matrix(held, barred=barred, pipeline=barred)
    assert cells["state"].tolist() == ["owned", "not eligible", "owned", "owned"]
    assert whitespace(cells)["penetration"].tolist() == [1, 1]
    assert matrix(held, ["x", "y", "z"])["state"].value_counts()["gap"] == 3


def test_a_gap_is_worth_what_like_accounts_pay() -> None:
    arr = [100, 200, 300, 400, 500, 9000]
    held = pd.DataFrame({"account_id": list("ABCDEF"), "product": "x", "arr": arr})
    rest = pd.DataFrame({"account_id": list("GHI"), "product": "y", "arr": 1})
    cells = matrix(pd.concat([held, rest]))
    groups = pd.Series({**dict.fromkeys("ABCDEG", "small"), **dict.fromkeys("FH", "large")})
    found = cells.assign(worth=worth(cells, groups))
    gaps = found[(found["product"] == "x") & (found["state"] == "gap")]
    # G is small like five owners; H's one large owner is too few, and I is in no group.
    assert gaps["worth"].tolist() == [300, 350, 350]
    assert found.loc[found["product"] == "y", "worth"].isna().all()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {each.name: each for each in ADOPTION}
    monkeypatch.setattr("metrics.registry.REGISTRY", {**REGISTRY, **entries})


def told(**tables: pd.DataFrame) -> dict[str, Figure]:
    return module.figures(Facts("2024-06", "UTC", Policy(), tables, pd.DataFrame()))


@pytest.mark.usefixtures("registered")
def test_the_figures_of_a_month() -> None:
    use = usage(used("A", WORKDAYS, 15), used("B", WORKDAYS, 6), used("C", ["2024-01-02"], 1))
    lines = sold(has("A", 10), has("B", 10), has("B", 10, "more"), has("C", 10), has("D", 10))
    found = told(usage=use, contract_lines=lines)
    seats, breadth, gaps = (found[each.name] for each in ADOPTION)
    assert (seats.value, seats.n) == (pytest.approx((1 + 0.6 + 0) / 3), 3)
    assert (breadth.value, breadth.n) == (pytest.approx((1 + 0.5 + 0) / 3), 3)
    # Student's range of three values reaches beyond what a share can be.
    assert (seats.low, seats.high) == (0, 1)
    assert (gaps.value, gaps.n) == (3, 4)
    chances = pd.DataFrame(
        {
            "account_id": ["A", "A", "B", "C", "C"],
            "kind": ["cross_sell", "cross_sell", "cross_sell", "expansion", "cross_sell"],
            "closed_at": pd.to_datetime([None, None, None, None, "2024-06-01"]),
        }
    )
    fewer = told(usage=use, contract_lines=lines, opportunities=chances)
    assert fewer["whitespace_gaps"].value == 2


@pytest.mark.usefixtures("registered")
def test_tables_that_are_missing_or_empty() -> None:
    assert told() == {}
    assert list(told(contract_lines=sold(has("A", 10)))) == ["whitespace_gaps"]
    for lines in (sold(), sold(has("A", None))):
        found = told(usage=usage(), contract_lines=lines)
        assert (found["seat_utilisation"].value, found["seat_utilisation"].n) == (None, 0)
        assert (found["product_breadth"].value, found["whitespace_gaps"].value) == (None, 0)
