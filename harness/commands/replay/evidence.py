"""What a failing case looks like: which calls failed, the elements around the worst one, its lane. Pure."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ContractError, counted
from harness.judge import Judge
from harness.judge.compare import deviations, stored
from harness.judge.reference import Expected, Oracle
from harness.model import (
    Case,
    CaseObservation,
    Fill,
    Finding,
    Job,
    Observation,
    Outcome,
    Side,
    Trial,
    TrialStatus,
    number_text,
)
from harness.numerics.formats import is_float, storage

Inputs = Mapping[str, NDArray[Any]]
REACH = 8
"""Elements on either side of the worst that are shown."""
UNROLL = 4
"""Vectors per iteration of the unrolled loops that most kernels have."""
_FILLS = {
    Fill.BENIGN: "benign fill",
    Fill.NAN: "NaN fill",
    Fill.HUGE_NEGATIVE: "huge negative fill",
    Fill.HUGE_POSITIVE: "huge positive fill",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the kernel: how, what the judge says of it by itself, and which other calls had the same bits."""

    trial: Trial
    finding: Finding
    group: str
    """Calls with equal results share a letter; empty where it did not return."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an output, as one call left it."""

    index: int
    got: float
    want: float
    """Of an integer output both are integers."""
    tolerance: float
    ulp: float | None
    """None where the comparison is one of integers, or exact."""
    is_wrong: bool
    differs: bool
    """Another call, which must have given the same, gave other bits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one case showed."""

    calls: tuple[Call, ...]
    output: str = ""
    elements: tuple[Element, ...] = ()
    """Around the worst one; none where nothing was compared element by element."""
    worst: int = 0
    length: int = 0
    wrong: tuple[int, ...] = ()
    """All elements that are wrong or differ."""
    lanes: int = 0
    """Elements per vector of this output; 0 for code without vectors."""
    has_loop: bool = True
    """The kernel goes through the row itself, instead of being called once per vector."""


def evidence(job: Job, case: Case, seen: CaseObservation, inputs: Inputs) -> Evidence:
    """Look at one case's calls, one by one and against each other."""
    calls = _calls(job, case, seen, inputs)
    if case.sites or case.is_unspecified:
        return Evidence(calls)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            expected = Oracle(job.contract).expect(case, inputs)
    except ContractError:
        return Evidence(calls)
    found = [_of_output(job, name, one, seen) for name, one in expected.items() if one.want.size]
    shown = max((one for one in found if one), key=lambda one: len(one.wrong), default=None)
    if shown is None or not shown.wrong:
        return Evidence(calls)
    return replace(shown, calls=calls, has_loop=not job.kernel.takes_vectors)


def _calls(job: Job, case: Case, seen: CaseObservation, inputs: Inputs) -> tuple[Call, ...]:
    judge = Judge(job.contract)
    groups: dict[object, str] = {}
    calls = []
    for trial, one in zip(job.trials, seen.trials, strict=False):
        if one.status is TrialStatus.SKIPPED:
            calls.append(Call(trial, Finding(Outcome.UNAVAILABLE, "not called after that"), ""))
            continue
        alone = Observation({}, {0: CaseObservation(0, (one,))}, {}, {}, None, ())
        try:
            (finding,) = judge.findings(alone, (case,), (trial,), {case.key: inputs})
        except ContractError:
            continue
        group = ""
        if one.status is TrialStatus.RETURNED:
            group = groups.setdefault((one.outputs, one.result), chr(ord("A") + len(groups)))
        calls.append(Call(trial, finding, group))
    return tuple(calls)


def _of_output(job: Job, name: str, expected: Expected, seen: CaseObservation) -> Evidence | None:
    results = [raw for raw in (_raw(job, name, trial) for trial in seen.trials) if raw is not None]
    if not results:
        return None
    element_bytes = np.dtype(storage(expected.dtype)).itemsize
    bits = f"<u{element_bytes}"
    arrays = [stored(raw, expected) for raw in results]
    differs = np.zeros(expected.want.size, bool)
    for array in arrays[1:]:
        differs |= array.view(bits) != arrays[0].view(bits)
    with np.errstate(all="ignore"):
        got, error, share = max((deviations(raw, expected) for raw in results), key=lambda one: float(one[2].max()))
        ulps = error / expected.ulp
    has_ulps = is_float(expected.dtype) and bool(expected.tolerance.any())
    wrong = ~(share <= 1.0)
    marked = wrong | differs
    worst = int(share.argmax()) if wrong.any() else int(differs.argmax())
    around = range(max(0, worst - REACH), min(expected.want.size, worst + REACH + 1))
    elements = tuple(
        Element(
            index,
            got[index].item(),
            expected.want[index].item(),
            float(expected.tolerance[index]),
            float(ulps[index]) if has_ulps else None,
            bool(wrong[index]),
            bool(differs[index]),
        )
        for index in around
    )
    is_vector = job.vector_bits and name != "return"
    lanes = job.vector_bits // (8 * element_bytes) if is_vector and job.vector_bits else 0
    places = tuple(int(index) for index in np.flatnonzero(marked))
    return Evidence((), name, elements, worst, expected.want.size, places, lanes)


def _raw(job: Job, name: str, trial: Any) -> bytes | None:
    """Return what a call left in an output, if it returned and that was held whole."""
    if trial.status is not TrialStatus.RETURNED:
        return None
    if name == "return":
        result = job.contract.prototype.result
        return trial.result[: result.size_bytes] if result else None
    names = [parameter.name for parameter in job.contract.prototype.buffers]
    raw = trial.outputs[names.index(name)]
    return raw if isinstance(raw, bytes) else None


# ---- in words ------------------------------------------------------------------------------------------------------


def lines(found: Evidence) -> list[str]:
    """Return the evidence as lines of text."""
    texts = [f"call {number}: {_trial(call.trial)}: {_said(call)}" for number, call in enumerate(found.calls, 1)]
    groups = {(replace(call.trial, side=Side.END), call.group) for call in found.calls if call.group}
    if len({group for _, group in groups}) > 1:
        texts.append("calls with the same letter gave the same bits")
    if len(groups) > len({trial for trial, _ in groups}):
        texts.append("calls with the same fill differ: where the buffers lie, or what an earlier call left, matters")
    if found.elements:
        texts += ["", *_table(found), "", *position(found)]
    return texts


def _trial(trial: Trial) -> str:
    side = "buffers end at a guard page" if trial.side is Side.END else "buffers begin at a guard page"
    more = {
        "upper halves clean": trial.clean_uppers,
        "in streaming mode": trial.streaming,
        "ZA dormant": trial.za_dormant,
        "every second lane, then the others": trial.alternate_lanes,
    }
    return ", ".join((_FILLS[trial.fill], side, *(text for text, has in more.items() if has)))


def _said(call: Call) -> str:
    group = f" [{call.group}]" if call.group else ""
    texts = filter(None, (call.finding.detail, *call.finding.also))
    detail = "".join(f", {text}" for text in texts)
    return f"{call.finding.outcome.value}{group}{detail}"


def _table(found: Evidence) -> list[str]:
    has_ulps = any(one.ulp is not None for one in found.elements)
    head = f"  {found.output:>12} {'got':>16} {'want':>16} {'tolerance':>11}" + (f" {'ULP':>10}" if has_ulps else "")
    rows = [head]
    for one in found.elements:
        pointer = ">" if one.index == found.worst else " "
        marks = " ".join(text for text, has in (("wrong", one.is_wrong), ("differs between calls", one.differs)) if has)
        numbers = f"{number_text(one.got):>16} {number_text(one.want):>16} {one.tolerance:11.3g}"
        ulp = f" {one.ulp:10.4g}" if one.ulp is not None else ""
        rows.append(f"{pointer} {f'[{one.index}]':>12} {numbers}{ulp}  {marks}".rstrip())
    return rows


def position(found: Evidence) -> list[str]:
    """Say where the worst element lies in loops of one and of four vectors, and where all marked ones do."""
    if not found.lanes:
        return []
    at, lanes = found.worst, found.lanes
    texts = [f"{found.output}[{at}] is lane {at % lanes} of {lanes}"]
    if found.has_loop:
        texts += [_in_loop(found, vectors) for vectors in (1, UNROLL)]
    else:
        texts.append(f"in call {at // lanes} of the kernel, which is called once for every {lanes} elements, from 0")
    marked = f"{len(found.wrong)} of {found.length} elements are wrong or differ: {ranges(found.wrong)}"
    touched = sorted({backend % lanes for backend in found.wrong})
    return [*texts, marked + (f"; lanes {ranges(touched)}" if len(touched) < lanes else "; in every lane")]


def _in_loop(found: Evidence, vectors: int) -> str:
    block = vectors * found.lanes
    full = found.length // block
    what = "1 vector" if vectors == 1 else f"{vectors} vectors"
    loop = f"in a loop of {what} ({block} elements an iteration)"
    behind = [backend for backend in found.wrong if backend >= full * block]
    only = "; all marked elements are there" if len(behind) == len(found.wrong) else ""
    if found.worst >= full * block:
        left = found.length - full * block
        return (
            f"{loop}: in the tail, which is {counted(left, 'element')} behind {counted(full, 'full iteration')}{only}"
        )
    return f"{loop}: iteration {found.worst // block} of {full}, counted from 0"


_RANGES = 8


def ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers as ranges: "0 to 3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [str(first) if first == last else f"{first} to {last}" for first, last in runs[:_RANGES]]
    return ", ".join(texts) + (" and more" if len(runs) > _RANGES else "")
