"""Failures that a manifest expects: they fail no run, and a kernel that passes where it was to fail does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from harness.model import Finding, Job, Outcome, Role, Verdict


def as_expected(job: Job, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Mark the failures of a job that its kernel's manifest expects; the gate is never expected to fail."""
    expected = job.kernel.expected
    if expected is None or job.role is Role.GATE or not expected.covers(job.target.name, job.vector_bits):
        return list(verdicts)
    because = f"{expected.outcome.value} as expected ({expected.reason})"
    return [
        _with(verdict, Outcome.EXPECTED_FAILURE, f"{because}: {verdict.finding.detail}")
        if verdict.outcome is expected.outcome
        else verdict
        for verdict in verdicts
    ]


def _with(verdict: Verdict, outcome: Outcome, detail: str) -> Verdict:
    return replace(verdict, finding=replace(verdict.finding, outcome=outcome, detail=detail))


def unexpected_passes(jobs: Sequence[Job], verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return a verdict for each kernel, target and width where a failure was expected and all cases passed."""
    by_point: dict[tuple[str, str, int | None], list[Verdict]] = {}
    gates = {(job.kernel.id, job.target.name, job.vector_bits) for job in jobs if job.role is Role.GATE}
    for verdict in verdicts:
        by_point.setdefault((verdict.kernel, verdict.target, verdict.vector_bits), []).append(verdict)
    found: dict[tuple[str, str, int | None], Verdict] = {}
    for job in jobs:
        point = (job.kernel.id, job.target.name, job.vector_bits)
        expected = job.kernel.expected
        if expected is None or point in gates or not expected.covers(job.target.name, job.vector_bits):
            continue
        if {verdict.outcome for verdict in by_point.get(point, [])} == {Outcome.PASS}:
            detail = (
                f"{expected.outcome.value} was expected ({expected.reason}), and all cases passed: take 'expected' out "
                "of the manifest, or narrow its 'on'"
            )
            found[point] = _of_point(by_point[point][0], detail)
    return list(found.values())


def _of_point(verdict: Verdict, detail: str) -> Verdict:
    """A verdict on all builds and cases; a run of the kernel repeats it."""
    finding = Finding(Outcome.UNEXPECTED_PASS, detail)
    repeat = verdict.reproduce.partition(" --case ")[0]
    return replace(verdict, build=None, suite=None, case=None, sizes=(), finding=finding, reproduce=repeat)


def notes_of(jobs: Sequence[Job], verdicts: Sequence[Verdict]) -> list[str]:
    """Say which failures were expected, and why."""
    kernels = {job.kernel.id: job.kernel for job in jobs}
    counts = Counter(v.kernel for v in verdicts if v.outcome is Outcome.EXPECTED_FAILURE)
    return [
        f"Expected failures of {name}: {count} x {expected.outcome.value}: {expected.reason}"
        for name, count in counts.items()
        if (expected := kernels[name].expected)
    ]
