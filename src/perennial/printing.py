"""What the command line says: plain text for a person at a terminal."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from models import levers, scores
from models.explain import FAR
from models.scores import CHANGES
from perennial.workspace import Workspace
from reporting import formats, publish
from warehouse.contract import TABLES
from warehouse.errors import DataRefused, InputMissing
from warehouse.months import shift
from warehouse.signs import signs
from warehouse.snapshot import Snapshot

WORDS = {"coverage": "data that came or went", "model": "another model"}
MOST = 4
SMALL = 0.1  # points


def row_ledger(snapshot: Snapshot) -> str:
    """What became of every raw row, table by table, and why."""
    head = f"{'table':<16}{'rows in':>12}{'used':>12}{'repaired':>10}{'quarantined':>13}  from"
    lines = [f"Snapshot {snapshot.id} of {snapshot.company.name}", "", head]
    for t in snapshot.ledger:
        lines.append(
            f"{t.table:<16}{t.rows_in:>12,}{t.used:>12,}{t.repaired:>10,}{t.quarantined:>13,}"
            f"  {t.file}"
        )
        if t.left_out:
            lines.append(f"{'':<16}{t.left_out:,} rows of the file belong to no {t.table}")
        lines.append(f"{'':<16}when a row became known: {t.clock}")
        for reason in t.reasons:
            shown = f", for example {reason.example!r}" if reason.example else ""
            column = f"{reason.column} " if reason.column else ""
            lines.append(
                f"{'':<16}{reason.fate} {reason.rows:,}: {column}{reason.says} "
                f"(first in row {reason.first_row}{shown})"
            )
    absent = [name for name in TABLES if not snapshot.has(name)]
    if absent:
        lines += [
            "",
            f"Not there, and not needed: {', '.join(absent)}. Each one adds to the reports.",
        ]
    bad = sum(t.quarantined for t in snapshot.ledger)
    if bad:
        lines += [
            "",
            f"Quarantined: {bad:,}, each with its row number and reason, in "
            f"{snapshot.folder / 'quarantine'}. Mend them at the source or in the mapping.",
        ]
    return "\n".join(lines)


def dirt(snapshot: Snapshot) -> str:
    """What is readable in the admitted tables, and yet not what it seems."""
    found = list(signs(snapshot))
    if not found:
        return "No sign of dirt was found in what was admitted."
    lines = ["Signs of dirt in what was admitted:", ""]
    for sign in found:
        lines += [
            f"{sign.kind}: {sign.found:,} {sign.unit} ({sign.where}), for example {sign.example}",
            f"    {sign.does} {sign.remedy}",
        ]
    return "\n".join(lines)


def account_told(workspace: Workspace, account: str, month: str) -> str:
    """One account: score, band, money, reasons, and what moved since the month before."""
    now = _row(workspace, account, month)
    lines = [
        f"{account}, at the close of {month}: {now['band']}"
        + (f", health {now['score']}" if pd.notna(now["score"]) else "")
    ]
    currency = workspace.settings.company.currency
    lines.append(f"  ARR {formats.money(now['arr'], currency)}")
    if pd.notna(now["p_churn"]):
        lines.append(
            f"  risk of churn {formats.pct(now['p_churn'])}, "
            f"expected loss {formats.money(now['expected_loss'], currency)}"
        )
        lines += _opinions(now["p_churn"], now["p_drivers"])
    if pd.notna(now["p_expansion"]):
        lines.append(f"  odds of expansion {formats.pct(now['p_expansion'])}")
    parts = json.loads(now["subscores"] or "{}")
    told = ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
    if told:
        lines.append(f"  sub-scores: {told}")
    if pd.notna(now["expert"]):
        lines.append(f"  the experts' weights say {now['expert']:.0f}")
    lines += _reasons("Why", now["reasons"]) + _reasons("Room to grow", now["expansion_reasons"])
    if month not in scores.months(workspace.root, CHANGES):
        return "\n".join(lines)
    changes = scores.read(workspace.root, month, CHANGES)
    best = changes[changes["account_id"] == account]
    if len(best) and best["lever"].iloc[0]:
        lines.append("  Best lever:")
        lines.append(f"    - {levers.said(best['lever'].iloc[0], best['drop'].iloc[0])}")
    former = shift(month, -1)
    if former in scores.months(workspace.root):
        lines += _moved(scores.read(workspace.root, former), changes, account, now, former)
    return "\n".join(lines)


def _row(workspace: Workspace, account: str, month: str) -> pd.Series[Any]:
    rows = scores.read(workspace.root, month)
    found = rows[rows["account_id"] == account]
    if found.empty:
        raise InputMissing(
            f"{account} had no recurring revenue at the close of {month}, so it has no score; "
            f"the month has {len(rows):,} accounts, from {rows['account_id'].iloc[0]}"
        )
    return found.iloc[0]


def _opinions(p: float, by_drivers: float) -> list[str]:
    """Where what people say of the account moves its risk well past what drivers tell."""
    if not abs(p - by_drivers) >= FAR:
        return []
    word = "raise" if p > by_drivers else "lower"
    return [
        f"  by its drivers alone {formats.pct(by_drivers)}: surveys and the CSM's opinion {word} it"
    ]


def _reasons(title: str, text: str) -> list[str]:
    told = json.loads(text)
    return [f"  {title}:"] * bool(told) + [f"    - {reason['text']}" for reason in told]


def _moved(
    before: pd.DataFrame,
    changes: pd.DataFrame,
    account: str,
    now: pd.Series[Any],
    former: str,
) -> list[str]:
    found = before[before["account_id"] == account]
    if found.empty:
        return [f"  Not a customer at the close of {former}"]
    then = found.iloc[0]
    lines = [f"  Since {former}:"]
    if then["band"] != now["band"]:
        lines.append(f"    - band: {then['band']} -> {now['band']}")
    if pd.notna(then["p_churn"]) and pd.notna(now["p_churn"]):
        lines.append(
            f"    - risk of churn: {formats.pct(then['p_churn'])} -> {formats.pct(now['p_churn'])}"
        )
    lines += [f"    - {part}: {points:+.1f} points" for part, points in _parts(changes, account)]
    return lines


def _parts(changes: pd.DataFrame, account: str) -> list[tuple[str, float]]:
    """What moved an account's risk, in points, the largest parts that are worth a line."""
    told = json.loads(changes.set_index("account_id")["parts"].get(account, "{}"))
    points = [(WORDS.get(part, part), 100 * moved) for part, moved in told.items()]
    points.sort(key=lambda pair: (-abs(pair[1]), pair[0]))
    return [(part, moved) for part, moved in points if abs(moved) >= SMALL][:MOST]


def verified(workspace: Workspace, month: str | None) -> str:
    """What a check of the publication found; ``DataRefused`` if it is not as published."""
    if month is None:
        latest = workspace.reports / "latest"
        if not latest.exists():
            raise InputMissing(f"nothing is published in {workspace.reports} yet")
        month = latest.resolve().parent.name
    faults = publish.verify(workspace.reports, month)
    if faults:
        raise DataRefused(f"{month} is not as it was published: " + "; ".join(faults))
    manifest = publish.current(workspace.reports, month) or {}
    count = len(manifest.get("files", {}))
    return f"{month} is as it was published: {count} files, publication {manifest['publication']}"
