"""Whether a file can be written at all: what a tool says when it cannot is in words, and words decide nothing here."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from harness.errors import StorageError

BUILD_BYTES = 16 << 20
"""What one build may leave in a directory at once: many times what most do."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
_SCRATCH_VARIABLES = ("TMPDIR", "TMP", "TEMP")
_SCRATCH_DIRECTORIES = ("/tmp", "/var/tmp", "/usr/tmp")


def is_out_of_room(error: OSError) -> bool:
    """True if a file could not be written for want of space, by a quota or a limit, or because nothing can be."""
    return error.errno in _NO_ROOM


def check_room(directories: Iterable[Path], program: str, needed_bytes: int = BUILD_BYTES) -> None:
    """Find out whether a program may have failed for want of space: reserve some in each directory, and give it back.

    Directories in which nobody may write are left out: it has not written there.

    Raises:
        StorageError: there is none; the message names the directory and the program.
    """
    for directory in dict.fromkeys(directories):
        if not os.access(directory, os.W_OK):
            continue
        try:
            with tempfile.TemporaryFile(dir=directory) as file:
                os.posix_fallocate(file.fileno(), 0, needed_bytes)
        except OSError as error:
            if is_out_of_room(error):
                room = f"{needed_bytes / (1 << 20):.0f} MiB"
                reason = f"{program} failed, and {room} cannot be written there"
                raise StorageError(f"{directory}: {error.strerror}: {reason}") from None


def scratch_directory() -> Path:
    """Return where temporary files go: where compilers put theirs (GCC manual, "Environment Variables")."""
    named = [os.environ[name] for name in _SCRATCH_VARIABLES if os.environ.get(name)]
    usable = (name for name in (*named, *_SCRATCH_DIRECTORIES) if os.access(name, os.R_OK | os.W_OK | os.X_OK))
    return Path(next(usable, ".")).absolute()
