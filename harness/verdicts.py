"""From what a job's guests told to verdicts: the judge's findings, with what source and binary add to them."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from harness.build.shims import diagnose
from harness.errors import ContractError
from harness.judge import Judge, gate_finding
from harness.judge.signs import signs_of
from harness.model import (
    PREBUILT_SUFFIXES,
    SCALAR_ISA,
    Absence,
    Case,
    Circumstances,
    Executor,
    Finding,
    Job,
    Observation,
    Outcome,
    Role,
    Verdict,
    reading_order,
)
from harness.plan import circumstances, reproducer
from harness.settings import Settings
from harness.workbench import Ran

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answer = TypeVar("Answer")

MAX_ADVICE = 2
"""Places in a kernel's source that a failure names."""
_UNKNOWN = Circumstances()
"""The circumstances of what ran no case."""
REFERENCE_TIMEOUT_S = 60
"""Wall time that judging one job may take before its reference counts as hanging."""


@dataclass(slots=True)
class VerdictMaker:
    """Turns observations into verdicts, with one judge per op."""

    settings: Settings
    program: str
    """How the user can call this program again."""
    _judges: dict[str, Judge] = field(default_factory=dict)
    _circumstances: dict[object, Circumstances] = field(default_factory=dict)
    """Of cases, which many jobs share."""

    def forget(self, op: str) -> None:
        """Drop the judge of an op whose jobs are done."""
        self._judges.pop(op, None)
        self._circumstances.clear()

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
        findings = self._findings(job, ran.observation, attested, inputs, ran.faults_elsewhere)
        found = [self._circumstances_of(job, number, inputs[case.key]) for number, case in enumerate(job.cases)]
        explained = _explained(job, ran, findings, found)
        return [
            _verdict(job, attested, case, finding, repeat(case), of_case)
            for case, finding, of_case in zip(job.cases, explained, found, strict=True)
        ]

    def _circumstances_of(self, job: Job, number: int, inputs: Mapping[str, NDArray[Any]]) -> Circumstances:
        case, trials = job.cases[number], job.trials[: job.trial_counts[number]]
        key = (case.key, case.placement, trials, job.kernel.conventions.lines)
        if key not in self._circumstances:
            signs = signs_of(job.contract, inputs)
            without_signs = circumstances(job.contract, job.kernel.conventions, case, trials)
            self._circumstances[key] = replace(without_signs, signs=signs)
        found = self._circumstances[key]
        return found if number else replace(found, is_first=True)

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
            reason = f"the guest attests {attested or 'no'} bits where {job.vector_bits} were asked for"
            return [Finding(Outcome.HARNESS_ERROR, reason)] * len(job.cases)
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


def _explained(job: Job, ran: Ran, findings: Sequence[Finding], found: Sequence[Circumstances]) -> list[Finding]:
    """Add what the source and the binary tell: the faulting instruction, the intrinsics with undefined lanes."""
    dependent = [number for number, finding in enumerate(findings) if finding.depends_on_fill]
    likely_line, advice = _advice(job) if dependent else ("", "")
    # Once is enough: with the failure that is read first.
    read_first = min(dependent, key=lambda at: reading_order(job.cases[at].sizes, found[at]), default=None)
    explained = []
    for index, finding in enumerate(findings):
        seen = ran.observation.cases.get(index) if ran.observation else None
        pcs = [trial.fault.pc for trial in seen.trials if trial.fault] if seen else []
        place = ran.locations.get(pcs[0]) if pcs else None
        more = f"; in {place}" if place and str(place) else ""
        source_line = place.source_line if place else ""
        if finding.depends_on_fill:
            source_line, more = likely_line, advice if index == read_first else ""
        explained.append(
            replace(finding, detail=finding.detail + more, source_line=source_line) if more or source_line else finding
        )
    return explained


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
    text = "".join(f"; {name}:{advice.line}: {advice.advice}" for name, advice in likely[:MAX_ADVICE])
    return f"{likely[0][0]}:{likely[0][1].line}" if likely else "", text


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
