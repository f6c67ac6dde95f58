"""The data dictionary says what the contract says, and the page kept is the one it makes."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw
import pytest

from warehouse.contract import NEVER, TABLES, Column, Rule, Table
from warehouse.contract.dictionary import dictionary

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"


def test_the_page_kept_is_current() -> None:
    made = dictionary(TABLES.values())
    assert PAGE.read_text(encoding="utf-8") == made, "run `make dictionary`"


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_and_rule_has_its_line(table: Table) -> None:
    page = dictionary([table])
    for column in table.columns:
        assert page.count(f"\n| `{column.name}` | {column.meaning} |") == 1
    assert page.count("\n- *") == len(table.rules)


def test_a_line_says_all_that_is_declared() -> None:
    table = Table(
        "visits",
        "one visit",
        key=("visit_id", "day"),
        happened="day",
        columns=(
            Column("visit_id", "id", "Its id.", required=True),
            Column("day", "instant", "The day.", default="known_at"),
            Column("stars", "number", "This | that.", late="rated_at", unit="stars", low=1, high=5),
            Column("seats", "integer", "Seats.", low=0),
            Column("loss", "number", "Loss.", high=0),
            Column("kind", "category", "What.", choices=("a", "b"), default="a"),
            Column("who", "text", "Who.", known=NEVER, personal="personal"),
        ),
        rules=(Rule("has stars", nw.col("stars") > 0, "it has no stars", "stars"),),
    )
    page = dictionary([table])
    assert "A row is one visit. The table is optional." in page
    assert "- Key: `visit_id`, `day`\n- Happens at `day`, is known at `known_at`\n" in page
    for line in (
        "| `visit_id` | Its id. | id |  | with its row | yes |  |  |",
        "| `day` | The day. | instant |  | with its row |  | as `known_at` |  |",
        r"| `stars` | This \| that. | number | stars; 1 to 5 | at `rated_at` |  |  |  |",
        "| `seats` | Seats. | integer | 0 or more | with its row |  |  |  |",
        "| `loss` | Loss. | number | 0 or less | with its row |  |  |  |",
        "| `kind` | What. | category | `a`, `b` | with its row |  | `a` |  |",
        "| `who` | Who. | text |  | never |  |  | personal |",
        "- *has stars*; otherwise: it has no stars (`stars`)",
    ):
        assert f"\n{line}\n" in page
