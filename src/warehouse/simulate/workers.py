"""Blocks made side by side, handed over in order.

A block depends on nothing but its number, so who makes it cannot show. Each worker is a
fresh process (a copy of one that has threads may hang) and leaves a block as Arrow files
beside the company's own, which are read back without a copy and removed. A few blocks are
under way at a time, so memory does not grow with the company.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse import contract
from warehouse.errors import CannotWrite
from warehouse.simulate import truth
from warehouse.simulate.tables import Company, block
from warehouse.simulate.write import arrow, schema

Made = tuple[dict[str, Any], dict[str, Any]]
"""A block as Arrow tables: what the company's systems hold, and the truth."""

_PARTS = ("shown", "truth")
_WORTH_A_WORKER = 4
_AHEAD = 1
_MOST = 16


def suitable(company: Company) -> int:
    """How many workers make ``company`` fastest here: one for few blocks, else one a core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(cores or 1, company.blocks // _WORTH_A_WORKER, _MOST))


def made(company: Company, index: int) -> Made:
    """Block ``index`` of ``company`` as Arrow tables."""
    done = block(company, index)
    secret = truth.schemas(company.world, company.oracles, company.dirty)
    return (
        {name: arrow(done.tables[name], schema(table)) for name, table in contract.TABLES.items()},
        {name: arrow(columns, secret[name]) for name, columns in done.truth.items()},
    )


def blocks(company: Company, workers: int, folder: Path) -> Iterator[Made]:
    """Every block of ``company`` in order, made by ``workers`` processes that use ``folder``.

    Raises ``CannotWrite`` where a worker is lost.
    """
    if workers == 1:
        for index in range(company.blocks):
            yield made(company, index)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (company, folder))
    waiting: deque[Future[int]] = deque()
    try:
        for index in range(company.blocks):
            waiting.append(pool.submit(_leave, index))
            if len(waiting) > workers + _AHEAD:
                yield _collect(folder, waiting.popleft().result())
        while waiting:
            yield _collect(folder, waiting.popleft().result())
    except BrokenProcessPool as error:
        raise CannotWrite(
            "A worker process was stopped, most often for want of memory; nothing was left. "
            "Simulate with --workers 1, or fewer accounts."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_task: tuple[Company, Path]


def _begin(company: Company, folder: Path) -> None:
    """Ready a worker; stopping is its parent's business."""
    global _task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pa.set_cpu_count(1)
    _task = (company, folder)


def _leave(index: int) -> int:
    """Make block ``index`` and leave it in the folder."""
    company, folder = _task
    for part, tables in zip(_PARTS, made(company, index), strict=True):
        for name, rows in tables.items():
            sink = pa.OSFile(str(folder / f"{index}.{part}.{name}"), "wb")
            with sink, pa.ipc.new_file(sink, rows.schema) as writer:
                writer.write_table(rows)
    return index


def _collect(folder: Path, index: int) -> Made:
    """The block a worker left, its files removed."""
    shown: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    for part, tables in zip(_PARTS, (shown, secret), strict=True):
        for file in sorted(folder.glob(f"{index}.{part}.*")):
            tables[file.suffix[1:]] = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
            file.unlink()
    return shown, secret
