"""Cells: a text is one value or a fault; ids, money, dates and words are never guessed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from tests.warehouse.inputs import (
    Content,
    column,
    duckdb_file,
    frozen,
    ledger,
    lines,
    mapping,
    quarantine,
    write,
)
from warehouse.errors import DataRefused
from warehouse.freeze import freeze
from warehouse.snapshot import Snapshot

ALL = {"quarantined": 1}
IDS = [
    "007",
    "9007199254740993",
    "12345678901234567890",
    "1e5",
    "0x1F",
    "NA",
    "None",
    "null",
    "nan",
]


def only(workspace: Path, table: Content, **settings: Any) -> Snapshot:
    """The company with these contract lines; any share of faults is taken."""
    return frozen(workspace, {"contract_lines.csv": table}, limits=ALL, **settings)


def parquet(workspace: Path, table: pa.Table) -> Snapshot:
    """The company whose contract lines are this table."""
    write(workspace, {"contract_lines.parquet": table})
    return freeze(mapping(limits=ALL), workspace)


def told(**how: Any) -> dict[str, Any]:
    """A mapping of the contract lines that reads the columns of the same name, or as told."""
    names = ("line_id", "account_id", "starts_on", "arr")
    columns = {**{n: n for n in names}, **how}
    return {"contract_lines": {"from": "contract_lines.csv", "columns": columns}}


def read(workspace: Path, values: list[str], name: str, **settings: Any) -> dict[str, Any]:
    """What each text of column ``name`` was read as; a quarantined one is missing."""
    table = lines([f'2024-01-01,1,"{v}"' for v in values], f"starts_on,arr,{name}")
    if name == "arr":
        table = lines([f'2024-01-01,"{v}"' for v in values])
    made = only(workspace, table, **settings)
    rows = dict(zip(column(made, "line_id"), column(made, name), strict=True))
    bad = quarantine(made)
    for row, (reason, value) in bad.items():
        assert f": {name} " in reason
        assert value == values[row - 1].strip()
    assert len(rows) + len(bad) == len(values)
    return {v: rows[f"L{i:03d}"] for i, v in enumerate(values) if f"L{i:03d}" in rows}


# Ids and words


def test_ids_and_words_survive_every_kind_of_file(tmp_path: Path) -> None:
    """Leading zeros, more than 15 digits, and words other programs take for nothing."""
    rows = {
        "line_id": IDS,
        "account_id": IDS,
        "product": IDS[::-1],
        "starts_on": ["2024-01-01"] * len(IDS),
        "arr": ["1"] * len(IDS),
    }
    frame = pd.DataFrame(rows, dtype="str")
    csv = only(tmp_path / "csv", frame.to_csv(index=False))
    columns = parquet(tmp_path / "parquet", pa.Table.from_pandas(frame))
    frame.to_csv(tmp_path / "rows.csv", index=False)
    query = f"SELECT * FROM read_csv('{tmp_path}/rows.csv', all_varchar = true)"
    duckdb_file(tmp_path / "crm.duckdb", {"contract_lines": query})
    database = freeze(mapping(data={"source": "crm.duckdb"}), tmp_path)
    for made in (csv, columns, database):
        assert column(made, "line_id") == sorted(IDS)
        assert made.frame("contract_lines")["line_id"].dtype == "str"
        assert dict(zip(column(made, "line_id"), column(made, "product"), strict=True)) == dict(
            zip(IDS, IDS[::-1], strict=True)
        )
    assert column(csv, "account_id", "accounts") == sorted(IDS)


def test_ids_that_were_numbers_stay_what_they_were_or_are_refused(tmp_path: Path) -> None:
    """A floating-point id beyond 2^53 has lost its last digits: nobody knows whose row it is."""
    ids = [7.0, 2.0**53 - 1, 2.0**53, 1e300, float("nan"), float("inf"), 1.5, -3.0]
    table = pa.table({"survey_id": ids, "account_id": ["A1"] * 8, "sent_at": ["2024-01-01"] * 8})
    made = frozen(tmp_path, {"surveys.parquet": table}, limits=ALL)
    assert column(made, "survey_id", "surveys") == ["-3", "1.5", "7", "9007199254740991"]
    assert {
        row: reason for row, (reason, _) in quarantine(made, "surveys").items()
    } == dict.fromkeys((3, 4, 5, 6), "not readable: survey_id is not an id")
    whole = pa.table({"line_id": pa.array([7, 2**63 - 1], "int64"), "arr": [1, 2]})
    whole = whole.append_column("account_id", pa.array([1, 2], "int32"))
    whole = whole.append_column("starts_on", pa.array([datetime(2024, 1, 1)] * 2))
    made = parquet(tmp_path / "whole", whole)
    assert column(made, "line_id") == ["7", "9223372036854775807"]


def test_only_the_words_that_are_named_mean_nothing(tmp_path: Path) -> None:
    found = read(tmp_path, ["NA", "N/A", " ", "-", "null"], "product", data={"empty": ["-", "N/A"]})
    assert found == {
        "NA": "NA",
        "N/A": "subscription",
        " ": "subscription",
        "-": "subscription",
        "null": "null",
    }


def test_words_are_translated_and_others_become_other(tmp_path: Path) -> None:
    words = {"column": "billing", "words": {"M": "monthly", "yearly": "annual"}}
    values = ["M", "yearly", "Annual", "weekly", "", "other"]
    found = read(tmp_path, values, "billing", tables=told(billing=words))
    assert list(found.values()) == ["monthly", "annual", "annual", "other", None, "other"]


# Numbers


def test_integers(tmp_path: Path) -> None:
    good = {"1": 1, "007": 7, "+5": 5, "-0": 0, "1.0": 1, "1.000000000": 1, " 7 ": 7, "": None}
    bad = ["NaN", "inf", "1e400", "1,5", "1.5", "1.0000001", "99999999999999999999", "1_0", "0x10"]
    bad += ["1e2", "1 000", "one", "9223372036854775808", "١"]
    assert read(tmp_path, [*good, *bad], "seats") == good


def test_numbers(tmp_path: Path) -> None:
    good = {"0": 0.0, "1": 1.0, ".5": 0.5, "5e-1": 0.5, "0.25": 0.25, "": None}
    bad = ["1,5", "nan", "inf", "-inf", "1e400", "50%", "1_0", "-0.1", "1.01", "half"]
    assert read(tmp_path, [*good, *bad], "discount") == good


def test_flags(tmp_path: Path) -> None:
    good = {"yes": True, "Y": True, "TRUE": True, "1": True, "no": False, "f": False, "0.0": False}
    assert read(tmp_path, [*good, "maybe", "2", "ja"], "auto_renew") == good


def test_floating_point_columns_of_parquet(tmp_path: Path) -> None:
    """NaN and infinity are no numbers; a whole one is an integer."""
    n = 5
    table = pa.table(
        {
            "line_id": [f"L{i}" for i in range(n)],
            "account_id": ["A1"] * n,
            "starts_on": ["2024-01-01"] * n,
            "arr": [0.1 + 0.2, 1.005, 2.675, 1.0, 1.0],
            "seats": [3.0, None, 4.0, float("nan"), float("inf")],
        }
    )
    made = parquet(tmp_path, table)
    assert column(made, "arr") == [30, 101, 268]
    assert column(made, "seats") == [3, None, 4]
    assert [value for _, value in quarantine(made).values()] == ["nan", "inf"]


# Money


def test_money_is_whole_cents_with_halves_away_from_zero(tmp_path: Path) -> None:
    good = {
        "0.005": 1,
        "-0.005": -1,
        "0.004999": 0,
        "2.675": 268,
        "1.005": 101,
        "0.1": 10,
        "1e3": 100_000,
        "999999999999.99": 99_999_999_999_999,
        "-0": 0,
    }
    bad = ["1e400", "nan", "1000000000000", "99999999999999999999999999999999999999999"]
    bad += ["$5", "1,000", "1 000", "1_000", "five", "(5)", "5-"]
    assert read(tmp_path, [*good, *bad], "arr") == good


def cents(amount: str, factor: Fraction) -> int:
    """The exact answer: one fraction, rounded once, halves away from zero."""
    exact = Fraction(amount) * factor * 100
    return int(abs(exact) + Fraction(1, 2)) * (1 if exact > 0 else -1)


AMOUNTS = ["0.01", "0.15", "-0.15", "8.335", "1234567.89", "-19.995", "0.000001", "77777777.77"]


@pytest.mark.parametrize(
    ("per", "times"), [("year", 1), ("month", 12), ("day", 365)], ids=["year", "month", "day"]
)
def test_an_amount_is_made_annual_exactly(tmp_path: Path, per: str, times: int) -> None:
    """With exchange rates too: 100 EUR are 110 USD whichever way they are counted."""
    rates = {"EUR": Decimal("1.1"), "IDR": Decimal("0.0000612345"), "CHF": Decimal("1.123456789")}
    rows = [(a, c) for a in AMOUNTS for c in ("USD", *rates)]
    table = lines([f"2024-01-01,{a},{c}" for a, c in rows], "starts_on,arr,currency")
    arr = {"column": "arr", "per": per}
    made = only(tmp_path, table, tables=told(arr=arr, currency="currency"), rates=rates)
    assert column(made, "arr") == [
        cents(a, times * Fraction(rates.get(c, Decimal(1)))) for a, c in rows
    ]


@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York"])
def test_a_term_is_spread_over_its_days(tmp_path: Path, zone: str) -> None:
    """By the company's calendar: a summer hour is no day less."""
    terms = {
        "2024-01-01,2025-01-01": 366,
        "2026-01-01,2026-07-01": 181,
        "2026-01-01,2026-01-02": 1,
        "2026-01-01T08:00,2026-01-01T09:00": 1,
        "2026-03-29,2026-03-30": 1,
        "2026-07-01,2027-01-01": 184,
    }
    rows = [(t, a) for t in terms for a in AMOUNTS]
    table = lines([f"{t},{a}" for t, a in rows] + ["2024-01-01,,5"], "starts_on,ends_on,arr")
    arr = {"column": "arr", "per": "term"}
    company = {"name": "Made", "timezone": zone}
    made = only(tmp_path, table, tables=told(arr=arr, ends_on="ends_on"), company=company)
    assert column(made, "arr") == [cents(a, Fraction(365, terms[t])) for t, a in rows]
    assert quarantine(made)[len(rows) + 1] == (
        "not an amount a year: arr covers a term, and the line has no end to spread it to",
        "5",
    )


def test_an_amount_times_a_quantity(tmp_path: Path) -> None:
    rows = ["3,0.335", "-3,0.335", "1000000,999999", "9999999,9999999", "x,1", "1,x", ",1", "1,"]
    table = lines([f"2024-01-01,{r}" for r in rows], "starts_on,quantity,price")
    arr = {"column": "quantity", "times": "price"}
    made = only(tmp_path, table, tables=told(arr=arr))
    assert column(made, "arr") == [101, -101, 99999900000000]
    said = {row: reason.split(":")[0] for row, (reason, _) in quarantine(made).items()}
    assert said == {
        **dict.fromkeys((4, 5, 6), "not readable"),
        **dict.fromkeys((7, 8), "value missing"),
    }


def test_a_rate_that_is_missing_is_named(tmp_path: Path) -> None:
    rows = ["1,USD", "1,EUR", "1,GBP", "1,", "1,usd"]
    table = lines([f"2024-01-01,{r}" for r in rows], "starts_on,arr,currency")
    made = only(tmp_path, table, rates={"EUR": "1.1"})
    assert column(made, "arr") == [100, 110]
    assert quarantine(made) == {
        3: ("no exchange rate: currency is not USD and has no entry under [rates]", "GBP"),
        4: ("no currency: currency is empty, and amounts come in several currencies", ""),
        5: ("no exchange rate: currency is not USD and has no entry under [rates]", "usd"),
    }
    single = only(tmp_path, lines(["2024-01-01,1,", "2024-01-01,1,USD"], "starts_on,arr,currency"))
    assert column(single, "arr") == [100, 100]


# Columns


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(
        DataRefused, match=r"no column 'arr' which is required\. The nearest is 'ARR"
    ):
        only(tmp_path, lines(["2024-01-01,1"], "starts_on,ARR"))
    with pytest.raises(DataRefused, match=r"no column 'starts_on' .* nearest is 'started_on'"):
        only(tmp_path, lines(["2024-01-01,1"], "started_on,arr"))
    with pytest.raises(DataRefused, match=r"no column 'Start' \(for contract_lines.starts_on\)"):
        only(tmp_path, lines(["2024-01-01,1"]), tables=told(starts_on="Start"))
    for name in ("times", "plus_hours"):
        kind = "arr" if name == "times" else "starts_on"
        how = {"column": kind, name: "gone"}
        with pytest.raises(DataRefused, match="no column 'gone'"):
            only(tmp_path, lines(["2024-01-01,1"]), tables=told(**{kind: how}))
    for name, value in (("present", ["gone"]), ("where", {"gone": ["x"]})):
        chosen = told()
        chosen["contract_lines"][name] = value
        with pytest.raises(
            DataRefused, match=r"no column 'gone' .*rows of contract_lines are chosen"
        ):
            only(tmp_path, lines(["2024-01-01,1"]), tables=chosen)


def test_a_column_that_is_almost_ours_is_not_left_out_silently(tmp_path: Path) -> None:
    """Without ``ends_on`` every line would be open-ended."""
    for name in ("Ends On", "end_on", "ENDS_ON"):
        table = lines(["2024-01-01,2025-01-01,1"], f"starts_on,{name},arr")
        with pytest.raises(DataRefused, match=f"has a column '{name}' and none called 'ends_on'"):
            only(tmp_path, table)
    made = only(tmp_path, lines(["2024-01-01,x,1"], "starts_on,renewal_note,arr"))
    assert ledger(made).used == 1
