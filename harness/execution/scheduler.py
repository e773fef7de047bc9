"""Carries out a plan: jobs in threads, each judged as it comes in."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from harness.backend import Backend
from harness.build import Builder
from harness.execution.cross_check import CrossCheck
from harness.execution.expected_failures import as_expected, unexpected_passes
from harness.execution.experiments import Experimenter
from harness.execution.progress import Progress
from harness.execution.verdicts import VerdictMaker, absent
from harness.execution.worker import JobResult, Worker
from harness.model import (
    Job,
    Plan,
    Verdict,
    scalar_ranks,
)
from harness.plan import share_of
from harness.report.record import Recorder
from harness.report.run import has_failed
from harness.settings import Settings

_TICK_S = 0.25
_JOBS_AHEAD = 6
"""Jobs that may have finished before the judge gets to them, besides two per worker."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    plan: Plan
    verdicts: tuple[Verdict, ...]
    interrupted: bool
    excuses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What is excused in kernels' code, each with the kernels that have it."""
    notes: tuple[str, ...] = ()
    """What jobs found out that was not checked, and why."""


def execute(plan: Plan, builder: Builder, recorder: Recorder, settings: Settings, program: str) -> Result:
    """Run all jobs and judge each as it comes in; scalar kernels first, since others are compared with them.

    `program` is how the user can call this program again. An interruption ends it with what was finished.
    """
    try:
        return _executed(plan, builder, recorder, settings, program)
    except KeyboardInterrupt:  # before the first job was at work
        absent_ones = [absent(absence) for absence in plan.absences]
        recorder.add(len(plan.jobs), absent_ones)
        return Result(plan, tuple(absent_ones), interrupted=True)


def _executed(plan: Plan, builder: Builder, recorder: Recorder, settings: Settings, program: str) -> Result:
    verdicts: dict[int, list[Verdict]] = {}
    judging = Judging(builder, settings, program)
    worker = judging.worker
    share = share_of(plan, settings.shard)
    chosen = {rank: plan.jobs[rank] for rank in (*share.helpers, *share.own)}
    progress = _progress(list(chosen.values()), settings)
    left = Counter(job.kernel.op for job in chosen.values())
    excuses: dict[str, dict[str, None]] = {}
    interrupted = False
    notes: dict[str, None] = {}
    pool = ThreadPoolExecutor(settings.jobs)
    try:
        futures = {pool.submit(_watched, worker, job, progress): rank for rank, job in chosen.items()}
        for finished in _in_judging_order(plan.jobs, futures):
            if finished is None:
                recorder.write_if_due()
                progress.tick()
                continue
            rank, job_result = finished
            job = job_result.job or plan.jobs[rank]
            found = judging.verdicts(job, job_result)
            if job_result.note:
                excuses.setdefault(job_result.note, {})[job.kernel.id] = None
            notes |= dict.fromkeys(filter(None, [job_result.uppers.excuse]))
            if rank not in share.helpers:
                verdicts[rank] = found
                commands = job_result.binary.commands if job_result.binary else ()
                recorder.add_job(rank, job, job_result.observation, commands, job_result.inputs_digest)
                recorder.add(rank, found)
            left[job.kernel.op] -= 1
            if left[job.kernel.op] == 0:  # inputs and expectations of long rows take much memory
                judging.forget(job.kernel.op)
            if len(verdicts) < len(share.own):
                recorder.write_if_due()
            progress.judged(job, sum(map(has_failed, found)))
            if settings.stop_early and not all(v.outcome.is_accepted for v in found):
                break
    except KeyboardInterrupt:
        interrupted = True
    finally:
        worker.cancelled.set()
        _wind_down(pool, builder.backend, are_at_work=len(verdicts) < len(share.own))
        progress.close()
    judged = [verdict for rank in sorted(verdicts) for verdict in verdicts[rank]]
    rest = [absent(absence) for absence in plan.absences]
    if len(verdicts) == len(share.own):  # what was broken off cannot tell that nothing failed
        rest += unexpected_passes([plan.jobs[rank] for rank in share.own], judged)
    recorder.add(len(plan.jobs), rest)
    return Result(plan, (*judged, *rest), interrupted, {note: list(ids) for note, ids in excuses.items()}, tuple(notes))


def _wind_down(pool: ThreadPoolExecutor, backend: Backend, *, are_at_work: bool) -> None:
    """End guests that nobody waits for any more; what failed may be run once more where all came to their end.

    Whoever interrupts a second time does not wait, and is shown what was found.
    """
    try:
        if are_at_work:
            backend.close()
        pool.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class Judging:
    """A worker for jobs, and what turns their results into verdicts."""

    builder: Builder
    settings: Settings
    program: str
    worker: Worker = field(init=False)
    _maker: VerdictMaker = field(init=False)
    _crosscheck: CrossCheck = field(init=False)

    def __post_init__(self) -> None:
        self.worker = Worker(self.builder, threading.Semaphore(2 * self.settings.jobs + _JOBS_AHEAD))
        experimenter = Experimenter(self.builder.backend, self.worker.cancelled)
        self._maker = VerdictMaker(self.settings, self.program, self.builder.backend, experimenter.causes)
        self._crosscheck = CrossCheck(self.builder.backend)

    def verdicts(self, job: Job, job_result: JobResult) -> list[Verdict]:
        """Judge a job that came from the worker."""
        self.worker.waiting_room.release()
        job = job_result.job or job
        judged = self._maker.verdicts(job, job_result, self.worker.inputs(job.contract, job.cases))
        return as_expected(job, self._crosscheck.checked(job, job_result, judged))

    def forget(self, op: str) -> None:
        """Drop what is kept of an op whose jobs are done."""
        self._maker.forget(op)
        self.worker.forget(op)


@dataclass(slots=True)
class Stepwise:
    """Carries out a plan a job at a time, in whatever order it is asked for: what pytest does."""

    plan: Plan
    judging: Judging
    _found: dict[int, list[Verdict]] = field(default_factory=dict)
    _compared: set[str] = field(default_factory=set)
    """Ops whose scalar results are at hand."""

    def verdicts(self, rank: int) -> list[Verdict]:
        """Return the verdicts on the job at a rank of the plan; the op's scalar kernel runs before its others."""
        op = self.plan.jobs[rank].kernel.op
        if rank not in self._found and op not in self._compared:
            first = scalar_ranks(self.plan.jobs).get(op)
            if first is not None:
                self._found[first] = self._judged(self.plan.jobs[first])
            self._compared.add(op)
        if rank not in self._found:
            self._found[rank] = self._judged(self.plan.jobs[rank])
        return self._found[rank]

    def forget(self, op: str) -> None:
        """Drop what is kept of an op, save its verdicts."""
        self.judging.forget(op)
        self._compared.discard(op)

    def _judged(self, job: Job) -> list[Verdict]:
        return self.judging.verdicts(job, self.judging.worker.run(job))


def _as_finished(pending: set[Future[JobResult]]) -> Iterator[Future[JobResult] | None]:
    while pending:
        done, pending = wait(pending, timeout=_TICK_S, return_when=FIRST_COMPLETED)
        if not done:
            yield None
        while done:
            yield done.pop()


def _in_judging_order(
    jobs: Sequence[Job], futures: dict[Future[JobResult], int]
) -> Iterator[tuple[int, JobResult] | None]:
    """Yield jobs as they finish, but none of an op before the op's first scalar job. Empties `futures`.

    Yields None now and then while nothing finishes, so that what has is written down.
    """
    first_scalar = scalar_ranks(jobs)
    held: dict[str, list[tuple[int, JobResult]]] = {}
    for future in _as_finished(set(futures)):
        if future is None:
            yield None
            continue
        rank = futures.pop(future)  # results are large: what is judged must not stay referenced here
        op = jobs[rank].kernel.op
        if rank == first_scalar.get(op):
            del first_scalar[op]
            yield rank, future.result()
            yield from sorted(held.pop(op, []), key=lambda item: item[0])
        elif op in first_scalar:
            held.setdefault(op, []).append((rank, future.result()))
        else:
            yield rank, future.result()


def _progress(jobs: Sequence[Job], settings: Settings) -> Progress:
    is_silent = settings.reports.quiet or settings.reports.verbose
    return Progress(jobs, sys.stderr, is_live=sys.stderr.isatty(), is_silent=is_silent)


def _watched(worker: Worker, job: Job, progress: Progress) -> JobResult:
    progress.begin(job)
    try:
        return worker.run(job)
    finally:
        progress.end(job)
