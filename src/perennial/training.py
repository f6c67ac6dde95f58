"""Which model serves a month: trained on schedule, with only what was known then.

A training is a lesson: the model, and whether the gate lets it take over from the one that
serves. Whatever the gate says, the model is registered; only one it promoted ever serves.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.catalogue import catalogue
from models import alarm, gate, hazard, hazard_rehearsal, history, involuntary, tracking
from models.artefacts import ArtefactOutdated
from models.decisions import FARTHEST
from models.gate import Decision
from models.hazard import Hazard
from models.history import answers, lived, matrices
from models.outcomes import Kind, Question
from models.train import TooFewEvents, rows, train
from models.trained import Trained
from perennial.workspace import Workspace, code_digest
from warehouse.months import as_of, shift
from warehouse.snapshot import Snapshot


@dataclass(frozen=True)
class Past:
    """What a question can learn from: the months' features, and the frame with the answers."""

    known: dict[str, pd.DataFrame]
    frame: pd.DataFrame


@dataclass(frozen=True)
class Lesson:
    """A model as it was trained, the past it was taught, and what the gate decided about it."""

    trained: Trained
    past: Past
    decision: Decision


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


def past(
    workspace: Workspace, snapshot: Snapshot, kind: Kind, month: str, progress: bool = False
) -> Past:
    """The past of ``kind`` as it was known at the close of ``month``."""
    settings, asked = workspace.settings, question(workspace, kind)
    months = lived(snapshot, month, settings.model.history)
    known = matrices(snapshot, months, workspace.features, progress)
    truth = answers(snapshot, asked, known, month, settings.policy.gap_days)
    return Past(known, rows(known, truth))


def learn(
    workspace: Workspace, snapshot: Snapshot, kind: Kind, month: str, progress: bool = False
) -> Lesson:
    """Train ``kind`` at the close of ``month``, and ask the gate; nothing is stored.

    Raises ``TooFewEvents`` where the past cannot teach it.
    """
    settings, asked = workspace.settings, question(workspace, kind)
    zone, features = snapshot.company.timezone, catalogue().features
    taught = past(workspace, snapshot, kind, month, progress)
    trained = train(
        asked,
        taught.frame,
        features,
        month,
        zone,
        settings.policy.gap_days,
        catalogue().digest,
        trials=settings.model.trials,
        progress=progress,
    )
    try:
        former = tracking.champion(kind, workspace.root, month)
    except ArtefactOutdated:
        former = None  # nobody can score with it any more
    alarms = alarm.alarm(taught.frame, features, asked)
    return Lesson(trained, taught, gate.decide(trained, former, alarms, taught.frame, zone))


def time_left(workspace: Workspace, snapshot: Snapshot, month: str, frame: pd.DataFrame) -> Hazard:
    """The monthly hazards of leaving at the close of ``month``.

    ``frame`` is that of churn's `past`. Raises ``TooFewEvents``.
    """
    zone, gap = snapshot.company.timezone, workspace.settings.policy.gap_days
    asked = hazard.periods(frame, history.lines(snapshot, month), month, zone, gap)
    return hazard.fit(frame, asked, catalogue().features, month, zone)


def time_left_rehearsed(
    workspace: Workspace, snapshot: Snapshot, month: str, frame: pd.DataFrame
) -> tuple[pd.DataFrame | None, str]:
    """How such hazards did at earlier closes (`hazard_rehearsal.rehearse`), or why nobody knows."""
    zone, gap = snapshot.company.timezone, workspace.settings.policy.gap_days
    asked = hazard.periods(frame, history.lines(snapshot, month), month, zone, gap)
    features = catalogue().features
    try:
        return hazard_rehearsal.rehearse(frame, asked, features, month, zone, gap), ""
    except TooFewEvents as refusal:
        return None, refusal.message


def unpaid(workspace: Workspace, snapshot: Snapshot, month: str) -> tuple[Trained | None, str]:
    """The model of who is lost to a failed payment at the close of ``month``, or why none is.

    Raises ``InputMissing`` where nothing is known of billing.
    """
    zone, gap = snapshot.company.timezone, workspace.settings.policy.gap_days
    asked = question(workspace, "churn")
    months = lived(snapshot, month, workspace.settings.model.history)
    known = matrices(snapshot, months, workspace.features)
    spine = pd.concat(
        pd.DataFrame({"account_id": frame.index.astype("str"), "month": each})
        for each, frame in sorted(known.items())
    )
    told = involuntary.answers(
        asked, history.lines(snapshot, month), spine, as_of(month, zone), zone, gap
    )
    features, digest = catalogue().features, catalogue().digest
    try:
        return involuntary.learn(rows(known, told), features, month, zone, gap, asked, digest), ""
    except TooFewEvents as refusal:
        return None, refusal.message


def keep(workspace: Workspace, snapshot: Snapshot, lesson: Lesson) -> tracking.Version:
    """Log and register the model of ``lesson``; it is the champion if the gate said so."""
    extra = {"snapshot": snapshot.id, "code": code_digest()}
    return tracking.log(lesson.trained, workspace.root, extra=extra, decision=lesson.decision)


def scheduled(month: str, every: int) -> str:
    """The last month up to ``month`` at whose close a model is due."""
    return shift(month, -((int(month[:4]) * 12 + int(month[5:])) % every))


def serving(
    workspace: Workspace, snapshot: Snapshot, kind: Kind, month: str, progress: bool = False
) -> Serving:
    """The model for ``month``: the newest trained by then, made now if one is due.

    Where the past has too few events to learn from, or the gate refuses what was learnt, the
    former model serves on, or none does, and the reason is kept to be printed.
    """
    due = scheduled(month, workspace.settings.model.retrain_every)
    by_then = [v for v in tracking.versions(kind, workspace.root) if v.month <= month]
    said = ""
    try:
        if max((v.month for v in by_then), default="") < due:
            by_then.append(
                keep(workspace, snapshot, learn(workspace, snapshot, kind, due, progress))
            )
        if by_then and not by_then[-1].promoted:
            said = f"the model of {by_then[-1].month} was refused: {'; '.join(by_then[-1].reasons)}"
    except TooFewEvents as refusal:
        said = refusal.message
    return Serving(kind, tracking.champion(kind, workspace.root, month), said)
