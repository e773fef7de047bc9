"""Files that are replaced in one step."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

from harness.errors import StorageError


def replace_file(path: Path, text: str) -> None:
    """Write a file in one step: readers see the old or the new contents, never a part.

    It gets the permissions that any new file of this process gets. What is there and no regular file, such as a pipe or
    /dev/stdout, is written to.

    Raises:
        StorageError: it cannot be written; what was there is unchanged.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}")
        aside.unlink(missing_ok=True)  # of a process of the same number that died over it
        try:
            # The system masks its mode; asking for the mask would change it for a moment, and for all threads.
            with aside.open("x", encoding="utf-8") as file:
                file.write(text)
            aside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise
    except OSError as error:
        raise StorageError(f"{path}: cannot write it: {error.strerror or error}") from None
