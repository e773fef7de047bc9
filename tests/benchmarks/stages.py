"""Where the time of a default run goes: `python tests/benchmarks/stages.py [KERNEL]`. Prints shares; asserts nothing.

The stages run one after the other in one thread, warm, so that each can be timed by itself: a real run overlaps build
and launch, in as many threads as there are cores, with the judge. Read the shares; machines are noisy.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.backend.host import HostBackend
from harness.cli import make_parser
from harness.execution.verdicts import VerdictMaker
from harness.execution.worker import JobResult, Worker
from harness.launch import load_of, observe
from harness.model import Case, Job, Role, Verdict
from harness.plan import make_plan, select
from harness.project import load_project
from harness.report import table
from harness.report.record import Recorder
from harness.report.run import RunResult
from harness.sensitivity.proof import prove
from harness.settings import Settings, read_settings
from harness.storage.cache import cache_directory
from harness.survey import make_surveyor

DEFAULT_KERNEL = "rms_norm_f32/sve"


@dataclass
class Clock:
    """Wall seconds by stage, added up."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stretch of a stage."""
        start = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start

    def print(self) -> None:
        """Print the stages in the order in which they first came up."""
        total = sum(self.seconds.values())
        for name, seconds in self.seconds.items():
            print(f"{name:<34}{seconds:8.2f} s {100 * seconds / total:5.1f} %")
        print(f"{'all, one after the other':<34}{total:8.2f} s")


def run(settings: Settings, directory: Path, clock: Clock) -> tuple[list[Job], list[Verdict]]:
    """Do what `harness run` does, a stage at a time."""
    with clock.stage("project"):
        project = load_project(None, directory, settings.selection.kernels)
    with clock.stage("plan"):
        points, absences = select(project, settings.selection)
    backend = HostBackend()
    surveyor = make_surveyor(backend)
    with clock.stage("survey (remembered)"):
        capabilities = surveyor.survey(project, (point.need for point in points), (), None)
    with clock.stage("plan"):
        plan = make_plan(project, settings.selection, points, absences, capabilities)
    worker = Worker(surveyor.builder, threading.Semaphore(len(plan.jobs)))
    maker = VerdictMaker(settings, "harness", backend)
    recorder = Recorder((directory / "record.json",), ["harness"], {}, 0, None)
    verdicts: list[Verdict] = []
    for rank, job in enumerate(plan.jobs):
        with clock.stage("build (from the cache)"):
            binary = surveyor.builder.build(job.kernel, job.contract, job.build, job.isa_flags)
        with clock.stage("inputs"):
            inputs = worker.inputs(job.contract, job.cases)
        with clock.stage(f"launch: {_how(job)}"):
            seen = observe(backend, binary, job.executor, load_of(job, inputs))
        with clock.stage("judge"):
            found = maker.verdicts(job, JobResult(binary, seen), inputs)
        with clock.stage("report"):
            recorder.add_job(rank, job, seen, binary.commands, None)
            recorder.add(rank, found)
        verdicts += found
    with clock.stage("proof of visibility (remembered)"):
        for contract in {job.contract.op: job.contract for job in plan.jobs}.values():
            cases: dict[int, Case] = {case.key: case for job in plan.jobs for case in job.cases}
            prove(contract, list(cases.values()), cache_directory() / "proofs")
    with clock.stage("report"):
        recorder.write(finished=True, exit_code=0)
        table.render(RunResult(recorder.facts(finished=True, exit_code=0), verdicts))
    return list(plan.jobs), verdicts


def _how(job: Job) -> str:
    return f"{job.build.variant} {job.executor.how}" if job.role is not Role.GATE else "gate"


def main() -> None:
    """Print the table of one kernel's default run."""
    kernel = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_KERNEL
    settings = read_settings(make_parser().parse_args(["run", kernel, "--svl", "128,256,512"]))
    with tempfile.TemporaryDirectory() as name:
        run(settings, Path(name), Clock())  # builds, probes and proves what is remembered afterwards
        clock = Clock()
        jobs, verdicts = run(settings, Path(name), clock)
    print(f"{kernel}: {len(jobs)} jobs, {len(verdicts)} verdicts")
    clock.print()


if __name__ == "__main__":
    main()
