"""Putting a month in front of its readers: whole, once, and never half.

    reports/.lock                          held while a run works
    reports/.staging/                      what is being built; cleared at the start
    reports/.runs/<month>/<publication>/   immutable, with its MANIFEST.json
    reports/<month>   -> .runs/<month>/<publication>
    reports/latest    -> the newest month

A reader sees the last publication until the new one is complete and on the disk;
a run that dies anywhere leaves the last one as it was, and running it again
finishes the work.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reporting import durable
from reporting.lock import lock
from warehouse import months
from warehouse.errors import CannotWrite, DataRefused, InputMissing, Refusal, Usage

__all__ = [
    "MANIFEST",
    "NotTheSame",
    "Published",
    "current",
    "lock",
    "publish",
    "verify",
    "whole",
    "writable",
]

MANIFEST = "MANIFEST.json"
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*$")
_ID = re.compile(r"^[0-9a-f]{8,64}$")


class NotTheSame(Refusal):
    """The same inputs gave other bytes: something in the run is not deterministic."""

    code = 70


@dataclass(frozen=True)
class Published:
    """Where the month stands now, whether anything changed, and which publication it replaced."""

    path: Path
    publication: str
    changed: bool
    superseded: str | None


def writable(reports: Path, room: int = 50_000_000) -> None:
    """Make sure ``reports`` can be published to, before any work is done for it.

    ``CannotCreate`` (73) or ``CannotWrite`` (74) names the path, or says how much of
    the ``room`` (bytes) is free.
    """
    with durable.refusing(reports):
        (reports / ".runs").mkdir(parents=True, exist_ok=True)
        probe = reports / ".probe"
        durable.discard(probe)
        probe.mkdir()
        durable.write(probe / "file", b"probe")
        durable.point(probe / "link", "file")
        durable.discard(probe)
        free = shutil.disk_usage(reports).free
    if free < room:
        raise CannotWrite(f"{reports}: {free:,} bytes are free and {room:,} are needed")


def current(reports: Path, month: str) -> dict[str, Any] | None:
    """The manifest of what ``month`` shows now; none if nothing is published for it."""
    place = reports / months.check(month) / MANIFEST
    if not place.is_file():
        return None
    manifest: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return manifest


def permitted(reports: Path, month: str, publication: str, restate: str | None) -> str | None:
    """The id of what ``month`` shows now, None if nothing, once ``publication`` may be shown.

    ``DataRefused`` if another publication is there and ``restate`` gives no reason.
    """
    manifest = current(reports, month)
    held: str | None = manifest["publication"] if manifest else None
    if held not in (None, publication) and not (restate and restate.strip()):
        raise DataRefused(
            f"{month} is published as {held}; its inputs now give {publication}. "
            "Say why with --restate REASON, or restore the inputs"
        )
    return held


def publish(
    reports: Path,
    month: str,
    files: Mapping[str, bytes | Path],
    inputs: Mapping[str, Any],
    publication: str,
    *,
    restate: str | None = None,
    unstable: Mapping[str, Any] | None = None,
) -> Published:
    """Publish ``files`` (relative name to bytes or a file) as ``month``'s ``publication``.

    ``publication`` is the hash of everything the files follow from; ``inputs`` says
    what that is, ``unstable`` what varies from run to run (times, run ids). Both
    stand in the manifest and nowhere else.

    The same publication again changes nothing, after checking that the one in
    place is whole and that the bytes are the same (``NotTheSame``, 70). Another
    publication for a published month is ``DataRefused`` unless ``restate`` gives the
    reason. ``latest`` never goes back to an earlier month. ``Locked`` if another run
    is at work, ``CannotWrite`` or ``CannotCreate`` with the path.
    """
    _check(files, publication)
    with lock(reports), durable.refusing(reports):
        months.check(month)
        durable.discard(reports / ".staging")
        held = permitted(reports, month, publication, restate)
        if held == publication:
            return _again(reports, month, files, publication)
        manifest = {
            "month": month,
            "publication": publication,
            "supersedes": held,
            "reason": restate if held else None,
            "inputs": dict(inputs),
            "unstable": dict(unstable or {}),
        }
        run = _build(reports, month, files, manifest)
        _show(reports, month, run)
        return Published(reports / month, publication, True, held)


def verify(reports: Path, month: str) -> list[str]:
    """What is wrong with a month's publication, file by file; empty if it is as it was published.

    ``InputMissing`` if the month is not published.
    """
    if not (reports / months.check(month)).exists():
        raise InputMissing(f"{reports / month} is not there: {month} is not published")
    return _faults(reports / month)


def whole(reports: Path, month: str) -> None:
    """Refuse (``DataRefused``) if a month's publication is not as it was published."""
    faults = verify(reports, month)
    if faults:
        raise DataRefused(
            f"{reports / month} is damaged: {'; '.join(faults)}. Move "
            f"{(reports / month).resolve()} and {reports / month} away and run again"
        )


def _check(files: Mapping[str, bytes | Path], publication: str) -> None:
    if not _ID.match(publication):
        raise Usage(f"{publication!r} is no publication id; it is a hash in lower-case hex")
    for name in files:
        if not _NAME.match(name) or name == MANIFEST or ".." in name:
            raise Usage(f"{name!r} cannot name a published file; use letters, digits, . _ - and /")


def _again(
    reports: Path, month: str, files: Mapping[str, bytes | Path], publication: str
) -> Published:
    """The month already shows this publication: prove it, and finish what a dead run left."""
    whole(reports, month)
    listed = (current(reports, month) or {})["files"]
    other = sorted(
        name
        for name, content in files.items()
        if listed.get(name, {}).get("sha256") != _sha(content)
    )
    if other:
        raise NotTheSame(f"{month}: the same inputs gave other bytes in {', '.join(other)}")
    moved = _latest(reports, month)
    return Published(reports / month, publication, moved, None)


def _sha(content: bytes | Path) -> str:
    if isinstance(content, Path):
        return durable.digest(content)
    return hashlib.sha256(content).hexdigest()


def _build(
    reports: Path, month: str, files: Mapping[str, bytes | Path], manifest: dict[str, Any]
) -> Path:
    """The immutable run folder of this publication, complete and on the disk."""
    staging = reports / ".staging" / "run"
    staging.mkdir(parents=True)
    listed = {}
    for name in sorted(files):
        place = staging / name
        place.parent.mkdir(parents=True, exist_ok=True)
        sha, size = durable.write(place, files[name])
        listed[name] = {"sha256": sha, "bytes": size}
    manifest["files"] = listed
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False, default=str)
    durable.write(staging / MANIFEST, f"{text}\n".encode())
    for inner, _, _ in os.walk(staging, topdown=False):
        durable.settle(Path(inner))
    runs = reports / ".runs" / month
    runs.mkdir(parents=True, exist_ok=True)
    final = _place(runs, manifest)
    if not final.exists():
        staging.rename(final)
    for folder in (runs, runs.parent, reports):
        durable.settle(folder)
    durable.discard(reports / ".staging")
    return final


def _place(runs: Path, manifest: Mapping[str, Any]) -> Path:
    """Where this run belongs: a dead run's whole folder if it says the same, else a free name."""
    publication, number = manifest["publication"], 1
    same = ("publication", "supersedes", "reason", "inputs", "files")
    while True:
        place = runs / (publication if number == 1 else f"{publication}-{number}")
        if not place.exists():
            return place
        if not _faults(place):
            held = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
            fresh = json.loads(json.dumps(manifest, default=str))
            if all(held[key] == fresh[key] for key in same):
                return place
        number += 1


def _show(reports: Path, month: str, run: Path) -> None:
    link = reports / month
    if link.exists() and not link.is_symlink():
        raise DataRefused(f"{link} is a folder of its own, not a publication; move it away")
    durable.point(link, os.path.relpath(run, reports))
    _latest(reports, month)


def _latest(reports: Path, month: str) -> bool:
    """Let ``latest`` lead to ``month`` unless it leads to a later one; whether it moved."""
    link = reports / "latest"
    newest = link.readlink().name if link.is_symlink() else ""
    if newest >= month:
        return False
    durable.point(link, month)
    return True


def _faults(folder: Path) -> list[str]:
    place = folder / MANIFEST
    try:
        listed = json.loads(place.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{MANIFEST} cannot be read ({error})"]
    faults = []
    for name, facts in listed.items():
        file = folder / name
        if not file.is_file():
            faults.append(f"{name} is missing")
        elif durable.digest(file) != facts["sha256"]:
            faults.append(f"{name} is not what was published")
    real = folder.resolve()
    there = {path.relative_to(real).as_posix() for path in real.rglob("*") if path.is_file()}
    return faults + [f"{name} was added" for name in sorted(there - {*listed, MANIFEST})]
