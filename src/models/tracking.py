"""Tracking: every training in MLflow, every model in its registry, by one module.

The store is a SQLite file and a folder, ``mlruns/mlflow.db`` and
``mlruns/artifacts``, both by absolute path: MLflow's own defaults depend on the
folder a process happens to stand in, and would give each notebook its own store.

A training is a run of the experiment named after its question. The run holds
settings, a metric for each fold, measure and method (the step is the fold), the
folds' table, the model's folder (`models.artefacts`) and, once there is one, the
executed notebook. The first seed's booster is also logged in MLflow's XGBoost
flavour, so that ``mlflow ui`` shows a model. What Perennial scores with is the
folder, read back with its digest checked; nothing is unpickled.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import TYPE_CHECKING, Any

from models import artefacts, booster, card
from models.outcomes import QUESTIONS
from models.trained import Trained
from warehouse.errors import Locked, ServiceUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
PATIENCE = 120.0  # seconds to wait for another training to be logged; one takes two or three
FOLDER = "artefact"
TRAINING = {"mlflow.experimentKind": "custom_model_development"}  # which pages the UI opens with


@dataclass(frozen=True)
class Version:
    """A registered model: its number in the registry, its run, its month, its digest.

    ``new`` says whether this call registered it.
    """

    kind: str
    number: int
    run_id: str
    month: str
    digest: str
    new: bool = False


def store(workspace: Path) -> MlflowClient:
    """The workspace's tracking store, made on first use, as an MLflow client.

    MLflow's fluent functions (``mlflow.search_runs`` ...) point at it afterwards. Runs a
    killed process left open are closed as KILLED. Raises `ServiceUnavailable` if the store
    is damaged or was made for another folder, `Locked` if another process keeps it busy.
    """
    with _lock(workspace):
        return _open(workspace)


def log(
    trained: Trained,
    workspace: Path,
    notebook: Path | None = None,
    extra: Mapping[str, str] | None = None,
) -> Version:
    """Log one training as a run, register its model, and say which version it is.

    ``notebook`` is the executed notebook, if there is one already (`attach` adds it later);
    ``extra`` are further tags: ``snapshot`` and ``code`` by convention. A model that is
    already the newest of its month is not logged again: the version there is comes back.
    The alias ``champion`` goes to the newest month, never to an older one.
    """
    kind, digest = trained.question.kind, artefacts.digest(trained)
    with _lock(workspace):
        client = _open(workspace)
        same = [version for version in _versions(client, kind) if version.month == trained.month]
        if same and same[-1].digest == digest:
            _crown(client, kind)
            return same[-1]
        run_id, source, model_id = _run(client, trained, notebook, extra or {})
        made = client.create_model_version(
            kind,
            source=source,
            run_id=run_id,
            model_id=model_id,
            tags={"as_of": trained.month, "digest": digest, **(extra or {})},
        )
        _crown(client, kind)
        return Version(kind, int(made.version), run_id, trained.month, digest, new=True)


def attach(workspace: Path, run_id: str, path: Path) -> None:
    """Add a file, such as the executed notebook, to a run that is already logged."""
    with _lock(workspace):
        _open(workspace).log_artifact(run_id, str(path), "notebook")


def versions(kind: str, workspace: Path) -> list[Version]:
    """Every registered model of ``kind``, oldest month first; none where there is no store."""
    if not _file(workspace).exists():
        return []
    return _versions(_client(workspace), kind)


def champion(kind: str, workspace: Path, month: str) -> Trained | None:
    """The model of ``kind`` in charge at the close of ``month``: the newest trained by then.

    A replayed month is scored by the model it had, not by a later one. None if there is
    none. The model's folder is checked against the digest in the registry.
    """
    known = [version for version in versions(kind, workspace) if version.month <= month]
    if not known:
        return None
    run = workspace.resolve() / "mlruns" / "artifacts" / kind / known[-1].run_id
    return artefacts.load(run / "artifacts" / FOLDER, known[-1].digest)


def _file(workspace: Path) -> Path:
    return workspace.resolve() / "mlruns" / "mlflow.db"


@contextmanager
def _lock(workspace: Path) -> Iterator[None]:
    """One process at a time: two that make the store at once both crash in its migrations."""
    file = _file(workspace).with_name(".lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        for _ in range(round(PATIENCE * 5)):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                sleep(0.2)
        else:
            raise Locked(
                f"{file}: another process has been logging a model for {PATIENCE:g} s; try later"
            )
        yield


def _mlflow() -> Any:
    """MLflow, imported on first use (it costs seconds), quiet, and unable to unpickle."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    import mlflow
    import mlflow.xgboost

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


def _client(workspace: Path) -> MlflowClient:
    """A client of the store that is there, after checking that its file is whole."""
    file = _file(workspace)
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            verdict = database.execute("PRAGMA quick_check").fetchone()[0]
            database.execute("SELECT 1 FROM experiments LIMIT 1")
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise ServiceUnavailable(
            f"{file}: the tracking store is damaged ({verdict}). Restore it from a backup; or "
            "move mlruns/ aside and train again: scores already given stay in data/scores"
        )
    mlflow = _mlflow()
    uri = f"sqlite:///{file}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client: MlflowClient = mlflow.MlflowClient(uri, uri)
    return client


def _open(workspace: Path) -> MlflowClient:
    """The store, made if absent, with its dead runs closed. The lock must be held."""
    file = _file(workspace)
    if not file.exists():
        _make(file)
    client = _client(workspace)
    for kind in QUESTIONS:
        experiment = client.get_experiment_by_name(kind)
        wanted = str(file.parent / "artifacts" / kind)
        if experiment is None or experiment.artifact_location != wanted:
            found = "nowhere" if experiment is None else experiment.artifact_location
            raise ServiceUnavailable(
                f"{file}: experiment {kind} keeps its files in {found}, not in {wanted}. MLflow "
                "stores absolute paths, so a store cannot be moved or copied and then written "
                "to; put it back where it was made, or move mlruns/ aside and train again"
            )
        # Whoever holds the lock is the only one logging, so a run still open has no process.
        for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
            client.set_terminated(run.info.run_id, "KILLED")
    return client


def _make(file: Path) -> None:
    """Create the store under another name and rename it: a kill leaves none rather than half."""
    draft = file.with_name(".mlflow.db.draft")
    draft.unlink(missing_ok=True)
    mlflow = _mlflow()
    client = mlflow.MlflowClient(f"sqlite:///{draft}", f"sqlite:///{draft}")
    for kind in QUESTIONS:
        where = str(file.parent / "artifacts" / kind)
        client.create_experiment(kind, artifact_location=where, tags=TRAINING)
        client.create_registered_model(kind, description=f"The {kind} model, one version a month.")
    draft.replace(file)


def _run(
    client: MlflowClient, trained: Trained, notebook: Path | None, extra: Mapping[str, str]
) -> tuple[str, str, str]:
    """Log one run; its id, and the logged model's address and id."""
    mlflow, kind = _mlflow(), trained.question.kind
    from mlflow.entities import Metric

    experiment = client.get_experiment_by_name(kind)
    assert experiment is not None
    first = trained.boosters[min(trained.boosters)]
    with mlflow.start_run(
        experiment_id=experiment.experiment_id,
        run_name=f"{kind} {trained.month}",
        nested=mlflow.active_run() is not None,
    ) as run:
        run_id = str(run.info.run_id)
        mlflow.set_tags(
            {
                "as_of": trained.month,
                "digest": artefacts.digest(trained),
                "verdict": trained.verdict,
                "mlflow.note.content": card.text(trained),
                **extra,
            }
        )
        mlflow.log_params(card.parameters(trained))
        said = card.metrics(trained)
        client.log_batch(run_id, metrics=[Metric(name, v, 0, step) for name, v, step in said])
        client.log_text(run_id, trained.folds.to_csv(index=False), "folds.csv")
        with TemporaryDirectory() as folder:
            artefacts.save(trained, Path(folder))
            client.log_artifacts(run_id, folder, FOLDER)
        if notebook is not None:
            client.log_artifact(run_id, str(notebook), "notebook")
        # Without requirements MLflow starts another Python to find them, for 5 to 10 seconds.
        logged = mlflow.xgboost.log_model(
            booster.load(first),
            name="model",
            model_format="ubj",
            pip_requirements=[f"xgboost=={trained.libraries['xgboost']}"],
        )
    return run_id, str(logged.model_uri), str(logged.model_id)


def _versions(client: MlflowClient, kind: str) -> list[Version]:
    """The registered versions, ordered by month, then number: the last one is the newest."""
    found = [
        Version(kind, int(v.version), str(v.run_id), v.tags["as_of"], v.tags["digest"])
        for v in client.search_model_versions(f"name = '{kind}'")
        if "as_of" in v.tags and "digest" in v.tags
    ]
    return sorted(found, key=lambda version: (version.month, version.number))


def _crown(client: MlflowClient, kind: str) -> None:
    newest = str(_versions(client, kind)[-1].number)
    aliases = client.get_registered_model(kind).aliases
    if str(aliases.get(CHAMPION)) != newest:
        client.set_registered_model_alias(kind, CHAMPION, newest)
