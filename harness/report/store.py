"""The runs that a project keeps: a directory each below `.harness`, and how a person names one of them."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import StorageError, UsageError, perhaps
from harness.report.record import RECORD_VERSION

RUNS_DIRECTORY = Path(".harness") / "runs"
REPLAY_DIRECTORY = Path(".harness") / "replay"
STORED_RUNS = 20
LATEST = "last"
"""The name of the newest stored run."""


def new_run_directory(root: Path) -> Path:
    """Make a directory for this run under `root` and drop the oldest beyond STORED_RUNS.

    Raises:
        StorageError: it cannot be made.
    """
    runs = root / RUNS_DIRECTORY
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    try:
        runs.mkdir(parents=True, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix=f"{stamp}-", dir=runs))
        for old in sorted(path for path in runs.iterdir() if path.is_dir())[:-STORED_RUNS]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"{runs}: cannot write there: {error.strerror}") from None
    return directory


def last_record(root: Path) -> dict[str, Any] | None:
    """Read the newest stored record, or return None where there is none."""
    for directory in sorted((root / RUNS_DIRECTORY).glob("*/record.json"), reverse=True):
        try:
            record = json.loads(directory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and record.get("version") in range(1, RECORD_VERSION + 1):
            return record
    return None


def record_path(name: str, root: Path) -> Path:
    """Return the record that a file, a directory, the name of a stored run, or "last" stands for.

    `root` is the directory whose `.harness` holds the runs of a project.

    Raises:
        UsageError: there is none.
    """
    path = Path(name)
    if path.is_dir():
        path = path / "record.json"
    if path.exists():
        return path
    stored = stored_records(root)
    found = stored[-1:] if name == LATEST else [path for path in stored if path.parent.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name}: {len(found)} stored runs have names that start like this")
    known = [path.parent.name for path in stored]
    listed = f"stored are {', '.join(known[-3:])}" if known else "none is stored here"
    raise UsageError(f"no run {name!r}{perhaps(name, known)}; {listed}")


def newest_with(identity: str, root: Path) -> Path | None:
    """Return the newest stored record that has a failure with this id, or one that begins so."""
    mark = f'"id":"{identity.lower()}'
    for path in reversed(stored_records(root)):
        if mark in path.read_text(encoding="utf-8"):  # records are large, and few need to be parsed
            return path
    return None


def stored_records(root: Path) -> list[Path]:
    """Return the records of the runs stored below a directory, the oldest first."""
    return sorted((root / RUNS_DIRECTORY).glob("*/record.json"))
