"""From what a job's guests told to verdicts: the judge's findings, with what source and binary add to them."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.build.features import needed_by, relied_on
from harness.build.locate import Location
from harness.build.reach import undefined_values
from harness.build.shims import Advice
from harness.errors import ContractError
from harness.features import table_of
from harness.guarded import in_time
from harness.judge import Judge, gate_finding
from harness.judge.signs import signs_of
from harness.model import (
    SCALAR_ISA,
    Absence,
    Case,
    CaseObservation,
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
from harness.place import Place
from harness.plan import circumstances, reproducer
from harness.settings import Settings
from harness.workbench import Ran

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    place: Place
    """Where the binaries can be looked into."""
    _judges: dict[str, Judge] = field(default_factory=dict)
    _suspects: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By binary, which jobs at several widths share."""
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
        if ran.interface.fault:
            refused = Finding(Outcome.CONTRACT_ERROR, ran.interface.fault, source_line=ran.interface.source_line)
            return [_verdict(job, None, None, refused, repeat(None))]
        if ran.observation is None:
            fault = Finding(Outcome.BUILD_ERROR, ran.build_fault, source_line=_refused_line(job, ran.build_fault))
            return [_verdict(job, None, None, fault, repeat(None))]
        attested = ran.observation.attestation.get(job.width_fact) if job.width_fact else None
        findings = self._findings(job, ran.observation, attested, inputs, ran.faults_elsewhere)
        found = [self._circumstances_of(job, number, inputs[case.key]) for number, case in enumerate(job.cases)]
        explained = _explained(job, ran, findings, found, self._suspected)
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

    def _suspected(self, job: Job, ran: Ran) -> tuple[str, str]:
        """Return the likeliest line, and in words what is undefined there and elsewhere; both empty without any."""
        if ran.binary is None:
            return "", ""
        if ran.binary.digest not in self._suspects:
            self._suspects[ran.binary.digest] = _in_words(undefined_values(self.place, job, ran.binary))
        return self._suspects[ran.binary.digest]

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
            return in_time(lambda: judge.findings(seen, job.cases, job.trials, inputs))
        except ContractError as error:
            return [Finding(Outcome.CONTRACT_ERROR, str(error))] * len(job.cases)


def _explained(
    job: Job,
    ran: Ran,
    findings: Sequence[Finding],
    found: Sequence[Circumstances],
    suspected: Callable[[Job, Ran], tuple[str, str]],
) -> list[Finding]:
    """Add what the source and the binary tell: the faulting instruction, the intrinsics with undefined lanes."""
    dependent = [number for number, finding in enumerate(findings) if finding.depends_on_fill]
    likely_line, advice = suspected(job, ran) if dependent else ("", "")
    # Once is enough: with the failure that is read first.
    read_first = min(dependent, key=lambda at: reading_order(job.cases[at].sizes, found[at]), default=None)
    explained = []
    for index, finding in enumerate(findings):
        seen = ran.observation.cases.get(index) if ran.observation else None
        pcs = [trial.fault.pc for trial in seen.trials if trial.fault] if seen else []
        location = ran.locations.get(pcs[0]) if pcs else None
        more = f"; in {location}" if location and str(location) else ""
        more += _why_illegal(job, seen, location)
        source_line = location.source_line if location else ""
        if finding.depends_on_fill:
            source_line, more = likely_line, advice if index == read_first else ""
        if finding.outcome.is_kernel_fault and ran.interface.doubt:
            more += f"; {ran.interface.doubt}"
        explained.append(
            replace(finding, detail=finding.detail + more, source_line=source_line) if more or source_line else finding
        )
    return explained


def _why_illegal(job: Job, seen: CaseObservation | None, place: Location | None) -> str:
    """Say what an instruction needs that was illegal where it ran."""
    fault = next((trial.fault for trial in seen.trials if trial.fault), None) if seen else None
    if fault is None or fault.signal != signal.SIGILL or not place or not place.instruction:
        return ""
    table = table_of(job.build.compiler.triple.partition("-")[0])
    needs = needed_by(place.instruction, table, relied_on(job, table))
    if needs:
        return f', which needs {" or ".join(needs)}: nothing promises that (features = ["{needs[0]}"] does)'
    is_defined = not place.instruction.startswith(("udf", ".inst"))
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
    text = "".join(f"; {path.name}:{advice.line}: {advice.advice}" for path, advice in likely[:MAX_ADVICE])
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
    """Return the verdict on a contract that misbehaves where no case does, told of one of its jobs."""
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
