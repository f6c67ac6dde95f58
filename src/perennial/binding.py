"""Bind a month's book: call each floor once, and hand over what it found."""

from __future__ import annotations

from typing import Any

import pandas as pd

from features.catalogue import catalogue
from metrics.facts import facts
from models import artefacts, forecast, grades, history
from models import outlook as renewal_outlook
from models.scores import CHANGES, FORECASTS, RENEWALS, SCORES, Sheet
from perennial.training import Serving, question
from perennial.workspace import Workspace, code_digest
from plays.playbooks import playbooks
from plays.signals import fired
from plays.worklist import worklist
from reporting import earlier, gather, judging, past
from reporting.book import Book
from reporting.doubt import outlook
from warehouse.contract import TABLES
from warehouse.months import as_of, shift
from warehouse.snapshot import Snapshot


def bind(
    workspace: Workspace,
    snapshot: Snapshot,
    month: str,
    models: dict[str, Serving],
    sheets: dict[Sheet, pd.DataFrame],
    now: pd.DataFrame,
) -> Book:
    """The month's book, from its ledger and everything known at its close."""
    rows, due, forecasts = (sheets[sheet] for sheet in (SCORES, RENEWALS, FORECASTS))
    settings, zone = workspace.settings, snapshot.company.timezone
    policy, lines = settings.policy, history.lines(snapshot, month)
    known = facts(snapshot, month, policy, dated=settings.fx, fixed=settings.rates)
    held, counted = known.held, known.counted(policy)
    who = gather.people(snapshot)
    table = gather.told(rows, who, now)
    walked, trended = gather.walk(held, month), gather.trend(held, month, policy)
    ahead = gather.coming(lines, month, zone, table, policy)
    former = shift(month, -1)
    said = earlier.said(workspace.root, month)
    before = said.get(former)
    table = earlier.beside(table, before)
    lived = history.matrices(snapshot, history.lived(snapshot, month, 13), workspace.features)
    asked = question(workspace, "churn")
    graded = (workspace.root, lines, as_of(month, zone), asked, zone, policy.gap_days)
    sources, faults = gather.sources(snapshot.ledger)
    hours = {csm: settings.capacity.of.get(csm, settings.capacity.hours) for csm in set(who["csm"])}
    return Book(
        about=_about(workspace, snapshot, month, models, now)
        | {"renewals": _renewals(workspace, lines, month, zone, policy.gap_days, due)},
        figures=gather.figures(known, table, ahead),
        walk=walked,
        trend=trended,
        moves=earlier.beside(gather.moves(held, month, who), before),
        due=ahead,
        scores=table,
        flow=gather.flow(rows, before),
        drivers=gather.drivers(rows, before),
        bridge=gather.bridge(sheets[CHANGES], rows, before),
        risk=earlier.risk(said),
        segments=gather.segments(held, month, table, who, policy),
        pulse=gather.pulse(lived),
        worklist=worklist(table, playbooks(), hours, as_of(month, zone)),
        signals=fired(now),
        churn_folds=_folds(models["churn"]),
        expansion_folds=_folds(models["expansion"]),
        grades=grades.grade(*graded),
        verdicts=judging.verdicts(grades.answered(*graded)),
        drift=judging.drifted(models["churn"].trained, lived),
        left=grades.churned(*graded).merge(who[["account_id", "name", "csm"]], on="account_id"),
        cohorts=past.cohorts(held, month),
        departed=past.departed(held, counted, month, zone, who),
        renewals=past.renewals(
            lines, history.lines(snapshot, former), month, zone, policy.gap_days
        ),
        outlook=outlook(table),
        forecast=forecasts,
        forecast_grades=renewal_outlook.summary(
            renewal_outlook.grades(workspace.root, lines, month, zone, policy.gap_days)
        ),
        sources=sources,
        faults=faults,
    )


def _renewals(
    workspace: Workspace, lines: pd.DataFrame, month: str, zone: str, gap: int, due: pd.DataFrame
) -> dict[str, Any]:
    """What the forecast says of itself: its model, its past, and how close anybody could be."""
    first = forecast.quarter(due["due_in"]) if len(due) else due["due_in"]
    whole = forecast.quarter(pd.Series([shift(month, 3)]))[0]
    rows = due[first == whole]
    learnt = renewal_outlook.learnt_from(workspace.root, lines, month, zone, gap)
    return {
        "model": str(due["model"].iloc[0]) if len(due) else "last year",
        "learnt": bool(learnt["period"].nunique() >= forecast.PERIODS),
        "n": len(rows),
        "attainable": forecast.attainable(rows["arr"], rows["p_lost"]),
    }


def _folds(serving: Serving) -> pd.DataFrame:
    return serving.trained.folds if serving.trained else pd.DataFrame()


def _about(
    workspace: Workspace,
    snapshot: Snapshot,
    month: str,
    models: dict[str, Serving],
    now: pd.DataFrame,
) -> dict[str, Any]:
    settings = workspace.settings
    return {
        "month": month,
        "as_of": as_of(month, snapshot.company.timezone).isoformat(),
        **snapshot.company.model_dump(mode="json"),
        "policy": settings.policy.name,
        "gap_days": settings.policy.gap_days,
        "targets": settings.targets,
        "lead": settings.model.lead,
        "horizon": settings.model.horizon,
        "snapshot": snapshot.id,
        "watermark": snapshot.watermark.isoformat(),
        "sources": {t.table: t.sha256 for t in snapshot.ledger},
        "absent": [name for name in TABLES if not snapshot.has(name)],
        "features": {"count": now.shape[1], "digest": catalogue().digest},
        "code": code_digest(),
        "models": {kind: _model(serving) for kind, serving in models.items()},
    }


def _model(serving: Serving) -> dict[str, Any]:
    trained = serving.trained
    if trained is None:
        return {"said": serving.said}
    return {
        "said": serving.said,
        "month": trained.month,
        "through": trained.through,
        "digest": artefacts.digest(trained),
        "verdict": trained.verdict,
        "rule": trained.rule,
        "rows": trained.rows,
        "events": trained.events,
        "base_rate": trained.base_rate,
    }
