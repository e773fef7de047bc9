"""Runs one failure of a stored run again, and looks at it: `harness replay`."""

from __future__ import annotations

import argparse
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from harness import __version__
from harness.commands.replay.debugging import debug, write_pack
from harness.commands.replay.evidence import evidence, lines
from harness.commands.replay.plan import Failure, changes, find, has_failure, jobs_of, narrowed, settings_for
from harness.commands.shown_commands import show_commands
from harness.errors import ExitCode, StorageError, UsageError, counted
from harness.execution.recording import stored_in
from harness.execution.scheduler import Judging
from harness.execution.worker import JobResult
from harness.judge import Judge
from harness.launch.emulators import emulator_of
from harness.model import Case, Executor, Finding, Job, Need, Outcome, Role, Variant, Verdict, promise_of
from harness.model.guarded import in_time
from harness.pipeline import Planned, planned
from harness.project import runs_root
from harness.report.exit_code import exit_code
from harness.report.record import source_digests
from harness.report.run import has_failed, read_record
from harness.report.store import LATEST, REPLAY_DIRECTORY, newest_with, record_path
from harness.report.table import describe
from harness.report.text import visible
from harness.settings import ReplaySettings, read_replay
from harness.settings.program import program_name
from harness.shrinking import minimal
from harness.shrinking.search import OutOfTimeError, fewest
from harness.shrinking.smallest import shrink
from harness.shrinking.trying import Trying, is_alike
from harness.storage.cache import cache_directory


def main(parsed: argparse.Namespace, command: Sequence[str]) -> ExitCode:
    """Carry out `harness replay`."""
    asked = read_replay(parsed)
    if asked.verbose:
        show_commands()
    return replay(asked, command)


def replay(asked: ReplaySettings, command: Sequence[str]) -> ExitCode:
    """Run a failure again and look at it; the exit code is that of a run of this one case."""
    path, failure = _found(asked)
    settings = settings_for(failure, asked.config or _manifest(failure))
    if asked.gdb and settings.backend != "host":
        raise UsageError(f"--gdb: {failure.id} ran in {settings.backend}; a debugger reaches guests on the host only")
    with planned(settings) as line:
        jobs = jobs_of(line.plan, failure)
        _show(f"{failure.id} of {path}{_age(path, asked)}", *_changes(failure, jobs[-1]))
        worker = _Again(line, failure, jobs, Judging(line.surveyor.builder, settings, program_name(command)))
        return worker.debugged() if asked.gdb else worker.looked_at(asked)


def _found(asked: ReplaySettings) -> tuple[Path, Failure]:
    """Return the record that has the failure, and that: of the run that is named, else of the newest that has it.

    Raises:
        UsageError: none has it, or the record does not say enough.
    """
    root = runs_root(Path.cwd(), asked.config)
    path = record_path(asked.run or LATEST, root)
    record = read_record(path)
    elsewhere = None if has_failure(record, asked.id) else newest_with(asked.id, root)
    if elsewhere is None:
        return path, find(record, asked.id)
    if asked.run:
        name = elsewhere.parent.name
        raise UsageError(f"no failure {asked.id!r} in {path}; a failure of the run {name} has this id: --run {name}")
    return elsewhere, find(read_record(elsewhere), asked.id)


def _age(path: Path, asked: ReplaySettings) -> str:
    """Say of a run that was found by the failure's id that it is not the last."""
    is_last = bool(asked.run) or path == record_path(LATEST, runs_root(Path.cwd(), asked.config))
    return "" if is_last else ", an earlier run: the last one has no such failure"


def _manifest(failure: Failure) -> Path | None:
    """The record's manifest, if it is there; records of other machines are for the project found from here."""
    return failure.manifest if failure.manifest and failure.manifest.is_file() else None


def _changes(failure: Failure, job: Job) -> list[str]:
    return [f"warning: {one}" for one in changes(failure, job, source_digests(job.kernel), __version__)]


def _show(*texts: str) -> None:
    for one in texts:
        print(visible(one), flush=True)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The failure's job with the cases that ran, what they reported, and the verdict on the last."""

    job: Job
    job_result: JobResult
    verdict: Verdict
    inputs: Mapping[int, Mapping[str, NDArray[Any]]]

    @property
    def case(self) -> Case:
        return self.job.cases[-1]

    def raw(self) -> Finding | None:
        """What the judge says of the last case, before anything is expected or explained."""
        if self.job_result.observation is None or self.job.role is Role.GATE:
            return None
        seen, job = self.job_result.observation, self.job
        return in_time(lambda: Judge(job.contract).findings(seen, job.cases, job.trials, self.inputs))[-1]


@dataclass(frozen=True, slots=True)
class _Again:
    """One failure, planned again."""

    line: Planned
    failure: Failure
    jobs: tuple[Job, ...]
    judging: Judging

    def looked_at(self, asked: ReplaySettings) -> ExitCode:
        """Run it, alone and if need be behind what ran before it; report the result."""
        failure = self.failure
        seen = self._run(failure.cases[-1:])
        self._show_commands(seen)
        _show("", "then:", *describe(failure.verdict).splitlines())
        before = failure.cases[:-1]
        is_carried = False
        if before and has_failed_at_all(failure.verdict) and not has_failed_at_all(seen.verdict):
            alone, seen = seen, self._run(failure.cases)
            is_carried = has_failed_at_all(seen.verdict)
            earlier = counted(len(before), "case")
            _show("", f"it passes alone; behind the {earlier} before it in its job it {_how(seen.verdict)}")
            seen = seen if is_carried else alone
        _show("", "now:", *describe(replace(seen.verdict, reproduce="")).splitlines())
        if _differs(failure.verdict, seen.verdict):
            _show("it fails, but not with the numbers of then")
        if is_carried:
            _show("the kernel carries something over from one call to the next")
        self._show_evidence(seen)
        if asked.shrink and is_carried:
            self._shrink_before(before, seen, asked.budget_s)
        elif asked.shrink:
            self._shrink(seen, asked.budget_s)
        if not has_failed_at_all(seen.verdict):
            _show("", "it passes now")
        return exit_code([seen.verdict])

    def _run(self, cases: Sequence[str]) -> _Seen:
        for whole in self.jobs:
            job = narrowed(whole, cases)
            job_result = self.judging.worker.run(job)
            verdicts = self.judging.verdicts(job, job_result)
        worst = min(verdicts, key=lambda one: one.outcome.severity)
        if not cases and worst.case and has_failed_at_all(worst):  # what did not compile does now
            return self._run((f"{worst.suite}/{worst.case}",))
        return _Seen(
            job, job_result, verdicts[-1] if cases else worst, self.judging.worker.inputs(job.contract, job.cases)
        )

    def debugged(self) -> ExitCode:
        """Start the guest for a debugger."""
        job = narrowed(self.jobs[-1], self.failure.cases[-1:])
        binary = self.line.surveyor.builder.build(job.kernel, job.contract, job.build, job.isa_flags)
        debug(job, binary, self._pack(job, self.judging.worker.inputs(job.contract, job.cases)))
        return ExitCode.PASSED

    def _pack(self, job: Job, inputs: Mapping[int, Mapping[str, NDArray[Any]]]) -> Path:
        """Write what the guest gets where the project keeps such things, or in the cache if nothing can be kept there.

        Raises:
            HarnessError: it can be written nowhere.
        """
        try:
            return write_pack(job, inputs, stored_in(self.line.project) / REPLAY_DIRECTORY / self.failure.id)
        except StorageError:
            return write_pack(job, inputs, cache_directory() / "replay" / self.failure.id)

    # -- output

    def _show_commands(self, seen: _Seen) -> None:
        _show("", "commands:")
        job = seen.job
        commands = self.line.surveyor.builder.commands(job.kernel, job.contract, job.build, job.isa_flags)
        _show(*(f"  {shlex.join(command)}" for command in commands))
        if seen.job_result.observation is None or seen.job_result.binary is None:
            return
        files: tuple[str, ...] = ()
        if emulator_of(seen.job.executor.how).runs_by_hand and self.line.settings.backend == "host":
            pack = self._pack(seen.job, seen.inputs)
            files = (str(pack), str(pack.with_name("observation")))
        _show(f"  {shlex.join((*seen.job_result.observation.command, *files))}")

    def _show_evidence(self, seen: _Seen) -> None:
        if seen.verdict.attested_vector_bits:
            _show(f"  the guest attests vectors of {seen.verdict.attested_vector_bits} bits")
        index = len(seen.job.cases) - 1
        case = seen.job_result.observation.cases.get(index) if seen.job_result.observation else None
        if case and seen.job.role is not Role.GATE and has_failed_at_all(seen.verdict):
            found = in_time(lambda: evidence(seen.job, seen.case, case, seen.inputs[seen.case.key]))
            _show("", *(f"  {one}" if one else "" for one in lines(found)))

    # -- shrinking

    def _shrink(self, seen: _Seen, budget_s: float) -> None:
        wanted = seen.raw()
        binary = seen.job_result.binary
        if wanted is None or binary is None or not wanted.outcome.is_kernel_fault or seen.case.sites:
            _show("", "nothing to shrink: it takes a case that a kernel gets wrong, of a row that is held whole")
            return
        backend, job, case = self.line.surveyor.backend, seen.job, seen.case
        deadline = time.monotonic() + budget_s
        is_excused = bool(seen.job_result.uppers.excuse)
        trying = Trying(backend, binary, job, case, wanted, self._executors(job), deadline, is_excused)
        found = shrink(trying, seen.inputs[case.key], budget_s)
        how = "nothing smaller was found to fail alike"
        how = how if found.is_complete else f"stopped after {budget_s:g} s (--budget)"
        processes = counted(trying.processes, "process", "processes")
        took = f"{counted(found.tried, 'case')} in {processes}, {found.seconds:.1f} s"
        if not found.is_smaller:
            _show("", f"it is as small as it gets ({took}; {how}):")
        else:
            _show("", f"the smallest case with the same outcome, {wanted.outcome.value} ({took}; {how}):")
        _show(*(f"  {one}" for one in minimal.describe(found.best, case, job.contract)))
        program = minimal.snippet(job, case, found.best, trying.wanted_of(found.best))
        if wanted.outcome is Outcome.STATE and not wanted.worst:
            _show("", "no program shows it: what a call has to preserve, only the guest checks")
        elif program:
            _show("", "as a program (without the guest's guard pages and poison):", "", *program)

    def _executors(self, job: Job) -> dict[int | None, Executor]:
        """Return the job's executor, and those of the smaller vector lengths that its target has here."""
        found: dict[int | None, Executor] = {job.vector_bits: job.executor}
        isa = self.line.project.isa_target(job.kernel.isa)
        if job.vector_bits is None or not isa.is_scalable:
            return found
        offered = (*job.target.vector_bits, *job.target.vector_bits_on_request)
        whole = Need(job.target.name, isa.name, job.vector_bits, promise=promise_of(job.kernel))
        needs = {bits: replace(whole, vector_bits=bits) for bits in offered if bits < job.vector_bits}
        selection = self.line.settings.selection
        known = self.line.surveyor.survey(
            self.line.project, needs.values(), selection.compilers, job.executor.how
        ).executors
        for bits, need in needs.items():
            executor = known[need]
            if isinstance(executor, Executor):
                found[bits] = executor.made_hostile() if job.build.variant is Variant.HOSTILE else executor
        return found

    def _shrink_before(self, before: Sequence[str], seen: _Seen, budget_s: float) -> None:
        """Find the fewest cases behind which it fails."""
        wanted, deadline = seen.raw(), time.monotonic() + budget_s
        smallest = list(before)

        def fails(cases: Sequence[str]) -> bool:
            nonlocal smallest
            if time.monotonic() > deadline:
                raise OutOfTimeError
            found = self._run((*cases, self.failure.cases[-1])).raw()
            if wanted is None or found is None or not is_alike(found, wanted):
                return False
            smallest = list(cases)
            return True

        how = ""
        try:
            smallest = fewest(before, fails)
        except OutOfTimeError:
            how = f" (stopped after {budget_s:g} s, --budget)"
        _show("", f"it takes {len(smallest)} of the cases before it{how}: {', '.join(smallest)}")


def has_failed_at_all(verdict: Verdict) -> bool:
    """Whether it failed, even if that was expected."""
    return has_failed(verdict) or verdict.outcome is Outcome.EXPECTED_FAILURE


def _how(verdict: Verdict) -> str:
    return f"fails: {verdict.outcome.value}" if has_failed_at_all(verdict) else "passes, too"


def _differs(then: Verdict, now: Verdict) -> bool:
    """Whether the same failure has other numbers; NaN has none."""
    before, after = then.finding.worst, now.finding.worst
    if before is None or after is None or then.outcome is not now.outcome:
        return False
    return (before.element, repr(before.got)) != (after.element, repr(after.got))
