"""Files that survive a power cut: written, flushed to the disk, and only then put in place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from warehouse.errors import CannotWrite


class CannotCreate(CannotWrite):
    """A folder or file cannot be made where it belongs."""

    code = 73


@contextlib.contextmanager
def refusing(place: Path) -> Iterator[None]:
    """Turn what the operating system says into a refusal that names the path.

    ``CannotCreate`` (73) where the folder itself forbids it, ``CannotWrite`` (74)
    for a full or failing disk.
    """
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename or place
        said = f"{where} cannot be written: {error.strerror or error}"
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            raise CannotCreate(
                f"{said}; check who owns the folder and how it is mounted"
            ) from error
        raise CannotWrite(f"{said}; nothing was published") from error


def write(place: Path, content: bytes | Path) -> tuple[str, int]:
    """Write ``content`` (bytes, or a file to copy) to the new file ``place`` and flush it.

    Returns its sha256 in hex and its size in bytes, of what was written.
    """
    digest, size = hashlib.sha256(), 0
    with place.open("xb") as out:
        if isinstance(content, bytes):
            out.write(content)
            digest.update(content)
            size = len(content)
        else:
            with content.open("rb") as source:
                while block := source.read(1 << 20):
                    out.write(block)
                    digest.update(block)
                    size += len(block)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest(), size


def settle(folder: Path) -> None:
    """Flush ``folder`` itself: the names in it, not the files' contents."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def point(link: Path, target: str) -> None:
    """Make the symbolic link ``link`` lead to ``target`` in one step, whatever it led to before."""
    fresh = link.with_name(f".{link.name}.next")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
    settle(link.parent)


def digest(place: Path) -> str:
    """The sha256 of a file, in hex."""
    with place.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def discard(folder: Path) -> None:
    """Remove ``folder`` and all in it, if it is there."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
