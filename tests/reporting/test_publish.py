"""Publication: whole or not at all, wherever it is interrupted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporting.durable import CannotCreate
from reporting.publish import (
    MANIFEST,
    NotTheSame,
    Published,
    current,
    lock,
    publish,
    verify,
    whole,
    writable,
)
from warehouse.errors import CannotWrite, DataRefused, InputMissing, Locked, Usage

FILES = {"health.html": b"<html>one</html>", "csm/anna.html": b"anna"}
OTHER = {**FILES, "health.html": b"<html>two</html>"}
ONE, TWO = "aaaaaaaa11111111", "bbbbbbbb22222222"
INPUTS = {"snapshot": "4e1c"}


def put(
    reports: Path, name: str = ONE, month: str = "2026-10", restate: str | None = None, **given: Any
) -> Published:
    files = FILES if name == ONE else OTHER
    return publish(reports, month, files, INPUTS, name, restate=restate, **given)


def shown(reports: Path, month: str = "2026-10") -> dict[str, bytes] | None:
    """What a reader finds, every byte of it; none if nothing is there."""
    place = reports / month
    if not place.exists():
        return None
    real = place.resolve()
    return {str(p.relative_to(real)): p.read_bytes() for p in real.rglob("*") if p.is_file()}


def test_a_month_is_published_where_readers_look(tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    copied.write_bytes(b"anna")
    done = publish(
        tmp_path / "r", "2026-10", {**FILES, "csm/anna.html": copied}, INPUTS, ONE,
        unstable={"seconds": 3.2},
    )  # fmt: skip
    assert done == Published(tmp_path / "r" / "2026-10", ONE, True, None)
    assert (done.path / "health.html").read_bytes() == FILES["health.html"]
    assert (tmp_path / "r" / "latest" / "csm" / "anna.html").read_bytes() == b"anna"
    assert str((tmp_path / "r" / "latest").readlink()) == "2026-10"
    assert str((tmp_path / "r" / "2026-10").readlink()) == f".runs/2026-10/{ONE}"
    manifest = current(tmp_path / "r", "2026-10")
    assert manifest is not None
    assert manifest["unstable"] == {"seconds": 3.2}
    assert manifest["files"]["csm/anna.html"]["bytes"] == 4
    assert verify(tmp_path / "r", "2026-10") == []


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path)
    before = shown(tmp_path)
    again = put(tmp_path, unstable={"seconds": 9})
    assert (again.changed, again.superseded) == (False, None)
    assert shown(tmp_path) == before


def test_the_same_inputs_must_give_the_same_bytes(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(NotTheSame, match=r"other bytes in health\.html"):
        publish(tmp_path, "2026-10", OTHER, INPUTS, ONE)


def test_another_publication_needs_a_reason(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(DataRefused, match=f"published as {ONE}; its inputs now give {TWO}"):
        put(tmp_path, TWO, restate="  ")
    assert (current(tmp_path, "2026-10") or {})["publication"] == ONE
    done = put(tmp_path, TWO, restate="late invoices")
    assert (done.changed, done.superseded) == (True, ONE)
    manifest = current(tmp_path, "2026-10") or {}
    assert (manifest["supersedes"], manifest["reason"]) == (ONE, "late invoices")
    assert (tmp_path / ".runs" / "2026-10" / ONE / "health.html").exists()
    back = put(tmp_path, ONE, restate="they were right")
    assert back.superseded == TWO
    assert (current(tmp_path, "2026-10") or {})["reason"] == "they were right"
    assert verify(tmp_path, "2026-10") == []


def test_latest_never_goes_back(tmp_path: Path) -> None:
    put(tmp_path, month="2026-10")
    put(tmp_path, month="2026-09")
    assert str((tmp_path / "latest").readlink()) == "2026-10"
    put(tmp_path, month="2026-11")
    assert str((tmp_path / "latest").readlink()) == "2026-11"


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda run: (run / "health.html").write_bytes(b"<html>onE</html>"), "health.html is not"),
        (lambda run: (run / "csm" / "anna.html").unlink(), "csm/anna.html is missing"),
        (lambda run: (run / "extra.html").write_text("x"), "extra.html was added"),
        (lambda run: (run / MANIFEST).write_text("{"), "MANIFEST.json cannot be read"),
    ],
)
def test_damage_is_found_and_not_published_over(
    tmp_path: Path, harm: Callable[[Path], object], says: str
) -> None:
    put(tmp_path)
    harm((tmp_path / "2026-10").resolve())
    assert [fault for fault in verify(tmp_path, "2026-10") if says in fault]
    with pytest.raises(DataRefused, match=r"is damaged: .* away and run again"):
        whole(tmp_path, "2026-10")


def test_what_is_not_published_is_missing(tmp_path: Path) -> None:
    assert current(tmp_path, "2026-10") is None
    with pytest.raises(InputMissing, match="2026-10 is not published"):
        verify(tmp_path, "2026-10")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a//b", ".hidden", "a/../b", MANIFEST, "", "a b"]
)
def test_a_file_stays_inside(tmp_path: Path, name: str) -> None:
    with pytest.raises(Usage, match="cannot name a published file"):
        publish(tmp_path, "2026-10", {name: b""}, {}, ONE)
    with pytest.raises(Usage, match="is no publication id"):
        publish(tmp_path, "2026-10", {}, {}, "../../x")


# Interruptions


def tried(start: Path, place: Path, at: int, work: Callable[[], object]) -> int:
    """Do ``work`` in a child killed before its ``at``-th touch of ``place``; the wait status."""
    shutil.rmtree(place, ignore_errors=True)
    if start.exists():
        shutil.copytree(start, place, symlinks=True)
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    seen = 0

    def count(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event.split(".")[0] in {"open", "os", "shutil", "fcntl"} and str(place) in str(given):
            seen += 1
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(count)
        work()
    except BaseException:
        os._exit(1)
    os._exit(0)


@pytest.mark.parametrize("published", [False, True])
def test_a_kill_anywhere_leaves_the_last_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, published: bool
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # a kill cannot see what was not flushed
    start, place = tmp_path / "start", tmp_path / "reports"
    if published:
        put(start)
    before, name = shown(start), TWO if published else ONE
    reason = "late invoices" if published else None
    put(tmp_path / "whole", ONE)
    put(tmp_path / "whole", name, restate=reason)
    after = shown(tmp_path / "whole")
    killed = 0
    while True:
        status = tried(start, place, killed + 1, lambda: put(place, name, restate=reason))
        if status == 0:
            break
        assert status == signal.SIGKILL
        killed += 1
        assert shown(place) in (before, after), f"half a publication after kill {killed}"
        if (place / "latest").is_symlink():
            assert (place / "latest").exists()
        again = put(place, name, restate=reason)
        assert shown(place) == after
        assert again.path.exists()
        assert str((place / "latest").readlink()) == "2026-10"
        assert verify(place, "2026-10") == []
    assert killed > 20, "too few places were tried"


@pytest.mark.parametrize("call", ["fsync", "symlink", "rename", "replace", "mkdir"])
def test_a_failing_disk_is_named_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real, refused, at, calls = getattr(os, call), 0, 0, 1

    def fail(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path))
        return real(*given, **more)

    while calls >= at:
        at, calls = at + 1, 0
        place = tmp_path / str(at)
        put(place)
        monkeypatch.setattr(os, call, fail)
        said = told(lambda place=place: put(place, TWO, restate="r"))
        monkeypatch.setattr(os, call, real)
        if said is None:
            assert (current(place, "2026-10") or {})["publication"] == TWO
            continue
        refused += 1
        assert said.code == 74
        assert str(tmp_path) in said.message
        assert verify(place, "2026-10") == []
        assert shown(place) is not None
    assert refused > 0, f"{call} is never called"


def told(work: Callable[[], object]) -> CannotWrite | None:
    """The refusal ``work`` ends in, if it ends in one."""
    try:
        work()
    except CannotWrite as refusal:
        return refusal
    return None


def test_everything_is_on_the_disk_before_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: set[str] = set()
    fsync, rename = os.fsync, os.rename

    def flush(handle: int) -> None:
        flushed.add(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    def move(source: Any, target: Any, **more: Any) -> None:
        if Path(source).is_dir():
            inside = {str(path) for path in Path(source).rglob("*")} | {str(source)}
            assert inside <= flushed, f"not flushed: {sorted(inside - flushed)}"
            assert len(inside) == len(FILES) + 3
        rename(source, target, **more)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "rename", move)
    put(tmp_path)
    assert {str(tmp_path), str(tmp_path / ".runs" / "2026-10")} <= flushed


def test_one_at_a_time_and_a_dead_holder_holds_nothing(tmp_path: Path) -> None:
    ready, wait = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        try:
            with lock(tmp_path):
                os.write(ready[1], b"x")
                os.read(wait[0], 1)
        finally:
            os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(Locked, match=r"another run holds .*\.lock"):
        put(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert put(tmp_path).changed


def test_a_month_may_hold_the_lock_around_its_publication(tmp_path: Path) -> None:
    with lock(tmp_path), lock(tmp_path):
        assert put(tmp_path).changed
    with lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    writable(tmp_path / "new")
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [".runs"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotCreate) as refusal:
        writable(tmp_path / "file" / "reports")
    assert refusal.value.code == 73
    assert str(tmp_path / "file") in refusal.value.message
    with pytest.raises(CannotWrite, match="bytes are free"):
        writable(tmp_path / "new", room=10**18)


def test_a_folder_in_the_way_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "2026-10").mkdir()
    (tmp_path / "2026-10" / "mine.txt").write_text("mine")
    with pytest.raises(DataRefused, match="is a folder of its own"):
        put(tmp_path)
    assert (tmp_path / "2026-10" / "mine.txt").read_text() == "mine"


def test_the_manifest_is_plain_json_in_order(tmp_path: Path) -> None:
    put(tmp_path)
    text = (tmp_path / "2026-10" / MANIFEST).read_text()
    told = json.loads(text)
    assert text == json.dumps(told, indent=2, sort_keys=True) + "\n"
    assert set(told) == {
        "month", "publication", "supersedes", "reason", "inputs", "unstable", "files"
    }  # fmt: skip
