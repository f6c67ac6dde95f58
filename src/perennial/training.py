"""Which model serves a month: trained on schedule, with only what was known then."""

from __future__ import annotations

from dataclasses import dataclass

from features.catalogue import catalogue
from models import tracking
from models.decisions import FARTHEST
from models.history import answers, lived, matrices
from models.outcomes import Kind, Question
from models.train import TooFewEvents, rows, train
from models.trained import Trained
from perennial.workspace import Workspace, code_digest
from warehouse.months import shift
from warehouse.snapshot import Snapshot


@dataclass(frozen=True)
class Serving:
    """The model that serves a month, or why there is none."""

    kind: Kind
    trained: Trained | None
    said: str


def question(workspace: Workspace, kind: Kind) -> Question:
    """What the company asks: ``kind``, with the lead and horizon of its settings.

    A renewal is asked about from ``FARTHEST`` months before its notice deadline on.
    """
    if kind == "renewal":
        return Question(kind, 1, FARTHEST + 1)
    told = workspace.settings.model
    return Question(kind, told.lead, told.horizon)


def learn(
    workspace: Workspace, snapshot: Snapshot, kind: Kind, month: str, progress: bool = False
) -> Trained:
    """Train ``kind`` at the close of ``month``; nothing is stored.

    Raises ``TooFewEvents`` where the past cannot teach it.
    """
    settings, asked = workspace.settings, question(workspace, kind)
    months = lived(snapshot, month, settings.model.history)
    known = matrices(snapshot, months, workspace.features, progress)
    truth = answers(snapshot, asked, known, month, settings.policy.gap_days)
    return train(
        asked,
        rows(known, truth),
        catalogue().features,
        month,
        snapshot.company.timezone,
        settings.policy.gap_days,
        catalogue().digest,
        progress=progress,
    )


def keep(workspace: Workspace, snapshot: Snapshot, trained: Trained) -> tracking.Version:
    """Log and register ``trained``; the newest month's model is the champion."""
    extra = {"snapshot": snapshot.id, "code": code_digest()}
    return tracking.log(trained, workspace.root, extra=extra)


def scheduled(month: str, every: int) -> str:
    """The last month up to ``month`` at whose close a model is due."""
    return shift(month, -((int(month[:4]) * 12 + int(month[5:])) % every))


def serving(
    workspace: Workspace, snapshot: Snapshot, kind: Kind, month: str, progress: bool = False
) -> Serving:
    """The model for ``month``: the newest trained by then, made now if one is due.

    Where the past has too few events to learn from, the former model serves on,
    or none does, and the reason is kept to be printed.
    """
    due = scheduled(month, workspace.settings.model.retrain_every)
    by_then = [v.month for v in tracking.versions(kind, workspace.root) if v.month <= month]
    said = ""
    if max(by_then, default="") < due:
        try:
            keep(workspace, snapshot, learn(workspace, snapshot, kind, due, progress))
        except TooFewEvents as refusal:
            said = refusal.message
    return Serving(kind, tracking.champion(kind, workspace.root, month), said)
