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
    place = root / key[:2] / key
    if place.is_dir():
        return place
    with _alone(place):
        if not place.is_dir():
            _make(place, fill)
    return place


_ASIDE = ".new-"
_LEAST_AGE_S = 3600
"""A home directory may be shared by machines; no build takes as long."""


def _make(place: Path, fill: Callable[[Path], None]) -> None:
    sweep(place.parent, _ASIDE, _LEAST_AGE_S)  # what runs that died have left
    with contextlib.ExitStack() as stack:
        try:
            aside = stack.enter_context(scratch(place.parent, _ASIDE))
        except OSError as error:
            raise _unwritable(place.parent, error) from None
        fill(aside)
        try:
            aside.rename(place)
        except OSError as error:
            # Where files cannot be locked, another run may have been faster: its directory is not empty and stays.
            if not place.is_dir():
                raise _unwritable(place, error) from None


def _unwritable(place: Path, error: OSError) -> StorageError:
    return StorageError(f"{place}: cannot write the build cache: {error.strerror}")


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Hold the lock on an entry; the kernel gives it back when a process dies."""
    lock = place.with_name(f".lock-{place.name}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = lock.open("a")
    except OSError as error:
        raise _unwritable(place.parent, error) from None
    with file:
        with contextlib.suppress(OSError):  # a file system without locks: both fill, the first wins
            fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Who still waits for this file finds the entry there; who comes later does not look for a lock.
            lock.unlink(missing_ok=True)
