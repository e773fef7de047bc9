"""The verb clean: removes what runs leave behind."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.backend.host import sweep_scratch
from harness.errors import ExitCode, StorageError
from harness.project import runs_root
from harness.report.store import REPLAY_DIRECTORY, RUNS_DIRECTORY
from harness.storage.cache import cache_directory


def main(_parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness clean`: cached builds, answers of surveys, stored runs of this project, what dead runs left.

    Raises:
        StorageError: something cannot be removed.
    """
    cache = cache_directory()
    root = runs_root(Path.cwd())
    for backend in (cache, root / RUNS_DIRECTORY, root / REPLAY_DIRECTORY):
        if backend.is_dir():
            try:
                shutil.rmtree(backend)
            except OSError as error:
                raise StorageError(f"{error.filename or backend}: cannot remove it: {error.strerror}") from None
            print(f"removed {backend}")
    for left in sweep_scratch():
        print(f"removed {left}")
    return ExitCode.PASSED
