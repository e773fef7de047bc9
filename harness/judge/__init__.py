"""From an observation and the reference to findings. Pure: the same bytes always get the same judgement."""

from __future__ import annotations

import hashlib
import signal
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.judge.compare import Comparison, compare, distance_ulp
from harness.judge.reference import Expected, Oracle
from harness.model import (
    Case,
    CaseObservation,
    Contract,
    Damage,
    DamageKind,
    Death,
    Fault,
    Finding,
    Flow,
    Observation,
    Outcome,
    TrialObservation,
    TrialStatus,
)

Outputs = Mapping[str, bytes]


class Judge:
    """Judges the cases of one op; equal cases are expected once and equal outputs compared once."""

    def __init__(self, contract: Contract) -> None:
        """Start without any case."""
        self._contract = contract
        self._oracle = Oracle(contract)
        self._buffers = contract.prototype.buffers
        self._result = contract.prototype.result
        self._expected: dict[int, dict[str, Expected]] = {}
        self._compared: dict[tuple[int, str, bytes], Comparison] = {}
        self._scalar: dict[int, Outputs] = {}

    def keep_scalar(self, observation: Observation, cases: tuple[Case, ...]) -> None:
        """Remember what the scalar kernel computed, for the distance to it in later findings."""
        for index, case in enumerate(cases):
            seen = observation.cases.get(index)
            if seen and seen.trials[0].status is TrialStatus.RETURNED:
                self._scalar[case.key] = self._outputs(seen.trials[0])

    def findings(
        self, observation: Observation, cases: tuple[Case, ...], inputs: Mapping[int, Mapping[str, NDArray[Any]]]
    ) -> list[Finding]:
        """Judge every case of a job, in order. `inputs` is by case key."""
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return [self._finding(observation, index, case, inputs[case.key]) for index, case in enumerate(cases)]

    def _finding(self, observation: Observation, index: int, case: Case, inputs: Mapping[str, NDArray[Any]]) -> Finding:
        if index in observation.deaths:
            return _death(observation.deaths[index])
        if index in observation.not_run:
            return Finding(Outcome.UNAVAILABLE, observation.not_run[index])
        if index not in observation.cases:
            return Finding(Outcome.HARNESS_ERROR, observation.harness_fault or "the guest returned no result")
        return self._judged(observation.cases[index], case, inputs)

    def _judged(self, seen: CaseObservation, case: Case, inputs: Mapping[str, NDArray[Any]]) -> Finding:
        seconds = sum(trial.cpu_nanoseconds for trial in seen.trials) / 1e9
        for judge_one in (_ended_early, _damaged, _state_changed):
            for trial in seen.trials:
                found = judge_one(trial, self._contract, case)
                if found:
                    return Finding(found[0], found[1], seconds=seconds)
        if case.key not in self._expected:
            self._expected[case.key] = self._oracle.expect(case, inputs)
        expected = self._expected[case.key]
        return self._compare_trials(seen, case, expected, seconds)

    def _compare_trials(
        self, seen: CaseObservation, case: Case, expected: Mapping[str, Expected], seconds: float
    ) -> Finding:
        comparisons: list[Comparison] = []
        scalar = self._scalar.get(case.key)
        scalar_ulp: float | None = None
        previous: Outputs | None = None
        for trial in seen.trials:
            outputs = self._outputs(trial)
            if outputs == previous:
                continue
            previous = outputs
            comparisons += [self._compared_once(case, name, raw, expected[name]) for name, raw in outputs.items()]
            if scalar is not None:
                apart = max(distance_ulp(raw, scalar[name], expected[name]) for name, raw in outputs.items())
                scalar_ulp = max(scalar_ulp or 0.0, apart)
        worst = min(comparisons, key=lambda comparison: comparison.headroom)
        return Finding(
            outcome=Outcome.PASS if all(c.within for c in comparisons) else Outcome.MISMATCH,
            detail="" if worst.within else f"{worst.wrong_elements} of {worst.elements} elements beyond tolerance",
            max_ulp=max(c.max_ulp for c in comparisons),
            mean_ulp=max(c.mean_ulp for c in comparisons),
            headroom=worst.headroom,
            worst=worst.worst,
            scalar_ulp=scalar_ulp,
            seconds=seconds,
        )

    def _compared_once(self, case: Case, name: str, raw: bytes, expected: Expected) -> Comparison:
        key = (case.key, name, hashlib.blake2b(raw, digest_size=16).digest())
        if key not in self._compared:
            self._compared[key] = compare(name, raw, expected)
        return self._compared[key]

    def _outputs(self, trial: TrialObservation) -> Outputs:
        outputs = {
            parameter.name: raw for parameter, raw in zip(self._buffers, trial.outputs, strict=True) if raw is not None
        }
        if self._result:
            outputs["return"] = trial.result[: self._result.size_bytes]
        return outputs


def _death(death: Death) -> Finding:
    if death.exit_status is None:
        return Finding(Outcome.TIMEOUT, "the process made no progress and was ended by the host's deadline")
    if death.exit_status < 0:
        how = f"died of {_signal_name(-death.exit_status)}"
    else:
        how = f"exited with status {death.exit_status}"
    return Finding(Outcome.CRASH, f"the process {how} during the call{_said(death.stderr)}")


def _said(stderr: str) -> str:
    last = stderr.strip().splitlines()[-1:] if stderr else []
    return f" ({last[0].strip()!r})" if last else ""


def _ended_early(trial: TrialObservation, contract: Contract, case: Case) -> tuple[Outcome, str] | None:
    if trial.status is TrialStatus.TIMEOUT:
        return Outcome.TIMEOUT, f"no return after {trial.cpu_nanoseconds / 1e9:.1f} s of CPU time"
    if trial.status is not TrialStatus.SIGNAL or trial.fault is None:
        return None
    if trial.fault.buffer is not None:
        return Outcome.OUT_OF_BOUNDS, _guard_hit(trial.fault, contract, case)
    return Outcome.CRASH, f"{_signal_name(trial.fault.signal)} at address {trial.fault.address:#x}"


def _guard_hit(fault: Fault, contract: Contract, case: Case) -> str:
    what = {True: "wrote", False: "read", None: "touched"}[fault.is_write]
    return f"{what} {_place(contract, case, fault.buffer or 0, fault.offset_bytes)}"


def _damaged(trial: TrialObservation, contract: Contract, case: Case) -> tuple[Outcome, str] | None:
    for damage in trial.damages:
        if damage.kind is DamageKind.CANARY:
            where = _place(contract, case, damage.buffer, damage.offset_bytes)
            return Outcome.OUT_OF_BOUNDS, f"wrote {where} ({_bytes(damage)} changed)"
    for damage in trial.damages:
        parameter = contract.prototype.buffers[damage.buffer]
        element = damage.offset_bytes // parameter.type.size_bytes
        return Outcome.STATE, f"changed the input {parameter.name}[{element}] ({_bytes(damage)} changed)"
    return None


def _bytes(damage: Damage) -> str:
    return f"{damage.changed_bytes} byte{'s' if damage.changed_bytes != 1 else ''}"


def _place(contract: Contract, case: Case, buffer: int, offset_bytes: int) -> str:
    parameter = contract.prototype.buffers[buffer]
    count = contract.extents[parameter.name].count(dict(case.sizes))
    element = offset_bytes // parameter.type.size_bytes
    side = "before its start" if element < 0 else "behind its end"
    return f"{parameter.name}[{element}], {side} ({count} element{'s' if count != 1 else ''})"


def _state_changed(trial: TrialObservation, contract: Contract, case: Case) -> tuple[Outcome, str] | None:
    if not trial.violations:
        return None
    first = trial.violations[0]
    others = f" and {len(trial.violations) - 1} more" if len(trial.violations) > 1 else ""
    return Outcome.STATE, f"{first.name} changed from {first.before:#x} to {first.after:#x} ({first.rule}){others}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


__all__ = ["Flow", "Judge"]
