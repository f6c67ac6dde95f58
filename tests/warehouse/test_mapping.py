"""Settings: what is misspelt, impossible or meaningless is refused, and says what to write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.warehouse.inputs import mapping
from warehouse.errors import DataRefused, InputMissing
from warehouse.mapping import Mapping, explained, nearest, read_toml

FILE = Path("perennial.toml")


def refused(**settings: Any) -> str:
    """What is said of settings that cannot be used."""
    with pytest.raises(ValidationError) as caught:
        mapping(**settings)
    error = explained(FILE, caught.value)
    assert isinstance(error, DataRefused)
    assert str(error).startswith("perennial.toml cannot be used:\n  ")
    return str(error)


def usage(**how: Any) -> dict[str, Any]:
    return {"usage": {"from": "u.csv", "columns": {"account_id": "a", "day": "d"}, **how}}


def arr(**how: Any) -> dict[str, Any]:
    return {"contract_lines": {"from": "l.csv", "columns": {"arr": {"column": "a", **how}}}}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"data": {"sourse": "x"}}, "data.sourse: there is no such setting; did you mean source?"),
        ({"limit": {}}, "limit: there is no such setting; did you mean limits?"),
        (
            {"tables": usage(sum_bye=["account_id"])},
            "tables.usage.sum_bye: there is no such setting; did you mean sum_by?",
        ),
        ({"tables": {"usages": {"from": "u", "columns": {}}}}, "did you mean usage?"),
        ({"tables": arr(per="quarter")}, "Input should be 'year', 'month', 'day' or 'term'"),
        (
            {"tables": {"tickets": {"from": "t", "columns": {"opened": "x"}}}},
            "'opened' is not a column of tickets; did you mean opened_at?",
        ),
        ({"company": {"name": "X", "timezone": "Oslo"}}, "write one like Europe/Oslo"),
        ({"company": {"name": "X", "timezone": "../UTC"}}, "write one like Europe/Oslo"),
        ({"company": {"name": "X", "timezone": "localtime"}}, "another zone on another machine"),
        ({"company": {"name": "X", "currency": "usd"}}, "company.currency"),
        ({"tables": arr(value="5")}, "give either column (whose values to read) or value"),
        ({"tables": usage(sum_by=["day"])}, "sum_by without account_id would add accounts"),
        (
            {"tables": usage(sum_by=["account_id", "events"])},
            "'events' is not a mapped column of usage",
        ),
        ({"rates": {"EUR": "0"}}, "greater than 0"),
        ({"rates": {"EUR": "1.123456789012345678"}}, "no more than 15 digits"),
        ({"rates": {"USD": "1.2"}}, "USD is the reporting currency, worth 1"),
        ({"data": {"complete_through": "October"}}, "'October' is not a day; write one like"),
        ({"limits": {"quarantined": 1.5}}, "less than or equal to 1"),
    ],
)
def test_a_setting_that_cannot_be_used_says_what_to_write(
    settings: dict[str, Any], said: str
) -> None:
    assert said in refused(**settings)


@pytest.mark.parametrize(
    ("column", "how", "wrong"),
    [
        ("seats", {"per": "month"}, "per"),
        ("seats", {"times": "n"}, "times"),
        ("arr", {"format": "%d/%m/%Y"}, "format"),
        ("product", {"trunc": "day"}, "trunc"),
        ("arr", {"plus_days": 3}, "plus_days"),
        ("seats", {"plus_hours": "h"}, "plus_hours"),
    ],
)
def test_a_setting_that_would_be_ignored_is_refused(
    column: str, how: dict[str, Any], wrong: str
) -> None:
    lines = {"from": "l.csv", "columns": {column: {"column": "x", **how}}}
    assert f"contract_lines.{column}: {wrong} means nothing" in refused(
        tables={"contract_lines": lines}
    )


def test_a_term_is_that_of_a_contract_line() -> None:
    amount = {"column": "x", "per": "term"}
    tables = {"opportunities": {"from": "o.csv", "columns": {"amount": amount}}}
    assert "opportunities.amount: per means nothing" in refused(tables=tables)
    amount["per"] = "month"
    assert mapping(tables=tables).tables["opportunities"].columns["amount"].per == "month"


@pytest.mark.parametrize("form", ["%Q", "%"])
def test_a_date_format_is_tried_at_once(form: str) -> None:
    columns = {"starts_on": {"column": "x", "format": form}}
    said = refused(tables={"contract_lines": {"from": "l.csv", "columns": columns}})
    assert "is no date format; write one like %d/%m/%Y" in said


def test_a_plain_name_is_a_column_and_the_defaults_are_safe() -> None:
    made = mapping(tables=usage(), rates={"EUR": 1.1})
    assert made.tables["usage"].columns["day"].column == "d"
    assert made.rates["EUR"] == Decimal("1.1")
    for day in ("2026-10-31", date(2026, 10, 31)):
        assert mapping(data={"complete_through": day}).data.complete_through == "2026-10-31"
    assert (made.data.source, made.limits.quarantined, made.company.timezone) == (
        "data/raw",
        0.2,
        "UTC",
    )
    with pytest.raises(ValidationError, match="frozen"):
        made.data.source = "elsewhere"  # type: ignore[misc]


def test_a_settings_file_is_read_or_said_to_be_wrong(tmp_path: Path) -> None:
    file = tmp_path / "perennial.toml"
    with pytest.raises(InputMissing, match="`perennial init` drafts one"):
        read_toml(file)
    file.write_text("[company\n")
    with pytest.raises(DataRefused, match="is not valid TOML"):
        read_toml(file)
    file.write_bytes("[company]\nname = 'Zoë'\n".encode("latin-1"))
    with pytest.raises(DataRefused, match="is not valid TOML"):
        read_toml(file)
    file.write_bytes(b"\xef\xbb\xbf" + "[company]\nname = 'Zoë'\n".encode())
    assert Mapping.model_validate(read_toml(file)).company.name == "Zoë"


def test_the_nearest_name_is_found_whatever_its_case_and_signs() -> None:
    assert nearest("Account ID", ["created", "accountid"]) == "accountid"
    assert nearest("ARR", ["arr", "seats"]) == "arr"
    assert nearest("zzz", ["arr", "seats"]) is None
    assert nearest("arr", []) is None
