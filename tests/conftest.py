"""What tests of every kind share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Harness = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout or unpacked sdist that these tests belong to."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    """The command line: `harness("run", ...)` in a directory of its own; `returncode`, `stdout` and `stderr` tell."""

    def call(*arguments: str | Path, cwd: Path = tmp_path, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "harness", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout_s)

    return call
