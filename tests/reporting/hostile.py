"""Names nobody should have and somebody does, and a notebook made of pieces."""

from __future__ import annotations

import pandas as pd
from nbformat import NotebookNode

from reporting.shown import Shown

NAMES = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "'><svg onload=alert(4)>",
    "<iframe src='https://evil.example'></iframe>",
    "</title></style><script>alert(5)</script>",
    "</td></tr></table><h2>Not a section</h2>",
    "<!-- -->--><b>bold</b>",
    "]]><script>alert(6)</script>",
    "&lt;script&gt;alert(7)&lt;/script&gt;",
    "javascript:alert(8)",
    "[x](javascript:alert(9)) **bold** `code`",
    "![x](https://evil.example/a.png)",
    "<https://evil.example>",
    "{{7*7}} {% raw %} ${7*7} {name} %s",
    '=HYPERLINK("http://evil.example","click")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "$AVE & $PEND \\frac{1}{2} $x^2$",
    "חברת גדות בע״מ",
    "‮gnp.exe ⁦ شركة النور",
    "🚀 株式会社 Rocket Labs",
    "null\x00 bell\x07 escape\x1b[31m vt\x0b",
    "None",
    "nan",
    "Traceback (most recent call last): a firm",
    "x" * 300,
    "line\none\ttwo\r\nthree",
)


def accounts() -> pd.DataFrame:
    """One account a name, with a number of every kind and the name in every text column."""
    n = len(NAMES)
    return pd.DataFrame(
        {
            "name": NAMES,
            "label": NAMES,
            "segment": NAMES[::-1],
            "reasons": [[one, other] for one, other in zip(NAMES, NAMES[::-1], strict=True)],
            "arr": [1_000_000 + 7_000 * i for i in range(n)],
            "value": [1_000 + i for i in range(n)],
            "risk": [(i + 1) / (n + 1) for i in range(n)],
            "band": [["at_risk", "Watch", "healthy", "Not scored"][i % 4] for i in range(n)],
            "due": pd.date_range("2026-01-31", periods=n, freq="D"),
            "course": [[0.1, None, 0.3, i / n] for i in range(n)],
        }
    )


def cell(shown: Shown) -> NotebookNode:
    """A code cell that showed one piece."""
    data, metadata = shown._repr_mimebundle_()
    output = NotebookNode(output_type="display_data", data=NotebookNode(data), metadata=metadata)
    return NotebookNode(
        cell_type="code", metadata=NotebookNode(), source="secret_code()", outputs=[output]
    )


def words(source: str) -> NotebookNode:
    """A Markdown cell."""
    return NotebookNode(cell_type="markdown", metadata=NotebookNode(), source=source)


def notebook(*cells: NotebookNode) -> NotebookNode:
    """An executed notebook of these cells."""
    return NotebookNode(nbformat=4, nbformat_minor=5, metadata=NotebookNode(), cells=list(cells))
