"""The registry: one version a model, a champion the gate chose, a store that is checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from models import artefacts, mlruns, tracking
from models.artefacts import ArtefactRefused
from models.gate import Decision
from warehouse.errors import Locked, ServiceUnavailable


@pytest.fixture(scope="module")
def older(fit, frame):
    return fit(frame, month="2023-07", rounds=5, seeds=(1,))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, trained, older) -> Path:
    """A store with two trainings, the newer month logged first."""
    folder = tmp_path_factory.mktemp("tracked")
    assert tracking.champion("churn", folder, "2030-01") is None
    assert not (folder / "mlruns").exists()  # asking makes nothing
    first = tracking.log(trained, folder, extra={"snapshot": "5e7"})
    second = tracking.log(older, folder)
    assert (first.number, first.new, second.number, second.new) == (1, True, 2, True)
    return folder


def test_the_same_training_is_registered_once(workspace, trained) -> None:
    again = tracking.log(trained, workspace)
    assert (again.number, again.new) == (1, False)
    assert [v.number for v in tracking.versions("churn", workspace)] == [2, 1]  # by month


def test_the_alias_never_goes_back_in_time(workspace) -> None:
    aliases = tracking.store(workspace).get_registered_model("churn").aliases
    assert {name: int(number) for name, number in aliases.items()} == {"champion": 1}


@pytest.mark.parametrize(
    ("month", "trained_at"),
    [("2023-06", None), ("2023-07", "2023-07"), ("2023-08", "2023-08"), ("2024-05", "2023-08")],
)
def test_a_replayed_month_has_the_champion_it_had(workspace, month, trained_at) -> None:
    found = tracking.champion("churn", workspace, month)
    assert (found.month if found else None) == trained_at
    assert tracking.champion("expansion", workspace, month) is None


REFUSED = Decision(False, ("no signal: AUC 0.51", "leak alarm: status; tells all"))
PASSED = Decision(True, ("beats logistic regression",))


@pytest.fixture(scope="module")
def gated(tmp_path_factory, trained, older, fit, frame) -> Path:
    """A version from before there was a gate, one it promoted, and two it refused."""
    folder = tmp_path_factory.mktemp("gated")
    tracking.log(older, folder)
    assert tracking.log(trained, folder, decision=REFUSED).new
    again = fit(frame, month="2023-08", rounds=5, seeds=(1,))
    tracking.log(again, folder, decision=PASSED)
    nothing = fit(frame, month="2023-09", rounds=5, seeds=(1,))
    tracking.log(nothing, folder, extra={"code": "c0de"}, decision=REFUSED)
    return folder


def test_the_gate_says_who_is_champion_and_who_challenger(gated) -> None:
    client = tracking.store(gated)
    aliases = client.get_registered_model("churn").aliases
    assert {name: int(n) for name, n in aliases.items()} == {"champion": 3, "challenger": 4}
    tags = client.get_model_version("churn", "4").tags
    assert (tags["gate"], tags["code"]) == ("refused", "c0de")
    assert tags["gate.reasons"] == "no signal: AUC 0.51\nleak alarm: status; tells all"
    assert client.get_model_version("churn", "3").tags["gate"] == "promoted"
    assert "gate" not in client.get_model_version("churn", "1").tags


def test_a_version_knows_what_the_gate_said_of_it(gated) -> None:
    found = {v.number: (v.promoted, v.reasons) for v in tracking.versions("churn", gated)}
    assert found == {
        1: (True, ()),
        2: (False, REFUSED.reasons),
        3: (True, PASSED.reasons),
        4: (False, REFUSED.reasons),
    }


@pytest.mark.parametrize(
    ("month", "number"), [("2023-06", None), ("2023-07", 1), ("2023-08", 3), ("2023-12", 3)]
)
def test_whoever_was_refused_never_serves(gated, month, number) -> None:
    found = tracking.champion("churn", gated, month)
    digests = {v.number: v.digest for v in tracking.versions("churn", gated)}
    assert (artefacts.digest(found) if found else None) == digests.get(number)


def test_a_first_model_that_was_refused_is_registered_and_not_crowned(tmp_path, older) -> None:
    version = tracking.log(older, tmp_path, decision=REFUSED)
    assert (version.number, version.promoted, version.new) == (1, False, True)
    assert version.reasons == REFUSED.reasons
    assert tracking.champion("churn", tmp_path, "2030-01") is None
    aliases = tracking.store(tmp_path).get_registered_model("churn").aliases
    assert {name: int(n) for name, n in aliases.items()} == {"challenger": 1}
    again = tracking.log(older, tmp_path, decision=PASSED)  # the first word stands
    assert (again.number, again.promoted, again.new) == (1, False, False)
    assert tracking.champion("churn", tmp_path, "2030-01") is None


def test_a_run_holds_settings_metrics_baselines_and_the_folder(workspace, trained) -> None:
    client = tracking.store(workspace)
    version = tracking.versions("churn", workspace)[-1]
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["max_depth"] == "3"
    assert run.data.params["rows"] == str(trained.rows)
    assert run.data.tags["snapshot"] == "5e7"
    assert run.data.tags["verdict"] == trained.verdict
    for method in ("model", "logistic", "rule", "base_rate"):
        steps = [m.step for m in client.get_metric_history(version.run_id, f"{method}.auc")]
        assert sorted(steps) == list(range(trained.folds["fold"].nunique()))
    names = {item.path for item in client.list_artifacts(version.run_id)}
    assert {"artefact", "folds.csv"} <= names


def test_a_notebook_can_be_attached_later(workspace, tmp_path) -> None:
    notebook = tmp_path / "train-churn.ipynb"
    notebook.write_text("{}")
    version = tracking.versions("churn", workspace)[-1]
    tracking.attach(workspace, version.run_id, notebook)
    held = tracking.store(workspace).list_artifacts(version.run_id, "notebook")
    assert [item.path for item in held] == ["notebook/train-churn.ipynb"]


def test_a_run_left_open_by_a_killed_process_is_closed(workspace) -> None:
    client = tracking.store(workspace)
    experiment = client.get_experiment_by_name("expansion")
    run = client.create_run(experiment.experiment_id)
    assert client.get_run(run.info.run_id).info.status == "RUNNING"
    tracking.store(workspace)
    assert client.get_run(run.info.run_id).info.status == "KILLED"


def test_no_file_of_the_store_holds_a_pickle(workspace) -> None:
    files = [f for f in (workspace / "mlruns" / "artifacts").rglob("*") if f.is_file()]
    assert len(files) > 10
    for file in files:
        assert file.suffix not in (".pkl", ".pickle", ".joblib", ".skops", ".npy"), file
        assert not file.read_bytes().startswith(b"\x80"), file
    assert os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"


def test_a_moved_store_is_read_and_not_written(workspace, trained, older, tmp_path) -> None:
    shutil.copytree(workspace, tmp_path / "copy")
    found = tracking.champion("churn", tmp_path / "copy", "2023-08")
    assert artefacts.digest(found) == artefacts.digest(trained)
    with pytest.raises(ServiceUnavailable, match="cannot be moved or copied and then written"):
        tracking.log(older, tmp_path / "copy")


def test_a_touched_model_is_refused(workspace, tmp_path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(workspace, copy)
    for file in copy.rglob("artefact/schema.json"):
        file.write_text(file.read_text().replace('"base_rate": 0.', '"base_rate": 0.9'))
    with pytest.raises(ArtefactRefused, match=r"schema\.json is not the file that was written"):
        tracking.champion("churn", copy, "2023-08")


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be read as one"])
def test_a_damaged_store_is_named_not_replaced(tmp_path, content) -> None:
    file = tmp_path / "mlruns" / "mlflow.db"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(ServiceUnavailable, match=r"mlflow\.db: the tracking store is damaged"):
        tracking.champion("churn", tmp_path, "2024-01")
    with pytest.raises(ServiceUnavailable):
        tracking.store(tmp_path)
    assert file.read_bytes() == content


def test_a_busy_store_says_try_later(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(mlruns, "PATIENCE", 0.4)
    (tmp_path / "mlruns").mkdir()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import fcntl, sys
                handle = open(sys.argv[1], "w")
                fcntl.flock(handle, fcntl.LOCK_EX)
                print("held", flush=True)
                sys.stdin.read()
                """
            ),
            str(tmp_path / "mlruns" / ".lock"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match="try later") as busy:
            tracking.store(tmp_path)
        assert busy.value.code == 75
    finally:
        holder.communicate()
    assert not (tmp_path / "mlruns" / "mlflow.db").exists()
