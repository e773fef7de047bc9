"""A content-addressed store of built files, shared by runs that may go on at the same time.

An entry is a directory named by its key. It is filled aside and moved into place in one step, so a reader never sees
half of it and of two writers of one key the first wins.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.errors import HarnessError


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
        HarnessError: the cache cannot be written.
    """
    place = root / key[:2] / key
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=place.parent))
    except OSError as error:
        raise HarnessError(f"{place.parent}: cannot write the build cache: {error.strerror}") from None
    try:
        fill(aside)
        # Another run may have been faster: its directory is not empty and stays.
        with contextlib.suppress(OSError):
            aside.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return place
