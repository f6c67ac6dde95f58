"""Tables, tiles and words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

import pandas as pd
import pytest

from reporting import notes
from reporting.shown import MIME
from reporting.sparks import spark
from reporting.tables import Column, table
from reporting.tiles import Tile, tiles

FRAME = pd.DataFrame(
    {
        "name": ["None", "Acme"],
        "segment": ["SMB", None],
        "arr": [123_456, 61_728],
        "risk": [0.5, math.nan],
        "by": [0.02, -0.01],
        "band": ["at_risk", "Healthy"],
        "due": [pd.Timestamp("2026-11-09"), pd.NaT],
        "why": [["one", "two"], []],
        "course": [[1.0, None, 2.0], [None, None]],
    }
)
COLUMNS = [
    Column("name", "Account", "name", under="segment"),
    Column("arr", "ARR", "money", "USD", bar=True),
    Column("risk", kind="pct"),
    Column("by", "Change", "points", signed=True, good="down"),
    Column("band", kind="band"),
    Column("due", "Decides by", "date"),
    Column("why", "Why", "list"),
    Column("course", "13 months", "spark"),
]


def grid(html: str) -> list[list[str]]:
    found = re.search(r"<table.*</table>", html, re.DOTALL)
    assert found
    rows = ElementTree.fromstring(found.group()).iter("tr")
    return [["".join(one.itertext()).replace("\u00a0", " ") for one in row] for row in rows]


def test_a_table_says_what_it_is_told() -> None:
    shown = table(FRAME, COLUMNS, "Accounts")
    assert grid(shown.html) == [
        ["Account", "ARR", "Risk", "Change", "Band", "Decides by", "Why", "13 months"],
        ["NoneSMB", "$1,235", "50.0 %", "+2.0 pts", "◆At risk", "9 Nov 2026", "onetwo", ""],
        ["Acme", "$617", "–", "−1.0 pts", "●Healthy", "–", "–", "–"],
    ]
    assert "<caption><bdi>Accounts</bdi></caption>" in shown.html
    assert shown.html.count('<th scope="row"') == 2
    assert shown.html.count('<th scope="col"') == len(COLUMNS)
    assert '<td data-label="Decides by"' in shown.html
    assert "<bdi>None</bdi>" in shown.html


def test_a_change_is_judged_by_what_is_good() -> None:
    html = table(FRAME, COLUMNS).html
    assert re.search(r'pr-worse">\+2\.0', html)
    assert re.search(r'pr-better">−1\.0', html)


def test_bars_are_against_the_largest_and_not_on_the_total() -> None:
    html = table(FRAME, COLUMNS, total={"arr": 185_184}).html
    assert re.findall(r"width:([\d.]+)%", html) == ["100.0", "50.0"]
    assert grid(html)[-1][:2] == ["Total", "$1,852"]


def test_a_limit_counts_what_it_leaves_out() -> None:
    shown = table(FRAME, COLUMNS, limit=1, note="Ordered by ARR.")
    assert len(grid(shown.html)) == 2
    assert "1 of 2 rows. Ordered by ARR." in shown.html


def test_no_rows_is_a_sentence() -> None:
    shown = table(FRAME.head(0), COLUMNS, "Accounts", empty="No account is due.")
    assert "No account is due." in shown.html
    assert "<table" not in shown.html


def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="no column regio; it has"):
        table(FRAME, [Column("regio")])


def test_a_terminal_gets_words() -> None:
    said = str(table(FRAME, COLUMNS, "Accounts"))
    assert said.startswith("Accounts\n")
    assert "<" not in said
    assert "At risk" in said


def test_a_live_notebook_gets_style_and_no_maths() -> None:
    data, _ = table(FRAME, COLUMNS)._repr_mimebundle_()
    assert data["text/html"].startswith("<style>.pr{--paper:")
    assert "mathjax_ignore" in data["text/html"]
    assert data["text/html"].endswith(data[MIME])


def test_a_line_breaks_where_nothing_is_known() -> None:
    assert re.findall("[ML]", spark([1, 2, None, 4, 3], "x").split(" d=")[1]) == list("MLML")
    assert spark([None, math.nan], "x") == ""
    assert 'aria-label="a &lt;b&gt;"' in spark([1, 1], "a <b>")


def tile(**given: object) -> str:
    shown = tiles(Tile(**{"label": "GRR", "value": 0.9, "kind": "pct", **given}))  # type: ignore[arg-type]
    return re.sub(r"<[^>]+>", "|", shown.html).replace("\u00a0", " ")


def test_a_tile_tells_value_change_target_and_doubt() -> None:
    said = tile(good="up", previous=0.91, since="Sep", target=0.92, n=40, low=0.8, high=0.95)
    assert "90.0 %" in said
    assert re.search(r"▼\W*−1\.0 pts\W*on \W*Sep\W*, worse", said)
    assert re.search(r"Target 92\.0 %\W*◆\W*2\.0 pts short", said)
    assert "n = 40 accounts · 95 % interval 80.0 % to 95.0 %" in said


def test_a_tile_judges_by_its_own_direction() -> None:
    said = tile(good="down", previous=0.91, target=0.92)
    assert "better" in said
    assert re.search(r"●\W*Met", said)
    assert "better" not in tile(previous=0.91)
    assert "Unchanged" in tile(good="up", previous=0.90004)


def test_a_tile_of_nothing_says_why() -> None:
    said = tile(value=None, previous=0.9, target=0.92, note="9 of 12 months held")
    assert "–" in said
    assert "9 of 12 months held" in said
    assert "▲" not in said


def test_prose_fills_its_places_and_nothing_else() -> None:
    shown = notes.prose("**{n} accounts**, first {who}", n="{who}", who="**<b>** {n}")
    assert shown.html.count("<strong>") == 1
    assert "<b>" not in shown.html
    assert shown.text == "{who} accounts, first **<b>** {n}"


def test_a_verdict_is_as_good_as_its_worst_check() -> None:
    checks = [notes.Check("Rows", "99 %"), notes.Check("Owners", "3 missing", "warn")]
    assert "pr-edge-watch" in notes.verdict(checks).html
    assert "pr-edge-risk" in notes.verdict([*checks, notes.Check("x", "y", "fail")]).html
    assert "Not known" in notes.verdict([]).html


def test_a_decision_has_an_owner_and_a_day() -> None:
    assert str(notes.decision("Call {n}.", "CS", "9 Oct", n="<b>")) == (
        "Decide: Call <b>. Owner: CS. By: 9 Oct."
    )


@dataclass(frozen=True)
class Entry:
    title: str = "NRR"
    purpose: str = "Do customers grow?"
    formula: str = "a < b"
    unit: str = "ratio"
    policy: str = ""
    owner: str = "Finance"
    decision: str = "Guidance"


def test_definitions_leave_out_what_is_not_said() -> None:
    html = notes.definitions([Entry()]).html
    assert "a &lt; b" in html
    assert "Policy" not in html
