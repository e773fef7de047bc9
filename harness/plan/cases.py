"""Cases: the sizes, inputs and placements of an op at a width, in suite order."""

from __future__ import annotations

import hashlib
import sys
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod

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
from harness.model.patterns import Sparse, Special
from harness.plan.sizes import Promised, adapted, holds, ruled_out_of

SIZE_SUITE = "size"
"""The suite that --size makes up."""
GATE_SUITE = "gate"
_GATE_SIZE = 1000
_LONG_GATE_SIZE = 65_536
_GATE_LANES = 8
_GATE_ELEMENTS = 1 << 20
"""In all buffers of a case behind the first."""
_GATE_CASES = 16
"""Sizes of an op's suites that its gate tries."""
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
            if _is_wanted(selection, suite, is_on_request=specs_at.is_on_request):
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
        self._gates: dict[tuple[str, tuple[str, ...]], tuple[Case, ...]] = {}

    def of(self, contract: Contract, conventions: Conventions, vector_bits: int | None) -> Matrix:
        """Return what `make_matrix` makes; what conventions say in words is all that they are to it."""
        key = (contract.op, conventions.lines, vector_bits)
        if key not in self._made:
            self._made[key] = make_matrix(contract, conventions, self._selection, vector_bits)
        return self._made[key]

    def gate(self, contract: Contract, conventions: Conventions) -> tuple[Case, ...]:
        """Return what `gate_cases` makes."""
        key = (contract.op, conventions.lines)
        if key not in self._gates:
            self._gates[key] = gate_cases(contract, conventions, self._selection)
        return self._gates[key]


def _is_wanted(selection: Selection, suite: str, *, is_on_request: bool) -> bool:
    """True if the suite is named, or none is and it needs no request; a named case may be of any."""
    if selection.suites:
        return suite in selection.suites
    return not is_on_request or bool(selection.cases)


def gate_cases(contract: Contract, conventions: Conventions, selection: Selection) -> tuple[Case, ...]:
    """Return the cases of a gate, in order: the first is long enough to reach every loop of most kernels.

    A kernel may turn to vectors at some sizes only. Those that follow are tried as long as none has faulted: a long
    power of two, and sizes of the op's own suites, which are what the other verdicts are about. There are none if no
    caller may pass such sizes.
    """
    if len(contract.size_names) > 1:  # all sizes at once would be too many operations
        known = _of_suites(contract, [name for name, suite in contract.suites.items() if not suite.is_on_request])
        specs = sorted(known, key=lambda spec: prod(size for _, size in spec.sizes), reverse=True)[:_GATE_CASES]
        return _conforming(_number(contract, GATE_SUITE, specs, selection.seed), conventions, None)
    # Proving suites have many cases whose sizes others have, too; those on request are too long for a gate.
    others = [name for name, suite in contract.suites.items() if not (suite.is_proving or suite.is_on_request)]
    known = _of_suites(contract, others)
    sizes = sorted({spec.sizes[0][1] for spec in known if spec.sizes} - {0}, reverse=True)
    wanted = [_GATE_SIZE, _LONG_GATE_SIZE, *sizes[:: max(1, len(sizes) // _GATE_CASES)]]
    promised = Promised(contract, conventions, None)
    chosen = dict.fromkeys(promised.size(size) for size in wanted)
    specs = [CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern) for size in chosen]
    specs = [*specs[:1], *(spec for spec in specs[1:] if _elements(contract, spec) <= _GATE_ELEMENTS)]
    return _conforming(_number(contract, GATE_SUITE, specs, selection.seed), conventions, None)


def _elements(contract: Contract, spec: CaseSpec) -> int:
    return sum(extent.count(dict(spec.sizes)) for extent in contract.extents.values())


def _of_suites(contract: Contract, suites: Collection[str]) -> list[CaseSpec]:
    """Return one case for each combination of sizes in some of an op's suites, those of sparse rows left out."""
    sizes = (
        spec.sizes
        for suite, specs_at in contract.suites.items()
        if suite in suites
        for spec in specs_at(_GATE_LANES)
        if not isinstance(spec.pattern, Sparse)
    )
    return [CaseSpec(of_case, contract.pattern) for of_case in dict.fromkeys(sizes)]


def _conforming(cases: Iterable[Case], conventions: Conventions, vector_bits: int | None) -> tuple[Case, ...]:
    """Leave out the cases that no caller makes, and mark those whose results are nobody's business."""
    free = {value for check in conventions.waived for value in _VALUES.get(check, ())}
    return tuple(
        replace(case, is_unspecified=True) if isinstance(case.pattern, Special) and case.pattern.value in free else case
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
    longer = next((name for name, suite in contract.suites.items() if suite.is_on_request), "")
    return f" (--suite {longer} has longer rows, most of them zeros)" if longer else ""


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
    # Kernels that add no conventions of their own share those of their contract, and so its cases.
    needed = {(p.kernel.op, id(p.kernel.conventions), p.vector_bits): p for p in points}.values()
    known: set[str] = set()
    for point in needed:
        contract = project.contracts[point.kernel.op]
        unfiltered = replace(selection, cases=(), suites=selection.suites or tuple(contract.suites))
        cases = make_cases(contract, point.kernel.conventions, unfiltered, point.vector_bits)
        known |= {case.id for case in cases}
    for wanted in selection.cases:
        if points and wanted not in known:
            near = {case for case in known if case.partition("/")[0] == wanted.partition("/")[0]}  # few of 50,000
            names = near or {case.partition("/")[0] for case in known}
            raise UsageError(f"no case {wanted!r} in the selected suites and widths{perhaps(wanted, names)}")
