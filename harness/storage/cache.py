"""A content-addressed store of built files, shared by runs that may go on at the same time.

An entry is a directory named by its key. It is filled aside and moved into place in one step, so a reader never sees
half of it. Of several processes that want the same one a single one fills it, and the others wait for that.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from harness.errors import StorageError
from harness.storage.scratch import scratch, sweep


def cache_directory() -> Path:
    """Return the user's cache directory for harness (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "harness"


def key_of(parts: Iterable[bytes | str]) -> str:
    """Digest parts, each with its length, so that no two different lists of parts agree."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()[:40]


def entry(root: Path, key: str, fill: Callable[[Path], None]) -> Path:
    """Return the directory of an entry; `fill` makes its contents where there is none yet.

    Raises:
        StorageError: the cache cannot be written.
    """
    path = root / key[:2] / key
    if path.is_dir():
        return path
    with _alone(path):
        if not path.is_dir():
            _make(path, fill)
    return path


_ASIDE = ".new-"
_LEAST_AGE_S = 3600
"""A home directory may be shared by machines; no build takes as long."""


def _make(path: Path, fill: Callable[[Path], None]) -> None:
    sweep(path.parent, _ASIDE, _LEAST_AGE_S)  # what runs that died have left
    with contextlib.ExitStack() as stack:
        try:
            aside = stack.enter_context(scratch(path.parent, _ASIDE))
        except OSError as error:
            raise _unwritable(path.parent, error) from None
        fill(aside)
        try:
            aside.rename(path)
        except OSError as error:
            # Where files cannot be locked, another run may have been faster: its directory is not empty and stays.
            if not path.is_dir():
                raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot write the build cache: {error.strerror}")


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock on an entry; the kernel gives it back when a process dies."""
    lock = path.with_name(f".lock-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a")
    except OSError as error:
        raise _unwritable(path.parent, error) from None
    with file:
        with contextlib.suppress(OSError):  # a file system without locks: both fill, the first wins
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Who still waits for this file finds the entry there; who comes later does not look for a lock.
            lock.unlink(missing_ok=True)
