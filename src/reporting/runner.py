"""Running a report notebook so that success means success.

Parameters are checked before a kernel starts. A run counts only if no cell
failed, every cell ran, and the notebook said it came to its end; it has limits of
time; its record is written whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from reporting import kernel
from reporting.parameters import Value, check, declared
from reporting.sentinel import WHERE, finished
from warehouse.errors import CannotWrite, InputMissing, Refusal

__all__ = ["NotebookFailed", "Record", "finished", "run"]

logging.getLogger("papermill").addHandler(logging.NullHandler())


class NotebookFailed(Refusal):
    """A notebook did not come to its end: a fault of the notebook, not of its data."""

    code = 70


@dataclass(frozen=True)
class Record:
    """A run that succeeded: the executed notebook at ``output``, what it was given, what its
    last cell handed over, and how long it took (``seconds`` vary from run to run)."""

    notebook: str
    parameters: dict[str, Value]
    output: Path
    facts: dict[str, Any]
    cells: int
    seconds: float


@dataclass
class _Watch:
    """Which cell is running, and whether the whole run was stopped for its length."""

    at: str = "the kernel"
    injected: int = 0
    overdue: bool = False

    def start(self, cell: NotebookNode, cell_index: int) -> None:
        """Note the cell as a person finds it: its number in the notebook and its first line."""
        if "injected-parameters" in cell.metadata.get("tags", []):
            self.injected += 1
        self.at = _place(cell, cell_index + 1 - self.injected)


@dataclass
class _Attempt:
    """Everything one run needs that nobody else may touch."""

    source: Path
    output: Path
    folder: Path
    watch: _Watch = field(default_factory=_Watch)

    @property
    def executed(self) -> Path:
        return self.folder / "executed.ipynb"

    @property
    def done(self) -> Path:
        return self.folder / "done.json"


def run(
    notebook: Path,
    parameters: Mapping[str, object],
    output: Path,
    *,
    timeout: float = 900,
    cell_timeout: int = 300,
    extra: Mapping[str, str] | None = None,
) -> Record:
    """Run ``notebook`` with ``parameters`` and write its record to ``output``.

    ``timeout`` limits the whole run and ``cell_timeout`` each cell, in seconds.
    ``extra`` adds variables to the notebook's otherwise fixed environment. It starts
    in an empty folder, so a relative path finds nothing.

    Refusals: ``InputMissing`` for a notebook that is not there, ``Usage`` for
    parameters it does not take (no kernel is started), the notebook's own refusal
    with its code, ``NotebookFailed`` (70) naming the cell for anything else. After a
    failure ``output`` is untouched; what ran is kept beside it as ``*.failed.ipynb``.
    """
    if not notebook.is_file():
        raise InputMissing(f"{notebook} is not there; a report is a notebook in notebooks/reports")
    source = _read(notebook)
    given = check(declared(source, notebook), parameters, notebook)
    began = time.monotonic()
    with _folder() as folder:
        attempt = _Attempt(notebook, output, folder)
        try:
            _execute(attempt, source, given, timeout, cell_timeout, dict(extra or {}))
            executed = _read(attempt.executed)
            facts = _facts(attempt, executed)
        except NotebookFailed as failure:
            kept = _keep(attempt, output.with_suffix(".failed.ipynb"))
            raise NotebookFailed(f"{failure}{f'; what ran is in {kept}' if kept else ''}") from None
        except Refusal:
            _keep(attempt, output.with_suffix(".failed.ipynb"))
            raise
        _write(attempt.executed, output)
    cells = sum(bool(c.source.strip()) for c in executed.cells if c.cell_type == "code")
    return Record(notebook.stem, given, output, facts, cells, time.monotonic() - began)


def _read(place: Path) -> NotebookNode:
    """The notebook at ``place``; ``InputMissing`` if the file is not a notebook of version 4."""
    try:
        notebook: NotebookNode = nbformat.reads(place.read_text(encoding="utf-8"), as_version=4)
    except (nbformat.reader.NotJSONError, UnicodeDecodeError) as error:
        raise InputMissing(f"{place} is no notebook: {error}") from None
    return notebook


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for one run, its path short enough for the kernel's sockets."""
    base = tempfile.gettempdir()
    path = Path(tempfile.mkdtemp(prefix="perennial-", dir=base if len(base) < 60 else "/tmp"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _execute(
    attempt: _Attempt,
    source: NotebookNode,
    given: dict[str, Value],
    timeout: float,
    cell_timeout: int,
    extra: dict[str, str],
) -> None:
    (attempt.folder / "source.ipynb").write_text(nbformat.v4.writes(source), encoding="utf-8")
    variables = kernel.environment({**extra, WHERE: str(attempt.done)}, attempt.folder)
    manager = kernel.manager(attempt.folder, variables)
    watch = attempt.watch

    def stop() -> None:
        watch.overdue = True
        process = getattr(getattr(manager.started, "provisioner", None), "process", None)
        if process is not None:
            process.kill()

    alarm = threading.Timer(timeout, stop)
    alarm.daemon = True
    alarm.start()
    try:
        papermill.execute_notebook(
            str(attempt.folder / "source.ipynb"),
            str(attempt.executed),
            parameters=given,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=60,
            execution_timeout=cell_timeout,
            kernel_manager_class=manager,
            on_cell_start=watch.start,
        )
    except PapermillExecutionError as error:
        raise _told(attempt, error) from None
    except CellTimeoutError:
        limit = f"took longer than the {cell_timeout} s a cell may take"
        raise _failure(attempt, limit) from None
    except (DeadKernelError, RuntimeError) as error:
        if watch.overdue:
            limit = f"was running when the whole notebook had taken its {timeout:g} s"
            raise _failure(attempt, limit) from None
        raise _failure(attempt, f"lost its kernel ({error}); it may be out of memory") from None
    finally:
        alarm.cancel()


def _told(attempt: _Attempt, error: PapermillExecutionError) -> Refusal:
    """The notebook's own refusal if that is what stopped it; else a failure of the notebook."""
    for family in _families(Refusal):
        if family.__name__ == error.ename:
            return family(str(error.evalue))
    said = f"raised {error.ename}: {error.evalue}"
    return _failure(attempt, said)


def _families(root: type[Refusal]) -> Iterator[type[Refusal]]:
    yield root
    for child in root.__subclasses__():
        yield from _families(child)


def _failure(attempt: _Attempt, said: str) -> NotebookFailed:
    return NotebookFailed(f"{attempt.source}: {attempt.watch.at} {said}")


def _place(cell: NotebookNode, number: int) -> str:
    line = next(iter(cell.source.strip().splitlines()), "")
    return f"cell {number} ({line[:60]!r})"


def _facts(attempt: _Attempt, executed: NotebookNode) -> dict[str, Any]:
    """What the last cell handed over; refuses a notebook that did not reach it."""
    own = [c for c in executed.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    skipped = [
        _place(cell, number)
        for number, cell in enumerate(own, start=1)
        if cell.cell_type == "code" and cell.source.strip() and not cell.execution_count
    ]
    if skipped:
        raise NotebookFailed(
            f"{attempt.source}: {len(skipped)} of its cells never ran, the first {skipped[0]}; "
            "a notebook must not leave early"
        )
    if not attempt.done.is_file():
        raise NotebookFailed(
            f"{attempt.source}: the last cell did not call finished(); "
            "without it nobody can tell a whole run from a part"
        )
    facts: dict[str, Any] = json.loads(attempt.done.read_text(encoding="utf-8"))
    return facts


def _keep(attempt: _Attempt, place: Path) -> Path | None:
    """Save what ran of a failed notebook, if anything did and it can be."""
    if not attempt.executed.is_file():
        return None
    with contextlib.suppress(CannotWrite):
        _write(attempt.executed, place)
        return place
    return None


def _write(source: Path, place: Path) -> None:
    """Put ``source`` at ``place`` in one step."""
    staged = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, staged)
        with staged.open("rb") as written:
            os.fsync(written.fileno())
        staged.replace(place)
    except OSError as error:
        with contextlib.suppress(OSError):
            staged.unlink()
        raise CannotWrite(f"{place} cannot be written: {error.strerror}") from error
