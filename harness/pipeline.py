"""The straight line: project, survey, plan, build, launch, judge, report. This module alone knows all stages."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.backend import Backend
from harness.backend.host import host_backend, sweep_scratch
from harness.errors import ExitCode
from harness.execution.caveats import record_caveats
from harness.execution.progress import meanwhile
from harness.execution.recording import new_recorder, stored_in
from harness.execution.scheduler import execute
from harness.model import Capabilities, Plan, Point, Project, Selection, Verdict
from harness.plan import make_plan, select
from harness.plan.last_failed import narrowed_to_failures
from harness.project import load_project
from harness.project.adhoc import adhoc_project
from harness.report.causes import together_of
from harness.report.exit_code import exit_code
from harness.report.identity import identified
from harness.report.record import Recorder
from harness.report.run import RunResult
from harness.report.store import last_record
from harness.resources import bundled_root
from harness.settings import Settings
from harness.settings.program import program_name
from harness.shrinking.smallest import smallest_cases
from harness.storage.cache import cache_directory
from harness.storage.source_files import headers_below
from harness.survey import Surveyor, make_surveyor


def validate(
    settings: Settings, command: Sequence[str], say: Callable[[str], None] = lambda _: None
) -> tuple[RunResult, dict[str, Any]]:
    """Run the selected kernels, judge them and store the record; an interrupted run says so by its exit code.

    Args:
        settings: what was asked for.
        command: the command line that does the same, its first word the program.
        say: is called beforehand with what was inferred of a kernel that is given by its files.

    Returns:
        The run and its record.
    """
    with planned(settings, say) as line:
        program = program_name(command)
        recorder = new_recorder(line.settings, line.project, line.plan, line.surveyor.backend.facts, command)
        result = execute(line.plan, line.surveyor.builder, recorder, line.settings, program)
        is_finished, verdicts = not result.interrupted, result.verdicts
        smallest: Mapping[str, Sequence[str]] = {}
        try:
            if is_finished:
                with _meanwhile("proving what the inputs show", settings):
                    verdicts += record_caveats(recorder, result, line.project, line.settings, program)
            run = _as_run(recorder, verdicts)
            smallest = _smallest(line, run) if is_finished else {}
        except KeyboardInterrupt:  # both may take long
            is_finished, run = False, _as_run(recorder, verdicts)
        code = exit_code(verdicts) if is_finished else ExitCode.INTERRUPTED
        return _recorded(recorder, run, smallest, code)


def dry_run(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Plan:
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
def planned(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Iterator[Planned]:
    """Project, survey and plan; the backend where it will run is held until the end."""
    project = _project(settings, say)
    selection = _selection(settings, project)
    with contextlib.closing(_backend(settings, project)) as backend:
        surveyor = make_surveyor(backend)
        points, absences = select(project, selection)
        capabilities = _survey(surveyor, project, points, settings)
        plan = make_plan(project, selection, points, absences, capabilities)
        yield Planned(replace(settings, selection=selection), project, surveyor, plan)


# ---- the steps -----------------------------------------------------------------------------------------------------


def _project(settings: Settings, say: Callable[[str], None]) -> Project:
    """Return the active project, or that of the one kernel which is given by its files; say what was inferred of it."""
    if not settings.kernel_files:
        return load_project(settings.config, Path.cwd(), settings.selection.kernels)
    project, inferred = adhoc_project(settings.kernel_files, settings.config)
    if inferred:
        say(inferred)
    return project


def _selection(settings: Settings, project: Project) -> Selection:
    """Return what was selected, narrowed to what failed in the last run if that was asked for."""
    if settings.last_failed:
        return narrowed_to_failures(settings.selection, last_record(stored_in(project)), project.targets)
    names = tuple(kernel.id for kernel in project.kernels) if settings.kernel_files else settings.selection.kernels
    return replace(settings.selection, kernels=names)


def _backend(settings: Settings, project: Project) -> Backend:
    """Return where tools and guests run.

    Raises:
        UnavailableError: it was named and cannot be had.
    """
    if settings.backend == "host":
        sweep_scratch()
        return host_backend()
    from harness.backend.container import ContainerBackend  # the engine's client takes long to import

    sources = compiled_sources(project)
    return ContainerBackend(
        bundled_root() / "docker", cache_directory(), sources, settings.jobs, settings.reports.quiet
    )


def compiled_sources(project: Project) -> list[Path]:
    """Return the files that a compiler elsewhere may have to read: the project's, and those of guests and probes."""
    files = [path for kernel in project.kernels for path in kernel.files]
    files += headers_below(path for kernel in project.kernels for path in kernel.compilation.includes)
    own = (bundled_root() / "csrc" / name for name in ("bochs", "guest", "probe", "shims"))
    return files + [path for directory in own for path in directory.rglob("*") if path.is_file()]


def _survey(surveyor: Surveyor, project: Project, points: Sequence[Point], settings: Settings) -> Capabilities:
    needs = (point.need for point in points)
    cpp_isas = {point.kernel.isa for point in points if point.kernel.has_cpp}
    chosen = settings.selection
    with _meanwhile("looking for compilers and emulators that work here", settings):
        return surveyor.survey(project, needs, chosen.compilers, chosen.emulator, cpp_isas)


def _smallest(line: Planned, run: RunResult) -> Mapping[str, Sequence[str]]:
    """Return, by the id of the failure that shows a cause, the smallest case that fails alike, in lines."""
    settings = line.settings
    if not run.causes or not settings.budget_s:
        return {}
    with _meanwhile("making what failed smaller", settings):
        return smallest_cases(line.plan, line.surveyor.builder, run.causes, settings.budget_s, settings.jobs)


def _as_run(recorder: Recorder, verdicts: Sequence[Verdict]) -> RunResult:
    return RunResult(recorder.facts(finished=False, exit_code=None), identified(verdicts, recorder.seed))


def _recorded(
    recorder: Recorder, run: RunResult, smallest: Mapping[str, Sequence[str]], code: ExitCode
) -> tuple[RunResult, dict[str, Any]]:
    """Write the record at the end of a run; return the run and the record."""
    finished = code is not ExitCode.INTERRUPTED
    recorder.together = together_of(run, smallest)
    recorder.write(finished=finished, exit_code=code)
    record = recorder.record(finished=finished, exit_code=code)
    return run.with_facts({key: value for key, value in record.items() if key != "verdicts"}), record


def _meanwhile(what: str, settings: Settings) -> contextlib.AbstractContextManager[None]:
    return meanwhile(what, sys.stderr, is_silent=settings.reports.quiet or settings.reports.verbose)
