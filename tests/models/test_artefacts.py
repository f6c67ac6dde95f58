"""A model's folder: plain files, the same anywhere, refused if touched."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from models import artefacts
from models.artefacts import ArtefactOutdated, ArtefactRefused
from warehouse.errors import InputMissing

FILES = (
    "SHA256SUMS",
    "drivers-1.ubj",
    "drivers-2.ubj",
    "folds.json",
    "golden.json",
    "logistic.json",
    "model-1.ubj",
    "model-2.ubj",
    "schema.json",
)


def test_a_model_read_back_is_the_model(trained, frame, tmp_path) -> None:
    digest = artefacts.save(trained, tmp_path / "one")
    back = artefacts.load(tmp_path / "one", digest)
    rows = frame.set_index("account_id").tail(50)
    assert back.predict(rows).equals(trained.predict(rows))
    assert artefacts.digest(back) == digest
    assert back.question == trained.question
    assert back.verdict == trained.verdict
    assert back.folds["auc"].equals(trained.folds["auc"])
    assert back.medians == trained.medians


def test_trees_are_read_back_as_trees(trained, frame, tmp_path) -> None:
    margins = replace(trained, logistic=None).margins(trained.golden)
    trees = replace(trained, logistic=None, golden_margins=margins)
    digest = artefacts.save(trees, tmp_path)
    back = artefacts.load(tmp_path, digest)
    rows = frame.set_index("account_id").tail(50)
    assert back.logistic is None
    assert back.predict(rows).equals(trees.predict(rows))
    grounds = zip(back.grounds(rows), trained.grounds(rows), strict=True)
    assert all(one.equals(other) for one, other in grounds)


def test_how_much_accounts_grow_is_read_back(fit, frame, tmp_path) -> None:
    grown = fit(frame, kind="expansion", rounds=5, seeds=(1,))
    digest = artefacts.save(grown, tmp_path)
    back = artefacts.load(tmp_path, digest)
    assert grown.amounts.raw
    assert back.amounts.growth(frame).tolist() == grown.amounts.growth(frame).tolist()
    assert "amounts.json" not in artefacts.contents(fit(frame, rounds=5, seeds=(1,)))


def test_a_folder_of_an_earlier_version_says_so(trained, tmp_path) -> None:
    files = artefacts.contents(trained)
    del files["drivers-2.ubj"]
    lines = files["SHA256SUMS"].decode().splitlines(keepends=True)
    files["SHA256SUMS"] = "".join(x for x in lines if "drivers-2" not in x).encode()
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ArtefactOutdated, match=r"without drivers-2\.ubj.* Train again"):
        artefacts.load(tmp_path)


def test_a_folder_without_a_level_is_of_an_earlier_version(trained, tmp_path) -> None:
    artefacts.save(trained, tmp_path)
    schema = json.loads((tmp_path / "schema.json").read_text())
    del schema["level"]
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    digest = sha256((tmp_path / "schema.json").read_bytes()).hexdigest()
    lines = (tmp_path / "SHA256SUMS").read_text().splitlines()
    told = [f"{digest}  schema.json" if x.endswith("  schema.json") else x for x in lines]
    (tmp_path / "SHA256SUMS").write_text("\n".join(told) + "\n")
    with pytest.raises(ArtefactOutdated, match=r"without level: .* Train again"):
        artefacts.load(tmp_path)


def test_two_folders_of_one_model_hold_the_same_bytes(trained, tmp_path) -> None:
    for name in ("one", "two"):
        artefacts.save(trained, tmp_path / name)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_nothing_in_the_folder_can_be_unpickled(trained) -> None:
    for name, data in artefacts.contents(trained).items():
        assert not data.startswith(b"\x80"), name
        assert b"sklearn" not in data, name
        assert name.endswith((".ubj", ".json")) or name == "SHA256SUMS"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_touched_is_refused(trained, tmp_path, name) -> None:
    digest = artefacts.save(trained, tmp_path)
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises((ArtefactRefused, InputMissing)):
        artefacts.load(tmp_path, digest)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_missing(trained, tmp_path, name) -> None:
    artefacts.save(trained, tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputMissing, match=name):
        artefacts.load(tmp_path)


def test_another_model_in_the_folder_is_refused(trained, fit, frame, tmp_path) -> None:
    digest = artefacts.digest(trained)
    artefacts.save(fit(frame, rounds=5), tmp_path)
    artefacts.load(tmp_path)
    with pytest.raises(ArtefactRefused, match="is not the one this model was registered with"):
        artefacts.load(tmp_path, digest)


def test_a_machine_that_scores_otherwise_is_refused(trained, tmp_path) -> None:
    artefacts.save(trained, tmp_path)
    golden = json.loads((tmp_path / "golden.json").read_text())
    golden["margins"][7] += 2e-5
    text = json.dumps(golden).encode()
    (tmp_path / "golden.json").write_bytes(text)
    sums = (tmp_path / "SHA256SUMS").read_text().splitlines()
    sums = [line for line in sums if "golden" not in line]
    sums.append(f"{sha256(text).hexdigest()}  golden.json")
    (tmp_path / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    with pytest.raises(ArtefactRefused, match="the golden rows score up to 2e-05 log-odds away"):
        artefacts.load(tmp_path)


def test_golden_rows_cover_the_training_and_the_unknown(trained) -> None:
    assert trained.golden.shape == (50, len(trained.names))
    assert np.isnan(trained.golden).any()
    assert len(np.unique(trained.golden_margins)) > 20
