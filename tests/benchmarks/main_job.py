"""What the main job costs: `python tests/benchmarks/main_job.py`. Prints ratios measured in one run; asserts nothing.

The limits in brackets are what the project wants to stay below on two cores; machines are noisy, so read the ratios
first. Host cost is the CPU time of the harness's own process, without compilers and emulators.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.backend.host import HostBackend
from harness.cli import make_parser
from harness.execution.worker import Worker
from harness.launch import load_of, observe
from harness.plan import make_plan, select
from harness.project import load_project
from harness.settings import read_settings
from harness.survey import make_surveyor

ONE_BUILD = ["--cc", "gcc", "--opt", "O2", "--build", "plain", "-q"]
PINNED = ["run", "rms_norm_f32/sve", "--suite", "boundary", "--svl", "128,256,512", *ONE_BUILD]
DEFAULT = ["run", "rms_norm_f32/sve", "--svl", "128,256,512", "-q"]
RUNS = 5
MANY_CASES = 10_000
CONTRACT = """
from harness.contract import op, each, every, normal, sum_of
import numpy as np
many = op(
    "void many(float *row, size_t len, float eps)", inout="row[len]", scalars={"eps": [1e-5, 1e-6]},
    reference=lambda row, eps: row / np.sqrt(np.mean(row * row) + eps),
    passes=[
        sum_of("energy", lambda row: row * row),
        each("row", lambda row, energy, len, eps: row / np.sqrt(energy / len + eps), roundings=8),
    ],
    pattern=normal((-9, -5)), suites={"many": every(1, 100) * %d},
)
"""
MANIFEST = """
contracts = ["many.py"]
[[kernel]]
op = "many"
isa = "scalar"
sources = ["%s"]
symbol = "rms_norm_f32_scalar"
"""
SCALAR = Path(__file__).parents[2] / "csrc" / "kernels" / "rms_norm_f32" / "scalar.c"


@dataclass(frozen=True)
class Cost:
    """Of one command."""

    wall_s: float
    host_cpu_s: float
    peak_mb: float


def measure(arguments: list[str], cwd: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run the command line in a process of its own that reports its own CPU time and memory at the end."""
    wrapper = (
        "import json, resource, sys\n"
        "from harness.cli import main\n"
        "code = 0\n"
        "try:\n"
        "    code = main(sys.argv[2:])\n"
        "except SystemExit:\n"
        "    pass\n"
        "own = resource.getrusage(resource.RUSAGE_SELF)\n"
        "open(sys.argv[1], 'w').write(json.dumps([own.ru_utime + own.ru_stime, own.ru_maxrss / 1024, int(code)]))\n"
    )
    with tempfile.NamedTemporaryFile() as said:
        start = time.monotonic()
        command = [sys.executable, "-c", wrapper, said.name, *arguments]
        subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, check=True)
        wall_s = time.monotonic() - start
        host_cpu_s, peak_mb, code = json.loads(Path(said.name).read_text())
    if code:
        sys.exit(f"harness {' '.join(arguments)} exited with {code}")
    return Cost(wall_s, host_cpu_s, peak_mb)


def median(costs: list[Cost]) -> Cost:
    """Return the medians."""
    return Cost(
        *(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall_s", "host_cpu_s", "peak_mb"))
    )


def launches(cwd: Path) -> tuple[float, float]:
    """Time the pinned command's guest processes alone: one per width, and one per case, packs and records included."""
    selection = read_settings(make_parser().parse_args(PINNED)).selection
    project = load_project(None, cwd)
    points, absences = select(project, selection)
    surveyor = make_surveyor(HostBackend())
    needs = [point.need for point in points]
    capabilities = surveyor.survey(project, needs, selection.compilers, selection.emulator)
    jobs = make_plan(project, selection, points, absences, capabilities).jobs
    worker = Worker(surveyor.builder, threading.Semaphore(1))
    ready = [
        (surveyor.builder.build(job.kernel, job.contract, job.build, job.isa_flags), job.executor, load_of(job, drawn))
        for job in jobs
        for drawn in [worker.inputs(job.contract, job.cases)]
    ]
    start = time.monotonic()
    for binary, executor, load in ready:
        observe(surveyor.backend, binary, executor, load)
    together_s = time.monotonic() - start
    start = time.monotonic()
    for binary, executor, load in ready:
        for case, count in zip(load.cases, load.trial_counts, strict=True):
            observe(surveyor.backend, binary, executor, replace(load, cases=(case,), trial_counts=(count,)))
    return together_s, time.monotonic() - start


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        cwd = Path(name)
        cold_environment = {**os.environ, "XDG_CACHE_HOME": str(cwd / "cache")}
        cold = measure(PINNED, cwd, cold_environment)
        measure(PINNED, cwd)
        warm = median([measure(PINNED, cwd) for _ in range(RUNS)])
        measure(DEFAULT, cwd)
        whole = measure(DEFAULT, cwd)
        together_s, separate_s = launches(cwd)
        started = median([measure(["--help"], cwd) for _ in range(RUNS)])
        (cwd / "many.py").write_text(CONTRACT % (MANY_CASES // 100))
        (cwd / "harness.toml").write_text(MANIFEST % SCALAR)
        measure(["run", *ONE_BUILD], cwd)  # makes the proof of its inputs, which is remembered
        many = measure(["run", *ONE_BUILD], cwd)
    per_case_us = (many.host_cpu_s - warm.host_cpu_s) / (MANY_CASES - 300) * 1e6
    print(f"pinned command, warm       {warm.wall_s:8.2f} s      (1.2)   median of {RUNS}")
    print(f"  of it host CPU           {warm.host_cpu_s:8.2f} s      (0.6)")
    print(f"  peak memory              {warm.peak_mb:8.0f} MB     (400)")
    print(f"guests: one per width      {together_s:8.2f} s")
    print(f"guests: one per case       {separate_s:8.2f} s")
    print(f"  the first is faster by   {separate_s / together_s:8.1f} times (20)")
    print(f"  the whole command by     {(warm.wall_s - together_s + separate_s) / warm.wall_s:8.1f} times")
    print(f"pinned command, cold       {cold.wall_s:8.2f} s      (5.0)")
    print(f"default run of one kernel  {whole.wall_s:8.2f} s     (10.0)   every build, suite and core model, warm")
    print(f"  of it host CPU           {whole.host_cpu_s:8.2f} s")
    print(f"host CPU per further case  {per_case_us:8.0f} us     (150)   {MANY_CASES} cases, {many.peak_mb:.0f} MB")
    print(f"harness --help             {1000 * started.wall_s:8.0f} ms     (150)   median of {RUNS}")
    print(f"children of this benchmark used {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.1f} s of CPU time")


if __name__ == "__main__":
    main()
