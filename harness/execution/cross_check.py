"""`--emulator all`: what several executors compute from one binary and the same cases must agree to the bit."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace

from harness.backend import Backend
from harness.build.locate import disassembly
from harness.execution.worker import JobResult
from harness.model import CaseObservation, Finding, Job, Outcome, TrialStatus, Verdict
from harness.storage.cache import key_of

_SHOWN_INSTRUCTIONS = 5
_MNEMONIC = re.compile(r"(?m)^\s*[0-9a-f]+:\s+([a-z]\w*)[^\n]*%[xyz]mm")
"""Of instructions on vector registers; only x86 has several ways to run one binary so far."""
_ESTIMATE = re.compile(r"v?r(?:cp|sqrt)(?:14|28)?[ps][sd]")
"""Processors differ in these by design: SDM volume 2B, RCPPS, gives a bound of the error and no result."""

_Identity = tuple[str, str, str, int | None]


@dataclass(slots=True)
class CrossCheck:
    """Remembers what the first executor of each build computed, and holds the others against it."""

    backend: Backend
    _seen: dict[_Identity, dict[int, tuple[str, str]]] = field(default_factory=dict)
    """By build: by case, the executor and the digest of what it computed."""

    def checked(self, job: Job, job_result: JobResult, verdicts: list[Verdict]) -> list[Verdict]:
        """Return the verdicts, those replaced whose bits differ from an earlier executor's."""
        if job.build.how is None or job_result.observation is None or job_result.binary is None:
            return verdicts
        code = disassembly(self.backend, job_result.binary.kernel_objects, job.build.compiler.triple)
        mnemonics = Counter(_MNEMONIC.findall(code))
        if any(map(_ESTIMATE.fullmatch, mnemonics)):
            return verdicts
        identity = (job.kernel.id, job.target.name, job_result.binary.digest, job.vector_bits)
        before = self._seen.setdefault(identity, {})
        result = []
        for index, (case, verdict) in enumerate(zip(job.cases, verdicts, strict=True)):
            digest = _digest(job_result.observation.cases.get(index))
            who, expected = before.setdefault(case.key, (job.build.how, digest)) if digest else ("", "")
            result.append(_disputed(verdict, who, mnemonics) if digest != expected else verdict)
        return result


def _digest(seen: CaseObservation | None) -> str:
    """Return a digest of all calls that returned; empty where one did not end, since time limits differ."""
    if seen is None or any(trial.status is TrialStatus.TIMEOUT for trial in seen.trials):
        return ""
    parts: list[bytes | str] = []
    for trial in seen.trials:
        parts.append(trial.status.name)
        if trial.status is TrialStatus.RETURNED:
            parts += [trial.result, *map(repr, trial.outputs)]
    return key_of(parts)


def _disputed(verdict: Verdict, who: str, mnemonics: Counter[str]) -> Verdict:
    mix = ", ".join(f"{count} {name}" for name, count in mnemonics.most_common(_SHOWN_INSTRUCTIONS))
    alone = f" (by itself: {verdict.outcome.value}, {verdict.finding.detail})" if verdict.finding.detail else ""
    detail = f"other results than by {who}, of which one is wrong{alone}; the kernel's instructions: {mix}"
    return replace(verdict, finding=Finding(Outcome.HARNESS_ERROR, detail, seconds=verdict.finding.seconds))
