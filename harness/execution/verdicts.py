"""From what a job's guests reported to verdicts: the judge's findings, with what source and binary add to them."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness.backend import Backend
from harness.build.features import needed_by, relied_on
from harness.build.locate import Location
from harness.build.reach import undefined_values
from harness.build.shims import Advice
from harness.errors import ContractError
from harness.execution.experiments import Cause
from harness.execution.worker import JobResult
from harness.features import table_of
from harness.judge import UNDEFINED_THINGS, Judge, gate_finding
from harness.judge.crashes import line_of, protection_text
from harness.judge.signs import signs_of
from harness.model import (
    SCALAR_ISA,
    Absence,
    Case,
    CaseObservation,
    Circumstances,
    Contract,
    Executor,
    FaultKind,
    Finding,
    Job,
    Observation,
    Outcome,
    Role,
    Verdict,
    reading_order,
)
from harness.model.guarded import in_time
from harness.plan import circumstances, reproducer
from harness.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

Experiment = Callable[
    [Job, JobResult, Sequence[Finding], Mapping[int, Mapping[str, "NDArray[Any]"]]], Mapping[int, Cause]
]
"""Takes a job, what came of it, its findings and its inputs."""

MAX_ADVICE = 2
"""Places in a kernel's source that a failure names."""
_UNKNOWN = Circumstances()
"""The circumstances of what ran no case."""


@dataclass(slots=True)
class VerdictMaker:
    """Turns observations into verdicts, with one judge per op."""

    settings: Settings
    program: str
    """How the user can call this program again."""
    backend: Backend
    """Where the binaries can be looked into."""
    experiment: Experiment | None = None
    """What finds out why cases of a job failed, by running them again."""
    _judges: dict[str, Judge] = field(default_factory=dict)
    _suspects: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By binary, which jobs at several widths share."""
    _circumstances: dict[object, dict[object, Circumstances]] = field(default_factory=dict)
    """By calls and conventions, and by case: many jobs share them."""
    _signs: dict[int, str] = field(default_factory=dict)
    """Of inputs, by case key."""

    def forget(self, op: str) -> None:
        """Drop the judge of an op whose jobs are done."""
        self._judges.pop(op, None)
        self._circumstances.clear()
        self._signs.clear()

    def verdicts(
        self, job: Job, job_result: JobResult, inputs: Mapping[int, Mapping[str, NDArray[Any]]]
    ) -> list[Verdict]:
        """Judge one job."""
        settings = self.settings
        chosen = settings.selection
        repeat = reproducer(self.program, job, chosen.seed, settings.config, settings.backend, chosen.emulator)
        if job_result.unavailable:
            return [_verdict(job, None, None, Finding(Outcome.UNAVAILABLE, job_result.unavailable), repeat(None))]
        if job_result.interface.fault:
            refused = Finding(
                Outcome.CONTRACT_ERROR, job_result.interface.fault, source_line=job_result.interface.source_line
            )
            return [_verdict(job, None, None, refused, repeat(None))]
        if job_result.observation is None:
            fault = Finding(
                Outcome.BUILD_ERROR, job_result.build_fault, source_line=_refused_line(job, job_result.build_fault)
            )
            return [_verdict(job, None, None, fault, repeat(None))]
        attested = job_result.observation.attestation.get(job.width_fact) if job.width_fact else None
        judged = self._findings(job, job_result.observation, attested, inputs, job_result.faults_elsewhere)
        causes = self.experiment(job, job_result, judged, inputs) if self.experiment else {}
        found = self._circumstances_of(job, inputs)
        explained = _explained(job, job_result, judged, found, self._suspected, causes)
        return [
            _verdict(job, attested, case, finding, repeat(case), of_case)
            for case, finding, of_case in zip(job.cases, explained, found, strict=True)
        ]

    def _circumstances_of(self, job: Job, inputs: Mapping[int, Mapping[str, NDArray[Any]]]) -> list[Circumstances]:
        """Return the circumstances of each case of a job, remembered for those that other jobs have, too."""
        conventions = job.kernel.conventions
        known = self._circumstances.setdefault((job.trials, conventions.lines), {})
        found = []
        for case, count in zip(job.cases, job.trial_counts, strict=True):
            key = (case.key, case.placement, count)
            if key not in known:
                of_case = circumstances(job.contract, conventions, case, job.trials[:count])
                known[key] = replace(of_case, signs=self._signs_of(job.contract, case, inputs[case.key]))
            found.append(known[key])
        return [replace(found[0], is_first=True), *found[1:]] if found else []

    def _signs_of(self, contract: Contract, case: Case, inputs: Mapping[str, NDArray[Any]]) -> str:
        if case.key not in self._signs:
            self._signs[case.key] = signs_of(contract, inputs)
        return self._signs[case.key]

    def _suspected(self, job: Job, job_result: JobResult) -> tuple[str, str]:
        """Return the likeliest line, and in words what is undefined there and elsewhere; both empty without any."""
        if job_result.binary is None:
            return "", ""
        if job_result.binary.digest not in self._suspects:
            self._suspects[job_result.binary.digest] = _in_words(undefined_values(self.backend, job, job_result.binary))
        return self._suspects[job_result.binary.digest]

    def _findings(
        self,
        job: Job,
        seen: Observation,
        attested: int | None,
        inputs: Mapping[int, Mapping[str, NDArray[Any]]],
        faults_elsewhere: str,
    ) -> list[Finding]:
        if job.role is Role.GATE:
            return [gate_finding(seen, job.kernel.isa, faults_elsewhere)]
        if seen.attestation and attested != job.vector_bits:
            return [_of_another_width(job, seen.attestation, attested)] * len(job.cases)
        judge = self._judges.setdefault(job.kernel.op, Judge(job.contract))
        if job.kernel.isa == SCALAR_ISA:
            judge.keep_scalar(seen, job.cases)
        try:
            return in_time(lambda: judge.findings(seen, job.cases, job.trials, inputs))
        except ContractError as error:
            return [Finding(Outcome.CONTRACT_ERROR, str(error))] * len(job.cases)


def _of_another_width(job: Job, attestation: Mapping[str, int], attested: int | None) -> Finding:
    """Return the finding where the guest has not the width that was asked for: by the kernel's doing, or by ours."""
    if attested and attestation.get("bits_at_start") == job.vector_bits:
        reason = f"the program sets its vector length to {attested} bits itself, in a constructor"
        return Finding(Outcome.NOT_APPLICABLE, f"{reason}: it cannot be run at {job.vector_bits}")
    reason = f"the guest attests {attested or 'no'} bits where {job.vector_bits} were asked for"
    return Finding(Outcome.HARNESS_ERROR, reason)


def _explained(
    job: Job,
    job_result: JobResult,
    findings: Sequence[Finding],
    found: Sequence[Circumstances],
    suspected: Callable[[Job, JobResult], tuple[str, str]],
    causes: Mapping[int, Cause] = MappingProxyType({}),
) -> list[Finding]:
    """Add what the source and the binary tell: the faulting instruction, the intrinsics with undefined lanes."""
    may_be_lanes = [not causes.get(n) or causes[n].is_of_lanes for n in range(len(findings))]
    dependent = [n for n, finding in enumerate(findings) if finding.depends_on_fill and may_be_lanes[n]]
    likely_line, advice = suspected(job, job_result) if dependent else ("", "")
    # Once is enough: with the failure that is read first.
    read_first = min(dependent, key=lambda at: reading_order(job.cases[at].sizes, found[at]), default=None)
    explained = []
    for index, finding in enumerate(findings):
        if finding.outcome is Outcome.PASS:
            explained.append(finding)
            continue
        seen = job_result.observation.cases.get(index) if job_result.observation else None
        pcs = [t.fault.pc for t in seen.trials if t.fault and t.fault.signal != signal.SIGABRT] if seen else []
        location = job_result.locations.get(pcs[0]) if pcs else None
        where = f"in {location}{_why_illegal(job, seen, location)}" if location and str(location) else ""
        texts = [finding.detail, where, _protection(seen, location), *finding.also]
        source_line = (line_of(seen.said) if seen else "") or (location.source_line if location else "")
        if seen and any(v.is_of_uppers for trial in seen.trials for v in trial.violations):
            texts.append(job_result.uppers.text)
            source_line = source_line or job_result.uppers.source_line
        if index in causes:
            texts = [text.replace(UNDEFINED_THINGS, "") for text in texts] + [causes[index].text]
            source_line = source_line or causes[index].source_line
        if finding.depends_on_fill and may_be_lanes[index]:
            texts += [advice] if index == read_first else []
            source_line = source_line or likely_line
        if finding.outcome.is_kernel_fault:
            texts.append(job_result.interface.doubt)
        detail = "; ".join(filter(None, texts))
        explained.append(replace(finding, detail=detail, source_line=source_line, also=()))
    return explained


def _protection(seen: CaseObservation | None, location: Location | None) -> str:
    """Say which operand of the instruction at a location raised general protection."""
    faults = [t.fault for t in seen.trials if t.fault and t.fault.kind is FaultKind.PROTECTION] if seen else []
    return protection_text(location.instruction, faults[0].registers) if faults and location else ""


def _why_illegal(job: Job, seen: CaseObservation | None, location: Location | None) -> str:
    """Say what an instruction needs that was illegal where it ran."""
    fault = next((trial.fault for trial in seen.trials if trial.fault), None) if seen else None
    if fault is None or fault.signal != signal.SIGILL or not location or not location.instruction:
        return ""
    table = table_of(job.build.compiler.triple.partition("-")[0])
    needs = needed_by(location.instruction, table, relied_on(job, table))
    if needs:
        return f', which needs {" or ".join(needs)}: nothing promises that (features = ["{needs[0]}"] does)'
    is_defined = not location.instruction.startswith(("udf", ".inst"))
    return ": no instruction of streaming mode" if fault.in_streaming_mode and is_defined else ""


def _refused_line(job: Job, fault: str) -> str:
    """Find the line of the kernel that a compiler complains about."""
    for source in job.kernel.files:
        found = re.search(rf"\b{re.escape(source.name)}:(\d+)\b", fault)
        if found:
            return f"{source.name}:{found[1]}"
    return ""


def _in_words(found: Sequence[tuple[Path, Advice]]) -> tuple[str, str]:
    """Return the likeliest of all suspects, and the first few in words."""
    # What is carried from one iteration to the next is the likelier culprit.
    likely = [suspect for suspect in found if suspect[1].accumulates] or found
    text = "; ".join(f"{path.name}:{advice.line}: {advice.advice}" for path, advice in likely[:MAX_ADVICE])
    return f"{likely[0][0].name}:{likely[0][1].line}" if likely else "", text


def _verdict(
    job: Job,
    attested: int | None,
    case: Case | None,
    finding: Finding,
    reproduce: str,
    found: Circumstances = _UNKNOWN,
) -> Verdict:
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
        instructions=_instructions(job.executor, finding),
        reproduce=reproduce,
        named=job.named,
        sizes=case.sizes if case else (),
        circumstances=found,
    )


def _instructions(executor: Executor, finding: Finding) -> int | None:
    return round(finding.seconds * executor.instructions_per_second) if executor.instructions_per_second else None


def contract_fault(job: Job, fault: str, program: str, config: Path | None) -> Verdict:
    """Return the verdict on a contract that misbehaves where no case does, reported with one of its jobs."""
    kernel = shlex.join(job.kernel.words or (job.kernel.id,))
    manifest = f" --config {shlex.quote(str(config))}" if config else ""
    return Verdict(
        kernel=job.kernel.id,
        target=job.target.name,
        build=None,
        vector_bits=job.vector_bits,
        attested_vector_bits=None,
        element_bits=0,
        emulator=None,
        suite=None,
        case=None,
        finding=Finding(Outcome.CONTRACT_ERROR, fault),
        reproduce=f"{program} run {kernel}{manifest}",
        named=False,
    )


def absent(absence: Absence) -> Verdict:
    """Return the verdict on what will not run."""
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
        named=absence.named,
    )
