"""The straight line: project, survey, plan, build, launch, judge, report. This module alone knows all stages."""

from __future__ import annotations

import contextlib
import platform
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from harness.build import Builder
from harness.build.store import cache_directory, key_of
from harness.causes import Cause
from harness.code_digest import code_digest
from harness.errors import ExitCode, StorageError, UnavailableError, UsageError, counted
from harness.execution import Result, execute
from harness.expectations import notes_of
from harness.given import given_project
from harness.memory import Memory
from harness.model import (
    Outcome,
    Plan,
    Project,
    Selection,
    Verdict,
)
from harness.notes import excuses_in, notes_on
from harness.place import Place
from harness.place.host import HostPlace, sweep_scratch
from harness.place.sources import headers_below
from harness.plan import digest, make_plan, points_left_out, select, share_of
from harness.progress import meanwhile
from harness.project import load_project
from harness.report.causes import together_of
from harness.report.difference import difference
from harness.report.difference import render as difference_text
from harness.report.identity import identified
from harness.report.record import Recorder, last_record, new_run_directory
from harness.report.run import Run, read_record, run_of
from harness.report.text import visible
from harness.resources import bundled_root
from harness.settings import STDOUT, Settings
from harness.survey import Surveyor
from harness.telling import check, tell
from harness.verdicts import absent, contract_fault

Smallest = Callable[["Planned", Sequence[Cause], float], Mapping[str, Sequence[str]]]
"""Makes the failure that shows each cause smaller, within some seconds; returns lines by the failure's id."""


def run(settings: Settings, command: Sequence[str], smallest: Smallest) -> ExitCode:
    """Carry out `harness run`: validate, and tell of it."""
    check(settings.reports)
    baseline = run_of(read_record(settings.baseline)) if settings.baseline else None
    say = _unheard if settings.reports.quiet else _on_stderr
    if settings.dry_run:
        plan = dry_run(settings, say)
        print(_planned(plan))
        return exit_code(plan, [absent(absence) for absence in plan.absences], dry_run=True)
    ended, record = validate(settings, command, smallest, say)
    tell(ended, settings.reports, record if settings.reports.json == STDOUT else None)
    code = ExitCode(ended.facts["exit_code"])
    return _held_against(baseline, ended, code, settings) if baseline else code


def _on_stderr(text: str) -> None:
    print(visible(text), file=sys.stderr)


def _unheard(_text: str) -> None:
    pass


def validate(
    settings: Settings, command: Sequence[str], smallest: Smallest, say: Callable[[str], None] = _unheard
) -> tuple[Run, dict[str, Any]]:
    """Run the selected kernels, judge them and keep the record; an interrupted run says so by its exit code.

    Returns the run and its record.

    `command` is the command line that does the same, its first word the program; `smallest` makes failures smaller, in
    the time that the settings give it; `say` hears beforehand what was inferred of a kernel that is given by its files.
    """
    with planned(settings, say) as line:
        plan, builder = line.plan, line.surveyor.builder
        recorder = _recorder(line, command)
        result = execute(plan, builder, recorder, line.settings, program_name(command))
        finished, verdicts = not result.interrupted, result.verdicts
        shrunk: Mapping[str, Sequence[str]] = {}
        try:
            with _meanwhile("proving what the inputs show", settings):
                if finished:
                    verdicts += _add_notes(recorder, result, line, program_name(command))
            found = _as_run(recorder, verdicts)
            if finished and found.causes and settings.budget_s:
                with _meanwhile("making what failed smaller", settings):
                    shrunk = smallest(line, found.causes, settings.budget_s)
        except KeyboardInterrupt:  # proofs may take long
            finished, found = False, _as_run(recorder, verdicts)
        code = exit_code(plan, verdicts) if finished else ExitCode.INTERRUPTED
        recorder.together = together_of(found, shrunk)
        recorder.write(finished=finished, exit_code=code)
        record = recorder.record(finished=finished, exit_code=code)
        return found.with_facts({key: value for key, value in record.items() if key != "verdicts"}), record


def _as_run(recorder: Recorder, verdicts: Sequence[Verdict]) -> Run:
    return Run(recorder.facts(finished=False, exit_code=None), identified(verdicts, recorder.seed))


def dry_run(settings: Settings, say: Callable[[str], None] = _unheard) -> Plan:
    """Return what would run, and what would not and why."""
    with planned(settings, say) as line:
        return line.plan


@dataclass(frozen=True, slots=True)
class Planned:
    """The first half of the line: what a plan is made from, and the plan."""

    settings: Settings
    """With the selection narrowed as --last-failed wants it."""
    project: Project
    surveyor: Surveyor
    plan: Plan


@contextlib.contextmanager
def planned(settings: Settings, say: Callable[[str], None] = _unheard) -> Iterator[Planned]:
    """Project, survey and plan; the place where it will run is held until the end."""
    project, inferred = _project(settings)
    if inferred:
        say(inferred)
    selection = _narrowed(settings, project)
    with contextlib.closing(_place(settings, project)) as place:
        surveyor = make_surveyor(place)
        points, absences = select(project, selection)
        needs = (point.need for point in points)
        cpp_isas = {point.kernel.isa for point in points if point.kernel.has_cpp}
        with _meanwhile("looking for compilers and emulators that work here", settings):
            capabilities = surveyor.survey(project, needs, selection.compilers, selection.emulator, cpp_isas)
        plan = make_plan(project, selection, points, absences, capabilities)
        yield Planned(replace(settings, selection=selection), project, surveyor, plan)


def _meanwhile(what: str, settings: Settings) -> contextlib.AbstractContextManager[None]:
    return meanwhile(what, sys.stderr, is_silent=settings.reports.quiet or settings.reports.verbose)


def _project(settings: Settings) -> tuple[Project, str]:
    """Return the active project, or that of the one kernel which is given by its files and what was inferred of it."""
    if settings.given:
        return given_project(settings.given, settings.config)
    return load_project(settings.config, Path.cwd(), settings.selection.kernels), ""


def _add_notes(recorder: Recorder, result: Result, line: Planned, program: str) -> tuple[Verdict, ...]:
    """Record what there is to say besides verdicts; return one on each contract that the proof finds at fault."""
    plan, verdicts = result.plan, result.verdicts
    at_fault = {verdict.kernel for verdict in verdicts if verdict.outcome is Outcome.CONTRACT_ERROR}
    notes = notes_on(plan, line.settings.selection, at_fault)
    recorder.notes = [
        *notes.lines,
        *notes_of(plan.jobs, verdicts),
        *excuses_in(result.excuses),
        *result.notes,
    ]
    points = points_left_out(line.project, line.settings.selection, is_last_failed=line.settings.last_failed)
    recorder.left_out = [*notes.left_out, *points]
    jobs = {job.contract.op: job for job in reversed(plan.jobs)}
    faults = tuple(contract_fault(jobs[op], fault, program, line.settings.config) for op, fault in notes.faults.items())
    recorder.add(len(plan.jobs), faults)
    return faults


def _source_digests(plan: Plan) -> dict[str, str]:
    kernels = {job.kernel.id: job.kernel for job in plan.jobs}
    return {name: key_of(path.read_bytes() for path in kernel.files) for name, kernel in kernels.items()}


def _held_against(baseline: Run, run: Run, code: ExitCode, settings: Settings) -> ExitCode:
    """Say what changed since the baseline; a regression fails a run that passed."""
    found = difference(baseline, run)
    text = difference_text(found, verbose=settings.reports.verbose)
    rest = sys.stderr if settings.reports.on_stdout else sys.stdout
    print(f"\nAgainst {visible(str(settings.baseline))}:\n\n{text}", file=rest)
    return ExitCode.KERNEL_FAILED if found.is_regression and code is ExitCode.PASSED else code


def make_surveyor(place: Place) -> Surveyor:
    """Return a surveyor of a place, over the user's cache and the bundled guest."""
    root, cache = bundled_root(), cache_directory()
    builder = Builder(place, cache, root / "csrc" / "guest")
    memory = Memory(cache / "survey.json", code_digest(*_PROBING))
    return Surveyor(builder, root / "csrc" / "probe", root / "csrc" / "bochs", memory)


_PROBING = ("harness.survey", "harness.place.host", "harness.place.container")
"""The modules that ask what works here: with other ones, other answers."""


def host_place() -> HostPlace:
    """Return this machine.

    Raises:
        UnavailableError: it is no Linux.
    """
    if platform.system() != "Linux":
        system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
        raise UnavailableError(f"kernels run on Linux, and this is {system}: --in docker runs them in a container")
    return HostPlace()


def _place(settings: Settings, project: Project) -> Place:
    """Return where tools and guests run.

    Raises:
        UnavailableError: it was named and cannot be had.
    """
    if settings.place == "host":
        place = host_place()
        sweep_scratch()
        return place
    from harness.place.container import ContainerPlace  # the engine's client takes long to import

    sources = compiled_sources(project)
    return ContainerPlace(bundled_root() / "docker", cache_directory(), sources, settings.jobs, settings.reports.quiet)


def compiled_sources(project: Project) -> list[Path]:
    """Return the files that a compiler elsewhere may have to read: the project's, and those of guests and probes."""
    files = [path for kernel in project.kernels for path in kernel.files]
    files += headers_below(path for kernel in project.kernels for path in kernel.compilation.includes)
    own = (bundled_root() / "csrc" / name for name in ("bochs", "guest", "hostile", "probe"))
    return files + [path for directory in own for path in directory.rglob("*") if path.is_file()]


def _recorder(line: Planned, command: Sequence[str]) -> Recorder:
    settings, project, plan = line.settings, line.project, line.plan
    files = (settings.reports.json,) if settings.reports.json not in (None, STDOUT) else ()
    repeat = f"{program_name(command)} {shlex.join(command[1:])}"
    facts = line.surveyor.place.facts
    recorder = Recorder(files, command, facts, settings.selection.seed, project.manifest, reproduce=repeat)
    try:
        recorder.kept = new_run_directory(runs_root(project)) / "record.json"
    except StorageError as error:
        recorder.not_kept = str(error)
    recorder.asked = _asked(settings)
    recorder.planned_jobs = len(share_of(plan, settings.shard).own)
    if settings.shard:
        whole = {"jobs": len(plan.jobs), "plan": digest(plan, _source_digests(plan))}
        recorder.shard = {**asdict(settings.shard), **whole}
    recorder.write(finished=False, exit_code=None)
    return recorder


def _asked(settings: Settings) -> dict[str, object]:
    """What the record tells of the command line, so that one case of it can be replayed."""
    given = settings.given
    files = [str(path.absolute()) for path in given.sources] if given else []
    return {
        "sizes": list(settings.selection.sizes),
        "emulator": settings.selection.emulator,
        "given": {**asdict(given), "sources": files} if given else None,
    }


def runs_root(project: Project) -> Path:
    """Return the directory whose .harness keeps this project's runs."""
    return project.root if project.manifest else Path.cwd()


def _narrowed(settings: Settings, project: Project) -> Selection:
    """Apply --last-failed: the kernels, targets and widths that the newest record has failures of."""
    if not settings.last_failed:
        named = tuple(kernel.id for kernel in project.kernels) if settings.given else settings.selection.kernels
        return replace(settings.selection, kernels=named)
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
    ran = bool(plan.jobs) if dry_run else any(outcome.is_accepted for outcome in outcomes)
    return ExitCode.PASSED if ran else ExitCode.NOTHING_SELECTED


def _planned(plan: Plan) -> str:
    lines = [
        f"{job.kernel.id} on {job.target.name}"
        + (f" at {job.vector_bits} bits" if job.vector_bits else "")
        + f" ({job.build.label}, {job.executor.how} {job.executor.version}): {counted(job.verdict_count, 'case')}"
        for job in plan.jobs
    ]
    lines += [
        f"{absence.outcome.value} {absence.kernel} on {absence.target}: {absence.reason}" for absence in plan.absences
    ]
    return "\n".join(map(visible, lines))


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
