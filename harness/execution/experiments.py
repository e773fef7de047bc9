"""Which of all that is undefined a failure comes of: its case is run again, with one source after the other benign.

A hostile build poisons everything at once, and its failures say that something of that matters. What makes a case pass
when nothing else is changed is the cause; where nothing alone does, nothing is said.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.backend import Backend
from harness.build.agnostic import agnostic_instructions
from harness.build.code import parse, source_lines
from harness.build.locate import disassembly, disassembly_with_lines
from harness.build.shims import diagnose_agnostic
from harness.errors import HarnessError
from harness.execution.worker import JobResult
from harness.judge import Judge
from harness.launch import load_of, observe
from harness.model import (
    ASSEMBLY_SUFFIXES,
    NOTHING_UNDEFINED,
    PREBUILT_SUFFIXES,
    Case,
    Executor,
    Finding,
    Job,
    Outcome,
    Role,
    Undefined,
    Variant,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Inputs = Mapping[int, Mapping[str, "NDArray[Any]"]]
Way = Undefined | tuple[str, ...]
"""A source of undefined contents, or properties of the emulator's CPU that fill agnostic lanes."""

_TRIED_CASES = 3
"""Failing cases of a job that are run again, the smallest."""
_TIMEOUT_MS = 500
_FRUITLESS_JOBS = 2
"""Jobs of a kernel after which a kind of failure is taken for none of what is undefined."""
_EXAMINED = (Outcome.MISMATCH, Outcome.OUT_OF_BOUNDS, Outcome.CRASH, Outcome.TIMEOUT)
_SOURCES = (Undefined.ARGUMENTS, Undefined.LANES, Undefined.REGISTERS, Undefined.MEMORY, Undefined.HEAP)
_TEXTS = {
    Undefined.ARGUMENTS: "fails only with poison above {arguments}: the kernel reads more than the type has, and the "
    "rest of a register or stack slot is undefined",
    Undefined.LANES: "fails only with poison in undefined lanes",
    Undefined.REGISTERS: "fails only with poison in registers and on the stack at entry: some is read before it is set",
    Undefined.MEMORY: "fails only with poison beside buffers, in an output before the call, or in errno",
    Undefined.HEAP: "fails only with poison in fresh heap and the deeper stack: some is read before it is set",
}
_AGNOSTIC = {"rvv_ta_all_1s": "tail", "rvv_ma_all_1s": "mask"}
_AGNOSTIC_LANES = {"tail": "tail lanes", "mask": "masked-off lanes"}
_AGNOSTIC_REMEDIES = {
    "tail": "lanes behind vl may hold anything then; 'tu' keeps what they held",
    "mask": "masked-off lanes may hold anything then; 'mu' keeps what they held",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """What failures of one outcome come of."""

    text: str
    source_line: str = ""
    is_of_lanes: bool = False
    """Whether it is what the shims fill, so that the source's intrinsics tell more."""


@dataclass(slots=True)
class Experimenter:
    """Runs cases again, and remembers of kernels what has explained their failures."""

    backend: Backend
    cancelled: threading.Event
    _explained: dict[tuple[str, Outcome], Way] = field(default_factory=dict)
    _fruitless: dict[tuple[str, Outcome], int] = field(default_factory=dict)

    def causes(self, job: Job, job_result: JobResult, findings: Sequence[Finding], inputs: Inputs) -> dict[int, Cause]:
        """Return the causes that were found of a job's failures, by case."""
        if job.build.variant is not Variant.HOSTILE or job.role is Role.GATE or job_result.binary is None:
            return {}
        found: dict[int, Cause] = {}
        for outcome in _EXAMINED:
            failing = [n for n, finding in enumerate(findings) if finding.outcome is outcome]
            if failing and not self.cancelled.is_set():
                way = self._way(job, job_result, outcome, failing, inputs)
                found |= dict.fromkeys(failing, self._described(job, job_result, way)) if way is not None else {}
        return found

    def _way(
        self, job: Job, job_result: JobResult, outcome: Outcome, failing: Sequence[int], inputs: Inputs
    ) -> Way | None:
        key = (job.kernel.id, outcome)
        if self._fruitless.get(key, 0) >= _FRUITLESS_JOBS:
            return None
        try:
            way = self._explanation(self._part(job, outcome, failing), job_result, inputs, self._explained.get(key))
        except HarnessError:
            return None
        if way is None:
            self._fruitless[key] = self._fruitless.get(key, 0) + 1
        elif isinstance(way, Undefined) or len(way) == 1:  # of several together, one may do elsewhere
            self._explained[key] = way
        return way

    def _part(self, job: Job, outcome: Outcome, failing: Sequence[int]) -> Job:
        """Return the job with its smallest failing cases; what does not end is tried once, and not for long."""
        smallest = sorted(failing, key=lambda n: sum(size for _, size in job.cases[n].sizes))
        count = 1 if outcome is Outcome.TIMEOUT else _TRIED_CASES
        timeout_ms = min(job.cpu_timeout_ms, _TIMEOUT_MS) if outcome is Outcome.TIMEOUT else job.cpu_timeout_ms
        return replace(job, cases=tuple(job.cases[n] for n in smallest[:count]), cpu_timeout_ms=timeout_ms)

    def _explanation(self, job: Job, job_result: JobResult, inputs: Inputs, known: Way | None) -> Way | None:
        """Return what has explained this before if it does again, else the first source that explains it alone."""
        if known is not None and self._passing(job, job_result, known, inputs) == job.cases:
            return known
        sound = self._passing(job, job_result, NOTHING_UNDEFINED, inputs)
        if sound:
            job = replace(job, cases=sound)
            ways: list[Way] = [one for one in _SOURCES if one is not Undefined.ARGUMENTS or narrow_arguments(job)]
        else:
            names = tuple(name for name in _AGNOSTIC if _is_on(name, job.executor))
            ways = list(dict.fromkeys([*((name,) for name in names), *([names] if names else [])]))
        return next((way for way in ways if self._passing(job, job_result, way, inputs) == job.cases), None)

    def _passing(self, job: Job, job_result: JobResult, way: Way, inputs: Inputs) -> tuple[Case, ...]:
        """Return the cases of a job that pass with one source benign."""
        assert job_result.binary is not None
        changed = _changed(job, way)
        seen = observe(self.backend, job_result.binary, changed.executor, load_of(changed, inputs), self.cancelled)
        findings = Judge(job.contract).findings(seen, changed.cases, changed.trials, inputs)
        return tuple(case for case, f in zip(job.cases, findings, strict=True) if f.outcome is Outcome.PASS)

    def _described(self, job: Job, job_result: JobResult, way: Way) -> Cause:
        if isinstance(way, Undefined):
            text = _TEXTS[way].format(arguments=narrow_arguments(job))
            return Cause(text, is_of_lanes=way is Undefined.LANES)
        return self._agnostic(job, job_result, [_AGNOSTIC[name] for name in way])

    def _agnostic(self, job: Job, job_result: JobResult, kinds: Sequence[str]) -> Cause:
        """Name the instruction whose agnostic lanes are the likeliest to be used, and the policy that makes them so.

        Where only both kinds together explain it, masked instructions are fewer, and the likelier ones.
        """
        assert job_result.binary is not None
        lanes = " and ".join(_AGNOSTIC_LANES[kind] for kind in kinds)
        texts = [f"fails only with poison in agnostic {lanes}: the result takes lanes that an instruction leaves open"]
        advised = {one: _source_advice(job, one) for one in kinds}
        kind = next((one for one in reversed(kinds) if advised[one].line), kinds[-1])
        wanted = advised[kind]
        objects, triple = job_result.binary.kernel_objects, job.build.compiler.triple
        found = agnostic_instructions(parse(disassembly(self.backend, objects, triple)), kind)
        lines = source_lines(disassembly_with_lines(self.backend, objects, triple)) if found else {}
        likely = [one for one in found if not wanted.line or lines.get(one.address) == wanted.line]
        likely.sort(key=lambda one: not one.instruction.startswith(wanted.mnemonic))
        line = wanted.line or (lines.get(likely[0].address, "") if likely else "")
        if likely:
            at = f" at {line}" if line else ""
            texts.append(f"'{likely[0].instruction}'{at} is under '{likely[0].policy}'")
        return Cause("; ".join([*texts, wanted.text or _AGNOSTIC_REMEDIES[kind]]), line)


def _is_on(name: str, executor: Executor) -> bool:
    return f",{name}=true" in executor.cpu


def _changed(job: Job, way: Way) -> Job:
    """Return a job with one source benign; an agnostic lane that is left alone holds what is undefined, too."""
    if isinstance(way, Undefined):
        return replace(job, trials=tuple(replace(trial, benign=way) for trial in job.trials))
    cpu = job.executor.cpu
    for name in way:
        cpu = cpu.replace(f",{name}=true", "")
    executor = replace(job.executor, cpu=cpu, command=(*job.executor.command[:-1], cpu))
    return replace(_changed(job, NOTHING_UNDEFINED), executor=executor)


class _Advised(NamedTuple):
    """What a source tells of agnostic lanes; all empty where it tells nothing."""

    line: str = ""
    """As "kernel.c:41"."""
    mnemonic: str = ""
    """Of the instruction that the intrinsic there stands for."""
    text: str = ""


def _source_advice(job: Job, kind: str) -> _Advised:
    """Find the likeliest intrinsic in a kernel's source."""
    for source in job.kernel.sources:
        if source.suffix not in (*PREBUILT_SUFFIXES, *ASSEMBLY_SUFFIXES):
            for advice in diagnose_agnostic(source.read_text(encoding="utf-8", errors="replace"), kind):
                line = f"{source.name}:{advice.line}"
                mnemonic = advice.intrinsic.removeprefix("__riscv_").partition("_")[0]
                return _Advised(line, mnemonic, f"{line}: {advice.advice}")
    return _Advised()


def narrow_arguments(job: Job) -> str:
    """Name the parameters above whose value a register or stack slot has undefined bits; empty where there are none."""
    kernel = job.kernel
    if job.build.compiler.triple.startswith("riscv64"):  # integers are extended, and floats boxed
        return ""
    if kernel.adapter:
        return "an argument that is narrower than its register"
    narrow = [
        f"{parameter.name} ({parameter.type.c_name})"
        for parameter in kernel.prototype.parameters
        if not parameter.is_pointer
        and not parameter.vector
        and (parameter.type.size_bytes < 8 or parameter.type.family == "float")
    ]
    narrow += ["a vector"] * any(parameter.vector for parameter in kernel.prototype.parameters)
    if len(narrow) > 1:
        return f"one of the arguments {', '.join(narrow)}"
    return f"the argument {narrow[0]}" if narrow else ""
