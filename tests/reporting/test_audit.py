"""The gate: each fault is seen, and a good page has none."""

from __future__ import annotations

import pytest

from reporting.audit import audit
from reporting.page import POLICY

GOOD = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
    f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>T</title>'
    "<style>a{color:red}</style></head><body><main><h1>T</h1>§</main></body></html>"
)


def page(body: str = "") -> str:
    return GOOD.replace("§", body)


def test_a_good_page_has_no_fault() -> None:
    body = (
        '<a href="#t">t</a><a href="worklist.xlsx">w</a><a href="../2026-09/health.html#why">h</a>'
        '<img alt="a" src="data:image/png;base64,AAAA"><table><tr><th scope="col">n</th></tr>'
        "<tr><td><bdi>None</bdi></td><td><bdi>nan</bdi> Traceback</td><td>–</td></tr></table>"
        '<svg aria-label="x"><defs><path id="p"/></defs><use href="#p"/></svg>'
    )
    assert audit(page(body)) == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("<script>x</script>", "<script> has no place"),
        ("<SCRIPT src=x>", "<script> has no place"),
        ("<iframe></iframe>", "<iframe>"),
        ("<object data=x></object>", "<object>"),
        ("<form></form>", "<form>"),
        ("<svg aria-label=x><foreignObject></foreignObject></svg>", "<foreignobject>"),
        ("<svg aria-label=x><animate/></svg>", "<animate>"),
        ("<p onclick=x></p>", "event handler"),
        ("<p ONMOUSEOVER=x></p>", "event handler"),
        ("<svg aria-label=x><g xml:onload=x></g></svg>", "event handler"),
        ("<a href='javascript:x'>a</a>", "leaves the page"),
        ("<a href=' JaVaScRiPt:x'>a</a>", "leaves the page"),
        ("<a href='&#106;avascript:x'>a</a>", "leaves the page"),
        ("<a href='https://e.example'>a</a>", "leaves the page"),
        ("<a href='//e.example'>a</a>", "leaves the page"),
        ("<a href='\\\\e.example'>a</a>", "leaves the page"),
        ("<a href='/etc/passwd'>a</a>", "leaves the page"),
        ("<img alt=a src='https://e.example/a.png'>", "leaves the page"),
        ("<img alt=a src='data:image/svg+xml,x'>", "leaves the page"),
        ("<img alt=a srcset='a.png 2x' src='data:image/png;base64,A'>", "leaves the page"),
        ("<svg aria-label=x><use href='https://e.example#a'/></svg>", "leaves the page"),
        ("<svg aria-label=x><use xlink:href='e.svg#a'/></svg>", "leaves the page"),
        ("<p style='background:url(https://e.example)'></p>", "asks for another file"),
        ("<style>@import 'x.css'</style>", "asks for another file"),
        ("<meta http-equiv=refresh content=0>", "'refresh'"),
        ("<img src='data:image/png;base64,A'>", "no alt"),
        ("<svg></svg>", "no aria-label"),
        ("<table><tr><th>a</th></tr></table>", "no scope"),
        ("<table><tr><td>nan</td></tr></table>", "says 'nan'"),
        ("<table><tr><td> NaT </td></tr></table>", "says 'nat'"),
        ("<dl><dt>a</dt><dd>None</dd></dl>", "says 'none'"),
        ("<p class='pr-value'>&lt;NA&gt;</p>", "says '<na>'"),
        ("<pre>Traceback (most recent call last):</pre>", "left by a fault"),
        ("<pre>&lt;reporting.x object at 0x7f&gt;</pre>", "left by a fault"),
        ("No description has been provided for this image", "left by a fault"),
        ("<p id=a></p><p id=a></p>", "stands twice"),
        ("<h1>Two</h1>", "has 2 H1"),
        ("<div>", "<div> is never closed"),
        ("</div>", "closes nothing"),
    ],
)
def test_each_fault_is_seen(body: str, says: str) -> None:
    found = "\n".join(audit(page(body)))
    assert says in found, found or "no fault found"


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (' lang="en"', "no language"),
        ("<title>T</title>", "no title"),
        ("<h1>T</h1>", "0 H1"),
        (POLICY, "content policy"),
        ("img-src data:; ", "content policy"),
    ],
)
def test_what_a_page_lacks_is_seen(part: str, says: str) -> None:
    assert part in GOOD
    assert any(says in fault for fault in audit(page().replace(part, "")))
