"""What a container costs: `python tests/benchmarks/container.py`. Prints times measured in one run; asserts nothing.

The limit in brackets is what the project wants to stay below. Runs on the host and in containers alternate,
so that a busy machine is unfair to neither. Needs a container engine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SELECTIONS = {
    "pinned": ["rms_norm_f32/sve", "--suite", "boundary", "--cc", "gcc", "--opt", "O2", "--build", "plain"],
    "default": ["rms_norm_f32/sve"],
}
RUNS = 5


def wall_s(selection: list[str], backend: str, cwd: Path) -> float:
    """Time one run."""
    start = time.monotonic()
    command = [sys.executable, "-m", "harness", "run", *selection, "--in", backend, "-q"]
    subprocess.run(command, cwd=cwd, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        for label, selection in SELECTIONS.items():
            first = {backend: wall_s(selection, backend, Path(name)) for backend in ("host", "docker")}
            runs = [{backend: wall_s(selection, backend, Path(name)) for backend in first} for _ in range(RUNS)]
            host, docker = (statistics.median(run[backend] for run in runs) for backend in ("host", "docker"))
            print(
                f"{label:<8} host {host:6.2f} s   docker {docker:6.2f} s   more {docker - host:+6.2f} s (2.0)   "
                f"median of {RUNS}; first: {first['host']:.2f} s and {first['docker']:.2f} s"
            )


if __name__ == "__main__":
    main()
