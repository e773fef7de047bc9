"""What a report says besides verdicts: what inputs are proven to show, what callers promise, what was left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.build.shims import coverage_note
from harness.errors import ContractError
from harness.execution.expected_failures import notes_of
from harness.execution.scheduler import Result
from harness.execution.verdicts import contract_fault
from harness.model import Outcome, Plan, Project, Selection, Variant, Verdict
from harness.plan import points_left_out
from harness.report.record import Recorder
from harness.sensitivity.proof import prove
from harness.settings import Settings
from harness.storage.cache import cache_directory

_NAMED_AT_MOST = 3
"""Kernels that a note names."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What there is to say of a run besides its verdicts."""

    lines: tuple[str, ...]
    left_out: tuple[str, ...]
    """What was not checked because the command line narrows the run, with the option that does."""
    faults: Mapping[str, str]
    """By op, what is wrong with a contract that only the proof shows."""


def notes_on(plan: Plan, selection: Selection, at_fault: Collection[str] = ()) -> Notes:
    """Say what the inputs are proven to show, what contracts waive, and what was left out.

    Nothing can be proven of kernels `at_fault`, by id, whose contracts misbehave.
    """
    narrowing = narrowing_of(selection)
    lines, faults = ([], {}) if narrowing else _proofs(plan, at_fault)
    others = conventions_of(plan) + gaps_of_hostile_builds(plan) + gaps_of_executors(plan)
    left_out = [*([narrowing] if narrowing else []), *_unproven(plan, at_fault)]
    return Notes((*lines, *others), tuple(left_out), faults)


def _proofs(plan: Plan, at_fault: Collection[str]) -> tuple[list[str], dict[str, str]]:
    contracts = {job.contract.op: job.contract for job in plan.jobs if job.kernel.id not in at_fault}
    lines: list[str] = []
    faults: dict[str, str] = {}
    for op, contract in contracts.items():
        cases = {case.key: case for job in plan.jobs if job.contract.op == op for case in job.cases}
        try:
            lines.append(f"Inputs of {prove(contract, list(cases.values()), cache_directory() / 'proofs')}")
        except ContractError as error:
            faults[op] = f"the proof of its inputs: {error}"
    return lines, faults


def narrowing_of(selection: Selection) -> str:
    """Say which suites and sizes a selection leaves out, and that nothing is proven then; empty if it has them all."""
    proof = "the proof of what inputs show"
    if selection.sizes:
        return f"all suites and {proof}: --size has cases of its own; without it they are run"
    if selection.cases:
        return f"all cases but {len(selection.cases)}, and {proof}: without --case or --last-failed they are run"
    if selection.suites:
        return f"all suites but {', '.join(selection.suites)}, and {proof}: without --suite they are run"
    return ""


def _unproven(plan: Plan, at_fault: Collection[str]) -> list[str]:
    """Say of which ops nothing is proven because their contracts misbehave."""
    ops = dict.fromkeys(job.contract.op for job in plan.jobs if job.kernel.id in at_fault)
    proven = {job.contract.op for job in plan.jobs if job.kernel.id not in at_fault}
    return [f"the proof of what inputs of {op} show: its contract misbehaves" for op in ops if op not in proven]


def gaps_of_hostile_builds(plan: Plan) -> list[str]:
    """Say once per reason what hostile builds leave out, and for which kernels."""
    gaps: dict[str, dict[str, None]] = {}
    for job in plan.jobs:
        for source in job.kernel.sources if job.build.variant is Variant.HOSTILE else ():
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
    texts: dict[str, None] = {}
    for job in plan.jobs:
        if job.build.variant is Variant.HOSTILE and job.executor.lacks:
            executor = f"{job.executor.how} {job.executor.version}"
            what = ", ".join(job.executor.lacks)
            texts[f"Hostile builds on {job.target.name} run without {what}, which {executor} lacks"] = None
    return list(texts)


def conventions_of(plan: Plan) -> list[str]:
    """Say what callers promise and what is not checked: the contract's under the op, else under the kernel."""
    texts: dict[str, dict[str, None]] = {}
    for job in plan.jobs:
        of_op = job.contract.conventions.lines
        for line in job.kernel.conventions.lines:
            texts.setdefault(job.contract.op if line in of_op else job.kernel.id, {})[line] = None
    return [f"Conventions of {whose}: {'; '.join(lines)}" for whose, lines in texts.items()]


def record_caveats(
    recorder: Recorder, result: Result, project: Project, settings: Settings, program: str
) -> tuple[Verdict, ...]:
    """Record what there is to say besides verdicts; return one on each contract that the proof finds at fault."""
    plan, verdicts = result.plan, result.verdicts
    at_fault = {verdict.kernel for verdict in verdicts if verdict.outcome is Outcome.CONTRACT_ERROR}
    notes = notes_on(plan, settings.selection, at_fault)
    recorder.notes = [
        *notes.lines,
        *notes_of(plan.jobs, verdicts),
        *excuses_in(result.excuses),
        *result.notes,
    ]
    points = points_left_out(project, settings.selection, is_last_failed=settings.last_failed)
    recorder.left_out = [*notes.left_out, *points]
    jobs = {job.contract.op: job for job in reversed(plan.jobs)}
    faults = tuple(contract_fault(jobs[op], fault, program, settings.config) for op, fault in notes.faults.items())
    recorder.add(len(plan.jobs), faults)
    return faults
