"""From what a job's guests told to verdicts: the judge's findings, with what source and binary add to them."""

from __future__ import annotations

import ctypes
import re
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from harness.build.locate import Location
from harness.build.shims import diagnose
from harness.errors import ContractError
from harness.experiments import Cause
from harness.judge import UNDEFINED_THINGS, Judge, gate_finding
from harness.judge.crashes import line_of, protection_text
from harness.model import (
    PREBUILT_SUFFIXES,
    SCALAR_ISA,
    Absence,
    Case,
    CaseObservation,
    Executor,
    FaultKind,
    Finding,
    Job,
    Observation,
    Outcome,
    Role,
    Verdict,
)
from harness.plan import reproducer
from harness.settings import Settings
from harness.workbench import Ran

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answer = TypeVar("Answer")
Experiment = Callable[[Job, Ran, Sequence[Finding], Mapping[int, Mapping[str, "NDArray[Any]"]]], Mapping[int, Cause]]
"""Takes a job, what came of it, its findings and its inputs."""

MAX_ADVICE = 2
"""Places in a kernel's source that a failure names."""
REFERENCE_TIMEOUT_S = 60
"""Wall time that judging one job may take before its reference counts as hanging."""


@dataclass(slots=True)
class VerdictMaker:
    """Turns observations into verdicts, with one judge per op."""

    settings: Settings
    program: str
    """How the user can call this program again."""
    experiment: Experiment | None = None
    """What finds out why cases of a job failed, by running them again."""
    _judges: dict[str, Judge] = field(default_factory=dict)

    def forget(self, op: str) -> None:
        """Drop the judge of an op whose jobs are done."""
        self._judges.pop(op, None)

    def verdicts(self, job: Job, ran: Ran, inputs: Mapping[int, Mapping[str, NDArray[Any]]]) -> list[Verdict]:
        """Judge one job."""
        settings = self.settings
        chosen = settings.selection
        repeat = reproducer(self.program, job, chosen.seed, settings.config, settings.place, chosen.emulator)
        if ran.unavailable:
            return [_verdict(job, None, None, Finding(Outcome.UNAVAILABLE, ran.unavailable), repeat(None))]
        if ran.observation is None:
            fault = Finding(Outcome.BUILD_ERROR, ran.build_fault, source_line=_refused_line(job, ran.build_fault))
            return [_verdict(job, None, None, fault, repeat(None))]
        attested = ran.observation.attestation.get(job.width_fact) if job.width_fact else None
        judged = self._findings(job, ran.observation, attested, inputs, ran.faults_elsewhere)
        causes = self.experiment(job, ran, judged, inputs) if self.experiment else {}
        findings = _explained(job, ran, judged, causes)
        return [
            _verdict(job, attested, case, finding, repeat(case))
            for case, finding in zip(job.cases, findings, strict=True)
        ]

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
            return within(
                REFERENCE_TIMEOUT_S,
                f"{job.contract.origin}: the reference of {job.contract.op} hangs",
                lambda: judge.findings(seen, job.cases, job.trials, inputs),
            )
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
    job: Job, ran: Ran, findings: Sequence[Finding], causes: Mapping[int, Cause] = MappingProxyType({})
) -> list[Finding]:
    """Add what the source and the binary tell: the faulting instruction, the intrinsics with undefined lanes."""
    may_be_lanes = [not causes.get(n) or causes[n].is_of_lanes for n in range(len(findings))]
    is_asked = any(finding.depends_on_fill and may_be_lanes[n] for n, finding in enumerate(findings))
    likely_line, advice = _advice(job) if is_asked else ("", "")
    explained = []
    for index, finding in enumerate(findings):
        if finding.outcome is Outcome.PASS:
            explained.append(finding)
            continue
        seen = ran.observation.cases.get(index) if ran.observation else None
        pcs = [t.fault.pc for t in seen.trials if t.fault and t.fault.signal != signal.SIGABRT] if seen else []
        place = ran.locations.get(pcs[0]) if pcs else None
        texts = [finding.detail, f"in {place}" if place and str(place) else "", _protection(seen, place), *finding.also]
        source_line = (line_of(seen.said) if seen else "") or (place.source_line if place else "")
        if seen and any(v.is_of_uppers for trial in seen.trials for v in trial.violations):
            texts.append(ran.uppers.text)
            source_line = source_line or ran.uppers.source_line
        if index in causes:
            texts = [text.replace(UNDEFINED_THINGS, "") for text in texts] + [causes[index].text]
            source_line = source_line or causes[index].source_line
        if finding.depends_on_fill and may_be_lanes[index]:
            texts += [advice]
            source_line, advice = source_line or likely_line, ""  # once is enough
        detail = "; ".join(filter(None, texts))
        explained.append(replace(finding, detail=detail, source_line=source_line, also=()))
    return explained


def _protection(seen: CaseObservation | None, place: Location | None) -> str:
    """Say which operand of the instruction at a place raised general protection."""
    faults = [t.fault for t in seen.trials if t.fault and t.fault.kind is FaultKind.PROTECTION] if seen else []
    return protection_text(place.instruction, faults[0].registers) if faults and place else ""


def _refused_line(job: Job, fault: str) -> str:
    """Find the line of the kernel that a compiler complains about."""
    for source in job.kernel.files:
        found = re.search(rf"\b{re.escape(source.name)}:(\d+)\b", fault)
        if found:
            return f"{source.name}:{found[1]}"
    return ""


def _advice(job: Job) -> tuple[str, str]:
    """Return the likeliest line, and in words what is undefined there and elsewhere."""
    found = [
        (source.name, advice)
        for source in job.kernel.sources
        if source.suffix not in PREBUILT_SUFFIXES
        for advice in diagnose(source.read_text(encoding="utf-8", errors="replace"))
    ]
    # What is carried from one iteration to the next is the likelier culprit.
    likely = [place for place in found if place[1].accumulates] or found
    text = "; ".join(f"{name}:{advice.line}: {advice.advice}" for name, advice in likely[:MAX_ADVICE])
    return f"{likely[0][0]}:{likely[0][1].line}" if likely else "", text


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
        instructions=_instructions(job.executor, finding),
        reproduce=reproduce,
        named=job.named,
        sizes=case.sizes if case else (),
    )


def _instructions(executor: Executor, finding: Finding) -> int | None:
    return round(finding.seconds * executor.instructions_per_second) if executor.instructions_per_second else None


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


def within(seconds: float, message: str, call: Callable[[], Answer]) -> Answer:
    """Return what a call returns, which runs in a thread of its own: contracts are code, and code can hang.

    A signal would need the main thread and a handler, which belong to the program that imports us. What does not answer
    is asked to end and left behind.

    Raises:
        ContractError: there was no answer in time.
    """
    answers: list[Answer] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(call())
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    finally:
        if thread.is_alive():  # too late, or we are interrupted
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
    if answers:
        return answers[0]
    raise faults[0] if faults else ContractError(f"{message} (no answer within {seconds:.0f} s)")
