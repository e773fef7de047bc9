"""Directories for as long as they are needed: they go with their owner, or are swept once it is dead."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_UNLOCKED = ".unlocked-"
"""In front of the name of one that is not locked yet: nobody sweeps those."""


@contextlib.contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """Give a new directory, and remove it at the end with all that is in it by then, wherever it is not moved to.

    As long as this process lives it holds a lock on the directory. The system gives that back when the process dies,
    however it dies: that is what `sweep` goes by.

    Raises:
        OSError: it cannot be made.
    """
    unlocked = Path(tempfile.mkdtemp(prefix=f"{_UNLOCKED}{prefix}", dir=parent))
    path = unlocked.with_name(unlocked.name.removeprefix(_UNLOCKED))
    lock = os.open(unlocked, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: nothing on it is ever swept
            fcntl.flock(lock, fcntl.LOCK_SH)
        unlocked.rename(path)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def sweep(parent: Path, prefix: str, least_age_s: float = 0) -> list[Path]:
    """Remove the directories of `scratch` whose owners are dead, and return them; those of other users stay.

    Where several machines share a file system, their locks may not be: `least_age_s`, since the last change, is longer
    than an owner works on one there.
    """
    removed = []
    for path in _directories(parent, prefix):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                status = os.fstat(lock)
                if status.st_uid != os.geteuid() or time.time() - status.st_mtime < least_age_s:
                    continue
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the owner lives
                shutil.rmtree(path, ignore_errors=True)
                removed.append(path)
            finally:
                os.close(lock)
    return removed


def _directories(parent: Path, prefix: str) -> list[Path]:
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        return [Path(entry) for entry in entries if entry.name.startswith(prefix)]
    return []
