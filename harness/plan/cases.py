"""Cases: the sizes, inputs and placements of an op at a width, in suite order."""

from __future__ import annotations

import hashlib
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from math import prod

from harness.errors import UsageError, perhaps
from harness.model import (
    ANYWHERE,
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

SIZE_SUITE = "size"
"""The suite that --size makes up."""
GATE_SUITE = "gate"
_GATE_SIZE = 1000
_GATE_LANES = 8


_SIZE_SEARCH = 4096
"""How far behind the size that was wanted one is looked for that callers may pass."""
_FIXED_BITS = 128
"""The vector length that requirements see where the code has none: a power of two, and small."""
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
            if _is_wanted(selection, suite)
            for case in _number(contract, suite, _adapted(specs_at(lanes), conventions, vector_bits), selection.seed)
            if not selection.cases or case.id in selection.cases
        ]
    return _busy_first(_conforming(cases, conventions, vector_bits))


def _busy_first(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Let no process begin with an empty row: what a kernel sets up in its first call, but too late, would pass."""
    busy = next((rank for rank, case in enumerate(cases) if all(size for _, size in case.sizes)), 0)
    return (*cases[busy : busy + 1], *cases[:busy], *cases[busy + 1 :])


class CaseMatrices:
    """The cases of a selection by op, conventions and width, made once: kernels and builds of an op share them."""

    def __init__(self, selection: Selection) -> None:
        """Start with none."""
        self._selection = selection
        self._made: dict[tuple[str, tuple[str, ...], int | None], tuple[Case, ...]] = {}

    def of(self, contract: Contract, conventions: Conventions, vector_bits: int | None) -> tuple[Case, ...]:
        """Return what `make_cases` makes; what conventions say in words is all that they are to it."""
        key = (contract.op, conventions.lines, vector_bits)
        if key not in self._made:
            self._made[key] = make_cases(contract, conventions, self._selection, vector_bits)
        return self._made[key]


def _is_wanted(selection: Selection, suite: str) -> bool:
    """Where none is named, all are but the one on request; a named case may be of that, too."""
    if selection.suites:
        return suite in selection.suites
    return suite != HUGE_SUITE or bool(selection.cases)


def gate_case(contract: Contract, conventions: Conventions, selection: Selection) -> tuple[Case, ...]:
    """Return one case, long enough to reach every loop of a kernel; none if no size of that order may be passed.

    An op of several sizes has the largest of its own matrices: all sizes at once would be too many operations.
    """
    if len(contract.size_names) > 1:
        found = _conforming(_number(contract, GATE_SUITE, _of_suites(contract), selection.seed), conventions, None)
        return tuple(sorted(found, key=lambda case: prod(size for _, size in case.sizes))[-1:])
    for size in range(_GATE_SIZE, _GATE_SIZE + _SIZE_SEARCH):
        spec = CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern)
        found = _conforming(_number(contract, GATE_SUITE, [spec], selection.seed), conventions, None)
        if found:
            return found
    return ()


def _of_suites(contract: Contract) -> list[CaseSpec]:
    sizes = (spec.sizes for specs_at in contract.suites.values() for spec in specs_at(_GATE_LANES))
    return [CaseSpec(of_case, contract.pattern) for of_case in dict.fromkeys(sizes)]


def _adapted(specs: Iterable[CaseSpec], conventions: Conventions, vector_bits: int | None) -> list[CaseSpec]:
    """Give cases whose size is incidental, those about values and addresses, the next size that may be passed."""
    if not conventions.requires:
        return list(specs)
    return [_next_conforming(spec, conventions, vector_bits) for spec in specs]


def _next_conforming(spec: CaseSpec, conventions: Conventions, vector_bits: int | None) -> CaseSpec:
    if (spec.pattern.kind != "special" and spec.placement == ANYWHERE) or len(spec.sizes) != 1:
        return spec
    ((name, wanted),) = spec.sizes
    for size in range(wanted, wanted + _SIZE_SEARCH):
        if holds(conventions, ((name, size),), vector_bits):
            return replace(spec, sizes=((name, size),))
    return spec


def _conforming(cases: Iterable[Case], conventions: Conventions, vector_bits: int | None) -> tuple[Case, ...]:
    """Leave out the cases that no caller makes, and mark those whose results are nobody's business."""
    free = {value for check in conventions.waived for value in _VALUES.get(check, ())}
    return tuple(
        replace(case, is_unspecified=True) if case.pattern.value in free else case
        for case in cases
        if holds(conventions, case.sizes, vector_bits)
    )


def holds(conventions: Conventions, sizes: Sequence[tuple[str, int]], vector_bits: int | None) -> bool:
    """Say whether callers may pass these sizes at a width."""
    known = {**dict(sizes), "vector_bits": vector_bits or _FIXED_BITS}
    return all(requirement.holds(known) for requirement in conventions.requires)


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


MAX_CASE_BYTES = 1 << 28
"""Of all buffers of a case with every element drawn: inputs, results and references together take ten times as much."""


def check_sizes(project: Project, selection: Selection, points: Sequence[Point]) -> None:
    """Refuse sizes whose rows would be too long to draw.

    Raises:
        UsageError: it names the largest size of that op.
    """
    for contract in {point.kernel.op: project.contracts[point.kernel.op] for point in points}.values():
        wanted = max(selection.sizes, default=0)
        if _case_bytes(contract, wanted) > MAX_CASE_BYTES:
            most = bisect_right(range(min(wanted, sys.maxsize)), MAX_CASE_BYTES, key=partial(_case_bytes, contract)) - 1
            takes = f"the buffers of {contract.op} would take {_case_bytes(contract, wanted) / (1 << 20):.3g} MiB"
            limit = f"the limit is {MAX_CASE_BYTES >> 20} MiB, which is --size {most}"
            raise UsageError(f"--size {wanted}: {takes}; {limit}{_longer_rows(contract)}")


def _case_bytes(contract: Contract, size: int) -> int:
    sizes = dict.fromkeys(contract.size_names, size)
    counts = ((contract.extents[p.name].count(sizes), p.type.size_bytes) for p in contract.prototype.buffers)
    return sum(count * size_bytes for count, size_bytes in counts)


def _longer_rows(contract: Contract) -> str:
    return f" (--suite {HUGE_SUITE} has longer rows, most of them zeros)" if HUGE_SUITE in contract.suites else ""


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
