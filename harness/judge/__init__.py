"""From an observation and the reference to findings. Pure: the same bytes always get the same judgement."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.judge.compare import Comparison, compare, distance_ulp, stored, wrong_among
from harness.judge.faults import (
    changed_input,
    death_finding,
    ended_early,
    gap_written,
    gate_finding,
    state_changed,
    was_illegal_at_start,
    wrote_beside,
)
from harness.judge.reference import Expected, Oracle
from harness.judge.runs import abreast, compare_runs
from harness.model import (
    Case,
    CaseObservation,
    Contract,
    Fill,
    Finding,
    Observation,
    Outcome,
    Runs,
    Trial,
    TrialObservation,
    TrialStatus,
    Wrong,
    number_text,
)
from harness.model.prototype import BF16
from harness.numerics.formats import storage, widened

__all__ = ["UNDEFINED_THINGS", "Judge", "gate_finding"]

Outputs = Mapping[str, bytes | Runs]
Inputs = Mapping[str, NDArray[Any]]
OutcomeText = tuple[Outcome, str]


class Judge:
    """Judges the cases of one op; equal cases are expected once and equal outputs compared once."""

    def __init__(self, contract: Contract) -> None:
        """Start without any case."""
        self._contract = contract
        self._oracle = Oracle(contract)
        self._buffers = contract.prototype.buffers
        self._result = contract.prototype.result
        self._expected: dict[int, dict[str, Expected]] = {}
        self._compared: dict[tuple[int, str, bytes | Runs], tuple[Comparison, float | None]] = {}
        self._scalar: dict[int, Outputs] = {}

    def keep_scalar(self, observation: Observation, cases: tuple[Case, ...]) -> None:
        """Remember what the scalar kernel computed, for the distance to it in later findings."""
        for index, case in enumerate(cases):
            seen = observation.cases.get(index)
            if seen and seen.trials[0].status is TrialStatus.RETURNED and case.key not in self._scalar:
                self._scalar[case.key] = self._outputs(seen.trials[0])

    def findings(
        self,
        observation: Observation,
        cases: tuple[Case, ...],
        trials: tuple[Trial, ...],
        inputs: Mapping[int, Inputs],
    ) -> list[Finding]:
        """Judge every case of a job, in order. `inputs` is by case key.

        Raises:
            ContractError: the reference or the error model misbehaves.
        """
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            findings = [
                self._finding(observation, index, case, trials, inputs[case.key]) for index, case in enumerate(cases)
            ]
        return self._with_few_windows(findings, cases)

    def _finding(
        self, observation: Observation, index: int, case: Case, trials: tuple[Trial, ...], inputs: Inputs
    ) -> Finding:
        if index in observation.deaths:
            return death_finding(observation.deaths[index])
        if index in observation.not_run:
            return Finding(Outcome.UNAVAILABLE, observation.not_run[index])
        if was_illegal_at_start(observation):
            return Finding(Outcome.CRASH, "SIGILL before main, in a constructor or static initialiser of the kernel's")
        if index not in observation.cases:
            return Finding(Outcome.HARNESS_ERROR, observation.harness_fault or "the guest returned no result")
        return self._judged(observation.cases[index], case, trials, inputs)

    def _judged(self, seen: CaseObservation, case: Case, trials: tuple[Trial, ...], inputs: Inputs) -> Finding:
        """Look for every kind of fault; the gravest is the outcome, and the others are reported with it."""
        seconds = sum(trial.cpu_nanoseconds for trial in seen.trials) / 1e9
        faults = self._faults(seen, case, inputs)
        returned = [(n, trial) for n, trial in enumerate(seen.trials) if trial.status is TrialStatus.RETURNED]
        if case.is_unspecified or not returned:
            return together(faults, Finding(Outcome.PASS, seconds=seconds))
        if case.key not in self._expected:
            self._expected[case.key] = self._oracle.expect(case, inputs)
        outputs = [self._outputs(trial) for _, trial in returned]
        finding = self._compare(outputs, case, seconds)
        dependence, differing = self._fill_dependence(outputs, [trials[number] for number, _ in returned], case)
        if dependence:
            wrong = united((*finding.wrong, *differing))
            finding = replace(finding, outcome=Outcome.MISMATCH, detail=dependence, depends_on_fill=True, wrong=wrong)
        return together(faults, finding)

    def _faults(self, seen: CaseObservation, case: Case, inputs: Inputs) -> list[OutcomeText]:
        """Return what the calls did beside a wrong result: of each kind the first, the gravest first."""
        checks: list[Callable[[TrialObservation], OutcomeText | None]] = [
            lambda trial: ended_early(trial, self._contract, case, seen.said),
            lambda trial: wrote_beside(trial, self._contract, case),
            lambda trial: changed_input(trial, self._contract),
            state_changed,
            lambda trial: gap_written(trial, self._contract, case, inputs),
        ]
        first_of_each = (next(filter(None, map(check, seen.trials)), None) for check in checks)
        return sorted(filter(None, first_of_each), key=lambda found: found[0].severity)

    def _with_few_windows(self, findings: list[Finding], cases: tuple[Case, ...]) -> list[Finding]:
        """Keep the elements around the worst one for the worst failures and for the smallest ordinary rows."""
        shown = [number for number, finding in enumerate(findings) if finding.worst and finding.worst.window]

        def size(number: int) -> tuple[bool, int]:
            case = cases[number]
            return case.pattern != self._contract.pattern, sum(size for _, size in case.sizes)

        chosen = {*sorted(shown, key=lambda number: findings[number].headroom or 0.0)[:WINDOWS_PER_JOB]}
        chosen |= {*sorted(shown, key=size)[:WINDOWS_PER_JOB]}
        for number in shown:
            worst = findings[number].worst
            if number not in chosen and worst:
                findings[number] = replace(findings[number], worst=replace(worst, window=None))
        return findings

    # -- against the reference

    def _compare(self, outputs: list[Outputs], case: Case, seconds: float) -> Finding:
        comparisons: list[Comparison] = []
        scalar_ulp: float | None = None
        previous: Outputs | None = None
        for one in outputs:
            if one == previous:
                continue
            previous = one
            for name, raw in one.items():
                comparison, apart = self._compared_once(case, name, raw)
                comparisons.append(comparison)
                if apart is not None:
                    scalar_ulp = max(scalar_ulp or 0.0, apart)
        worst = min(comparisons, key=lambda comparison: comparison.headroom)
        ulps = [comparison for comparison in comparisons if not comparison.is_exact]
        return Finding(
            outcome=Outcome.PASS if all(c.within for c in comparisons) else Outcome.MISMATCH,
            detail="" if worst.within else _wrong_text(worst),
            max_ulp=max((c.max_ulp for c in ulps), default=None),
            mean_ulp=max((c.mean_ulp for c in ulps), default=None),
            headroom=worst.headroom,
            tolerance_ulp=worst.tolerance_ulp,
            worst=worst.worst,
            scalar_ulp=scalar_ulp,
            seconds=seconds,
            wrong=united(c.wrong for c in comparisons if c.wrong),
        )

    def _compared_once(self, case: Case, name: str, raw: bytes | Runs) -> tuple[Comparison, float | None]:
        """Compare with the reference, and with what the scalar kernel computed where that is known and held whole."""
        key = (case.key, name, raw if isinstance(raw, Runs) else hashlib.blake2b(raw, digest_size=16).digest())
        if key not in self._compared:
            expected = self._expected[case.key][name]
            if isinstance(raw, Runs):
                self._compared[key] = (compare_runs(name, raw, expected, case), None)
            else:
                scalar = self._scalar.get(case.key, {}).get(name)
                apart = distance_ulp(raw, scalar, expected) if isinstance(scalar, bytes) else None
                self._compared[key] = (compare(name, raw, expected, self._columns(name, case)), apart)
        return self._compared[key]

    def _columns(self, name: str, case: Case) -> int | None:
        """Return the length of the rows of an output of several dimensions."""
        layout = self._contract.layout(name, dict(case.sizes)) if name != "return" else None
        return layout.columns if layout else None

    # -- against one another

    def _fill_dependence(self, outputs: list[Outputs], trials: Sequence[Trial], case: Case) -> tuple[str, list[Wrong]]:
        """Compare, bit by bit, calls that differ in nothing but what undefined values held.

        Returns what differs first, in words or "", and all that does of the outputs that are held whole.
        """
        first: dict[Trial, tuple[Trial, Outputs]] = {}
        said = ""
        differing: list[Wrong] = []
        for trial, one in zip(trials, outputs, strict=True):
            earlier, expected = first.setdefault(replace(trial, fill=Fill.BENIGN), (trial, one))
            for name, raw in one.items():
                if raw == expected[name]:
                    continue
                said = said or (
                    f"{self._first_difference(name, expected[name], raw)} under {_FILL_NAMES[earlier.fill]} and "
                    f"{_FILL_NAMES[trial.fill]} poison: the result depends on undefined values{UNDEFINED_THINGS}"
                )
                differing += self._differing(case, name, expected[name], raw)
        return said, differing

    def _differing(self, case: Case, name: str, one: bytes | Runs, other: bytes | Runs) -> list[Wrong]:
        """Return which elements of two outputs that are not equal differ, where both are held whole."""
        if isinstance(one, Runs) or isinstance(other, Runs):
            return []
        expected = self._expected[case.key][name]
        bits = f"<u{np.dtype(storage(expected.dtype)).itemsize}"
        is_other = stored(one, expected).view(bits) != stored(other, expected).view(bits)
        return [wrong_among(name, is_other, self._columns(name, case))] if is_other.any() else []

    def _first_difference(self, name: str, one: bytes | Runs, other: bytes | Runs) -> str:
        types = {parameter.name: parameter.type for parameter in self._buffers}
        element_type = types.get(name, self._result)
        dtype = element_type.dtype if element_type else "u1"
        first, second, places = abreast(one, other, dtype)
        bits = f"<u{first.dtype.itemsize}"
        differing = np.flatnonzero(first.view(bits) != second.view(bits))
        readable = differing[first[differing] == first[differing]]  # where the first is no NaN
        element = int((readable if readable.size else differing)[0])
        where = f"{name}[{places[element]}]" if name in types else "the returned value"
        is_bf16 = element_type is not None and element_type.number_format == BF16
        values = [(widened(array, BF16) if is_bf16 else array)[element].item() for array in (first, second)]
        held = [array.view(bits)[element] for array in (first, second)]
        numbers = [f"{number_text(value)} ({bit:#x})" for value, bit in zip(values, held, strict=True)]
        return f"{where} is {' and '.join(numbers)}"

    def _outputs(self, trial: TrialObservation) -> Outputs:
        outputs: dict[str, bytes | Runs] = {
            parameter.name: raw for parameter, raw in zip(self._buffers, trial.outputs, strict=True) if raw is not None
        }
        if self._result:
            outputs["return"] = trial.result[: self._result.size_bytes]
        return outputs


def together(faults: Sequence[OutcomeText], compared: Finding) -> Finding:
    """Make one finding of all that is wrong with a case.

    Args:
        faults: what its calls did beside a wrong result, the gravest first.
        compared: what their results are: PASS or MISMATCH.

    Returns:
        A finding of the gravest outcome, in the order of `Outcome`: that the process ended, then accesses out of
        bounds, then state, then a wrong result. The others are told beside it, and the numbers are those of a wrong
        result if there is one.
    """
    if not faults:
        return compared
    (outcome, text), *others = faults
    if compared.outcome is Outcome.PASS:
        compared = Finding(Outcome.PASS, seconds=compared.seconds)
    else:
        others.append((compared.outcome, compared.detail))
    also = tuple(f"also {other.value}: {what}" for other, what in others)
    return replace(compared, outcome=outcome, detail=text, also=also)


def _wrong_text(comparison: Comparison) -> str:
    what = "wrong" if comparison.is_exact else "beyond tolerance"
    if comparison.worst and comparison.worst.output == "return":
        return f"the returned value is {what}"
    return f"{comparison.wrong_elements} of {comparison.elements} element{'s' * (comparison.elements != 1)} {what}"


def united(several: Iterable[Wrong]) -> tuple[Wrong, ...]:
    """Return what is wrong in any of several calls, once for each output."""
    found: dict[str, Wrong] = {}
    for one in several:
        found[one.output] = found[one.output] | one if one.output in found else one
    return tuple(found.values())


WINDOWS_PER_JOB = 8
"""Failures of a job that keep the elements around the worst one, of the worst and of the smallest each: a job may have
thousands."""


UNDEFINED_THINGS = " (inactive lanes, registers, the stack, bytes beside a buffer)"
_FILL_NAMES = {
    Fill.BENIGN: "benign",
    Fill.NAN: "NaN",
    Fill.HUGE_NEGATIVE: "huge negative",
    Fill.HUGE_POSITIVE: "huge positive",
}
