"""The folder ``mlruns``: made once, locked while written to, checked before it is read.

The store is a SQLite file and a folder, ``mlruns/mlflow.db`` and
``mlruns/artifacts``, both by absolute path: MLflow's own defaults depend on the
folder a process happens to stand in, and would give each notebook its own store.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

from models.outcomes import QUESTIONS
from warehouse.errors import Locked, ServiceUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

PATIENCE = 120.0  # seconds to wait for another training to be logged; one takes two or three
TRAINING = {"mlflow.experimentKind": "custom_model_development"}  # which pages the UI opens with


def file_of(workspace: Path) -> Path:
    """Where the store of a workspace is, or would be."""
    return workspace.resolve() / "mlruns" / "mlflow.db"


@contextmanager
def locked(workspace: Path) -> Iterator[None]:
    """One process at a time: two that make the store at once both crash in its migrations.

    Raises `Locked` after ``PATIENCE``.
    """
    file = file_of(workspace).with_name(".lock")
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


def library() -> Any:
    """MLflow, imported on first use (it costs seconds), quiet, and unable to unpickle."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    import mlflow
    import mlflow.xgboost

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return mlflow


def reading(workspace: Path) -> MlflowClient:
    """The store that is there, after checking that its file is whole.

    Raises `ServiceUnavailable` if it is damaged.
    """
    file = file_of(workspace)
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
    mlflow = library()
    uri = f"sqlite:///{file}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client: MlflowClient = mlflow.MlflowClient(uri, uri)
    return client


def writing(workspace: Path) -> MlflowClient:
    """The store, made if absent, with its dead runs closed. The lock must be held.

    Raises `ServiceUnavailable` if it is damaged or was made for another folder.
    """
    file = file_of(workspace)
    if not file.exists():
        _make(file)
    client = reading(workspace)
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
    mlflow = library()
    client = mlflow.MlflowClient(f"sqlite:///{draft}", f"sqlite:///{draft}")
    for kind in QUESTIONS:
        where = str(file.parent / "artifacts" / kind)
        client.create_experiment(kind, artifact_location=where, tags=TRAINING)
        client.create_registered_model(kind, description=f"The {kind} model, one version a month.")
    draft.replace(file)
