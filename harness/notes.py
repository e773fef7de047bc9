"""What a report says besides verdicts: what inputs are proven to show, what callers promise, what was left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from harness.build import HOSTILE
from harness.build.shims import coverage_note
from harness.build.store import cache_directory
from harness.model import Plan, Selection
from harness.proof import prove

_NAMED_AT_MOST = 3
"""Kernels that a note names."""


def notes_on(plan: Plan, selection: Selection, at_fault: Collection[str] = ()) -> list[str]:
    """Say what the inputs are proven to show, what contracts waive, and what hostile builds leave out.

    Nothing can be proven of kernels `at_fault`, by id, whose contracts misbehave.
    """
    contracts = {job.contract.op: job.contract for job in plan.jobs if job.kernel.id not in at_fault}
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


def excuses_in(found: Mapping[str, Sequence[str]]) -> list[str]:
    """Say what is excused in kernels' code, and for which kernels."""
    return [f"{note} ({_briefly(list(kernels))})" for note, kernels in found.items()]


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
