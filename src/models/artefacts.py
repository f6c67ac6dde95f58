"""Artefacts: a trained model as a folder of plain files, and back.

Native booster files, JSON, and nothing that runs code when it is opened::

    model-<seed>.ubj   one booster a seed, XGBoost's own format
    drivers-<seed>.ubj likewise, of the models that know drivers only
    amounts.json, .ubj how much accounts grow that do, where that was asked
    logistic.json      centres, spreads and weights, where logistic regression ships
    schema.json        question, month, feature names, rates, medians, versions
    folds.json         how it did on each fold, beside its baselines
    golden.json        rows of training values and what they must score
    SHA256SUMS         the hash of each of the above

The model's digest is the hash of ``SHA256SUMS``: same rows, same declarations,
same libraries, same digest, on any machine and in any folder.
"""

from __future__ import annotations

import json
import math
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.vocabulary import Vocabulary
from models.amounts import Amounts
from models.logistic import Logistic
from models.outcomes import Question
from models.trained import Floats, Trained
from warehouse.errors import InputMissing, Refusal

SUMS = "SHA256SUMS"
TOLERANCE = 1e-5  # log-odds; the same booster gives the same bits, another library rounds


class ArtefactRefused(Refusal):
    """A model's folder does not hold what was written there."""

    code = 65


class ArtefactOutdated(ArtefactRefused):
    """A model's folder is whole, and of an earlier version that kept less in it."""


def contents(trained: Trained) -> dict[str, bytes]:
    """The files of ``trained`` by name, ``SHA256SUMS`` last; the same bytes for the same model."""
    question = trained.question
    schema = {
        "question": {"kind": question.kind, "lead": question.lead, "horizon": question.horizon},
        "month": trained.month,
        "through": trained.through,
        "names": list(trained.names),
        "catalogue": trained.catalogue,
        "seeds": sorted(trained.boosters),
        "rows": trained.rows,
        "events": trained.events,
        "base_rate": trained.base_rate,
        "level": trained.level,
        "medians": {name: _number(value) for name, value in trained.medians.items()},
        "verdict": trained.verdict,
        "rule": trained.rule,
        "settings": dict(trained.settings),
        "libraries": dict(trained.libraries),
        "vocabulary": {name: list(words) for name, words in trained.vocabulary.words.items()},
    }
    folds = [
        {name: _number(value) for name, value in row.items()}
        for row in trained.folds.to_dict("records")
    ]
    golden = {
        "values": [[_number(v) for v in row] for row in trained.golden],
        "margins": [float(v) for v in trained.golden_margins],
    }
    files = {f"model-{seed}.ubj": raw for seed, raw in sorted(trained.boosters.items())}
    files |= {f"drivers-{seed}.ubj": raw for seed, raw in sorted(trained.drivers.items())}
    if trained.amounts is not None:
        files |= {
            "amounts.json": _json(trained.amounts.to_dict()),
            "amounts.ubj": trained.amounts.raw,
        }
    if trained.logistic is not None:
        lines = {name: np.asarray(value).tolist() for name, value in vars(trained.logistic).items()}
        files["logistic.json"] = _json(lines)
    files |= {
        "schema.json": _json(schema),
        "folds.json": _json(folds),
        "golden.json": _json(golden),
    }
    sums = "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return files | {SUMS: sums.encode()}


def digest(trained: Trained) -> str:
    """The sha256 of everything ``trained`` is made of, in hexadecimal."""
    return sha256(contents(trained)[SUMS]).hexdigest()


def save(trained: Trained, folder: Path) -> str:
    """Write ``trained`` into ``folder`` (made if absent) and return its digest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents(trained).items():
        (folder / name).write_bytes(data)
    return digest(trained)


def load(folder: Path, expected: str | None = None) -> Trained:
    """The model written in ``folder``, checked against its sums and its golden rows.

    ``expected`` is the digest it was registered with. Raises `InputMissing` where a file
    is gone and `ArtefactRefused` where one is not what was written, or where this machine
    does not score the golden rows as the training machine did; `ArtefactOutdated` where an
    earlier version wrote it.
    """
    files = _verified(folder, expected)
    schema = json.loads(files["schema.json"])
    there = {*files, *schema}
    needed = [*(f"drivers-{seed}.ubj" for seed in schema["seeds"]), "level"]
    if absent := [name for name in needed if name not in there]:
        raise ArtefactOutdated(
            f"{folder} was written by an earlier version, without {', '.join(absent)}: what "
            "reasons come from, or the level of all odds. Train again, and restate the month"
        )
    folds = [
        {name: math.nan if value is None else value for name, value in row.items()}
        for row in json.loads(files["folds.json"])
    ]
    golden = json.loads(files["golden.json"])
    found = Trained(
        question=Question(**schema["question"]),
        month=schema["month"],
        through=schema["through"],
        names=tuple(schema["names"]),
        catalogue=schema["catalogue"],
        boosters={seed: files[f"model-{seed}.ubj"] for seed in schema["seeds"]},
        drivers={seed: files[f"drivers-{seed}.ubj"] for seed in schema["seeds"]},
        logistic=_lines(files.get("logistic.json")),
        rows=schema["rows"],
        events=schema["events"],
        base_rate=schema["base_rate"],
        level=schema["level"],
        amounts=_amounts(files),
        medians={k: math.nan if v is None else v for k, v in schema["medians"].items()},
        folds=pd.DataFrame(folds),
        verdict=schema["verdict"],
        rule=schema["rule"],
        settings=schema["settings"],
        libraries=schema["libraries"],
        golden=_matrix(golden["values"]),
        golden_margins=np.array(golden["margins"], dtype=np.float64),
        vocabulary=Vocabulary({k: tuple(v) for k, v in schema["vocabulary"].items()}),
    )
    off = float(np.abs(found.margins(found.golden) - found.golden_margins).max())
    if not off <= TOLERANCE:
        raise ArtefactRefused(
            f"{folder}: the golden rows score up to {off:.2g} log-odds away from what was "
            f"recorded ({TOLERANCE:g} is allowed). The model was trained with xgboost "
            f"{found.libraries.get('xgboost')}; install that version, or train again"
        )
    return found


def _verified(folder: Path, expected: str | None) -> dict[str, bytes]:
    """The listed files of ``folder`` by name, each with the hash that is recorded for it."""
    try:
        sums = (folder / SUMS).read_bytes()
        listed = [line.split("  ", 1) for line in sums.decode().splitlines()]
        files = {name: (folder / name).read_bytes() for _, name in listed}
    except FileNotFoundError as error:
        raise InputMissing(
            f"{error.filename}: this file of a model is gone; train again, or restore mlruns/"
        ) from error
    except (UnicodeDecodeError, ValueError) as error:
        raise ArtefactRefused(f"{folder / SUMS} is not a list of hashes; train again") from error
    absent = {"schema.json", "folds.json", "golden.json"} - files.keys()
    if absent:
        raise ArtefactRefused(f"{folder / SUMS} does not list {', '.join(sorted(absent))}")
    if expected is not None and sha256(sums).hexdigest() != expected:
        raise ArtefactRefused(
            f"{folder}: digest {sha256(sums).hexdigest()[:12]} is not the one this model was "
            f"registered with, {expected[:12]}; restore mlruns/ or train again"
        )
    for recorded, name in listed:
        if sha256(files[name]).hexdigest() != recorded:
            raise ArtefactRefused(
                f"{folder / name} is not the file that was written there (its sha256 differs "
                "from the one recorded); restore mlruns/ or train again"
            )
    return files


def _amounts(files: dict[str, bytes]) -> Amounts | None:
    told = files.get("amounts.json")
    return None if told is None else Amounts.from_dict(json.loads(told), files["amounts.ubj"])


def _lines(raw: bytes | None) -> Logistic | None:
    if raw is None:
        return None
    told = json.loads(raw)
    centre, spread, middle, weights = (
        np.array(told[name], dtype=np.float64) for name in ("centre", "spread", "middle", "weights")
    )
    flags = np.array(told["flags"], dtype=np.int64)
    return Logistic(centre, spread, flags, middle, weights, told["offset"])


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def _number(value: Any) -> Any:
    """``value`` as JSON has it: NaN is null, a NumPy scalar is a plain one."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and math.isnan(plain) else plain


def _matrix(rows: list[list[float | None]]) -> Floats:
    return np.array([[math.nan if v is None else v for v in row] for row in rows], dtype=np.float64)
