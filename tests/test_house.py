"""The house: what is installed, what may be in a file, what the commands promise."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from benchmarks import harness

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = sorted((ROOT / "src").rglob("*.py"))


def canonical(name: str) -> str:
    """A distribution's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirement: str) -> str:
    """The distribution a requirement asks for."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return canonical(match[0])


def tracked() -> list[Path]:
    """The files of the project: those under version control or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


# The lock


def locked() -> list[str]:
    """The requirements of the lock, each with its hashes, on one line."""
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]


def test_every_locked_requirement_is_exact_and_hashed() -> None:
    loose = [line for line in locked() if not re.match(r"\S+==\S+ .*--hash=sha256:", line)]
    assert len(locked()) > 100
    assert not loose


def test_the_lock_names_no_address() -> None:
    """Where packages come from is the machine's affair."""
    text = (ROOT / "requirements.lock").read_text().lower()
    hosts = ("://", "pypi", "pythonhosted", "anaconda", "--index", "--extra-index", "--find-links")
    assert [word for word in hosts if word in text] == []


def test_the_lock_leaves_out_what_only_several_gpus_use() -> None:
    assert not [line for line in locked() if "nccl" in line]


def test_every_dependency_is_locked() -> None:
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    assert {named(line) for line in asked} <= {named(line) for line in locked()}


def test_the_build_backend_is_locked() -> None:
    """The editable install runs without build isolation, so it is the environment that has it."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    assert {named(line) for line in build["requires"]} <= {named(line) for line in locked()}


def test_only_the_left_out_package_is_missing() -> None:
    """NCCL, on Linux, is all that the installed packages lack."""
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True,
        check=False,
        text=True,
    )
    lines = [line for line in checked.stdout.splitlines() if "nvidia-nccl" not in line]
    assert lines in ([], ["No broken requirements found."]), checked.stdout + checked.stderr


def test_what_is_imported_is_declared() -> None:
    """No module leans on a package that is here only because another brought it."""
    dists = packages_distributions()
    declared = {named(line) for line in PROJECT["dependencies"]}
    floors = {path.name for path in (ROOT / "src").iterdir()}
    undeclared = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for top in {name.split(".")[0] for name in names} - floors - sys.stdlib_module_names:
                if not declared & {canonical(dist) for dist in dists.get(top, [])}:
                    undeclared.add(f"{path.relative_to(ROOT)}: {top}")
    assert sorted(undeclared) == []


def test_conda_makes_the_interpreter_and_the_lock_the_rest() -> None:
    """environment.yml pins no Python package, and its Python is one the project takes."""
    text = (ROOT / "environment.yml").read_text()
    wanted = yaml.safe_load(text)["dependencies"]
    assert all(isinstance(line, str) for line in wanted)
    assert {named(line) for line in wanted} == {"python", "pip", "make", "git"}
    python = next(line.split("=")[1] for line in wanted if line.startswith("python="))
    low, high = re.findall(r"3\.(\d+)", PROJECT["requires-python"])
    assert int(low) <= int(python.split(".")[1]) < int(high)
    assert "make install" in text
    assert "requirements.lock" in text


# The commands


def targets() -> dict[str, str]:
    """Each target of the Makefile that is a command, with its help."""
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", text, flags=re.MULTILINE)
    assert phony
    helps = dict(re.findall(r"^([a-z-]+):.*?## (.+)$", text, flags=re.MULTILINE))
    return {name: helps.get(name, "") for name in phony[1].split()}


def test_every_target_says_what_it_does() -> None:
    promised = {"install", "demo", "test", "test-services", "lab", "bench", "check", "clean"}
    assert promised <= set(targets())
    assert not [name for name, says in targets().items() if not says]


def test_nothing_listens_beyond_this_machine() -> None:
    text = (ROOT / "Makefile").read_text()
    assert "--ip=127.0.0.1" in text
    open_doors = ("0.0.0.0", "--ip=*", "token=''", "allow_origin", "disable_check_xsrf")
    assert not [word for word in open_doors if word in text]


def test_every_benchmark_says_what_it_is_held_against() -> None:
    assert harness.found()
    for name, benchmark in harness.found().items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert benchmark.against
        for bound in (benchmark.must, benchmark.aim):
            assert harness.holds(1.0, bound) in {True, False}


@pytest.mark.parametrize(
    ("ratio", "bound", "kept"),
    [(2.0, "<= 3", True), (3.5, "<= 3", False), (0.98, ">= .97", True), (0.9, ">= .97", False)],
)
def test_a_bound_can_be_missed(ratio: float, bound: str, kept: bool) -> None:
    assert harness.holds(ratio, bound) is kept


def test_a_benchmark_is_one_row_of_results(tmp_path: Path) -> None:
    """A row has the promised columns; a second run of one benchmark keeps the others' rows."""
    measured = harness.Measured(3.0, "s", 2.0)
    one = harness.Benchmark("one", "<= 2", "<= 1", "a peer", lambda: measured)
    results = tmp_path / "results.json"
    results.write_text(json.dumps([{"name": "other"}, {"name": "one", "ratio": 9}]))
    harness.write([harness.run(one)], results)
    first, other = json.loads(results.read_text())
    assert other == {"name": "other"}
    assert list(first) == [
        *("name", "value", "unit", "against", "ratio"),
        *("must", "aim", "command", "commit"),
    ]
    assert (first["name"], first["value"], first["ratio"]) == ("one", 3.0, 1.5)
    assert first["command"] == "make bench ONLY=one"


# The files


def test_the_licence_is_here() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    assert PROJECT["license"] == "MIT"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    """At most 300 lines, a docstring, and annotations that are not evaluated."""
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "no module docstring"
    assert len(text.splitlines()) <= 300, "more than one idea in a file"
    if len(tree.body) > 1:
        assert "\nfrom __future__ import annotations\n" in text


def test_tests_are_no_packages() -> None:
    """An __init__.py in tests/metrics would stand in for the package ``metrics``."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


# A folder of one machine, written so that this file does not match itself.
PLACES = [r"wo" r"rk\b", r"ro" r"ot\b", r"fa" r"rm\b", r"ho" r"me/\w", r"Us" r"ers/\w"]
MACHINE = re.compile(rf"(?<![\w.:/-])/({'|'.join(PLACES)})")


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" in data:
            continue
        for number, line in enumerate(data.decode().splitlines(), start=1):
            if MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert not found, "\n".join(found)


def test_a_folder_of_one_machine_is_seen() -> None:
    for place in ("wo" + "rk/main", "ro" + "ot/.cache", "ho" + "me/ann/data", "Us" + "ers/ann"):
        assert MACHINE.search(f'open("/{place}")')
    for text in ("/data/raw", "notebooks/wo" + "rk/x", "and/or", "https://a.example/wo" + "rk/"):
        assert not MACHINE.search(text)
