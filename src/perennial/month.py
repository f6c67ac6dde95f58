"""A month, lived once: facts, features, scores, book, pages, one publication.

The same path serves the newest month and every replayed one. Each step uses
only what was known at the month's ``as_of``.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from features.catalogue import catalogue
from features.vocabulary import OTHER
from metrics.arr import at, close
from models import artefacts, history, moved, scores, tracking
from models.experts import Experts, experts
from models.outcomes import QUESTIONS
from models.outlook import outlook
from models.scoring import score
from perennial import binding
from perennial.training import Serving, serving
from perennial.workspace import NOTEBOOKS, Workspace, code_digest
from reporting import audit, page, publish, runner
from reporting.book import Book
from reporting.exports import exports
from warehouse.errors import DataRefused
from warehouse.freeze import freeze
from warehouse.months import as_of, month_of, shift
from warehouse.snapshot import Snapshot

PAGES = {"health": "monthly-health", "retention": "monthly-retention"}
QUIET = timedelta(days=3)  # a month may end without a row on its very last days
STEPS = ("admit the tables", "train or load models", "score", "gather", "write pages", "publish")


@dataclass(frozen=True)
class Lived:
    """What became of a month: where it is published (None: scored only), and whether anew."""

    month: str
    path: Path | None
    changed: bool
    moved: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def live(workspace: Workspace, month: str, restate: str | None = None, pages: bool = True) -> Lived:
    """Live ``month``: score it, and with ``pages`` publish it.

    The same inputs again change nothing. Other inputs for a published month are
    refused unless ``restate`` gives a reason. Raises a ``Refusal`` with the last
    publication untouched.
    """
    publish.writable(workspace.reports)
    with publish.lock(workspace.reports), tqdm(total=len(STEPS), desc=STEPS[0], unit="step") as bar:
        snapshot = closed(workspace, month)
        _step(bar)
        models: dict[str, Serving] = {
            kind: serving(workspace, snapshot, kind, month, progress=True) for kind in QUESTIONS
        }
        _step(bar)
        rows, now = _scores(workspace, snapshot, month, models)
        words = unseen(models, now)
        sheets = {scores.SCORES: rows} | _outlook(workspace, snapshot, month, models, now)
        sheets[scores.CHANGES] = _changes(workspace, snapshot, month, models, now)
        changed = False
        for sheet, told in sheets.items():
            changed |= scores.write(workspace.root, month, told, restate, sheet)
        if not pages:
            return Lived(month, None, changed, unseen=words)
        name = _identity(workspace, snapshot, month, models, sheets)
        held = publish.permitted(workspace.reports, month, name, restate)
        if held == name:
            publish.whole(workspace.reports, month)
            return Lived(month, workspace.reports / month, False, unseen=words)
        _step(bar)
        book = binding.bind(workspace, snapshot, month, models, sheets, now)
        book.save(workspace.books / month)
        _step(bar)
        files, unstable = _pages(workspace, month, book)
        _step(bar)
        inputs = {k: book.about[k] for k in ("snapshot", "features", "code", "models", "sources")}
        former = figures_of(workspace.reports / month) if held else {}
        done = publish.publish(
            workspace.reports, month, files, inputs, name, restate=restate, unstable=unstable
        )
        changes = restated(former, figures_of(done.path))
        return Lived(month, done.path, done.changed, changes, words)


def _step(bar: Any) -> None:
    bar.update()
    bar.set_description(STEPS[bar.n])


def closed(workspace: Workspace, month: str) -> Snapshot:
    """The frozen facts, once the data reach the end of ``month``; ``DataRefused`` before."""
    snapshot = freeze(workspace.settings, workspace.root)
    zone = snapshot.company.timezone
    told = workspace.settings.data.complete_through
    through = pd.Timestamp(told) + timedelta(days=1) if told else snapshot.watermark + QUIET
    if through < as_of(month, zone):
        newest = shift(month_of(snapshot.watermark + QUIET, zone), -1)
        raise DataRefused(
            f"{month} is still open: the newest row of any table became known on "
            f"{snapshot.watermark:%Y-%m-%d}, and a month is closed when the data reach its end. "
            f"The newest closed month is {newest}. If the tables are complete to a later day, "
            "say so under [data] complete_through"
        )
    return snapshot


def _scores(
    workspace: Workspace, snapshot: Snapshot, month: str, models: dict[str, Serving]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The score ledger's rows for ``month``, and the features they were made from."""
    zone = snapshot.company.timezone
    seen = history.matrices(snapshot, [shift(month, -3), month], workspace.features)
    arr = at(history.lines(snapshot, month), close(month, zone))
    now = seen[month]
    rows = score(
        arr,
        now,
        seen[shift(month, -3)],
        catalogue(),
        models["churn"].trained,
        models["expansion"].trained,
        scored_by(workspace),
    )
    return rows, now


def scored_by(workspace: Workspace) -> Experts:
    """The experts' score of the company: ``expert-score.toml`` of its folder, or five factors."""
    own = workspace.root / "expert-score.toml"
    return experts(catalogue(), own) if own.exists() else experts(catalogue())


def _outlook(
    workspace: Workspace,
    snapshot: Snapshot,
    month: str,
    models: dict[str, Serving],
    now: pd.DataFrame,
) -> dict[scores.Sheet, pd.DataFrame]:
    """The score ledger's rows on what falls due in the months ahead, by sheet."""
    renewals, forecasts = outlook(
        workspace.root,
        history.lines(snapshot, month),
        month,
        snapshot.company.timezone,
        workspace.settings.policy.gap_days,
        models["renewal"].trained,
        now,
    )
    return {scores.RENEWALS: renewals, scores.FORECASTS: forecasts}


def _changes(
    workspace: Workspace,
    snapshot: Snapshot,
    month: str,
    models: dict[str, Serving],
    now: pd.DataFrame,
) -> pd.DataFrame:
    """The score ledger's rows on what moved since the month before, if that was scored."""
    former = shift(month, -1)
    then, before = None, None
    if former in scores.months(workspace.root):
        then = history.matrices(snapshot, [former], workspace.features)[former]
        before = tracking.champion("churn", workspace.root, former)
    return moved.moved(before, models["churn"].trained, then, now, catalogue())


def unseen(models: dict[str, Serving], now: pd.DataFrame) -> tuple[str, ...]:
    """A sentence for each word that a model met first in ``now``, and so took for `OTHER`."""
    said = []
    for kind, served in sorted(models.items()):
        if served.trained is not None:
            for feature, words in sorted(served.trained.vocabulary.unseen(now).items()):
                for word, accounts in words.items():
                    have = "account has" if accounts == 1 else "accounts have"
                    said.append(
                        f"{feature}: {accounts} {have} {word!r}, unseen when the {kind} model "
                        f"was trained; scored as {OTHER}"
                    )
    return tuple(said)


def _identity(
    workspace: Workspace,
    snapshot: Snapshot,
    month: str,
    models: dict[str, Serving],
    sheets: dict[scores.Sheet, pd.DataFrame],
) -> str:
    """The publication's id: a hash of all that decides its content."""
    before = [
        scores.read(workspace.root, earlier, sheet)
        for sheet in sheets
        for earlier in scores.months(workspace.root, sheet)
        if earlier < month
    ]
    parts = [
        month,
        snapshot.id,
        code_digest(),
        workspace.settings.model_dump(mode="json", exclude={"data": {"source"}}),
        {k: _digest(s) for k, s in models.items()},
        [
            sha256(told.to_json(orient="split", date_format="iso").encode()).hexdigest()
            for told in (*sheets.values(), *before)
        ],
    ]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _digest(serving: Serving) -> str:
    return artefacts.digest(serving.trained) if serving.trained else ""


def _pages(
    workspace: Workspace, month: str, book: Book
) -> tuple[dict[str, bytes | Path], dict[str, Any]]:
    """The publication's files, and what differs from run to run and so stays off its pages."""
    parameters = {"month": month, "workspace": str(workspace.root)}
    output = workspace.runs / month
    with ThreadPoolExecutor(max_workers=2) as pool:
        ran = dict(
            zip(
                PAGES,
                pool.map(
                    lambda name: runner.run(
                        NOTEBOOKS / "reports" / f"{name}.ipynb",
                        parameters,
                        output / f"{name}.ipynb",
                    ),
                    PAGES.values(),
                ),
                strict=True,
            )
        )
    footer = f"{book.about['name']} · {month} · snapshot {book.about['snapshot']}"
    files: dict[str, bytes | Path] = {}
    for name, record in ran.items():
        html = page.render(record.output, footer=footer)
        faults = audit.audit(html)
        if faults:
            raise DataRefused(f"{name}.html is not published: {'; '.join(faults[:5])}")
        files[f"{name}.html"] = html.encode()
    files["metrics.json"] = metrics_json(book)
    files |= exports(book)
    return files, {name: {"seconds": record.seconds} for name, record in ran.items()}


def figures_of(publication: Path) -> dict[str, Any]:
    """The registered numbers a publication printed, by name."""
    told = json.loads((publication / "metrics.json").read_text("utf-8"))
    metrics: dict[str, Any] = told["metrics"]
    return metrics


def restated(former: dict[str, Any], now: dict[str, Any]) -> tuple[str, ...]:
    """What a restatement moved, a line a number; empty where nothing was published before."""
    return tuple(
        f"{name}: {former[name]['value']} -> {figure['value']}"
        for name, figure in now.items()
        if name in former and former[name]["value"] != figure["value"]
    )


def metrics_json(book: Book) -> bytes:
    """``metrics.json``: every registered number of the month with n, policy and definition."""
    told = {
        "as_of": book.about["as_of"],
        "metrics": {name: asdict(figure) for name, figure in sorted(book.figures.items())},
    }
    return (json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
