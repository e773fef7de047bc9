"""Cases: the sizes, inputs and placements of an op at a width, in suite order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.errors import UsageError, perhaps
from harness.model import (
    Case,
    CaseSpec,
    Contract,
    Conventions,
    Number,
    Point,
    Project,
    Selection,
)

SIZE_SUITE = "size"
"""The suite that --size makes up."""
GATE_SUITE = "gate"
_GATE_SIZE = 1000


_GATE_SIZE_LIMIT = 2 * 4096
_VALUES = {
    "nan": ("nan", "-nan", "snan"),
    "infinity": ("inf", "-inf"),
    "subnormal": ("subnormal", "-subnormal", "square-underflows"),
    "overflow": ("largest", "-largest", "square-overflows"),
}
"""By waivable check, the special values whose results are not judged then."""


def make_cases(
    contract: Contract, conventions: Conventions, selection: Selection, vector_bits: int | None
) -> tuple[Case, ...]:
    """Return the cases of an op at a width, in suite order; none that the conventions rule out."""
    lanes = vector_bits // contract.element_bits if vector_bits else 1
    if selection.sizes:
        specs = [
            CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern)
            for size in dict.fromkeys(selection.sizes)
        ]
        cases = _number(contract, SIZE_SUITE, specs, selection.seed)
    else:
        cases = [
            case
            for suite, specs_at in contract.suites.items()
            if not selection.suites or suite in selection.suites
            for case in _number(contract, suite, specs_at(lanes), selection.seed)
            if not selection.cases or case.id in selection.cases
        ]
    return _conforming(cases, conventions, vector_bits)


def gate_case(contract: Contract, conventions: Conventions, selection: Selection) -> tuple[Case, ...]:
    """Return one case, long enough to reach every loop of a kernel; none if no size of that order may be passed."""
    for size in range(_GATE_SIZE, _GATE_SIZE_LIMIT):
        spec = CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern)
        found = _conforming(_number(contract, GATE_SUITE, [spec], selection.seed), conventions, None)
        if found:
            return found
    return ()


def _conforming(cases: Iterable[Case], conventions: Conventions, vector_bits: int | None) -> tuple[Case, ...]:
    """Leave out the cases that no caller makes, and mark those whose results are nobody's business."""
    free = {value for check in conventions.waived for value in _VALUES.get(check, ())}
    return tuple(
        replace(case, is_unspecified=True) if case.pattern.value in free else case
        for case in cases
        if all(requirement.holds(_known(case, vector_bits)) for requirement in conventions.requires)
    )


def _known(case: Case, vector_bits: int | None) -> dict[str, int]:
    """What a requirement may speak of; code without vectors has those of one lane."""
    return {**dict(case.sizes), "vector_bits": vector_bits or 128}


def _number(contract: Contract, suite: str, specs: Iterable[CaseSpec], seed: int) -> list[Case]:
    taken: dict[str, int] = {}
    cases: list[Case] = []
    for index, spec in enumerate(specs):
        label = "-".join(f"{name}{size}" for name, size in spec.sizes)
        if spec.pattern is not contract.pattern:
            label += f"-{spec.pattern.label}"
        taken[label] = taken.get(label, 0) + 1
        if taken[label] > 1:
            label += f"-{taken[label]}"
        scalars = _scalars(contract, index)
        key = case_key(contract.op, suite, label, spec.sizes, scalars, seed)
        cases.append(Case(contract.op, suite, label, spec.sizes, scalars, spec.pattern, spec.placement, key))
    return cases


def case_key(*parts: object) -> int:
    """Return the 128-bit Philox key that belongs to the given parts."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=16).digest(), "little")


def _scalars(contract: Contract, index: int) -> tuple[tuple[str, Number], ...]:
    """Take the values in turn, the first name fastest, so that every combination comes up."""
    chosen: list[tuple[str, Number]] = []
    for name, values in contract.scalars.items():
        chosen.append((name, values[index % len(values)]))
        index //= len(values)
    return tuple(chosen)


def check_suites(project: Project, selection: Selection, points: Sequence[Point]) -> None:
    """Refuse suites that no selected op has.

    Raises:
        UsageError: it names what was meant, perhaps.
    """
    known = {suite for point in points for suite in project.contracts[point.kernel.op].suites} | {GATE_SUITE}
    for suite in selection.suites:
        if points and suite not in known:
            raise UsageError(f"unknown suite {suite!r}{perhaps(suite, known)}; known: {', '.join(sorted(known))}")


def check_cases(project: Project, selection: Selection, points: Sequence[Point]) -> None:
    """Refuse cases that no selected kernel has at a selected width.

    Raises:
        UsageError: it names what was meant, perhaps.
    """
    if not selection.cases:
        return
    unfiltered = replace(selection, cases=())
    needed = {(point.kernel.id, point.vector_bits): point for point in points}.values()
    known = {
        case.id
        for point in needed
        for case in make_cases(
            project.contracts[point.kernel.op], point.kernel.conventions, unfiltered, point.vector_bits
        )
    }
    for wanted in selection.cases:
        if points and wanted not in known:
            raise UsageError(f"no case {wanted!r} in the selected suites and widths{perhaps(wanted, known)}")
