"""The runner: success means success."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest

from reporting.runner import NotebookFailed, run
from warehouse.errors import CannotWrite, DataRefused, InputMissing, Usage

END = "from reporting.sentinel import finished\nfinished()"


def written(folder: Path, *sources: str, name: str = "report.ipynb") -> Path:
    """A notebook that takes ``n`` and holds these cells; its kernel is nobody's."""
    new = nbformat.v4
    taken = new.new_code_cell("n: int = 1  # a number", metadata={"tags": ["parameters"]})
    cells = [new.new_markdown_cell("# Report"), taken, *map(new.new_code_cell, sources)]
    metadata = {"kernelspec": {"name": "somebody-elses-env", "display_name": "x"}}
    path = folder / name
    nbformat.write(new.new_notebook(cells=cells, metadata=metadata), path)
    return path


def refused(folder: Path, sources: Sequence[str], **limits: float) -> NotebookFailed:
    """Run cells that must fail; the record that was there must stay."""
    output = folder / "out" / "report.ipynb"
    output.parent.mkdir()
    output.write_text("the last good one")
    with pytest.raises(NotebookFailed) as failure:
        run(written(folder, *sources), {}, output, **limits)  # type: ignore[arg-type]
    assert failure.value.code == 70
    assert output.read_text() == "the last good one"
    assert (output.parent / "report.failed.ipynb").exists()
    assert not list(output.parent.glob(".*"))
    return failure.value


def test_a_run_is_recorded_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://canary")
    source = written(
        tmp_path,
        "import os, sys",
        "from reporting.sentinel import finished\n"
        "finished(n=n, python=sys.executable, seen=sorted(os.environ), here=os.listdir())",
    )
    before = source.read_bytes()
    record = run(source, {"n": 7}, tmp_path / "new" / "record.ipynb", extra={"EXTRA": "1"})
    assert record.facts["n"] == 7
    assert record.facts["python"] == sys.executable
    assert record.parameters == {"n": 7}
    assert not {"DATABASE_URL", "PYTEST_CURRENT_TEST"} & set(record.facts["seen"])
    assert {"EXTRA", "MLFLOW_DISABLE_TELEMETRY"} <= set(record.facts["seen"])
    assert not [name for name in record.facts["here"] if "report" in name]
    executed = nbformat.read(record.output, as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
    assert source.read_bytes() == before
    assert "DATABASE_URL" in os.environ


def test_leaving_early_is_no_success(tmp_path: Path) -> None:
    failure = refused(tmp_path, ["import sys; sys.exit(0)", END])
    assert "1 of its cells never ran, the first cell 4" in failure.message


def test_a_notebook_that_does_not_say_it_ended_is_no_success(tmp_path: Path) -> None:
    assert "did not call finished()" in refused(tmp_path, ["x = 1"]).message


def test_a_failing_cell_is_named(tmp_path: Path) -> None:
    failure = refused(tmp_path, ["x = 1", "y = x / 0", END])
    assert "cell 4 ('y = x / 0') raised ZeroDivisionError: division by zero" in failure.message
    assert "report.failed.ipynb" in failure.message


def test_a_refusal_keeps_its_words_and_code(tmp_path: Path) -> None:
    cell = "from warehouse.errors import DataRefused\nraise DataRefused('usage, row 7:\\n bad')"
    with pytest.raises(DataRefused) as refusal:
        run(written(tmp_path, cell, END), {}, tmp_path / "out.ipynb")
    assert refusal.value.message == "usage, row 7:\n bad"
    assert refusal.value.code == 65


def test_a_cell_that_hangs_is_stopped(tmp_path: Path) -> None:
    failure = refused(tmp_path, ["import time\ntime.sleep(60)", END], cell_timeout=1)
    assert "cell 3 ('import time') took longer than the 1 s" in failure.message


def test_a_notebook_that_hangs_is_stopped(tmp_path: Path) -> None:
    failure = refused(tmp_path, ["import time\ntime.sleep(60)", END], timeout=3)
    assert "the whole notebook had taken its 3 s" in failure.message


def test_a_killed_kernel_is_named(tmp_path: Path) -> None:
    failure = refused(tmp_path, ["import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", END])
    assert "cell 3 ('import os, signal') lost its kernel" in failure.message


def test_bad_parameters_start_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papermill.execute_notebook", lambda *a, **k: pytest.fail("it ran"))
    with pytest.raises(Usage, match="takes no parameter 'm'; did you mean 'n'|takes no parameter"):
        run(written(tmp_path, END), {"m": 1}, tmp_path / "out.ipynb")
    with pytest.raises(InputMissing, match="is not there"):
        run(tmp_path / "none.ipynb", {}, tmp_path / "out.ipynb")
    (tmp_path / "no.ipynb").write_text("{not json")
    with pytest.raises(InputMissing, match="is no notebook"):
        run(tmp_path / "no.ipynb", {}, tmp_path / "out.ipynb")


def test_a_record_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook ran; the refusal names the path, and the folder is as it was."""

    def quick(source: str, output: str, **given: object) -> None:
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            cell.update({"execution_count": 1} if cell.cell_type == "code" else {})
        nbformat.write(notebook, output)
        (Path(output).parent / "done.json").write_text("{}")

    monkeypatch.setattr("papermill.execute_notebook", quick)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="file/out.ipynb cannot be written"):
        run(written(tmp_path, END), {}, tmp_path / "file" / "out.ipynb")
    record = run(written(tmp_path, END), {}, tmp_path / "out.ipynb")
    assert record.output.is_file()
