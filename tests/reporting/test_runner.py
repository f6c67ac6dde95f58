"""The runner: success means success."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

from reporting.runner import NotebookFailed, Record, run
from warehouse.errors import CannotWrite, DataRefused, InputMissing, Refusal, Usage

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


SCENES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "whole": (
        (
            "import os, sys",
            "from reporting.sentinel import finished\n"
            "finished(n=n, python=sys.executable, seen=sorted(os.environ), here=os.listdir())",
        ),
        {"extra": {"EXTRA": "1"}},
    ),
    "left early": (("import sys; sys.exit(0)", END), {}),
    "failing": (("x = 1", "y = x / 0", END), {}),
    "refusing": (
        ("from warehouse.errors import DataRefused\nraise DataRefused('row 7:\\n bad')", END),
        {},
    ),
    "slow cell": (("import time\ntime.sleep(60)", END), {"cell_timeout": 1}),
    "slow notebook": (("import time\ntime.sleep(60)", END), {"timeout": 4}),
    "killed": (("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", END), {}),
}
Ended = Record | Refusal


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Each scene's end; they run at the same time, as the pages of a month do."""
    root = tmp_path_factory.mktemp("scenes")

    def play(scene: str) -> Ended:
        folder = root / scene
        (folder / "out").mkdir(parents=True)
        output = folder / "out" / "report.ipynb"
        output.write_text("the last good one")
        cells, given = SCENES[scene]
        source = written(folder, *cells)
        before = source.read_bytes()
        try:
            return run(source, {"n": 7}, output, **given)
        except Refusal as refusal:
            assert output.read_text() == "the last good one"
            assert (folder / "out" / "report.failed.ipynb").exists()
            return refusal
        finally:
            assert source.read_bytes() == before
            assert not list((folder / "out").glob(".*"))

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(4) as pool:
        patch.setenv("DATABASE_URL", "postgres://canary")
        return dict(zip(SCENES, pool.map(play, SCENES), strict=True))


def test_a_run_is_recorded_whole(ended: dict[str, Ended]) -> None:
    record = ended["whole"]
    assert isinstance(record, Record), record
    assert record.facts["n"] == 7
    assert record.facts["python"] == sys.executable
    assert record.parameters == {"n": 7}
    assert not {"DATABASE_URL", "PYTEST_CURRENT_TEST"} & set(record.facts["seen"])
    assert {"EXTRA", "MLFLOW_DISABLE_TELEMETRY"} <= set(record.facts["seen"])
    assert not [name for name in record.facts["here"] if "report" in name]
    executed = nbformat.read(record.output, as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")


@pytest.mark.parametrize(
    ("scene", "says"),
    [
        ("left early", "1 of its cells never ran, the first cell 4"),
        ("failing", "cell 4 ('y = x / 0') raised ZeroDivisionError: division by zero"),
        ("failing", "what ran is in"),
        ("slow cell", "cell 3 ('import time') took longer than the 1 s a cell may take"),
        ("slow notebook", "when the whole notebook had taken its 4 s"),
        ("killed", "cell 3 ('import os, signal') lost its kernel"),
    ],
)
def test_a_run_that_failed_says_where_and_why(
    ended: dict[str, Ended], scene: str, says: str
) -> None:
    failure = ended[scene]
    assert isinstance(failure, NotebookFailed)
    assert failure.code == 70
    assert says in failure.message


def test_a_refusal_keeps_its_words_and_code(ended: dict[str, Ended]) -> None:
    refusal = ended["refusing"]
    assert type(refusal) is DataRefused
    assert (refusal.message, refusal.code) == ("row 7:\n bad", 65)


def test_bad_parameters_start_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papermill.execute_notebook", lambda *a, **k: pytest.fail("it ran"))
    with pytest.raises(Usage, match="takes no parameter 'm'"):
        run(written(tmp_path, END), {"m": 1}, tmp_path / "out.ipynb")
    with pytest.raises(InputMissing, match="is not there"):
        run(tmp_path / "none.ipynb", {}, tmp_path / "out.ipynb")
    (tmp_path / "no.ipynb").write_text("{not json")
    with pytest.raises(InputMissing, match="is no notebook"):
        run(tmp_path / "no.ipynb", {}, tmp_path / "out.ipynb")


def test_what_a_run_leaves_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell ran, and still: no last word is no success, no room for the record neither."""

    def quick(source: str, output: str, **given: object) -> None:
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            cell.update({"execution_count": 1} if cell.cell_type == "code" else {})
        nbformat.write(notebook, output)
        (Path(output).parent / "done.json").write_text("{}") if ends else None

    ends = False
    monkeypatch.setattr("papermill.execute_notebook", quick)
    with pytest.raises(NotebookFailed, match=r"the last cell did not call finished\(\)"):
        run(written(tmp_path, "x = 1"), {}, tmp_path / "out.ipynb")
    ends = True
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match=r"file/out\.ipynb cannot be written"):
        run(written(tmp_path, END), {}, tmp_path / "file" / "out.ipynb")
    record = run(written(tmp_path, END), {}, tmp_path / "out.ipynb")
    assert record.output.is_file()
