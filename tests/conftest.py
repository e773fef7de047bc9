"""What tests of every kind share."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernels import ROOT, kernels_in, write_manifest

# Started by nohup or in a script's background, SIGINT is ignored, and so it is in every child: what a test sends it to
# would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Harness = Callable[..., subprocess.CompletedProcess[str]]
Once = Callable[[str, Callable[[Path], None]], Path]
ManifestOf = Callable[[str], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require",
        action="append",
        choices=["docker", "browser", "rust"],
        default=[],
        help="run the tests that need this; where it is missing, they fail",
    )
    parser.addoption(
        "--all-widths", action="store_true", help="run kernels of tests/kernels at every width, not by turns at two"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    required = item.config.getoption("--require")
    if item.get_closest_marker("docker") and "docker" not in required:
        pytest.skip("needs a container engine; run it with --require docker")
    if item.get_closest_marker("browser") and shutil.which("chromium") is None:
        if "browser" in required:
            pytest.fail("--require browser: there is no chromium on the path", pytrace=False)
        pytest.skip("no chromium: the page was not opened; run it with --require browser")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout or unpacked sdist that these tests belong to."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A directory that the first of all workers fills and the others find: `once("name", fill)`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / name).exists():
                filling = tmp_path_factory.mktemp(name)
                fill(filling)
                filling.rename(shared / name)
        return shared / name

    return make


@pytest.fixture(scope="session")
def manifest_of(once: Once) -> ManifestOf:
    """The manifest of a folder of tests/kernels: `manifest_of("must_fail")`."""

    def make(folder: str) -> Path:
        def fill(directory: Path) -> None:
            write_manifest(kernels_in(ROOT / folder), directory)

        return once(f"manifest_{folder}", fill) / "harness.toml"

    return make


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    """The command line: `harness("run", ...)` in a directory of its own; `returncode`, `stdout` and `stderr` tell."""

    def call(*arguments: str | Path, cwd: Path = tmp_path, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "harness", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout_s)

    return call
