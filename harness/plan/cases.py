"""Cases: the sizes, inputs and placements of an op at a width, in suite order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod

from harness.errors import UsageError, perhaps
from harness.model import (
    HUGE_SUITE,
    Case,
    CaseSpec,
    Contract,
    Conventions,
    Number,
    Point,
    Project,
    Selection,
)
from harness.plan.sizes import Promised, adapted, holds, ruled_out_of

SIZE_SUITE = "size"
"""The suite that --size makes up."""
GATE_SUITE = "gate"
_GATE_SIZE = 1000
_GATE_LANES = 8
_VALUES = {
    "nan": ("nan", "-nan", "snan"),
    "infinity": ("inf", "-inf"),
    "subnormal": ("subnormal", "-subnormal", "largest-subnormal", "-largest-subnormal", "square-underflows"),
    "overflow": ("largest", "-largest", "square-overflows"),
}
"""By waivable check, the special values whose results are not judged then."""


def make_cases(
    contract: Contract, conventions: Conventions, selection: Selection, vector_bits: int | None
) -> tuple[Case, ...]:
    """Return the cases of an op at a width, in suite order; none that the conventions rule out."""
    return make_matrix(contract, conventions, selection, vector_bits).cases


@dataclass(frozen=True, slots=True)
class Matrix:
    """The cases of an op at a width."""

    cases: tuple[Case, ...]
    ruled_out: tuple[str, ...]
    """What was selected and has no case that callers may pass: sizes, suites, and kinds of rows of suites."""


def make_matrix(contract: Contract, conventions: Conventions, selection: Selection, vector_bits: int | None) -> Matrix:
    """Return the cases of an op at a width, and what the conventions rule out altogether.

    Raises:
        ContractError: the rows of a case overlap.
    """
    lanes = vector_bits // contract.element_bits if vector_bits else 1
    allowed = Promised(contract, conventions, vector_bits)
    if selection.sizes:
        specs = [
            CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern)
            for size in dict.fromkeys(selection.sizes)
        ]
        wrong = [spec for spec in specs if not holds(conventions, spec.sizes, vector_bits)]
        cases = _number(contract, SIZE_SUITE, specs, selection.seed)
        ruled_out = [f"the size {spec.sizes[0][1]} of --size" for spec in wrong if spec.sizes]
    else:
        cases, ruled_out = [], []
        for suite, specs_at in contract.suites.items():
            if _is_wanted(selection, suite):
                specs = list(specs_at(lanes, allowed) if conventions.requires else specs_at(lanes))
                if conventions.requires:
                    specs = adapted(contract, suite, specs, allowed)
                    ruled_out += ruled_out_of(suite, specs, allowed)
                cases += _number(contract, suite, specs, selection.seed)
        if selection.cases:
            cases, ruled_out = [case for case in cases if case.id in selection.cases], []
    return Matrix(_busy_first(_conforming(cases, conventions, vector_bits)), tuple(ruled_out))


def _busy_first(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Let no process begin with an empty row: what a kernel sets up in its first call, but too late, would pass."""
    busy = next((rank for rank, case in enumerate(cases) if all(size for _, size in case.sizes)), 0)
    return (*cases[busy : busy + 1], *cases[:busy], *cases[busy + 1 :])


class CaseMatrices:
    """The cases of a selection by op, conventions and width, made once: kernels and builds of an op share them."""

    def __init__(self, selection: Selection) -> None:
        """Start with none."""
        self._selection = selection
        self._made: dict[tuple[str, tuple[str, ...], int | None], Matrix] = {}

    def of(self, contract: Contract, conventions: Conventions, vector_bits: int | None) -> Matrix:
        """Return what `make_matrix` makes; what conventions say in words is all that they are to it."""
        key = (contract.op, conventions.lines, vector_bits)
        if key not in self._made:
            self._made[key] = make_matrix(contract, conventions, self._selection, vector_bits)
        return self._made[key]


def _is_wanted(selection: Selection, suite: str) -> bool:
    """Where none is named, all are but the one on request; a named case may be of that, too."""
    if selection.suites:
        return suite in selection.suites
    return suite != HUGE_SUITE or bool(selection.cases)


def gate_case(contract: Contract, conventions: Conventions, selection: Selection) -> tuple[Case, ...]:
    """Return one case, long enough to reach every loop of a kernel, or as long as callers may pass.

    An op of several sizes has the largest of its own matrices: all sizes at once would be too many operations.
    """
    if len(contract.size_names) > 1:
        found = _conforming(_number(contract, GATE_SUITE, _of_suites(contract), selection.seed), conventions, None)
        return tuple(sorted(found, key=lambda case: prod(size for _, size in case.sizes))[-1:])
    size = Promised(contract, conventions, None).size(_GATE_SIZE)
    spec = CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern)
    return _conforming(_number(contract, GATE_SUITE, [spec], selection.seed), conventions, None)


def _of_suites(contract: Contract) -> list[CaseSpec]:
    sizes = (spec.sizes for specs_at in contract.suites.values() for spec in specs_at(_GATE_LANES))
    return [CaseSpec(of_case, contract.pattern) for of_case in dict.fromkeys(sizes)]


def _conforming(cases: Iterable[Case], conventions: Conventions, vector_bits: int | None) -> tuple[Case, ...]:
    """Leave out the cases that no caller makes, and mark those whose results are nobody's business."""
    free = {value for check in conventions.waived for value in _VALUES.get(check, ())}
    return tuple(
        replace(case, is_unspecified=True) if case.pattern.value in free else case
        for case in cases
        if holds(conventions, case.sizes, vector_bits)
    )


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
    needed = {(point.kernel.id, point.vector_bits): point for point in points}.values()
    known: set[str] = set()
    for point in needed:
        contract = project.contracts[point.kernel.op]
        unfiltered = replace(selection, cases=(), suites=selection.suites or tuple(contract.suites))
        cases = make_cases(contract, point.kernel.conventions, unfiltered, point.vector_bits)
        known |= {case.id for case in cases}
    for wanted in selection.cases:
        if points and wanted not in known:
            raise UsageError(f"no case {wanted!r} in the selected suites and widths{perhaps(wanted, known)}")
