"""The renewal model's trees beside LightGBM, CatBoost and AutoGluon: ``make rivals``.

Each learns from the rows of the model's own rehearsals and is asked about the decisions three
months ahead that `benchmarks.renewals` is measured on: the same features as float32, words as
codes, one thread. LightGBM and CatBoost stand there as they come and with our settings by
their own names. AutoGluon, with the boosters and forests it has without PyTorch, gets 300
seconds, shared out by the rows of each rehearsal. It has its medium quality, for the best
fits each model eight times over and may end so short a time without any. It weighs its
models by accounts they did not learn from: a decision asked about four times would otherwise
stand on both sides.

The rivals live in ``.venv-rivals``, for AutoGluon needs an older pandas than Perennial;
`benchmarks.rival_worker` runs there. Seconds are processor time of learning and telling, all
rehearsals together. AutoGluon alone stops by the clock: its figures differ from run to run, and
on a busy machine it learns less. A share above 1 says that our trees tell more than the
rival: their AUC beyond a half over its own, their average precision over its own. It takes
about a quarter of an hour, and nothing is fetched.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import renewals, rival_worker
from benchmarks.harness import ROOT
from benchmarks.settled import settled
from features.catalogue import catalogue
from models import booster, folds, measures
from models.rehearsal import Stage
from perennial import training
from perennial.month import closed
from perennial.notebooks import newest
from perennial.workspace import at
from warehouse.errors import InputMissing, Refusal
from warehouse.months import as_of

PYTHON = ROOT / ".venv-rivals" / "bin" / "python"
SECONDS = 300.0  # AutoGluon's, over all rehearsals
PARTS = 8  # into which accounts are put; AutoGluon weighs its models by one
OURS = "Perennial's trees"
NAMES = {
    "lightgbm": "LightGBM as it comes",
    "lightgbm-as-ours": "LightGBM as ours",
    "catboost": "CatBoost as it comes",
    "catboost-as-ours": "CatBoost as ours",
    "autogluon": "AutoGluon, medium",
}
HEAD = ("method", "version", "AUC", "AP", "log-loss", "seconds", "AUC share", "AP share")
LINE = "{:<24} {:<9} {:>6} {:>6} {:>9} {:>8} {:>10} {:>9}"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Said:
    """What a method said of each row, and its seconds of processor time, NaN if not taken."""

    method: str
    version: str
    seconds: float
    p: Floats


@dataclass(frozen=True, eq=False)
class Past:
    """A rehearsal: its rows as numbers, and the accounts of those to learn from."""

    stage: Stage
    accounts: pd.Series[str]


def pasts(home: Path, wanted: pd.DataFrame) -> list[Past]:
    """The rehearsals of the renewal model in the workspace ``home``, asked ``wanted`` alone.

    ``wanted`` has account_id and month; the rows asked about keep its order.
    """
    place = at(home)
    month = newest(place)
    now, gap = as_of(month), place.settings.policy.gap_days
    asked = training.question(place, "renewal")
    frame = training.past(place, closed(place, month), "renewal", month).frame
    taught = frame[frame["outcome"].notna() & (frame["certain"] <= pd.Timestamp(now))]
    taught = taught.reset_index(drop=True)
    known = {f.name for f in catalogue().features} & set(taught.columns[taught.notna().any()])
    months = folds.usable(list(frame["month"]), asked, now, gap, "UTC")
    told = pd.MultiIndex.from_frame(taught[["account_id", "month"]]).isin(
        pd.MultiIndex.from_frame(wanted[["account_id", "month"]])
    )
    found = []
    for fold in folds.folds(months, asked, now, gap, "UTC"):
        learn, test, unseen = folds.split(taught, fold)
        stage = Stage.of(taught, (learn, test & told, unseen), sorted(known))
        found.append(Past(stage, taught.loc[learn, "account_id"]))
    return found


def ours(rehearsals: Sequence[Past]) -> Said:
    """What our trees say: those of all seeds that the renewal model is made of."""
    rounds, said = booster.ROUNDS["renewal"], []
    start = rival_worker.spent()
    for stage in (past.stage for past in rehearsals):
        grown = booster.fits(stage.before, stage.outcome, booster.SEEDS, rounds, booster.SETTINGS)
        margins = booster.margins([booster.load(raw) for raw in grown], stage.asked)
        said.append(booster.probability(margins))
    seconds = rival_worker.spent() - start
    return Said(OURS, version("xgboost"), seconds, np.concatenate(said))


def write(folder: Path, rehearsals: Sequence[Past], seconds: float) -> None:
    """Put what a rival needs into ``folder``; AutoGluon has ``seconds`` for all rehearsals."""
    for number, past in enumerate(rehearsals):
        learn, asked = (
            pd.DataFrame(values.astype(np.float32)).rename(columns=str)
            for values in (past.stage.before, past.stage.asked)
        )
        parts = [crc32(name.encode()) % PARTS for name in past.accounts]
        learn = learn.assign(outcome=past.stage.outcome, part=parts)
        learn.to_parquet(folder / f"{number}-learn.parquet")
        asked.to_parquet(folder / f"{number}-asked.parquet")
    rows = sum(len(past.accounts) for past in rehearsals)
    told = booster.SETTINGS | {
        "rounds": booster.ROUNDS["renewal"],
        "seeds": booster.SEEDS,
        "shares": [len(past.accounts) / rows for past in rehearsals],
        "seconds": seconds,
    }
    (folder / "settings.json").write_text(json.dumps(told))


def rival(folder: Path, method: str) -> Said:
    """What the rival ``method`` says of the rows in ``folder``; ``RuntimeError`` if it stops."""
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS")}
    done = subprocess.run(
        [PYTHON, "-I", rival_worker.__file__, folder, method],
        cwd=folder,
        env=os.environ | threads,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{method} stopped with {done.returncode}:\n{done.stderr.strip()}")
    found = json.loads((folder / f"{method}.json").read_text())
    p = pd.read_parquet(folder / f"{method}.parquet")["p"].to_numpy(np.float64)
    return Said(NAMES[method], found["version"], found["seconds"], p)


def line(left: Floats, said: Said, our: Said) -> str:
    """The row of the table for ``said``, beside what ``our`` trees say."""
    area, precision = (
        [measure(left, each.p) for each in (said, our)]
        for measure in (measures.auc, measures.average_precision)
    )
    return LINE.format(
        said.method,
        said.version,
        f"{area[0]:.3f}",
        f"{precision[0]:.3f}",
        f"{measures.log_loss(left, said.p):.4f}",
        "" if np.isnan(said.seconds) else f"{said.seconds:.1f}",
        f"{(area[1] - 0.5) / (area[0] - 0.5):.3f}",
        f"{precision[1] / precision[0]:.3f}",
    )


def main(arguments: list[str]) -> int:
    """Run the rivals and print the table, a row as it is known; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rivals", description=__doc__)
    parser.add_argument("--workspace", type=Path, help="a company simulated with its truth")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="AutoGluon's, in all")
    parser.add_argument("--only", choices=NAMES, help="this rival alone")
    asked = parser.parse_args(arguments)
    try:
        for text in _table(asked.workspace, asked.seconds, [asked.only] if asked.only else NAMES):
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    except Refusal as refusal:
        sys.stderr.write(f"{refusal.message}\n")
        return refusal.code
    return 0


def _table(home: Path | None, seconds: float, methods: Iterable[str]) -> Iterator[str]:
    if not PYTHON.exists():
        raise InputMissing(
            f"the rivals are not installed in {PYTHON.parents[1]}: `make rivals` does"
        )
    home = home or settled(renewals.ACCOUNTS, renewals.MONTHS, renewals.SEED, oracles=True)
    told = renewals.of(home)
    left = told["left"].to_numpy(np.float64)
    rehearsals = pasts(home, told)
    our = ours(rehearsals)
    assert np.allclose(our.p, told["trees"]), "these are not the trees of the rehearsals"
    yield f"{len(left):,} decisions, {left.sum():,.0f} leave, {len(rehearsals)} rehearsals"
    yield LINE.format(*HEAD)
    yield line(left, our, our)
    plain = told["defaults"].to_numpy(np.float64)
    yield line(left, Said("XGBoost as it comes", our.version, np.nan, plain), our)
    with TemporaryDirectory(prefix="perennial-bench-") as place:
        folder = Path(place)
        write(folder, rehearsals, seconds)
        for method in methods:
            yield line(left, rival(folder, method), our)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
