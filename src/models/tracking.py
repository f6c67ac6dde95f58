"""Tracking: every training in MLflow, every model in its registry, by one module.

A training is a run of the experiment named after its question. The run holds
settings, a metric for each fold, measure and method (the step is the fold), the
folds' table, the model's folder (`models.artefacts`) and, once there is one, the
executed notebook. The first seed's booster is also logged in MLflow's XGBoost
flavour, so that ``mlflow ui`` shows a model. What Perennial scores with is the
folder, read back with its digest checked; nothing is unpickled.

Every training becomes a version, whatever the gate (`models.gate`) said of it; only one
that was promoted ever serves. The alias ``champion`` is the newest of those,
``challenger`` the newest that was refused, and a version's tags say why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from models import artefacts, booster, card, mlruns
from models.gate import Decision
from models.trained import Trained

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION, CHALLENGER = "champion", "challenger"
GATE, REASONS = "gate", "gate.reasons"  # tags of a version
PROMOTED, REFUSED = "promoted", "refused"
FOLDER = "artefact"


@dataclass(frozen=True)
class Version:
    """A registered model: its number in the registry, its run, its month, its digest.

    ``promoted`` says whether it may serve: what the gate said, and of versions that never
    met it, yes. ``reasons`` are the gate's; ``new`` says whether this call registered it.
    """

    kind: str
    number: int
    run_id: str
    month: str
    digest: str
    promoted: bool = True
    reasons: tuple[str, ...] = ()
    new: bool = False


def store(workspace: Path) -> MlflowClient:
    """The workspace's tracking store, made on first use, as an MLflow client.

    MLflow's fluent functions (``mlflow.search_runs`` ...) point at it afterwards. Runs a
    killed process left open are closed as KILLED. Raises `ServiceUnavailable` if the store
    is damaged or was made for another folder, `Locked` if another process keeps it busy.
    """
    with mlruns.locked(workspace):
        return mlruns.writing(workspace)


def log(
    trained: Trained,
    workspace: Path,
    notebook: Path | None = None,
    extra: Mapping[str, str] | None = None,
    decision: Decision | None = None,
) -> Version:
    """Log one training as a run, register its model, and say which version it is.

    ``notebook`` is the executed notebook, if there is one already (`attach` adds it later);
    ``extra`` are further tags: ``snapshot`` and ``code`` by convention; ``decision`` is what
    the gate said, without which the model serves. A model that is already the newest of its
    month is not logged again: the version there is comes back, with the decision it had.
    The alias ``champion`` goes to the newest promoted month, never to an older one.
    """
    kind, digest = trained.question.kind, artefacts.digest(trained)
    with mlruns.locked(workspace):
        client = mlruns.writing(workspace)
        same = [version for version in _versions(client, kind) if version.month == trained.month]
        if same and same[-1].digest == digest:
            _crown(client, kind)
            return same[-1]
        run_id, source, model_id = _run(client, trained, notebook, extra or {})
        told = {"as_of": trained.month, "digest": digest, **(extra or {}), **_tags(decision)}
        made = client.create_model_version(
            kind, source=source, run_id=run_id, model_id=model_id, tags=told
        )
        _crown(client, kind)
        return _version(kind, int(made.version), run_id, told, new=True)


def attach(workspace: Path, run_id: str, path: Path) -> None:
    """Add a file, such as the executed notebook, to a run that is already logged."""
    with mlruns.locked(workspace):
        mlruns.writing(workspace).log_artifact(run_id, str(path), "notebook")


def versions(kind: str, workspace: Path) -> list[Version]:
    """Every registered model of ``kind``, oldest month first; none where there is no store."""
    if not mlruns.file_of(workspace).exists():
        return []
    return _versions(mlruns.reading(workspace), kind)


def champion(kind: str, workspace: Path, month: str) -> Trained | None:
    """The model of ``kind`` in charge at the close of ``month``: the newest promoted by then.

    A replayed month is scored by the model it had, not by a later one. None if there is
    none. The model's folder is checked against the digest in the registry.
    """
    known = [v for v in versions(kind, workspace) if v.month <= month and v.promoted]
    if not known:
        return None
    run = workspace.resolve() / "mlruns" / "artifacts" / kind / known[-1].run_id
    return artefacts.load(run / "artifacts" / FOLDER, known[-1].digest)


def _run(
    client: MlflowClient, trained: Trained, notebook: Path | None, extra: Mapping[str, str]
) -> tuple[str, str, str]:
    """Log one run; its id, and the logged model's address and id."""
    mlflow, kind = mlruns.library(), trained.question.kind
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


def _tags(decision: Decision | None) -> dict[str, str]:
    if decision is None:
        return {}
    said = PROMOTED if decision.promoted else REFUSED
    return {GATE: said, REASONS: "\n".join(decision.reasons)}


def _version(
    kind: str, number: int, run_id: str, tags: Mapping[str, str], new: bool = False
) -> Version:
    return Version(
        kind,
        number,
        run_id,
        tags["as_of"],
        tags["digest"],
        promoted=tags.get(GATE, PROMOTED) == PROMOTED,
        reasons=tuple(tags.get(REASONS, "").splitlines()),
        new=new,
    )


def _versions(client: MlflowClient, kind: str) -> list[Version]:
    """The registered versions, ordered by month, then number: the last one is the newest."""
    found = [
        _version(kind, int(v.version), str(v.run_id), v.tags)
        for v in client.search_model_versions(f"name = '{kind}'")
        if "as_of" in v.tags and "digest" in v.tags
    ]
    return sorted(found, key=lambda version: (version.month, version.number))


def _crown(client: MlflowClient, kind: str) -> None:
    """Point each alias at the newest version it is for."""
    aliases = client.get_registered_model(kind).aliases
    for alias, promoted in ((CHAMPION, True), (CHALLENGER, False)):
        numbers = [v.number for v in _versions(client, kind) if v.promoted == promoted]
        if numbers and str(aliases.get(alias)) != str(numbers[-1]):
            client.set_registered_model_alias(kind, alias, str(numbers[-1]))
