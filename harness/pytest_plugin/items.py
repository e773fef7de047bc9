"""The items that pytest runs: jobs of a plan, what cannot run, and failures that are expected."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, NoReturn, Protocol

import pytest

from harness.api import settings_for
from harness.causes import Cause, causes_of
from harness.errors import HarnessError
from harness.execution.expected_failures import unexpected_passes
from harness.execution.scheduler import Judging, Stepwise
from harness.model import Absence, Job, Outcome, Plan, Role, Verdict
from harness.pipeline import planned
from harness.project import find_manifest
from harness.report.failures import common_lines
from harness.report.run import NOT_RUN, has_failed
from harness.report.table import describe
from harness.settings.program import program_name

_NOT_THE_KERNELS = (Outcome.HARNESS_ERROR, Outcome.CONTRACT_ERROR)
_VERBOSITY_OF_ALL = 2


@dataclass(frozen=True, slots=True)
class Work:
    """A plan and what carries it out."""

    plan: Plan
    steps: Stepwise


class Works(Protocol):
    """Where the work of manifests is kept."""

    def of(self, manifest: Path, config: pytest.Config) -> Work:
        """Return the work of a manifest."""


def plan_work(manifest: Path, options: Mapping[str, Any], held: ExitStack) -> Work:
    """Plan the work of a manifest; `held` closes the backend that it runs in.

    Raises:
        HarnessError: the manifest, a contract or an option is wrong.
    """
    config = None if find_manifest(Path.cwd()) == manifest else _from_here(manifest)
    settings, command = settings_for((), {**options, "j": 1, "config": config})
    line = held.enter_context(planned(settings))
    judging = Judging(line.surveyor.builder, line.settings, program_name(command))
    return Work(line.plan, Stepwise(line.plan, judging))


def _from_here(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def forget(item: pytest.Item, following: pytest.Item | None) -> None:
    """Drop what is kept of an item's op unless the following item needs it."""
    if isinstance(item, JobItem) and not (
        isinstance(following, JobItem) and following.job.kernel.op == item.job.kernel.op
    ):
        item.work.steps.forget(item.job.kernel.op)


class ManifestFile(pytest.File):
    """A manifest, whose items are the jobs of the plan."""

    works: Works

    def collect(self) -> Iterator[pytest.Item]:
        """Plan, and make an item of each job and of everything that will not run."""
        try:
            work = self.works.of(self.path, self.config)
        except HarnessError as error:
            raise self.CollectError(str(error)) from None
        for rank, job in enumerate(work.plan.jobs):
            item: JobItem = JobItem.from_parent(**self._naming(_job_name(job)))
            item.start(work, rank)
            yield item
        for name, jobs in _expecting(work.plan.jobs).items():
            expectation: ExpectationItem = ExpectationItem.from_parent(**self._naming(name))
            expectation.start(work, jobs)
            yield expectation
        for name, absences in _by_name(work.plan.absences).items():
            absence: AbsenceItem = AbsenceItem.from_parent(**self._naming(name))
            absence.start(absences)
            yield absence

    def _naming(self, name: str) -> dict[str, Any]:
        """What makes an item's id; pytest 9.2 finds failures of the last run only by ids that it has parsed."""
        return {"parent": self, "name": name, "nodeid": f"{self.nodeid}::{name}"}


def _name(kernel: str, *parts: object) -> str:
    return f"{kernel}[{'-'.join(str(part) for part in parts if part)}]"


def _job_name(job: Job) -> str:
    gate = "gate" if job.role is Role.GATE else ""
    return _name(job.kernel.id, job.target.name, job.vector_bits, job.build.label, gate)


def _by_name(absences: Iterable[Absence]) -> dict[str, list[Absence]]:
    names: dict[str, list[Absence]] = {}
    for absence in absences:
        name = _name(absence.kernel, absence.target, absence.vector_bits, absence.build, absence.outcome.value)
        names.setdefault(name, []).append(absence)
    return names


def _expecting(jobs: Sequence[Job]) -> dict[str, list[int]]:
    """Return the places of the jobs of each kernel, target and width where a failure is expected."""
    names: dict[str, list[int]] = {}
    for rank, job in enumerate(jobs):
        expected = job.kernel.expected
        if expected and job.role is not Role.GATE and expected.covers(job.target.name, job.vector_bits):
            what = f"expected {expected.outcome.value}"
            names.setdefault(_name(job.kernel.id, job.target.name, job.vector_bits, what), []).append(rank)
    return names


class _Item(pytest.Item):
    failure = ""
    """What is to be read of a failure."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.add_marker("harness")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where it is."""
        return self.path, 0, self.name

    def fail(self, failures: Sequence[Verdict], verdicts: Sequence[Verdict]) -> NoReturn:
        """Raise what describes the failures among verdicts, once for each cause, as `harness run` does."""
        lines = [f"{len(failures)} of {len(verdicts)} cases failed"] if len(verdicts) > 1 else []
        causes = causes_of(verdicts, {})
        explained = {id(verdict) for cause in causes for verdict in cause.failures}
        others = [verdict for verdict in failures if id(verdict) not in explained]
        lines += [dedent(self._cause(cause)) for cause in causes]
        lines += [dedent(describe(verdict)) for verdict in others]
        self.fail_with("\n\n".join(lines))

    def _cause(self, cause: Cause) -> str:
        """Describe a cause by the failure that teaches, or by all of them where pytest is very verbose."""
        if self.config.get_verbosity() >= _VERBOSITY_OF_ALL:
            return "\n".join([describe(cause.shown, common_lines(cause)), *map(describe, cause.failures[1:])])
        more = len(cause.failures) - 1
        count = [f"and {more} more failures of this cause (-vv shows all)"] if more else []
        return describe(cause.shown, [*common_lines(cause), *count])

    def fail_with(self, text: str) -> NoReturn:
        """Fail with a text that is all there is to read."""
        self.failure = text
        pytest.fail(text, pytrace=False)


class JobItem(_Item):
    """One kernel, target, build and width."""

    work: Work
    rank: int
    verdicts: Sequence[Verdict] = ()

    def start(self, work: Work, rank: int) -> None:
        """Take over what it is about."""
        self.work, self.rank = work, rank

    @property
    def job(self) -> Job:
        """The job of the plan."""
        return self.work.plan.jobs[self.rank]

    def setup(self) -> None:
        """Run and judge the job. What is no judgement on the kernel ends it here, which pytest calls an error."""
        try:
            self.verdicts = self.work.steps.verdicts(self.rank)
        except HarnessError as error:
            self.fail_with(str(error))
        self.user_properties += _properties(self.verdicts)
        errors = [verdict for verdict in self.verdicts if verdict.outcome in _NOT_THE_KERNELS]
        if errors:
            self.fail(errors, self.verdicts)

    def runtest(self) -> None:
        """Say what the verdicts come to."""
        failures = [v for v in self.verdicts if has_failed(v) or (v.named and v.outcome is Outcome.UNAVAILABLE)]
        if failures:
            self.fail(failures, self.verdicts)
        missing = list(dict.fromkeys(v.finding.detail for v in self.verdicts if v.outcome in NOT_RUN))
        expected = [v.finding.detail for v in self.verdicts if v.outcome is Outcome.EXPECTED_FAILURE]
        if expected:
            pytest.xfail(f"{len(expected)} of {len(self.verdicts)} cases: {expected[0]}")
        if missing and not any(verdict.outcome.is_accepted for verdict in self.verdicts):
            pytest.skip("; ".join(missing))
        for reason in missing:
            self.warn(pytest.PytestWarning(f"{self.name}: some cases are unavailable: {reason}"))


def _properties(verdicts: Sequence[Verdict]) -> list[tuple[str, object]]:
    """What JUnit's XML says about a job besides its outcome."""
    ulps = [v.finding.max_ulp for v in verdicts if v.finding.max_ulp is not None]
    headrooms = [v.finding.headroom for v in verdicts if v.finding.headroom is not None]
    scalar = [v.finding.scalar_ulp for v in verdicts if v.finding.scalar_ulp is not None]
    facts = {
        "vector_bits": verdicts[0].vector_bits,
        "attested_vector_bits": verdicts[0].attested_vector_bits,
        "emulator": verdicts[0].emulator,
        "cases": len([verdict for verdict in verdicts if verdict.case]),
        "max_ulp": max(ulps, default=None),
        "headroom": min(headrooms, default=None),
        "scalar_ulp": max(scalar, default=None),
    }
    return [(name, value) for name, value in facts.items() if value is not None]


class ExpectationItem(_Item):
    """All builds of a kernel on a target at a width, where a failure is expected: passing everywhere is a failure."""

    work: Work
    ranks: Sequence[int]

    def start(self, work: Work, ranks: Sequence[int]) -> None:
        """Take over what it is about."""
        self.work, self.ranks = work, ranks

    def runtest(self) -> None:
        """Look at all builds; those that this process has run are not run again."""
        verdicts = [verdict for rank in self.ranks for verdict in self.work.steps.verdicts(rank)]
        found = unexpected_passes([self.work.plan.jobs[rank] for rank in self.ranks], verdicts)
        if found:
            self.fail(found, found[:1])
        if not any(verdict.outcome is Outcome.EXPECTED_FAILURE for verdict in verdicts):
            pytest.skip("no case failed as expected, and not all passed")


class AbsenceItem(_Item):
    """What will not run: skipped with the reason; a failure where it was named."""

    absences: Sequence[Absence]

    def start(self, absences: Sequence[Absence]) -> None:
        """Take over what it is about."""
        self.absences = absences
        if not any(absence.named for absence in absences):
            self.add_marker(pytest.mark.skip(reason=self.reason))

    @property
    def reason(self) -> str:
        """Why it does not run."""
        return "; ".join(dict.fromkeys(f"{one.outcome.value}: {one.reason}" for one in self.absences))

    def runtest(self) -> None:
        """Only what was named comes here."""
        self.fail_with(f"{self.reason} (it was named, so that this is a failure)")
