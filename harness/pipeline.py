"""The straight line: project, survey, plan, build, launch, judge, report. This module alone knows all stages."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from harness.build import HOSTILE, Builder
from harness.build.shims import coverage_note
from harness.build.store import cache_directory, key_of
from harness.crosscheck import CrossCheck
from harness.errors import ExitCode, UsageError
from harness.expectations import as_expected, notes_of, unexpected_passes
from harness.model import (
    SCALAR_ISA,
    Job,
    Outcome,
    Plan,
    Project,
    Selection,
    Verdict,
)
from harness.place import Place
from harness.place.host import HostPlace
from harness.place.sources import headers_below
from harness.plan import digest, make_plan, select, share_of
from harness.progress import Progress
from harness.project import load_project
from harness.proof import prove
from harness.report.difference import difference
from harness.report.difference import render as difference_text
from harness.report.record import Recorder, last_record, new_run_directory
from harness.report.run import Run, has_failed, read_record, run_of
from harness.resources import bundled_root
from harness.settings import Settings
from harness.survey import Surveyor
from harness.telling import check, tell
from harness.verdicts import VerdictMaker, absent
from harness.workbench import Ran, Workbench

_NAMED_AT_MOST = 3
"""Kernels that a note names."""
_TICK_S = 0.25
_JOBS_AHEAD = 6
"""Jobs that may have finished before the judge gets to them, besides two per worker."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    plan: Plan
    verdicts: tuple[Verdict, ...]
    interrupted: bool


def run(settings: Settings, command: Sequence[str]) -> ExitCode:
    """Carry out `harness run`."""
    check(settings.reports)
    project = load_project(settings.config, Path.cwd(), settings.selection.kernels)
    selection = _narrowed(settings, project)
    with contextlib.closing(_place(settings, project)) as place:
        return _run_at(place, settings, selection, project, command)


def _run_at(
    place: Place, settings: Settings, selection: Selection, project: Project, command: Sequence[str]
) -> ExitCode:
    baseline = run_of(read_record(settings.baseline)) if settings.baseline else None
    surveyor = make_surveyor(place)
    points, absences = select(project, selection)
    capabilities = surveyor.survey(project, (point.need for point in points), selection.compilers, selection.emulator)
    plan = make_plan(project, selection, points, absences, capabilities)
    if settings.dry_run:
        print(_planned(plan))
        return exit_code(plan, [absent(absence) for absence in plan.absences], dry_run=True)
    recorder = _recorder(settings, project, place, command)
    if settings.shard:
        recorder.shard = {**asdict(settings.shard), "jobs": len(plan.jobs), "plan": digest(plan, _source_digests(plan))}
    result = execute(plan, surveyor.builder, recorder, settings, command)
    finished = not result.interrupted
    try:
        recorder.notes = _notes(plan, selection) + notes_of(plan.jobs, result.verdicts) if finished else []
    except KeyboardInterrupt:  # proofs may take long
        finished = False
    code = exit_code(plan, result.verdicts) if finished else ExitCode.INTERRUPTED
    recorder.write(finished=finished, exit_code=code)
    run = Run(recorder.facts(finished=finished, exit_code=code), result.verdicts)
    tell(run, settings.reports)
    return _held_against(baseline, run, code, settings) if baseline else code


def _source_digests(plan: Plan) -> dict[str, str]:
    kernels = {job.kernel.id: job.kernel for job in plan.jobs}
    return {name: key_of(path.read_bytes() for path in kernel.sources) for name, kernel in kernels.items()}


def _held_against(baseline: Run, run: Run, code: ExitCode, settings: Settings) -> ExitCode:
    """Say what changed since the baseline; a regression fails a run that passed."""
    found = difference(baseline, run)
    print(f"\nAgainst {settings.baseline}:\n")
    print(difference_text(found, verbose=settings.reports.verbose))
    return ExitCode.KERNEL_FAILED if found.is_regression and code is ExitCode.PASSED else code


def _notes(plan: Plan, selection: Selection) -> list[str]:
    """Say what the inputs are proven to show, what contracts waive, and what hostile builds leave out."""
    contracts = {job.contract.op: job.contract for job in plan.jobs}
    notes = []
    if not (selection.suites or selection.cases or selection.sizes):
        for op, contract in contracts.items():
            cases = {case.key: case for job in plan.jobs if job.contract.op == op for case in job.cases}
            notes.append(f"Inputs of {prove(contract, list(cases.values()), cache_directory() / 'proofs')}")
    return notes + conventions_of(plan) + gaps_of_hostile_builds(plan) + gaps_of_executors(plan)


def gaps_of_hostile_builds(plan: Plan) -> list[str]:
    """Say once per reason what hostile builds leave out, and for which kernels."""
    gaps: dict[str, dict[str, None]] = {}
    for job in plan.jobs:
        for source in job.kernel.sources if job.build.variant == HOSTILE else ():
            note = coverage_note(source, job.kernel.isa, job.build.compiler.triple)
            if note:
                gaps.setdefault(note, {})[job.kernel.id] = None
    return [f"Hostile builds have {note} ({_briefly(list(kernels))})" for note, kernels in gaps.items()]


def _briefly(names: list[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def gaps_of_executors(plan: Plan) -> list[str]:
    """Say what the executors of hostile builds cannot do with what an ISA leaves open."""
    told: dict[str, None] = {}
    for job in plan.jobs:
        if job.build.variant == HOSTILE and job.executor.lacks:
            executor = f"{job.executor.how} {job.executor.version}"
            what = ", ".join(job.executor.lacks)
            told[f"Hostile builds on {job.target.name} run without {what}, which {executor} lacks"] = None
    return list(told)


def conventions_of(plan: Plan) -> list[str]:
    """Say what callers promise and what is not checked: the contract's under the op, else under the kernel."""
    told: dict[str, dict[str, None]] = {}
    for job in plan.jobs:
        of_op = job.contract.conventions.lines
        for line in job.kernel.conventions.lines:
            told.setdefault(job.contract.op if line in of_op else job.kernel.id, {})[line] = None
    return [f"Conventions of {whose}: {'; '.join(lines)}" for whose, lines in told.items()]


def make_surveyor(place: Place) -> Surveyor:
    """Return a surveyor of a place, over the user's cache and the bundled guest."""
    root, cache = bundled_root(), cache_directory()
    builder = Builder(place, cache, root / "csrc" / "guest")
    return Surveyor(builder, root / "csrc" / "probe" / "nothing.c", root / "csrc" / "bochs", cache / "survey.json")


def _place(settings: Settings, project: Project) -> Place:
    """Return where tools and guests run.

    Raises:
        UnavailableError: it was named and cannot be had.
    """
    if settings.place == "host":
        return HostPlace()
    from harness.place.container import ContainerPlace  # the engine's client takes long to import

    root = bundled_root()
    sources = [path for kernel in project.kernels for path in kernel.sources]
    sources += headers_below(path for kernel in project.kernels for path in kernel.compilation.includes)
    sources += [
        path for name in ("bochs", "guest", "hostile", "probe") for path in (root / "csrc" / name).rglob("*.[chS]")
    ]
    return ContainerPlace(root / "docker", cache_directory(), sources, settings.jobs, settings.reports.quiet)


def _recorder(settings: Settings, project: Project, place: Place, command: Sequence[str]) -> Recorder:
    kept = new_run_directory(runs_root(project)) / "record.json"
    files = (kept, settings.reports.json) if settings.reports.json else (kept,)
    repeat = f"{program_name(command)} {shlex.join(command[1:])}"
    recorder = Recorder(files, command, place.facts, settings.selection.seed, project.manifest, reproduce=repeat)
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


def execute(plan: Plan, builder: Builder, recorder: Recorder, settings: Settings, command: Sequence[str]) -> Result:
    """Run all jobs and judge each as it comes in; scalar kernels first, since others are compared with them."""
    verdicts: dict[int, list[Verdict]] = {}
    bench = Workbench(builder, threading.Semaphore(2 * settings.jobs + _JOBS_AHEAD))
    share = share_of(plan, settings.shard)
    chosen = {rank: plan.jobs[rank] for rank in (*share.helpers, *share.own)}
    progress = _progress(list(chosen.values()), settings)
    maker = VerdictMaker(settings, program_name(command))
    crosscheck = CrossCheck(builder.place)
    left = Counter(job.kernel.op for job in chosen.values())
    interrupted = False
    pool = ThreadPoolExecutor(settings.jobs)
    try:
        futures = {pool.submit(_watched, bench, job, progress): rank for rank, job in chosen.items()}
        for finished in _in_judging_order(plan.jobs, futures):
            if finished is None:
                recorder.write_if_due()
                progress.tick()
                continue
            rank, ran = finished
            job = plan.jobs[rank]
            bench.waiting_room.release()
            judged = maker.verdicts(job, ran, bench.inputs(job.contract, job.cases))
            found = as_expected(job, crosscheck.checked(job, ran, judged))
            if rank not in share.helpers:
                verdicts[rank] = found
                commands = ran.binary.commands if ran.binary else ()
                recorder.add_job(rank, job, ran.observation, commands, ran.inputs_digest)
                recorder.add(rank, found)
            left[job.kernel.op] -= 1
            if left[job.kernel.op] == 0:  # inputs and expectations of long rows take much memory
                maker.forget(job.kernel.op)
                bench.forget(job.kernel.op)
            if len(verdicts) < len(share.own):
                recorder.write_if_due()
            progress.judged(job, sum(map(has_failed, found)))
            if settings.stop_early and any(v.outcome not in _NO_FAILURES for v in found):
                break
    except KeyboardInterrupt:
        interrupted = True
    finally:
        bench.cancelled.set()
        builder.place.close()
        pool.shutdown(wait=True, cancel_futures=True)
        progress.close()
    judged = [verdict for rank in sorted(verdicts) for verdict in verdicts[rank]]
    rest = [absent(absence) for absence in plan.absences]
    if len(verdicts) == len(share.own):  # what was broken off cannot tell that nothing failed
        rest += unexpected_passes([plan.jobs[rank] for rank in share.own], judged)
    recorder.add(len(plan.jobs), rest)
    return Result(plan, (*judged, *rest), interrupted)


_NO_FAILURES = (Outcome.PASS, Outcome.EXPECTED_FAILURE)


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
    if any(verdict.named and verdict.outcome is Outcome.UNAVAILABLE for verdict in verdicts):
        return ExitCode.UNAVAILABLE
    ran = bool(plan.jobs) if dry_run else not outcomes.isdisjoint(_NO_FAILURES)
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


def _progress(jobs: Sequence[Job], settings: Settings) -> Progress:
    is_silent = settings.reports.quiet or settings.reports.verbose
    return Progress(jobs, sys.stderr, is_live=sys.stderr.isatty(), is_silent=is_silent)


def _watched(bench: Workbench, job: Job, progress: Progress) -> Ran:
    progress.begin(job)
    try:
        return bench.run(job)
    finally:
        progress.end(job)
