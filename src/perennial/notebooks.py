"""Run one notebook by hand: a training, or a single page."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import nbformat

from models import tracking
from models.outcomes import Kind
from perennial.month import closed
from perennial.workspace import NOTEBOOKS, Workspace
from reporting import page, runner
from reporting.audit import audit
from reporting.parameters import declared, from_text
from warehouse.errors import DataRefused, InputMissing, Usage
from warehouse.freeze import HANDED, freeze
from warehouse.months import month_of, shift

TRAINING = {
    "churn": "04-train-churn",
    "expansion": "05-train-expansion",
    "renewal": "06-train-renewals",
}


def newest(workspace: Workspace) -> str:
    """The newest month whose data are complete."""
    snapshot = freeze(workspace.settings, workspace.root)
    last = month_of(snapshot.watermark, snapshot.company.timezone)
    for month in (shift(last, 1), last, shift(last, -1)):
        try:
            closed(workspace, month)
        except DataRefused:
            continue
        return month
    return shift(last, -2)


def teach(workspace: Workspace, question: str, month: str | None = None) -> str:
    """Run the training notebook of ``question`` and attach its record to the run it logged.

    Returns what happened, in words. Raises ``Usage`` for a question nobody asks.
    """
    if question not in get_args(Kind):
        raise Usage(f"{question!r} is not a question; there are {', '.join(get_args(Kind))}")
    month = month or newest(workspace)
    snapshot = closed(workspace, month)
    output = workspace.runs / "training" / f"{question}-{month}.ipynb"
    record = runner.run(
        NOTEBOOKS / "research" / f"{TRAINING[question]}.ipynb",
        {"month": month, "workspace": str(workspace.root)},
        output,
        timeout=1800,
        cell_timeout=1500,
        extra={HANDED: snapshot.id},
    )
    tracking.attach(workspace.root, str(record.facts["run"]), output)
    return (
        f"{question}: version {record.facts['version']}, trained at the close of {month}; "
        f"{record.facts['verdict']}\nThe executed notebook: {output}"
    )


def write_page(workspace: Workspace, name: str, month: str, told: list[str]) -> Path:
    """Run the report notebook ``name`` on ``month``'s book; returns the page it wrote."""
    notebook = NOTEBOOKS / "reports" / f"{name}.ipynb"
    if not notebook.exists():
        there = ", ".join(sorted(p.stem for p in notebook.parent.glob("*.ipynb")))
        raise InputMissing(f"there is no report {name!r}; there are {there}")
    takes = declared(nbformat.read(notebook, as_version=4), notebook)
    given = from_text(takes, _pairs(told), notebook)
    parameters = {"month": month, "workspace": str(workspace.root), **given}
    output = workspace.runs / month / f"{name}.ipynb"
    runner.run(notebook, parameters, output)
    html = page.render(output, footer=f"{workspace.settings.company.name} · {month}")
    faults = audit(html)
    if faults:
        raise DataRefused(f"{name} is not written: {'; '.join(faults[:5])}")
    file = output.with_suffix(".html")
    file.write_text(html, "utf-8")
    return file


def _pairs(told: list[str]) -> dict[str, str]:
    pairs = {}
    for text in told:
        name, sign, value = text.partition("=")
        if not sign:
            raise Usage(f"-p {text!r} is not key=value")
        pairs[name] = value
    return pairs
