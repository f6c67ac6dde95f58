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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from warehouse import contract
from warehouse.errors import CannotWrite
from warehouse.simulate import truth
from warehouse.simulate.tables import Company, block
from warehouse.simulate.write import arrow, schema

Made = tuple[dict[str, Any], dict[str, Any]]
"""A block as Arrow tables: what the company's systems hold, and the truth."""

Task = TypeVar("Task")
Done = TypeVar("Done")

_PARTS = ("shown", "truth")
_WORTH_A_WORKER = 4
_AHEAD = 1
_MOST = 16


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def suitable(blocks: int) -> int:
    """How many workers make so many blocks fastest here: one for few of them, else one a core."""
    return max(1, min(cores(), blocks // _WORTH_A_WORKER, _MOST))


def made(company: Company, index: int) -> Made:
    """Block ``index`` of ``company`` as Arrow tables."""
    done = block(company, index)
    secret = truth.schemas(company.world, company.observer is not None, company.dirty)
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
    leave = partial(_leave, company, folder)
    for index in in_order(leave, range(company.blocks), workers):
        yield _collect(folder, index)


def in_order(make: Callable[[Task], Done], tasks: Iterable[Task], workers: int) -> Iterator[Done]:
    """What ``make`` makes of each of the ``tasks``, in order, by so many ``workers``.

    Raises ``CannotWrite`` where a worker is lost.
    """
    if workers == 1:
        yield from map(make, tasks)
        return
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)
    waiting: deque[Future[Done]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(make, task))
            if len(waiting) > workers + _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise CannotWrite(
            "A worker process was stopped, most often for want of memory; nothing was left. "
            "Simulate with --workers 1, or fewer accounts; a script of your own must also start "
            "under `if __name__ == '__main__':`."
        ) from error
    finally:
        if waiting:
            _dismiss(pool)
        pool.shutdown(cancel_futures=True)


def _dismiss(pool: ProcessPoolExecutor) -> None:
    """Stop the workers where they are: what they were making is not wanted any more."""
    for process in list((pool._processes or {}).values()):
        process.terminate()


def _begin() -> None:
    """Ready a worker; stopping is its parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    pa.set_cpu_count(1)


def _leave(company: Company, folder: Path, index: int) -> int:
    """Make block ``index`` of ``company`` and leave it in ``folder``."""
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
