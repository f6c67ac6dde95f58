"""Who makes a block cannot show, and whoever fails leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.warehouse.digests import digests
from tests.warehouse.fatal import Failing, Killing, instead
from warehouse.errors import CannotWrite, Usage
from warehouse.simulate import simulate
from warehouse.simulate.shocks import Shocks, shocks

ACCOUNTS, MONTHS = 2 * 1024 + 100, 2


def test_the_number_of_workers_does_not_show(tmp_path: Path) -> None:
    alone, two, three = (
        digests(simulate(tmp_path / str(n), ACCOUNTS, MONTHS, 5, workers=n)) for n in (1, 2, 3)
    )
    assert alone == two == three
    assert len(alone) > 15


def test_nor_does_it_in_the_oracles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.simulate.teach.BLOCKS", 2)
    alone, two = (
        digests(simulate(tmp_path / str(n), 1030, 15, 5, workers=n, oracles=True)) for n in (1, 2)
    )
    assert alone == two
    assert {"truth/ceilings.parquet", "truth/plays.parquet"} <= set(alone)


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [(Killing, CannotWrite, "worker process was stopped"), (Failing, ArithmeticError, "no shocks")],
)
def test_a_lost_worker_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Shocks],
    error: type[Exception],
    says: str,
) -> None:
    monkeypatch.setattr(
        "warehouse.simulate.company.shocks", lambda *asked: instead(kind, shocks(*asked))
    )
    with pytest.raises(error, match=says):
        simulate(tmp_path / "company", ACCOUNTS, MONTHS, 5, workers=2)
    assert list(tmp_path.iterdir()) == []
    assert working(psutil.Process()) == []


def working(process: psutil.Process) -> list[psutil.Process]:
    """The workers of a process; Python's own tracker of shared memory stays as long as it does."""
    children = process.children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_takes_the_workers_along(tmp_path: Path, stop: signal.Signals) -> None:
    command = [str(Path(sys.executable).with_name("perennial")), "simulate"]
    running = psutil.Popen(
        [*command, str(tmp_path / "new" / "company"), "--accounts", "200000", "--workers", "2"],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # A test run that was itself started in the background would hand down its deafness.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while len(working(running)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    family = running.children(recursive=True)
    assert len(family) >= 2
    running.send_signal(stop)
    time.sleep(0.3)
    if running.poll() is None:
        running.send_signal(stop)  # who is impatient asks twice
    assert running.wait(30) != 0
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", [0, -1, 1000])
def test_so_many_workers_are_refused(tmp_path: Path, workers: int) -> None:
    with pytest.raises(Usage, match="workers cannot share"):
        simulate(tmp_path / "company", 10, 1, 5, workers=workers)
    assert list(tmp_path.iterdir()) == []
