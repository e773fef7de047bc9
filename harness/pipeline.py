"""The straight line: project, survey, plan, build, launch, judge, report. This module alone knows all stages."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.build import Builder
from harness.build.locate import Location, locate
from harness.build.shims import diagnose
from harness.build.store import cache_directory
from harness.errors import BuildError, ContractError, ExitCode, UsageError
from harness.inputs import InputStream
from harness.judge import Judge, gate_finding
from harness.launch import load_of, observe
from harness.model import (
    SCALAR_ISA,
    Absence,
    Binary,
    Case,
    Contract,
    Finding,
    Job,
    Observation,
    Outcome,
    Plan,
    Project,
    Role,
    Selection,
    Verdict,
)
from harness.plan import make_plan, reproducer, select
from harness.project import load_project
from harness.proof import prove
from harness.report import markdown, table
from harness.report.record import Recorder, last_record, new_run_directory, replace_file
from harness.resources import bundled_root
from harness.settings import Settings
from harness.survey import Surveyor

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CANCEL_POLL_S = 0.2
_TICK_S = 0.25
_JOBS_AHEAD = 6
"""Jobs that may have finished before the judge gets to them, besides two per worker."""
MAX_LOCATIONS = 3
"""Different faulting instructions of a job that are looked up."""
MAX_ADVICE = 2
"""Places in a kernel's source that a failure names."""
REFERENCE_TIMEOUT_S = 60
"""Wall time that judging one job may take before its reference counts as hanging."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    plan: Plan
    verdicts: tuple[Verdict, ...]
    interrupted: bool


def run(settings: Settings, command: Sequence[str]) -> ExitCode:
    """Carry out `harness run`."""
    project = load_project(settings.config, Path.cwd(), settings.selection.kernels)
    selection = _narrowed(settings, project)
    points, absences = select(project, selection)
    surveyor = make_surveyor()
    capabilities = surveyor.survey(project, (point.need for point in points), selection.compilers, selection.emulator)
    plan = make_plan(project, selection, points, absences, capabilities)
    if settings.dry_run:
        print(_planned(plan))
        return exit_code(plan, [_absent(absence) for absence in plan.absences], dry_run=True)
    recorder = _recorder(settings, project, command)
    result = execute(plan, surveyor.builder, recorder, settings, command)
    code = ExitCode.INTERRUPTED if result.interrupted else exit_code(plan, result.verdicts)
    recorder.write(finished=not result.interrupted, exit_code=code)
    if settings.markdown:
        repeat = shlex.join([program_name(command), *command[1:]])
        replace_file(settings.markdown, markdown.render(result.verdicts, repeat, settings.selection.seed))
    notes = _notes(plan, selection)
    text = table.render(result.verdicts, notes, verbose=settings.verbose, quiet=settings.quiet)
    if text:
        print(text)
    return code


def _notes(plan: Plan, selection: Selection) -> list[str]:
    """Say what the inputs are proven to show, what contracts waive, and what hostile builds leave out."""
    contracts = {job.contract.op: job.contract for job in plan.jobs}
    notes = []
    if not (selection.suites or selection.cases or selection.sizes):
        for op, contract in contracts.items():
            cases = {case.key: case for job in plan.jobs if job.contract.op == op for case in job.cases}
            notes.append(f"Inputs of {prove(contract, list(cases.values()), cache_directory() / 'proofs')}")
    notes += [f"Waived by {op}: {name} ({why})" for op, c in contracts.items() for name, why in c.waived.items()]
    return notes


def make_surveyor() -> Surveyor:
    """Return a surveyor over the user's cache and the bundled guest."""
    root, cache = bundled_root(), cache_directory()
    builder = Builder(cache, root / "csrc" / "guest")
    return Surveyor(builder, root / "csrc" / "probe" / "nothing.c", cache / "survey.json")


def _recorder(settings: Settings, project: Project, command: Sequence[str]) -> Recorder:
    kept = new_run_directory(runs_root(project)) / "record.json"
    files = (kept, settings.json) if settings.json else (kept,)
    recorder = Recorder(files, command, settings.selection.seed, project.manifest)
    recorder.write(finished=False, exit_code=None)
    return recorder


def runs_root(project: Project) -> Path:
    """Return the directory whose .harness keeps this project's runs."""
    return project.root if project.manifest else Path.cwd()


def _narrowed(settings: Settings, project: Project) -> Selection:
    """Apply --last-failed: the kernels, targets and widths that the newest record has failures of."""
    if not settings.last_failed:
        return settings.selection
    record = last_record(runs_root(project))
    if record is None:
        raise UsageError("--last-failed: no run is kept here yet")
    failed = [row for row in record["verdicts"] if row["outcome"] in _FAILED_NAMES]
    if not failed:
        raise UsageError("--last-failed: nothing failed in the last run")
    cases = tuple(dict.fromkeys(f"{row['suite']}/{row['case']}" for row in failed if row["case"]))
    widths = tuple(dict.fromkeys(row["vector_bits"] for row in failed if row["vector_bits"]))
    scalable = {
        bits
        for target in project.targets.values()
        if target.is_scalable
        for bits in (*target.vector_bits, *target.vector_bits_on_request)
    }
    return replace(
        settings.selection,
        kernels=tuple(dict.fromkeys(row["kernel"] for row in failed)),
        targets=tuple(dict.fromkeys(row["target"] for row in failed)),
        vector_bits=tuple(bits for bits in widths if bits in scalable),
        cases=cases,
        seed=record["seed"],
    )


_FAILED_NAMES = {o.value for o in Outcome if o.is_kernel_fault or o in (Outcome.HARNESS_ERROR, Outcome.CONTRACT_ERROR)}


# ---- execution -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """A job that went through build and launch, or failed to be built."""

    binary: Binary | None
    observation: Observation | None
    build_fault: str = ""
    locations: Mapping[int, Location] = field(default_factory=dict)
    """Of the instructions at which calls ended in a signal, by address."""


@dataclass(slots=True)
class Workbench:
    """Builds and launches jobs in worker threads; draws each case's inputs once."""

    builder: Builder
    waiting_room: threading.Semaphore
    """Jobs that may be at work or wait to be judged: their outputs are held in memory."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    _stream: InputStream = field(default_factory=InputStream)
    _drawn: dict[str, dict[int, Mapping[str, NDArray[Any]]]] = field(default_factory=dict)
    _drawing: threading.Lock = field(default_factory=threading.Lock)

    def run(self, job: Job) -> Ran:
        """Build and launch one job."""
        while not self.waiting_room.acquire(timeout=_CANCEL_POLL_S):
            if self.cancelled.is_set():
                return Ran(None, None, "the run was interrupted")
        try:
            binary = self.builder.build(job.kernel, job.contract, job.build, job.isa_flags)
        except BuildError as error:
            return Ran(None, None, str(error))
        load = load_of(job, self.inputs(job.contract, job.cases))
        observation = observe(binary, job.executor, load, self.cancelled)
        return Ran(binary, observation, locations=_locate_faults(job, binary, observation))

    def inputs(self, contract: Contract, cases: Sequence[Case]) -> Mapping[int, Mapping[str, NDArray[Any]]]:
        """Return the inputs of cases by their key."""
        with self._drawing:
            drawn = self._drawn.setdefault(contract.op, {})
            for case in cases:
                if case.key not in drawn:
                    drawn[case.key] = self._stream.inputs(contract, case)
        return drawn

    def forget(self, op: str) -> None:
        """Drop the inputs of an op whose jobs are done."""
        self._drawn.pop(op, None)


def _locate_faults(job: Job, binary: Binary, observation: Observation) -> dict[int, Location]:
    """Find the instructions of the first few different faults."""
    if job.role is Role.GATE:
        return {}
    faults = (trial.fault for case in observation.cases.values() for trial in case.trials if trial.fault)
    addresses = list(dict.fromkeys(fault.pc for fault in faults if fault.pc))[:MAX_LOCATIONS]
    return {address: locate(binary.path, job.build.compiler.triple, address) for address in addresses}


def execute(plan: Plan, builder: Builder, recorder: Recorder, settings: Settings, command: Sequence[str]) -> Result:
    """Run all jobs and judge each as it comes in; scalar kernels first, since others are compared with them."""
    verdicts: dict[int, list[Verdict]] = {}
    bench = Workbench(builder, threading.Semaphore(2 * settings.jobs + _JOBS_AHEAD))
    bar = _progress_line(len(plan.jobs), settings)
    reporter = Reporter(settings, program_name(command))
    left = Counter(job.kernel.op for job in plan.jobs)
    interrupted = False
    pool = ThreadPoolExecutor(settings.jobs)
    try:
        futures = {pool.submit(bench.run, job): rank for rank, job in enumerate(plan.jobs)}
        for finished in _in_judging_order(plan.jobs, futures):
            if finished is None:
                recorder.write_if_due()
                continue
            rank, ran = finished
            job = plan.jobs[rank]
            bench.waiting_room.release()
            verdicts[rank] = reporter.verdicts(job, ran, bench.inputs(job.contract, job.cases))
            recorder.add_job(rank, job, ran.observation, ran.binary.commands if ran.binary else ())
            recorder.add(rank, verdicts[rank])
            left[job.kernel.op] -= 1
            if left[job.kernel.op] == 0:  # inputs and expectations of long rows take much memory
                reporter.forget(job.kernel.op)
                bench.forget(job.kernel.op)
            if len(verdicts) < len(plan.jobs):
                recorder.write_if_due()
            bar(len(verdicts))
            if settings.stop_early and any(v.outcome is not Outcome.PASS for v in verdicts[rank]):
                break
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bench.cancelled.set()
        pool.shutdown(wait=True, cancel_futures=True)
        bar(None)
    absent = [_absent(absence) for absence in plan.absences]
    recorder.add(len(plan.jobs), absent)
    judged = [verdict for rank in sorted(verdicts) for verdict in verdicts[rank]]
    return Result(plan, (*judged, *absent), interrupted)


def _as_finished(pending: set[Future[Ran]]) -> Iterator[Future[Ran] | None]:
    while pending:
        done, pending = wait(pending, timeout=_TICK_S, return_when=FIRST_COMPLETED)
        if not done:
            yield None
        while done:
            yield done.pop()


def _in_judging_order(jobs: Sequence[Job], futures: dict[Future[Ran], int]) -> Iterator[tuple[int, Ran] | None]:
    """Yield jobs as they finish, but none of an op before the op's first scalar job. Empties `futures`.

    Yields None now and then while nothing finishes, so that what has is written down.
    """
    first_scalar: dict[str, int] = {}
    for rank, job in enumerate(jobs):
        if job.kernel.isa == SCALAR_ISA:
            first_scalar.setdefault(job.kernel.op, rank)
    held: dict[str, list[tuple[int, Ran]]] = {}
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


@dataclass(slots=True)
class Reporter:
    """Turns observations into verdicts, with one judge per op."""

    settings: Settings
    program: str
    """How the user can call this program again."""
    _judges: dict[str, Judge] = field(default_factory=dict)

    def forget(self, op: str) -> None:
        """Drop the judge of an op whose jobs are done."""
        self._judges.pop(op, None)

    def verdicts(self, job: Job, ran: Ran, inputs: Mapping[int, Mapping[str, NDArray[Any]]]) -> list[Verdict]:
        """Judge one job."""
        repeat = reproducer(self.program, job, self.settings.selection.seed, self.settings.config)
        if ran.observation is None:
            return [_verdict(job, None, None, Finding(Outcome.BUILD_ERROR, ran.build_fault), repeat(None))]
        attested = ran.observation.attestation.get(job.width_fact) if job.width_fact else None
        findings = _explained(job, ran, self._findings(job, ran.observation, attested, inputs))
        return [
            _verdict(job, attested, case, finding, repeat(case))
            for case, finding in zip(job.cases, findings, strict=True)
        ]

    def _findings(
        self, job: Job, seen: Observation, attested: int | None, inputs: Mapping[int, Mapping[str, NDArray[Any]]]
    ) -> list[Finding]:
        if job.role is Role.GATE:
            return [gate_finding(seen, job.kernel.isa)]
        if seen.attestation and attested != job.vector_bits:
            reason = f"the guest attests {attested or 'no'} bits where {job.vector_bits} were asked for"
            return [Finding(Outcome.HARNESS_ERROR, reason)] * len(job.cases)
        judge = self._judges.setdefault(job.kernel.op, Judge(job.contract))
        if job.kernel.isa == SCALAR_ISA:
            judge.keep_scalar(seen, job.cases)
        try:
            with _time_limit(REFERENCE_TIMEOUT_S, f"{job.contract.origin}: the reference of {job.contract.op} hangs"):
                return judge.findings(seen, job.cases, job.trials, inputs)
        except ContractError as error:
            return [Finding(Outcome.CONTRACT_ERROR, str(error))] * len(job.cases)


def _explained(job: Job, ran: Ran, findings: Sequence[Finding]) -> list[Finding]:
    """Add what the source and the binary tell: the faulting instruction, the intrinsics with undefined lanes."""
    advice = _advice(job) if any(finding.depends_on_fill for finding in findings) else ""
    explained = []
    for index, finding in enumerate(findings):
        seen = ran.observation.cases.get(index) if ran.observation else None
        pcs = [trial.fault.pc for trial in seen.trials if trial.fault] if seen else []
        place = ran.locations.get(pcs[0]) if pcs else None
        more = f"; in {place}" if place and str(place) else ""
        if finding.depends_on_fill:
            more, advice = advice, ""  # once is enough
        explained.append(replace(finding, detail=finding.detail + more) if more else finding)
    return explained


def _advice(job: Job) -> str:
    found = [
        (source.name, advice)
        for source in job.kernel.sources
        for advice in diagnose(source.read_text(encoding="utf-8", errors="replace"))
    ]
    # What is carried from one iteration to the next is the likelier culprit.
    likely = [place for place in found if place[1].accumulates] or found
    return "".join(f"; {name}:{advice.line}: {advice.advice}" for name, advice in likely[:MAX_ADVICE])


def _verdict(job: Job, attested: int | None, case: Case | None, finding: Finding, reproduce: str) -> Verdict:
    executor = job.executor
    return Verdict(
        kernel=job.kernel.id,
        target=job.target.name,
        build=job.build.label,
        vector_bits=job.vector_bits,
        attested_vector_bits=attested,
        element_bits=job.contract.element_bits,
        emulator=f"{executor.how} {executor.version}, CPU {executor.cpu}",
        suite=case.suite if case else None,
        case=case.label if case else None,
        finding=finding,
        reproduce=reproduce,
    )


def _absent(absence: Absence) -> Verdict:
    return Verdict(
        kernel=absence.kernel,
        target=absence.target,
        build=absence.build,
        vector_bits=absence.vector_bits,
        attested_vector_bits=None,
        element_bits=0,
        emulator=None,
        suite=None,
        case=None,
        finding=Finding(absence.outcome, absence.reason),
        reproduce="",
    )


@contextmanager
def _time_limit(seconds: float, message: str) -> Iterator[None]:
    """Raise ContractError in the main thread when the time is up; contracts are code, and code can hang."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def expire(_signal: int, _frame: object) -> None:
        raise ContractError(f"{message} (no answer within {seconds:.0f} s)")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


# ---- what it comes to ----------------------------------------------------------------------------------------------


def exit_code(plan: Plan, verdicts: Sequence[Verdict], *, dry_run: bool = False) -> ExitCode:
    """Return the exit code: the first of contract, harness, kernel, unavailable, nothing selected, passed."""
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.CONTRACT_ERROR in outcomes:
        return ExitCode.USAGE
    if Outcome.HARNESS_ERROR in outcomes:
        return ExitCode.HARNESS
    if any(outcome.is_kernel_fault for outcome in outcomes):
        return ExitCode.KERNEL_FAILED
    if any(absence.named and absence.outcome is Outcome.UNAVAILABLE for absence in plan.absences):
        return ExitCode.UNAVAILABLE
    ran = bool(plan.jobs) if dry_run else Outcome.PASS in outcomes
    return ExitCode.PASSED if ran else ExitCode.NOTHING_SELECTED


def _planned(plan: Plan) -> str:
    lines = [
        f"{job.kernel.id} on {job.target.name}"
        + (f" at {job.vector_bits} bits" if job.vector_bits else "")
        + f" ({job.build.label}, {job.executor.how} {job.executor.version}): {len(job.cases)} cases"
        for job in plan.jobs
    ]
    lines += [
        f"{absence.outcome.value} {absence.kernel} on {absence.target}: {absence.reason}" for absence in plan.absences
    ]
    return "\n".join(lines)


@cache
def _installed_program() -> Path | None:
    found = shutil.which("harness")
    return Path(found).resolve() if found else None


def program_name(command: Sequence[str]) -> str:
    """Return how the user can call this program again: by name where that finds it, else by path."""
    started = Path(command[0])
    if started.name == "harness" and started.resolve() == _installed_program():
        return "harness"
    if started.name in ("__main__.py", "-m"):
        return f"{shlex.quote(sys.executable)} -m harness"
    try:
        return shlex.quote(str(started.absolute().relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(str(started))


def _progress_line(total: int, settings: Settings) -> Callable[[int | None], None]:
    """Return a function that shows how many jobs are done, on a terminal's standard error only."""

    def silent(_done: int | None) -> None:
        pass

    def show(done: int | None) -> None:
        text = "" if done is None else f"{done} of {total} jobs done"
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    return show if sys.stderr.isatty() and not settings.quiet and not settings.verbose else silent
