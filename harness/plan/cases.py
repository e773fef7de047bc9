"""Cases: the sizes, inputs and placements of an op at a width, in suite order."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from math import prod

from harness.errors import UsageError, perhaps
from harness.model import (
    ANYWHERE,
    HUGE_SUITE,
    LONG_SUITE,
    VISIBLE_SUITE,
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
_LONG_GATE_SIZE = 65_536
_GATE_LANES = 8
_OF_OTHERS_SIZES = {VISIBLE_SUITE, LONG_SUITE, HUGE_SUITE}
"""Suites of many cases whose sizes other suites have, too, or that are too long for a gate."""
_GATE_ELEMENTS = 1 << 20
"""In all buffers of a case behind the first."""
_GATE_CASES = 16
"""Sizes of an op's suites that its gate tries."""


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
        self._gates: dict[tuple[str, tuple[str, ...]], tuple[Case, ...]] = {}

    def of(self, contract: Contract, conventions: Conventions, vector_bits: int | None) -> tuple[Case, ...]:
        """Return what `make_cases` makes; what conventions say in words is all that they are to it."""
        key = (contract.op, conventions.lines, vector_bits)
        if key not in self._made:
            self._made[key] = make_cases(contract, conventions, self._selection, vector_bits)
        return self._made[key]

    def gate(self, contract: Contract, conventions: Conventions) -> tuple[Case, ...]:
        """Return what `gate_cases` makes."""
        key = (contract.op, conventions.lines)
        if key not in self._gates:
            self._gates[key] = gate_cases(contract, conventions, self._selection)
        return self._gates[key]


def _is_wanted(selection: Selection, suite: str) -> bool:
    """Where none is named, all are but the one on request; a named case may be of that, too."""
    if selection.suites:
        return suite in selection.suites
    return suite != HUGE_SUITE or bool(selection.cases)


def gate_cases(contract: Contract, conventions: Conventions, selection: Selection) -> tuple[Case, ...]:
    """Return the cases of a gate, in order: the first is long enough to reach every loop of most kernels.

    A kernel may turn to vectors at some sizes only. Those that follow are tried as long as none has faulted: a long
    power of two, and sizes of the op's own suites, which are what the other verdicts are about. There are none if no
    caller may pass such sizes.
    """
    if len(contract.size_names) > 1:  # all sizes at once would be too many operations
        known = _of_suites(contract, contract.suites.keys() - {HUGE_SUITE})
        specs = sorted(known, key=lambda spec: prod(size for _, size in spec.sizes), reverse=True)[:_GATE_CASES]
        return _conforming(_number(contract, GATE_SUITE, specs, selection.seed), conventions, None)
    known = _of_suites(contract, contract.suites.keys() - _OF_OTHERS_SIZES)
    sizes = sorted({spec.sizes[0][1] for spec in known if spec.sizes} - {0}, reverse=True)
    wanted = [_GATE_SIZE, _LONG_GATE_SIZE, *sizes[:: max(1, len(sizes) // _GATE_CASES)]]
    found = (_conforming_size(contract, conventions, size) for size in wanted)
    chosen = list(dict.fromkeys(size for size in found if size is not None))
    specs = [CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern) for size in chosen]
    specs = [*specs[:1], *(spec for spec in specs[1:] if _elements(contract, spec) <= _GATE_ELEMENTS)]
    return tuple(_number(contract, GATE_SUITE, specs, selection.seed))


def _elements(contract: Contract, spec: CaseSpec) -> int:
    return sum(extent.count(dict(spec.sizes)) for extent in contract.extents.values())


def _conforming_size(contract: Contract, conventions: Conventions, wanted: int) -> int | None:
    for size in range(wanted, wanted + _SIZE_SEARCH):
        if holds(conventions, tuple((name, size) for name in contract.size_names), None):
            return size
    return None


def _of_suites(contract: Contract, suites: Collection[str]) -> list[CaseSpec]:
    """Return one case for each combination of sizes in some of an op's suites, those of sparse rows left out."""
    sizes = (
        spec.sizes
        for suite, specs_at in contract.suites.items()
        if suite in suites
        for spec in specs_at(_GATE_LANES)
        if not spec.pattern.sites
    )
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
