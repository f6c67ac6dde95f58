"""What a notebook takes, and what it refuses before it runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode

from reporting.parameters import Parameter, check, declared, from_text
from warehouse.errors import Usage

PATH = Path("health.ipynb")
CELL = '''"""What this report takes."""
month: str = "2026-10"  # the month reported on
segment: str | None = None  # one segment; none: all
top: int = 20  # rows of the list
share: float = 0.5
draft: bool = False
audience: Literal["csm", "board"] = "csm"  # who reads it
'''


def taking(*sources: str) -> NotebookNode:
    cells = [
        NotebookNode(cell_type="code", source=s, metadata=NotebookNode(tags=["parameters"]))
        for s in sources
    ]
    return NotebookNode(cells=cells)


TAKES = declared(taking(CELL), PATH)


def test_parameters_are_read_with_their_meaning() -> None:
    assert [p.name for p in TAKES] == ["month", "segment", "top", "share", "draft", "audience"]
    assert TAKES[1] == Parameter("segment", "str", None, "one segment; none: all", optional=True)
    assert TAKES[5].describe() == "audience: csm or board (default 'csm')  who reads it"
    assert declared(taking(), PATH) == ()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("month = '2026-10'", "is not `name: type = value`"),
        ("a: int = 1\nb: int = a * 2", "computed; write a plain value"),
        ("import os", "is not `name: type = value`"),
        ("a: list = []", "the type 'list' is not one of"),
        ("a: dict[str, int] = {}", "is not one of str"),
        ("a: int = 'x'", "the default of 'a', 'x', is str, not int"),
        ("a: int = None", "none is not allowed"),
        ("A: int = 1", "'A' is no parameter name"),
        ("month: str = '2026-13'", "is no month"),
        ("a: Literal[1, 2] = 1", "is not one of str"),
    ],
)
def test_a_parameters_cell_that_is_not_plain_is_refused(source: str, says: str) -> None:
    with pytest.raises(Usage, match="parameters cell, line") as refused:
        declared(taking(source), PATH)
    assert says in refused.value.message


def test_two_parameters_cells_are_refused() -> None:
    with pytest.raises(Usage, match="2 cells tagged 'parameters'"):
        declared(taking("a: int = 1", "b: int = 1"), PATH)


def test_good_values_pass_as_plain_python() -> None:
    given = {"month": "2026-02", "segment": None, "top": 3, "share": 1, "draft": True}
    plain = check(TAKES, given, PATH)
    assert plain == given
    assert type(plain["share"]) is float


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"mont": "2026-10"}, "takes no parameter 'mont'; did you mean 'month'?"),
        ({"x; import os": 1}, "takes no parameter 'x; import os'"),
        ({"month": "2026-1"}, "is no month"),
        ({"month": 202610}, "is int, not str"),
        ({"month": None}, "none is not allowed"),
        ({"top": "20"}, "is str, not int"),
        ({"top": True}, "is bool, not int"),
        ({"top": np.int64(3)}, "is int64, not int"),
        ({"top": 2.0}, "is float, not int"),
        ({"share": float("nan")}, "not a finite number"),
        ({"share": float("inf")}, "not a finite number"),
        ({"draft": 1}, "is int, not bool"),
        ({"draft": "false"}, "is str, not bool"),
        ({"audience": "press"}, "is not one of csm, board"),
        ({"segment": ["a"]}, "is list, not str"),
    ],
)
def test_bad_values_are_refused_and_what_is_taken_is_listed(
    given: dict[str, object], says: str
) -> None:
    with pytest.raises(Usage) as refused:
        check(TAKES, given, PATH)
    assert refused.value.code == 64
    assert says in refused.value.message
    assert "month: str (default '2026-10')  the month reported on" in refused.value.message


def test_text_is_read_by_the_declared_type() -> None:
    texts = {"segment": "007", "top": "12", "share": "1e-1", "draft": "true"}
    expected = {"segment": "007", "top": 12, "share": 0.1, "draft": True}
    assert from_text(TAKES, texts, PATH) == expected
    assert from_text(TAKES, {"segment": "none"}, PATH) == {"segment": None}


@pytest.mark.parametrize(
    "texts",
    [{"top": "1.5"}, {"top": "1,000"}, {"share": "nan"}, {"draft": "yes"}, {"month": "none"},
     {"topp": "1"}],
)  # fmt: skip
def test_text_that_is_not_of_the_type_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(Usage):
        from_text(TAKES, texts, PATH)
